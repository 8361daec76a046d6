import { initials } from "@whatsapp_calling/softphone/call_labels";

import { Component } from "@odoo/owl";

import { url } from "@web/core/utils/urls";

/** The round picture of the other side: of the partner, else letters, else a person. */
export class CallAvatar extends Component {
    static props = {
        /** CallView, or {name} before there is one */
        call: Object,
        pulse: { type: Boolean, optional: true },
        size: { type: String, optional: true },
    };
    static template = "whatsapp_calling.CallAvatar";

    get initials() {
        return initials(this.props.call.name);
    }

    get src() {
        const { partner } = this.props.call;
        return (
            partner &&
            url("/web/image", { model: "res.partner", field: "avatar_128", id: partner.id })
        );
    }
}
