import { Component } from "@odoo/owl";

import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { formatSelection } from "@web/views/fields/formatters";
import { standardFieldProps } from "@web/views/fields/standard_field_props";

/** An arrow for the direction of a call, with its name for screen readers. */
export class CallDirectionField extends Component {
    static template = "whatsapp_calling.CallDirectionField";
    static props = { ...standardFieldProps, label: { type: Boolean, optional: true } };

    get inbound() {
        return this.props.record.data[this.props.name] === "inbound";
    }

    get color() {
        if (["missed", "failed"].includes(this.props.record.data.state)) {
            return "text-danger";
        }
        return this.inbound ? "text-info" : "text-success";
    }

    get name() {
        const { record, name } = this.props;
        return formatSelection(record.data[name], {
            selection: record.fields[name].selection,
        });
    }
}

registry.category("fields").add("whatsapp_call_direction", {
    component: CallDirectionField,
    displayName: _t("Direction of a call"),
    supportedTypes: ["selection"],
    isEmpty: () => false,
    extractProps: ({ options }) => ({ label: options.label }),
});
