import { useLooks } from "@whatsapp_calling/core/looks";

import { Component, useEffect } from "@odoo/owl";

import { registry } from "@web/core/registry";
import { useBus, useService } from "@web/core/utils/hooks";
import { standardWidgetProps } from "@web/views/widgets/standard_widget_props";

/** Milliseconds between looks while something is awaited: the bus may be what does not work. */
const LOOK_EVERY = 3000;

/**
 * Keeps a form at what the server knows: <widget name="whatsapp_calling_live"/>. It is read again
 * when the server says so (`_tell_changed`), when the bus is back, and every few seconds while the
 * field named by `while` is set. What somebody is typing is never thrown away: a changed form is
 * read when it is saved.
 */
export class LiveRecord extends Component {
    static template = "whatsapp_calling.LiveRecord";
    static props = { ...standardWidgetProps, awaits: { type: String, optional: true } };

    setup() {
        this.bus = useService("bus_service");
        this.stale = false;
        this.looks = useLooks(
            () => this.look(),
            LOOK_EVERY,
            () => {
                const { data, resId } = this.props.record;
                return [Boolean(this.props.awaits && data[this.props.awaits]), resId];
            }
        );
        const onChanged = ({ model, ids }) => {
            const { resModel, resId } = this.props.record;
            if (model === resModel && ids.includes(resId)) {
                this.looks.now();
            }
        };
        useEffect(
            () => {
                this.bus.subscribe("whatsapp_calling/record", onChanged);
                return () => this.bus.unsubscribe("whatsapp_calling/record", onChanged);
            },
            () => []
        );
        useBus(this.bus, "BUS:RECONNECT", () => this.looks.now());
        useEffect(
            (dirty) => {
                if (!dirty && this.stale) {
                    this.looks.now();
                }
            },
            () => [this.props.record.dirty]
        );
    }

    async look() {
        const { record } = this.props;
        if (!record.resId) {
            return;
        }
        this.stale = await record.isDirty();
        if (!this.stale) {
            await record.load();
        }
    }
}

registry.category("view_widgets").add("whatsapp_calling_live", {
    component: LiveRecord,
    extractProps: ({ attrs }) => ({ awaits: attrs.while }),
    supportedAttributes: [{ label: "Field that is set while something is awaited", name: "while", type: "string" }],
});
