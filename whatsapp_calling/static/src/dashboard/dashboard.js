import { Component, onWillStart, useState } from "@odoo/owl";

import { browser } from "@web/core/browser/browser";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { Layout } from "@web/search/layout";
import { standardActionServiceProps } from "@web/webclient/actions/action_service";
import { Notices } from "../set_up/notices";
import { DashboardCard } from "./dashboard_card";
import { HourBars } from "./hour_bars";

const REMEMBERED = "whatsapp_calling.dashboard.period";
const CALLS = "whatsapp_calling.whatsapp_call_action";

/** The first page of the app: what happened, what went wrong, where to look. */
export class Dashboard extends Component {
    static template = "whatsapp_calling.Dashboard";
    static components = { Layout, Notices, DashboardCard, HourBars };
    static props = { ...standardActionServiceProps };

    setup() {
        this.orm = useService("orm");
        this.action = useService("action");
        this.periods = [
            { key: "24h", label: _t("24 hours") },
            { key: "7d", label: _t("7 days") },
            { key: "30d", label: _t("30 days") },
        ];
        this.labels = {
            total: _t("Calls"),
            live: _t("Going on now"),
            completed: _t("Completed"),
            missed: _t("Missed"),
            failed: _t("Failed"),
            declined: _t("Declined"),
            unreached: _t("Not reached"),
        };
        this.hints = {
            declined: _t("Incoming calls that our operators turned down"),
            unreached: _t("No answer, rejected by the customer or cancelled by us"),
        };
        this.state = useState({
            period: browser.localStorage.getItem(REMEMBERED) || "24h",
            figures: null,
        });
        this.display = { controlPanel: {} };
        onWillStart(() => this.load());
    }

    get figures() {
        return this.state.figures;
    }

    get cards() {
        return this.figures.cards.filter(({ key, value }) => key !== "live" || value);
    }

    get healthHint() {
        const { accounts, refused } = this.figures.health;
        if (!accounts) {
            return _t("No account is connected");
        }
        return refused
            ? _t("%(refused)s refused or failed in 24 hours", { refused })
            : _t("None refused in 24 hours");
    }

    get tables() {
        return [
            {
                key: "number",
                field: "number_id",
                title: _t("By number"),
                name: _t("Number"),
                rows: this.figures.numbers,
            },
            {
                key: "agent",
                field: "handler_id",
                title: _t("By agent"),
                name: _t("Agent"),
                rows: this.figures.agents,
            },
        ];
    }

    async load(period = this.state.period) {
        const wanted = (this.wanted = period);
        const figures = await this.orm.call("whatsapp.call", "dashboard", [period]);
        // a later choice of the period may be answered first
        if (wanted === this.wanted) {
            Object.assign(this.state, { figures, period: figures.period });
        }
    }

    choose(period) {
        browser.localStorage.setItem(REMEMBERED, period);
        return this.load(period);
    }

    tone({ key, value }) {
        return value && ["missed", "failed"].includes(key) ? "danger" : "";
    }

    percent({ percent }) {
        return percent === false ? "–" : _t("%(percent)s %", { percent });
    }

    share({ part, whole }) {
        return whole ? _t("%(part)s of %(whole)s", { part, whole }) : _t("None so far");
    }

    seconds(seconds) {
        if (seconds === false) {
            return "–";
        }
        const minutes = Math.floor(seconds / 60);
        return `${minutes}:${String(seconds % 60).padStart(2, "0")}`;
    }

    rate({ answered, total }) {
        return total ? `${Math.round((100 * answered) / total)} %` : "–";
    }

    when(milliseconds) {
        return luxon.DateTime.fromMillis(milliseconds).toRelative() || "";
    }

    /**
     * Open the list of exactly the calls that were counted.
     *
     * @param {string[]} filters of the search view
     * @param {Object} [fields] values of its fields, by name
     */
    openCalls(filters, fields = {}) {
        const context = {};
        for (const name of filters) {
            context[`search_default_${name}`] = 1;
        }
        for (const [name, value] of Object.entries(fields)) {
            context[`search_default_${name}`] = value;
        }
        return this.open(CALLS, context);
    }

    openRefused() {
        const [period] = this.figures.filters;
        return this.open("whatsapp_calling.whatsapp_call_refused_action", {
            [`search_default_${period}`]: 1,
        });
    }

    /** The action's own default filters must not be added to ours. */
    async open(name, context) {
        const action = await this.action.loadAction(name);
        return this.action.doAction({ ...action, context });
    }

    openHealth() {
        return this.action.doAction("whatsapp_calling.whatsapp_calling_health_page");
    }
}

registry.category("actions").add("whatsapp_calling.dashboard", Dashboard);
