import { useLooks } from "@whatsapp_calling/core/looks";
import { CallAvatar } from "@whatsapp_calling/panel/call_avatar";
import { CallTimer } from "@whatsapp_calling/panel/call_timer";
import { displayName, stateLabel } from "@whatsapp_calling/softphone/call_labels";

import { Component, onWillStart, useState } from "@odoo/owl";

import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { Layout } from "@web/search/layout";
import { standardActionServiceProps } from "@web/webclient/actions/action_service";

/** New calls are found by asking; of known ones the bus tells. */
const REFRESH_INTERVAL = 3_000;

/** The calls that are going on, for managers: who talks, since when, and listening to them. */
export class LiveCalls extends Component {
    static components = { CallAvatar, CallTimer, Layout };
    static props = { ...standardActionServiceProps };
    static template = "whatsapp_calling.LiveCalls";

    setup() {
        super.setup();
        this.action = useService("action");
        this.softphone = useState(useService("whatsapp_calling.softphone"));
        this.state = useState({ ids: [], why: {}, told: {} });
        this.display = { controlPanel: {} };
        this.modes = [
            { mode: "listen", icon: "fa-eye", label: _t("Listen") },
            { mode: "whisper", icon: "fa-volume-down", label: _t("Whisper") },
            { mode: "join", icon: "fa-user-plus", label: _t("Join") },
        ];
        Object.assign(this, { displayName });
        this.looks = useLooks(() => this.load(), REFRESH_INTERVAL);
        onWillStart(() => this.load());
    }

    async load() {
        const { calls, told } = await this.softphone.silentRpc("live_calls");
        const why = {};
        const ids = calls.map((call) => {
            why[call.id] = call.why;
            return this.softphone.calls.insert(call).id;
        });
        Object.assign(this.state, { ids, why, told });
    }

    get calls() {
        return this.state.ids
            .map((id) => this.softphone.calls.get(id))
            .filter((call) => call?.live);
    }

    stateText(call) {
        if (call.transfer) {
            return _t("Being transferred to %(name)s", { name: call.transfer.target });
        }
        return call.on_hold ? _t("On hold") : stateLabel(call);
    }

    /** Which of the three this user does in this call now. */
    modeOf(call) {
        return this.softphone.side?.callId === call.id && this.softphone.side.mode;
    }

    othersText({ monitors }) {
        const names = monitors.map(({ name }) => name).join(", ");
        return names && _t("Also in the call: %(names)s", { names });
    }

    modeText(call, { label }) {
        return _t("%(action)s: the call with %(name)s", { action: label, name: displayName(call) });
    }

    get toldText() {
        const told = Object.values(this.state.told);
        if (!told.length) {
            return "";
        }
        return told.every(Boolean)
            ? _t("Operators see it when you listen.")
            : _t("Operators are not told when you only listen.");
    }

    monitor(call, mode) {
        return this.softphone.monitor(call, mode);
    }

    open(call) {
        return this.action.doAction({
            type: "ir.actions.act_window",
            res_model: "whatsapp.call",
            res_id: call.id,
            views: [[false, "form"]],
        });
    }
}

registry.category("actions").add("whatsapp_calling.live_calls", LiveCalls);
