import { registry } from "@web/core/registry";
import { _t } from "@web/core/l10n/translation";
import { standardFieldProps } from "@web/views/fields/standard_field_props";

import { Component } from "@odoo/owl";

/** A sound that can be played, of a char field that holds its address. */
export class SoundField extends Component {
    static template = "whatsapp_calling.SoundField";
    static props = { ...standardFieldProps };

    get source() {
        return this.props.record.data[this.props.name];
    }

    get label() {
        return this.props.record.fields[this.props.name].string;
    }
}

export const soundField = {
    component: SoundField,
    displayName: _t("Sound"),
    supportedTypes: ["char"],
};

registry.category("fields").add("whatsapp_calling_sound", soundField);
