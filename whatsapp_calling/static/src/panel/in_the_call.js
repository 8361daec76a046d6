import { Component } from "@odoo/owl";

import { _t } from "@web/core/l10n/translation";

const ICONS = { listen: "fa-eye", whisper: "fa-volume-down", join: "fa-user-plus" };

/** Managers who are in the call too, and the keys that the customer has pressed. */
export class InTheCall extends Component {
    static props = { call: Object };
    static template = "whatsapp_calling.InTheCall";

    get monitors() {
        return (this.props.call.monitors || []).map(({ id, mode, name }) => ({
            id,
            mode,
            icon: ICONS[mode],
            text: this.text(mode, name),
        }));
    }

    text(mode, name) {
        switch (mode) {
            case "whisper":
                return _t("%(name)s speaks to you; the customer does not hear it", { name });
            case "join":
                return _t("%(name)s is in the call", { name });
            default:
                return _t("%(name)s listens", { name });
        }
    }
}
