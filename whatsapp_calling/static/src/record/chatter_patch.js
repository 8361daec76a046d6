import { Chatter } from "@mail/chatter/web_portal/chatter";

import { useEffect, useState } from "@odoo/owl";

import { _t } from "@web/core/l10n/translation";
import { useService } from "@web/core/utils/hooks";
import { patch } from "@web/core/utils/patch";

patch(Chatter.prototype, {
    setup() {
        super.setup(...arguments);
        this.softphone = useState(useService("whatsapp_calling.softphone"));
        this.whatsapp = useState({ info: null });
        useEffect(
            (shown, model, id) => {
                this.whatsapp.info = null;
                if (shown && model && id) {
                    this.lookupWhatsapp(model, id);
                }
            },
            () => [
                this.softphone.shown &&
                    !this.softphone.hidesChatterButton(this.props.threadModel),
                this.props.threadModel,
                this.props.threadId,
                this.softphone.permissionVersion,
            ]
        );
    },

    async lookupWhatsapp(model, id) {
        const info = await this.softphone
            .lookup({ res_model: model, res_id: id })
            .catch(() => null);
        if (this.props.threadModel === model && this.props.threadId === id) {
            this.whatsapp.info = info;
        }
    },

    get hasWhatsappButton() {
        const { explained, shown } = this.softphone;
        return (
            (shown || explained) && !this.softphone.hidesChatterButton(this.props.threadModel)
        );
    },

    /** Whether the customer may be called, or why not: shown before the click. */
    get whatsappTitle() {
        const { info } = this.whatsapp;
        if (!this.props.threadId) {
            return _t("Save the record first");
        }
        if (!this.softphone.shown) {
            return this.softphone.reason;
        }
        if (!info) {
            return _t("Call on WhatsApp");
        }
        return (info.allowed ? info.permission?.label : info.reason) || _t("Call on WhatsApp");
    },

    async callOnWhatsapp() {
        const saved = await this.props.saveRecord?.();
        if (saved === false) {
            return;
        }
        const target = { res_model: this.props.threadModel, res_id: this.props.threadId };
        if (this.softphone.shown) {
            await this.softphone.dial(target);
        } else {
            await this.softphone.diagnose(target);
        }
    },

    /** A permission request or a call button, by message or template. */
    async composeOnWhatsapp() {
        const saved = await this.props.saveRecord?.();
        if (saved !== false) {
            const { threadModel, threadId } = this.props;
            const kind = this.whatsapp.info?.allowed ? "call_button" : "permission";
            await this.softphone.compose({ res_model: threadModel, res_id: threadId }, kind);
        }
    },
});
