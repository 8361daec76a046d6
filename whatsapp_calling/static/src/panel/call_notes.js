import { Component, onWillUnmount, useState } from "@odoo/owl";

/** Notes to a call, saved when the field is left or goes away. */
export class CallNotes extends Component {
    static props = { call: Object, save: Function };
    static template = "whatsapp_calling.CallNotes";

    setup() {
        super.setup();
        this.callId = this.props.call.id;
        this.state = useState({ text: this.props.call.notes || "" });
        onWillUnmount(() => this.save());
    }

    save() {
        this.props.save(this.callId, this.state.text.trim());
    }
}
