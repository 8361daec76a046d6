import { rethrowUnexpected } from "@whatsapp_calling/core/request_errors";
import { CallAvatar } from "@whatsapp_calling/panel/call_avatar";
import { Retry } from "@whatsapp_calling/panel/retry";

import { Component, onWillStart, useEffect, useState } from "@odoo/owl";

import { _t } from "@web/core/l10n/translation";
import { KeepLast } from "@web/core/utils/concurrency";
import { useService } from "@web/core/utils/hooks";
import { useDebounced } from "@web/core/utils/timing";

const LIMIT = 30;
/** Characters from which on people are looked for. */
const LEAST = 2;

/** The people found for some letters or digits; a click on the receiver calls. */
export class ContactList extends Component {
    static components = { CallAvatar, Retry };
    static props = { query: String };
    static template = "whatsapp_calling.ContactList";

    setup() {
        super.setup();
        this.softphone = useState(useService("whatsapp_calling.softphone"));
        this.state = useState({ contacts: [], loading: true, more: false, failed: false });
        this.keepLast = new KeepLast();
        this.searchSoon = useDebounced(() => this.search(), 250);
        let first = true;
        onWillStart(() => {
            // not returned: the panel is drawn while the server searches
            this.search();
        });
        useEffect(
            () => {
                if (!first) {
                    this.searchSoon();
                }
                first = false;
            },
            () => [this.props.query, this.softphone.permissionVersion]
        );
    }

    async search() {
        const { length } = this.props.query.trim();
        if (length && length < LEAST) {
            // one letter finds everybody
            Object.assign(this.state, { contacts: [], loading: false, more: true, failed: false });
            return;
        }
        Object.assign(this.state, { loading: true, more: false, failed: false });
        try {
            this.state.contacts = await this.keepLast.add(
                this.softphone.silentRpc("softphone_contacts", [
                    { query: this.props.query.trim(), limit: LIMIT },
                ])
            );
        } catch (error) {
            // those found for other letters are not wanted
            Object.assign(this.state, { contacts: [], failed: true });
            rethrowUnexpected(error);
        } finally {
            this.state.loading = false;
        }
    }

    callText({ name, phone }) {
        return _t("Call %(name)s", { name: name || phone });
    }

    call({ partner_id, contact_id, phone }) {
        const target = { phone };
        if (partner_id) {
            target.partner_id = partner_id;
        }
        if (contact_id) {
            target.contact_id = contact_id;
        }
        return this.softphone.dial(target);
    }
}
