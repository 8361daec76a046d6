import { NumberSelect } from "@whatsapp_calling/softphone/number_select";

import { Component, onWillStart, useState } from "@odoo/owl";

import { Dialog } from "@web/core/dialog/dialog";
import { _t } from "@web/core/l10n/translation";

/**
 * The customer has not allowed calls: says so, what WhatsApp's limits leave, and offers to ask, by
 * message or, after 24 hours, by template. Nothing was sent so far.
 */
export class PermissionDialog extends Component {
    static components = { Dialog, NumberSelect };
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
        this.state = useState({
            text: "",
            templateId: false,
            callWhenAllowed: false,
            busy: false,
            view: null,
        });
        this.numberId = this.props.target.number_id;
        onWillStart(() => this.load());
    }

    get target() {
        return this.numberId
            ? { ...this.props.target, number_id: this.numberId }
            : this.props.target;
    }

    get title() {
        const name = this.props.info.name || this.props.info.phone;
        return name
            ? _t("%(name)s has not allowed calls yet", { name })
            : _t("This customer has not allowed calls yet");
    }

    get view() {
        return this.state.view;
    }

    get template() {
        return this.view.templates.find(({ id }) => id === this.state.templateId);
    }

    async load() {
        const view = await this.props.softphone.askView(this.target);
        // the words for another number do not replace the user's own
        const edited = this.view && this.state.text !== this.view.text;
        const text = edited ? this.state.text : view.text;
        Object.assign(this.state, { view, text, templateId: view.template_id });
    }

    async chooseNumber(id) {
        this.numberId = id;
        await this.load();
    }

    onChooseTemplate(ev) {
        this.state.templateId = Number(ev.target.value);
    }

    async ask() {
        const { text, templateId, callWhenAllowed } = this.state;
        this.state.busy = true;
        try {
            const asked = await this.props.softphone.requestPermission(this.target, text.trim() || false, {
                template_id: this.view.way === "template" && templateId,
                call_when_allowed: callWhenAllowed,
            });
            if (asked) {
                this.props.close();
            }
        } finally {
            // it stays open with what was typed when nothing was sent
            this.state.busy = false;
        }
    }

    async sendButton() {
        this.props.close();
        await this.props.softphone.compose(this.target, "call_button");
    }

    async makeTemplate() {
        this.props.close();
        await this.props.softphone.makeTemplate();
    }
}
