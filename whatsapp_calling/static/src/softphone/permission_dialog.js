import { Component, useState } from "@odoo/owl";

import { Dialog } from "@web/core/dialog/dialog";
import { _t } from "@web/core/l10n/translation";

/** The customer has not allowed calls: says so and offers to ask. Nothing was sent so far. */
export class PermissionDialog extends Component {
    static components = { Dialog };
    static props = {
        close: Function,
        /** the answer of softphone_lookup, or a refusal of softphone_dial */
        info: Object,
        softphone: Object,
        target: Object,
    };
    static template = "whatsapp_calling.PermissionDialog";

    setup() {
        super.setup();
        this.state = useState({ text: "", busy: false });
    }

    get title() {
        const name = this.props.info.name || this.props.info.phone;
        return name
            ? _t("%(name)s has not allowed calls yet", { name })
            : _t("This customer has not allowed calls yet");
    }

    async ask() {
        this.state.busy = true;
        try {
            const { softphone, target } = this.props;
            await softphone.requestPermission(target, this.state.text.trim() || false);
        } finally {
            this.props.close();
        }
    }
}
