import { formatDuration } from "@whatsapp_calling/softphone/call_labels";

import { Component, onMounted, onWillUnmount, useState } from "@odoo/owl";

import { browser } from "@web/core/browser/browser";
import { useService } from "@web/core/utils/hooks";

/** For how long one is not rung after a talk, and a way out. */
export class WrapUp extends Component {
    static props = { small: { type: Boolean, optional: true } };
    static template = "whatsapp_calling.WrapUp";

    setup() {
        super.setup();
        this.softphone = useState(useService("whatsapp_calling.softphone"));
        this.state = useState({ now: this.softphone.now() });
        onMounted(() => {
            this.interval = browser.setInterval(() => {
                this.state.now = this.softphone.now();
            }, 1_000);
        });
        onWillUnmount(() => browser.clearInterval(this.interval));
    }

    get left() {
        return formatDuration(Math.ceil((this.softphone.wrapUpUntil - this.state.now) / 1000));
    }
}
