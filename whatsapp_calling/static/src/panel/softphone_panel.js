import { Contacts } from "@whatsapp_calling/panel/contacts";
import { EndedCall } from "@whatsapp_calling/panel/ended_call";
import { Keypad } from "@whatsapp_calling/panel/keypad";
import { OnCall } from "@whatsapp_calling/panel/on_call";
import { OnSide } from "@whatsapp_calling/panel/on_side";
import { Recents } from "@whatsapp_calling/panel/recents";
import { WrapUp } from "@whatsapp_calling/panel/wrap_up";

import { Component, useEffect, useRef, useState } from "@odoo/owl";

import { registry } from "@web/core/registry";
import { _t } from "@web/core/l10n/translation";
import { useService } from "@web/core/utils/hooks";

/** The phone itself. A main component, so that it stays open from one app to the next. */
export class SoftphonePanel extends Component {
    static components = { Contacts, EndedCall, Keypad, OnCall, OnSide, Recents, WrapUp };
    static props = [];
    static template = "whatsapp_calling.SoftphonePanel";

    setup() {
        super.setup();
        this.action = useService("action");
        this.softphone = useState(useService("whatsapp_calling.softphone"));
        this.root = useRef("root");
        useEffect(
            (open) => {
                if (open) {
                    this.root.el?.querySelector(".o-whatsapp-focus")?.focus();
                }
            },
            () => [this.isOpen]
        );
    }

    get isOpen() {
        return this.softphone.enabled && this.softphone.panel.open;
    }

    get inCall() {
        return Boolean(this.softphone.live || this.softphone.elsewhere);
    }

    /** In a call that somebody else handles. */
    get onSide() {
        return !this.inCall && Boolean(this.softphone.side || this.softphone.sideCall);
    }

    get idle() {
        return !this.inCall && !this.onSide;
    }

    /** Our number of the call that is shown, going on or over: not the chosen one. */
    get callNumber() {
        const { calls, elsewhere, ended, live, sideCall } = this.softphone;
        const last = ended?.callId && calls.get(ended.callId);
        const call = live ? live.call : elsewhere || sideCall || last;
        return call?.number;
    }

    get tabs() {
        return [
            { id: "keypad", icon: "oi oi-numpad", label: _t("Keypad") },
            { id: "recents", icon: "fa fa-clock-o", label: _t("Recent") },
            { id: "contacts", icon: "fa fa-address-book-o", label: _t("Contacts") },
        ];
    }

    isActive({ id }) {
        return !this.softphone.ended && this.softphone.panel.tab === id;
    }

    openTab({ id }) {
        this.softphone.dismissEnded();
        this.softphone.openPanel(id);
    }

    onChooseNumber(ev) {
        this.softphone.chooseNumber(Number(ev.target.value) || false);
    }

    openHelp() {
        this.action.doAction({
            type: "ir.actions.client",
            tag: "whatsapp_calling.guide",
            params: { page: "user" },
        });
    }

    onKeydown(ev) {
        if (ev.key === "Escape" && !ev.defaultPrevented) {
            ev.stopPropagation();
            this.softphone.togglePanel();
        }
    }
}

registry
    .category("main_components")
    .add("whatsapp_calling.SoftphonePanel", { Component: SoftphonePanel });
