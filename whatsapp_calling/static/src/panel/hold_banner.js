import { CallTimer } from "@whatsapp_calling/panel/call_timer";

import { Component } from "@odoo/owl";

/** For how long the customer has been waiting with music, and the way back to them. */
export class HoldBanner extends Component {
    static components = { CallTimer };
    static props = { call: Object, resume: { type: Function, optional: true } };
    static template = "whatsapp_calling.HoldBanner";

    /** The timer counts from an answer. */
    get waiting() {
        return { live: true, state: "connected", answered: this.props.call.held };
    }
}
