import { Chatter } from "@mail/chatter/web_portal/chatter";

import { useEffect, useState } from "@odoo/owl";

import { browser } from "@web/core/browser/browser";
import { _t } from "@web/core/l10n/translation";
import { useService } from "@web/core/utils/hooks";
import { patch } from "@web/core/utils/patch";

/** The server's pool needs some milliseconds to post a message. */
const MESSAGE_DELAY = 400;

patch(Chatter.prototype, {
    setup() {
        super.setup(...arguments);
        this.softphone = useState(useService("whatsapp_calling.softphone"));
        this.whatsapp = useState({ info: null });
        useEffect(
            (enabled, model, id) => {
                this.whatsapp.info = null;
                if (enabled && model && id) {
                    this.lookupWhatsapp(model, id);
                }
            },
            () => [
                this.softphone.enabled &&
                    !this.softphone.hidesChatterButton(this.props.threadModel),
                this.props.threadModel,
                this.props.threadId,
                this.softphone.permissionVersion,
            ]
        );
        useEffect(
            (calls) => {
                if (calls) {
                    const timeout = browser.setTimeout(
                        () => this.state.thread?.fetchNewMessages(),
                        MESSAGE_DELAY
                    );
                    return () => browser.clearTimeout(timeout);
                }
            },
            () => [this.callsWithoutCard]
        );
    },

    /**
     * The server posts a call's message a moment after the call began, and tells no open chatter
     * about it: the news of the call itself is what makes us look.
     *
     * @returns {string} changes with each news about a call of this record that has no card yet
     */
    get callsWithoutCard() {
        const { messages, id } = this.state.thread || {};
        if (!id || !this.hasWhatsappButton) {
            return "";
        }
        return this.softphone.calls.all
            .filter(
                ({ record, id: callId }) =>
                    record &&
                    record.model === this.props.threadModel &&
                    record.id === this.props.threadId &&
                    !messages.some(({ body }) => body?.includes(`data-oe-id="${callId}"`))
            )
            .map((call) => `${call.id}:${call.version}`)
            .join();
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
        return this.softphone.enabled && !this.softphone.hidesChatterButton(this.props.threadModel);
    },

    /** Whether the customer may be called, or why not: shown before the click. */
    get whatsappTitle() {
        const { info } = this.whatsapp;
        if (!this.props.threadId) {
            return _t("Save the record first");
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
        await this.softphone.dial({
            res_model: this.props.threadModel,
            res_id: this.props.threadId,
        });
    },
});
