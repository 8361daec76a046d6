import { Component, useState } from "@odoo/owl";

import { _t } from "@web/core/l10n/translation";
import { useService } from "@web/core/utils/hooks";

/** The button beside a phone number. Whether the customer may be called is asked when it is needed. */
export class WhatsappCallButton extends Component {
    static props = { name: String, readonly: { optional: true }, record: Object, "*": true };
    static template = "whatsapp_calling.CallButton";

    setup() {
        super.setup();
        this.softphone = useState(useService("whatsapp_calling.softphone"));
        this.state = useState({ title: "" });
    }

    get phone() {
        return this.props.record.data[this.props.name] || "";
    }

    get title() {
        return this.state.title || _t("Call on WhatsApp");
    }

    get target() {
        const { resId, resModel } = this.props.record;
        return resId
            ? { phone: this.phone, res_model: resModel, res_id: resId }
            : { phone: this.phone };
    }

    /** Hovered or focused: soon to be clicked. */
    async explain() {
        if (this.explained !== this.phone) {
            this.explained = this.phone;
            const info = await this.softphone.lookup(this.target).catch(() => null);
            this.state.title =
                (info && (info.allowed ? info.permission?.label : info.reason)) || "";
        }
    }

    async onClick() {
        // a number just typed in belongs to the record first
        if (this.props.readonly || (await this.props.record.save()) !== false) {
            await this.softphone.dial(this.target);
        }
    }
}
