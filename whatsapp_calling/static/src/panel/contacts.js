import { ContactList } from "@whatsapp_calling/panel/contact_list";

import { Component, useState } from "@odoo/owl";

/** The tab with everybody who has a phone number. */
export class Contacts extends Component {
    static components = { ContactList };
    static props = [];
    static template = "whatsapp_calling.Contacts";

    setup() {
        super.setup();
        this.state = useState({ query: "" });
    }
}
