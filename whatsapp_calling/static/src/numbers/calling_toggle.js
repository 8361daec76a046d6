import { useLooks } from "@whatsapp_calling/core/looks";

import { Component, useEffect, useState } from "@odoo/owl";

import { ConfirmationDialog } from "@web/core/confirmation_dialog/confirmation_dialog";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { standardFieldProps } from "@web/views/fields/standard_field_props";

/** Milliseconds between looks while WhatsApp is asked: the bus may be what does not work. */
const LOOK_EVERY = 3000;

/**
 * Calling of a number, on or off. A click asks WhatsApp; the switch shows what WhatsApp has
 * confirmed and turns until its answer is there.
 */
export class CallingToggle extends Component {
    static template = "whatsapp_calling.CallingToggle";
    static props = { ...standardFieldProps, label: { type: Boolean, optional: true } };

    setup() {
        this.orm = useService("orm");
        this.dialog = useService("dialog");
        this.bus = useService("bus_service");
        this.state = useState({ asking: false });
        this.looks = useLooks(
            () => this.look(),
            LOOK_EVERY,
            () => [this.pending]
        );
        const onChanged = ({ model, ids }) => {
            const { resModel, resId } = this.props.record;
            if (model === resModel && ids.includes(resId)) {
                return this.looks.now();
            }
        };
        useEffect(
            () => {
                this.bus.subscribe("whatsapp_calling/record", onChanged);
                return () => this.bus.unsubscribe("whatsapp_calling/record", onChanged);
            },
            () => []
        );
    }

    get data() {
        return this.props.record.data;
    }

    get on() {
        return this.data[this.props.name];
    }

    get pending() {
        return Boolean(this.state.asking || this.data.calling_pending);
    }

    get disabled() {
        return this.pending || this.props.readonly || !this.props.record.resId;
    }

    get text() {
        if (this.pending) {
            return this.wished ? _t("Switching on…") : _t("Switching off…");
        }
        return this.on ? _t("On") : _t("Off");
    }

    /** What was asked for: the server's word first, else the click that is on its way. */
    get wished() {
        return this.data.calling_pending ? this.data.calling_pending === "on" : !this.on;
    }

    get failed() {
        return !this.pending && this.data.settings_error;
    }

    onClick() {
        if (this.disabled) {
            return;
        }
        if (!this.on) {
            return this.ask(true);
        }
        // phones take days to show the button again
        this.dialog.add(ConfirmationDialog, {
            title: _t("Switch calling off?"),
            body: _t(
                "Customers can no longer call this number, and nobody can call from it. When you switch it on again, phones may show the call button only after up to 7 days."
            ),
            confirmLabel: _t("Switch off"),
            confirm: () => this.ask(false),
            cancel: () => {},
        });
    }

    async ask(on) {
        const { record } = this.props;
        this.state.asking = true;
        try {
            // what was typed in a form belongs to the record first
            if (record.dirty && (await record.save()) === false) {
                return;
            }
            await this.orm.call(record.resModel, "action_set_calling", [[record.resId], on]);
        } finally {
            await this.looks.now();
            this.state.asking = false;
        }
    }

    /** Read the record again, unless somebody is typing in it. */
    async look() {
        const { record } = this.props;
        if (record.resId && !(await record.isDirty())) {
            await record.load();
        }
    }
}

export const callingToggle = {
    component: CallingToggle,
    displayName: _t("Calling, as WhatsApp confirmed it"),
    supportedTypes: ["boolean"],
    isEmpty: () => false,
    fieldDependencies: [
        { name: "calling_pending", type: "selection" },
        { name: "settings_error", type: "text" },
    ],
    extractProps: ({ options }, dynamicInfo) => ({
        label: options.label,
        readonly: dynamicInfo.readonly,
    }),
};

registry.category("fields").add("whatsapp_calling_toggle", callingToggle);
