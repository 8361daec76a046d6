import { rethrowUnexpected } from "@whatsapp_calling/core/request_errors";
import { CallTimer } from "@whatsapp_calling/panel/call_timer";
import { Retry } from "@whatsapp_calling/panel/retry";
import {
    callIcon,
    displayName,
    formatDuration,
    isMissed,
    stateLabel,
    targetOf,
} from "@whatsapp_calling/softphone/call_labels";

import { Component, onWillStart, useEffect, useState } from "@odoo/owl";

import { _t } from "@web/core/l10n/translation";
import { KeepLast } from "@web/core/utils/concurrency";
import { useService } from "@web/core/utils/hooks";

const { DateTime } = luxon;
const PAGE = 30;

/** The last calls, by day; one click calls back. */
export class Recents extends Component {
    static components = { CallTimer, Retry };
    static props = [];
    static template = "whatsapp_calling.Recents";

    setup() {
        super.setup();
        this.softphone = useState(useService("whatsapp_calling.softphone"));
        this.action = useService("action");
        this.state = useState({ ids: [], more: false, missed: false, loading: true, failed: false });
        this.keepLast = new KeepLast();
        Object.assign(this, { displayName, isMissed, callIcon });
        onWillStart(() => {
            // not returned: the panel is drawn while the server reads
            this.load();
            this.softphone.markMissedSeen().catch(() => {});
        });
        let first = true;
        useEffect(
            () => {
                if (!first) {
                    this.load();
                }
                first = false;
            },
            () => [this.softphone.historyVersion, this.state.missed]
        );
    }

    async load(offset = 0) {
        Object.assign(this.state, { loading: true, failed: false });
        try {
            const { calls, total } = await this.keepLast.add(
                this.softphone.silentRpc("softphone_history", [
                    { offset, limit: PAGE, missed: this.state.missed },
                ])
            );
            const ids = calls.map((call) => this.softphone.calls.insert(call).id);
            Object.assign(this.state, {
                ids: offset ? [...this.state.ids, ...ids] : ids,
                more: total === undefined ? calls.length === PAGE : offset + calls.length < total,
            });
        } catch (error) {
            this.failedAt = offset;
            this.state.failed = true;
            rethrowUnexpected(error);
        } finally {
            this.state.loading = false;
        }
    }

    retry() {
        return this.load(this.failedAt);
    }

    /** @returns {{label: string, calls: Object[]}[]} newest day first */
    get days() {
        const days = [];
        for (const id of this.state.ids) {
            const call = this.softphone.calls.get(id);
            const label = this.dayLabel(DateTime.fromMillis(call.created));
            if (days.at(-1)?.label !== label) {
                days.push({ label, calls: [] });
            }
            days.at(-1).calls.push(call);
        }
        return days;
    }

    dayLabel(date) {
        const today = DateTime.now();
        if (date.hasSame(today, "day")) {
            return _t("Today");
        }
        if (date.hasSame(today.minus({ days: 1 }), "day")) {
            return _t("Yesterday");
        }
        return date.toLocaleString(DateTime.DATE_FULL);
    }

    time(call) {
        return DateTime.fromMillis(call.created).toLocaleString(DateTime.TIME_SIMPLE);
    }

    details(call) {
        if (call.state === "completed" && call.duration) {
            return formatDuration(call.duration);
        }
        return stateLabel(call);
    }

    directionText(call) {
        return call.direction === "inbound" ? _t("Incoming") : _t("Outgoing");
    }

    callText(call) {
        return _t("Call %(name)s", { name: displayName(call) });
    }

    callBack(call) {
        return this.softphone.dial(targetOf(call));
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
