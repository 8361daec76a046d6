import { Component, onMounted, onWillUnmount, useState } from "@odoo/owl";

import { browser } from "@web/core/browser/browser";
import { useService } from "@web/core/utils/hooks";

/** Seconds that are left until a moment of the server's clock. */
export class Countdown extends Component {
    static props = { until: Number };
    static template = "whatsapp_calling.Countdown";

    setup() {
        super.setup();
        this.softphone = useService("whatsapp_calling.softphone");
        this.state = useState({ now: this.softphone.now() });
        onMounted(() => {
            this.interval = browser.setInterval(() => {
                this.state.now = this.softphone.now();
            }, 1_000);
        });
        onWillUnmount(() => browser.clearInterval(this.interval));
    }

    get seconds() {
        return Math.max(0, Math.ceil((this.props.until - this.state.now) / 1000));
    }
}
