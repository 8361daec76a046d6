import { Component } from "@odoo/owl";

import { _t } from "@web/core/l10n/translation";

/** Three bars for how well each hears the other, with the numbers for who wants to know. */
export class QualityIndicator extends Component {
    static props = { media: String, quality: { optional: true } };
    static template = "whatsapp_calling.QualityIndicator";

    get bars() {
        return { good: 3, fair: 2, poor: 1 }[this.rating] || 0;
    }

    get rating() {
        return this.props.media === "connected" ? this.props.quality?.rating : undefined;
    }

    get label() {
        if (this.props.media === "reconnecting") {
            return _t("The network is interrupted, reconnecting…");
        }
        switch (this.rating) {
            case "good":
                return _t("Good connection");
            case "fair":
                return _t("Fair connection");
            case "poor":
                return _t("Poor connection");
        }
        return _t("Connection quality is being measured");
    }

    get title() {
        const { quality } = this.props;
        if (!this.rating) {
            return this.label;
        }
        return _t("%(label)s: delay %(rtt)s ms, jitter %(jitter)s ms, loss %(loss)s", {
            label: this.label,
            rtt: quality.rtt_ms,
            jitter: quality.jitter_ms,
            loss: `${quality.loss_percent}%`,
        });
    }
}
