import { formatDuration } from "@whatsapp_calling/softphone/call_labels";

import { Component, onMounted, onWillUnmount, useState } from "@odoo/owl";

import { browser } from "@web/core/browser/browser";
import { useService } from "@web/core/utils/hooks";

/** mm:ss since the call was answered, by the server's clock; nothing before. */
export class CallTimer extends Component {
    static props = { call: { optional: true }, className: { type: String, optional: true } };
    static template = "whatsapp_calling.CallTimer";

    setup() {
        super.setup();
        this.softphone = useService("whatsapp_calling.softphone");
        this.state = useState({ now: this.softphone.now() });
        onMounted(() => this.tick());
        onWillUnmount(() => browser.clearTimeout(this.timeout));
    }

    /** On the full second of the call, so that all timers of a page turn together. */
    tick() {
        this.state.now = this.softphone.now();
        const elapsed = this.state.now - (this.props.call?.answered || 0);
        this.timeout = browser.setTimeout(() => this.tick(), 1_000 - (elapsed % 1_000));
    }

    get text() {
        const { call } = this.props;
        if (!call?.answered || (call.live && call.state !== "connected")) {
            return "";
        }
        return formatDuration(call.live ? (this.state.now - call.answered) / 1000 : call.duration);
    }
}
