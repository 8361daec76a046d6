import { Component, useState } from "@odoo/owl";

import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { standardWidgetProps } from "@web/views/widgets/standard_widget_props";

/** `<widget name="whatsapp_call_button"/>`: calls whom the record of a form is about. */
export class WhatsappCallButtonWidget extends Component {
    static template = "whatsapp_calling.CallButtonWidget";
    static props = { ...standardWidgetProps, title: { type: String, optional: true } };

    setup() {
        this.softphone = useState(useService("whatsapp_calling.softphone"));
    }

    get title() {
        return this.props.title || _t("Call on WhatsApp");
    }

    /** The record says which contact is meant, and from which of our numbers. */
    get namesContact() {
        return ["whatsapp.call", "whatsapp.call.permission"].includes(this.props.record.resModel);
    }

    /** A call's form calls the customer back, whatever record the call was about. */
    get target() {
        const { resModel, resId, data } = this.props.record;
        if (!this.namesContact) {
            return { res_model: resModel, res_id: resId };
        }
        return { contact_id: data.contact_id.id, number_id: data.number_id?.id };
    }

    get visible() {
        const { resId, data } = this.props.record;
        return this.softphone.shown && resId && (!this.namesContact || data.contact_id);
    }

    async onClick() {
        // what was just typed in belongs to the record first
        if ((await this.props.record.save()) !== false) {
            await this.softphone.dial(this.target);
        }
    }
}

registry.category("view_widgets").add("whatsapp_call_button", {
    component: WhatsappCallButtonWidget,
    extractProps: ({ attrs }) => ({ title: attrs.title }),
});
