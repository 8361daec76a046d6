import { Component } from "@odoo/owl";

import { _t } from "@web/core/l10n/translation";

/** Calls by hour of the day, as bars that are read aloud as well. */
export class HourBars extends Component {
    static template = "whatsapp_calling.HourBars";
    static props = { hours: Array };

    get bars() {
        const known = new Map(this.props.hours.map((hour) => [hour.id, hour]));
        const most = Math.max(1, ...this.props.hours.map(({ total }) => total));
        return Array.from({ length: 24 }, (_, hour) => {
            const { inbound = 0, outbound = 0 } = known.get(hour) || {};
            return {
                hour,
                label: String(hour).padStart(2, "0"),
                inbound: (100 * inbound) / most,
                outbound: (100 * outbound) / most,
                text: _t("%(hour)s:00 – %(inbound)s incoming, %(outbound)s outgoing", {
                    hour: String(hour).padStart(2, "0"),
                    inbound,
                    outbound,
                }),
            };
        });
    }
}
