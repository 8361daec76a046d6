import { CallAvatar } from "@whatsapp_calling/panel/call_avatar";

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
    static components = { CallAvatar };
    static props = { query: String };
    static template = "whatsapp_calling.ContactList";

    setup() {
        super.setup();
        this.softphone = useState(useService("whatsapp_calling.softphone"));
        this.state = useState({ contacts: [], loading: true, more: false });
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
            Object.assign(this.state, { contacts: [], loading: false, more: true });
            return;
        }
        Object.assign(this.state, { loading: true, more: false });
        const contacts = await this.keepLast.add(
            this.softphone.silentRpc("softphone_contacts", [
                { query: this.props.query.trim(), limit: LIMIT },
            ])
        );
        Object.assign(this.state, { contacts, loading: false });
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
