import { Component } from "@odoo/owl";

import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { standardFieldProps } from "@web/views/fields/standard_field_props";

const ICONS = {
    ok: "fa-check-circle text-success",
    warning: "fa-exclamation-triangle text-warning",
    error: "fa-times-circle text-danger",
    unknown: "fa-question-circle text-muted",
    waiting: "fa-circle-o-notch fa-spin text-muted",
};

/**
 * The lines of a trial (whatsapp.calling.trial): how each stands, what was said, what to do, and
 * the button that leads there.
 */
export class LinesField extends Component {
    static template = "whatsapp_calling.LinesField";
    static props = {
        ...standardFieldProps,
        step: { type: String, optional: true },
        only: { type: String, optional: true },
    };

    setup() {
        this.orm = useService("orm");
        this.action = useService("action");
    }

    get lines() {
        const { step, only } = this.props;
        return (this.props.record.data[this.props.name] || []).filter(
            (line) => (!step || line.step === step) && (!only || line.key === only)
        );
    }

    icon(line) {
        return ICONS[line.state];
    }

    /** What the colour says, for who does not see it. */
    stateLabel(line) {
        return {
            ok: _t("In order"),
            warning: _t("Needs attention"),
            error: _t("Wrong"),
            unknown: _t("Not known"),
            waiting: _t("Being asked"),
        }[line.state];
    }

    async fix(line) {
        const { record } = this.props;
        const action = await this.orm.call(record.resModel, "action_line", [
            [record.resId],
            line.key,
        ]);
        if (action) {
            await this.action.doAction(action);
        } else {
            await record.load();
        }
    }
}

registry.category("fields").add("whatsapp_calling_lines", {
    component: LinesField,
    supportedTypes: ["json"],
    extractProps: ({ options }) => ({ step: options.step, only: options.only }),
});
