import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { CharField, charField } from "@web/views/fields/char/char_field";

import { useState } from "@odoo/owl";

/** A text whose characters are counted while it is typed: `widget="whatsapp_calling_counted"`. */
export class CountedField extends CharField {
    static template = "whatsapp_calling.CountedField";
    // other modules add props to CharField later
    static get props() {
        return { ...CharField.props, max: Number };
    }

    setup() {
        super.setup();
        this.typed = useState({ length: null });
    }

    get count() {
        return this.typed.length ?? (this.props.record.data[this.props.name] || "").length;
    }

    get counter() {
        return _t("%(count)s of %(max)s", { count: this.count, max: this.props.max });
    }

    onInput(ev) {
        this.typed.length = ev.target.value.length;
    }
}

registry.category("fields").add("whatsapp_calling_counted", {
    ...charField,
    component: CountedField,
    extractProps: (info, dynamicInfo) => ({
        ...charField.extractProps(info, dynamicInfo),
        max: info.options.max || 20,
    }),
});
