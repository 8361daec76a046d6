import { Component, useState } from "@odoo/owl";

import { Dialog } from "@web/core/dialog/dialog";
import { serializeDateTime } from "@web/core/l10n/dates";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";

const { DateTime } = luxon;

/** Blocks the other side of a call, and tells the managers where that is wanted. */
export class BlockDialog extends Component {
    static components = { Dialog };
    static props = {
        close: Function,
        callId: Number,
        name: String,
        softphone: Object,
        onBlocked: { type: Function, optional: true },
    };
    static template = "whatsapp_calling.BlockDialog";

    setup() {
        super.setup();
        this.state = useState({ reason: "", days: "", report: false, busy: false });
    }

    get title() {
        return _t("Block %(name)s?", { name: this.props.name });
    }

    get periods() {
        return [
            { days: "", label: _t("Until somebody unblocks them") },
            { days: "1", label: _t("For one day") },
            { days: "7", label: _t("For a week") },
            { days: "30", label: _t("For 30 days") },
        ];
    }

    async block() {
        this.state.busy = true;
        const { days, reason, report } = this.state;
        const until = days && serializeDateTime(DateTime.now().plus({ days: Number(days) }));
        try {
            const done = await this.props.softphone.block(this.props.callId, {
                reason: reason.trim(),
                until: until || false,
                report,
            });
            if (done) {
                this.props.onBlocked?.();
                this.props.close();
            }
        } finally {
            // it stays open with what was typed when it was not done
            this.state.busy = false;
        }
    }
}

/** From the log: the form is read anew afterwards. */
function blockFromLog(env, { params }) {
    return new Promise((resolve) => {
        let next;
        env.services.dialog.add(
            BlockDialog,
            {
                callId: params.call_id,
                name: params.name,
                softphone: env.services["whatsapp_calling.softphone"],
                onBlocked: () => {
                    next = { type: "ir.actions.client", tag: "soft_reload" };
                },
            },
            { onClose: () => resolve(next) }
        );
    });
}

registry.category("actions").add("whatsapp_calling.block", blockFromLog);
