import { Component } from "@odoo/owl";

import { _t } from "@web/core/l10n/translation";
import { useService } from "@web/core/utils/hooks";

/** The record a call belongs to, or the ones it may belong to with a way to choose. */
export class RecordLinks extends Component {
    static props = {
        call: Object,
        /** shows a button to link each candidate */
        link: { type: Function, optional: true },
    };
    static template = "whatsapp_calling.RecordLinks";

    setup() {
        super.setup();
        this.action = useService("action");
    }

    /** The customer among them has a button already; to link the call it takes another. */
    get candidates() {
        const { call, link } = this.props;
        const { record } = call;
        const partner = !link && this.partner;
        const shown = [record, partner && { model: "res.partner", id: partner.id }];
        return (call.candidates || []).filter(
            ({ model, id }) => !shown.some((one) => one && model === one.model && id === one.id)
        );
    }

    get partner() {
        const { partner, record } = this.props.call;
        return partner && record?.model !== "res.partner" && partner;
    }

    linkText({ name }) {
        return _t("Link the call to %(name)s", { name });
    }

    open(model, id) {
        return this.action.doAction({
            type: "ir.actions.act_window",
            res_model: model,
            res_id: id,
            views: [[false, "form"]],
        });
    }
}
