import {
    countryOf,
    isInternational,
    looksLikePhone,
    normalizePhone,
} from "@whatsapp_calling/core/phone_number";
import { rethrowUnexpected } from "@whatsapp_calling/core/request_errors";
import { tones } from "@whatsapp_calling/core/tones";
import { ContactList } from "@whatsapp_calling/panel/contact_list";
import { DialPad } from "@whatsapp_calling/panel/dial_pad";
import { PermissionHint } from "@whatsapp_calling/panel/permission_hint";
import { Retry } from "@whatsapp_calling/panel/retry";
import { NumberSelect } from "@whatsapp_calling/softphone/number_select";

import { Component, useEffect, useRef, useState } from "@odoo/owl";

import { _t } from "@web/core/l10n/translation";
import { KeepLast } from "@web/core/utils/concurrency";
import { useService } from "@web/core/utils/hooks";
import { useDebounced } from "@web/core/utils/timing";

/** A number to dial, or letters to find somebody by. */
export class Keypad extends Component {
    static components = { ContactList, DialPad, NumberSelect, PermissionHint, Retry };
    static props = [];
    static template = "whatsapp_calling.Keypad";

    setup() {
        super.setup();
        this.softphone = useState(useService("whatsapp_calling.softphone"));
        this.state = useState({ text: "", info: null, failed: false, numberId: false });
        this.input = useRef("input");
        this.keepLast = new KeepLast();
        this.lookup = useDebounced(this._lookup, 300);
        useEffect(
            () => {
                this.lookup();
            },
            () => [this.phone, this.state.numberId, this.softphone.permissionVersion]
        );
        useEffect(
            () => {
                // another customer, another number: the server proposes one
                this.state.numberId = false;
            },
            () => [this.phone]
        );
    }

    get isName() {
        return !looksLikePhone(this.state.text);
    }

    /** @returns {string|undefined} what can be dialled */
    get phone() {
        return isInternational(this.state.text) ? normalizePhone(this.state.text) : undefined;
    }

    get target() {
        const { numberId } = this.state;
        return numberId ? { phone: this.phone, number_id: numberId } : { phone: this.phone };
    }

    chooseNumber(id) {
        this.state.numberId = id;
    }

    compose() {
        return this.softphone.compose(this.target, "call_button");
    }

    get country() {
        return this.isName ? undefined : countryOf(this.state.text);
    }

    get hint() {
        if (!this.state.text || this.isName) {
            return "";
        }
        if (!normalizePhone(this.state.text).startsWith("+")) {
            return _t("Start with + and the country code");
        }
        return this.country?.name || "";
    }

    async _lookup() {
        const { phone } = this;
        Object.assign(this.state, { info: null, failed: false });
        if (!phone) {
            return;
        }
        try {
            const info = await this.keepLast.add(this.softphone.lookup(this.target));
            if (phone === this.phone) {
                this.state.info = info;
            }
        } catch (error) {
            this.state.failed = phone === this.phone;
            rethrowUnexpected(error);
        }
    }

    /** @param {string} key */
    onKey(key) {
        tones.playKey(key);
        this.insert(key);
    }

    insert(text) {
        this.state.text += text;
        this.input.el.focus();
    }

    erase() {
        this.state.text = this.state.text.slice(0, -1);
        this.input.el.focus();
    }

    onKeydown(ev) {
        if (ev.key === "Enter" && this.phone) {
            ev.preventDefault();
            this.call();
        }
    }

    call() {
        // read now, never from an earlier look-up: what stands in the field is what is dialled
        return this.softphone.dial(this.target);
    }

    ask() {
        this.softphone.explainRefusal(this.target, this.state.info);
    }
}
