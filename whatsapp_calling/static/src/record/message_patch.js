import { CallCard } from "@whatsapp_calling/record/call_card";

import { Message } from "@mail/core/common/message";

import { useEffect, useState } from "@odoo/owl";

import { useService } from "@web/core/utils/hooks";
import { createElementWithContent } from "@web/core/utils/html";
import { patch } from "@web/core/utils/patch";

Message.components = { ...Message.components, WhatsappCallCard: CallCard };

/**
 * A call's message holds only its id and a static text; the card is drawn in its place from what
 * the softphone knows, so that it changes while the call goes on. Without access to the call, or
 * before it is loaded, the static text stays.
 */
patch(Message.prototype, {
    setup() {
        super.setup(...arguments);
        this.whatsappSoftphone = useState(useService("whatsapp_calling.softphone"));
        useEffect(
            (id) => {
                if (id) {
                    this.whatsappSoftphone.calls.ensure(id).catch(() => {});
                }
            },
            () => [this.whatsappCallId]
        );
    },

    /** @returns {number|undefined} the call this message is about */
    get whatsappCallId() {
        const body = this.message.richBody?.toString() || "";
        if (!body.includes("o_whatsapp_call_card")) {
            return undefined;
        }
        const card = createElementWithContent("div", this.message.richBody).querySelector(
            ".o_whatsapp_call_card[data-oe-type='whatsapp-call']"
        );
        return Number(card?.dataset.oeId) || undefined;
    },

    /** @returns {number|undefined} the call to draw */
    get whatsappCardId() {
        const id = this.whatsappCallId;
        return id && this.whatsappSoftphone.calls.get(id) ? id : undefined;
    },
});
