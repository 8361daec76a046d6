import { Component, onWillDestroy, useEffect } from "@odoo/owl";

import { browser } from "@web/core/browser/browser";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { standardWidgetProps } from "@web/views/widgets/standard_widget_props";

import { microphoneState } from "@whatsapp_calling/set_up/microphone_state";
import { askForSocket } from "@whatsapp_calling/set_up/socket_probe";

/** Milliseconds for the server's message to come through /websocket. */
const PATIENCE = 6000;

/**
 * The browser's part of Check setup: whether the server's messages arrive, and the microphone. It
 * looks whenever these two lines are awaited, and reports.
 */
export class BrowserProbe extends Component {
    static template = "whatsapp_calling.BrowserProbe";
    static props = { ...standardWidgetProps };

    setup() {
        this.orm = useService("orm");
        this.bus = useService("bus_service");
        this.heard = new Set();
        const onProbe = ({ id }) => {
            this.heard.add(id);
            this.onHeard?.();
        };
        this.bus.subscribe("whatsapp_calling/probe", onProbe);
        onWillDestroy(() => this.bus.unsubscribe("whatsapp_calling/probe", onProbe));
        useEffect(
            (id, awaited) => {
                if (id && awaited) {
                    this.look(id);
                }
            },
            () => [this.props.record.resId, this.isAwaited]
        );
    }

    get isAwaited() {
        return (this.props.record.data.lines || []).some(
            (line) => line.key === "websocket" && line.state === "waiting"
        );
    }

    async look(id) {
        const [websocket, microphone] = await Promise.all([
            this.socketState(id),
            microphoneState(),
        ]);
        await this.orm.silent.call("whatsapp.calling.check", "report_browser", [[id]], {
            websocket,
            microphone,
        });
        await this.props.record.load();
    }

    async socketState(id) {
        const heard = await this.hears(id);
        this.heard.delete(id);
        return heard ? { heard } : { heard, ...(await askForSocket()) };
    }

    /** The server sends a message; it comes through /websocket, or it does not. */
    async hears(id) {
        await this.orm.silent.call("whatsapp.calling.check", "send_probe", [[id]]);
        if (this.heard.has(id)) {
            return true;
        }
        return new Promise((resolve) => {
            const timer = browser.setTimeout(() => resolve(false), PATIENCE);
            this.onHeard = () => {
                if (this.heard.has(id)) {
                    browser.clearTimeout(timer);
                    resolve(true);
                }
            };
        });
    }
}

registry.category("view_widgets").add("whatsapp_calling_browser_probe", {
    component: BrowserProbe,
});
