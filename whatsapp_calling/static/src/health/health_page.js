import { useLooks } from "@whatsapp_calling/core/looks";

import { Component, onWillStart, useState } from "@odoo/owl";

import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { Layout } from "@web/search/layout";
import { standardActionServiceProps } from "@web/webclient/actions/action_service";

import { HealthChart } from "./health_chart";

/** Milliseconds between looks; the counts are written every ten seconds. */
const LOOK_EVERY = 10000;

/** Whether WhatsApp's webhooks arrive, account by account, over the last day. */
export class HealthPage extends Component {
    static template = "whatsapp_calling.HealthPage";
    static components = { HealthChart, Layout };
    static props = { ...standardActionServiceProps };

    setup() {
        this.orm = useService("orm");
        this.action = useService("action");
        this.state = useState({ page: null });
        this.display = { controlPanel: {} };
        onWillStart(() => this.look());
        this.looks = useLooks(() => this.look(), LOOK_EVERY);
    }

    async look() {
        this.state.page = await this.orm.silent.call("whatsapp.calling.health", "fetch_page", []);
    }

    get accounts() {
        return this.state.page.accounts;
    }

    /** The state of an account in words, with the colour of its badge. */
    badge({ state }) {
        return {
            ok: { text: _t("Receiving"), color: "text-bg-success" },
            stale: { text: _t("Silent"), color: "text-bg-danger" },
            never: { text: _t("Nothing yet"), color: "text-bg-secondary" },
        }[state];
    }

    /** How long ago the last webhook came, in the largest unit that fits. */
    age({ last_at }) {
        if (!last_at) {
            return "–";
        }
        const seconds = Math.max(0, Math.round((this.state.page.server_time - last_at) / 1000));
        if (seconds < 60) {
            return _t("%s s", seconds);
        }
        if (seconds < 3600) {
            return _t("%s min", Math.floor(seconds / 60));
        }
        if (seconds < 48 * 3600) {
            return _t("%s h", Math.floor(seconds / 3600));
        }
        return _t("%s days", Math.floor(seconds / 86400));
    }

    tiles(account) {
        const slow = account.p95 !== false && account.p95 > 1000;
        return [
            { label: _t("since the last webhook"), value: this.age(account), bad: account.state === "stale" },
            { label: _t("taken in"), value: account.accepted },
            { label: _t("failed"), value: account.failed, bad: account.failed > 0 },
            { label: _t("wrong signature"), value: account.bad_signature, bad: account.bad_signature > 0 },
            {
                label: _t("handled within (95 of 100)"),
                value: account.p95 === false ? "–" : _t("%s ms", account.p95),
                bad: slow,
            },
        ];
    }

    /** What to do about what the counts show, one sentence each. */
    advice(account) {
        const found = [];
        if (account.silence) {
            found.push(account.silence);
        }
        if (account.bad_signature) {
            found.push(
                _t("Deliveries were refused for a wrong signature: the app secret here is not that of the app in Meta, or somebody else is trying.")
            );
        }
        if (account.no_secret) {
            found.push(_t("Deliveries were refused because no app secret is set: enter it in the account."));
        }
        if (account.failed) {
            found.push(_t("Deliveries failed here: the server's log says why. WhatsApp delivers them again."));
        }
        return found;
    }

    openAccount(account) {
        return this.action.doAction({
            type: "ir.actions.act_window",
            res_model: "whatsapp.calling.account",
            res_id: account.id,
            views: [[false, "form"]],
        });
    }

    openCounts() {
        return this.action.doAction("whatsapp_calling.whatsapp_calling_health_action");
    }
}

registry.category("actions").add("whatsapp_calling_health", HealthPage);
