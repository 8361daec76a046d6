/* global Chart */

import { Component, onWillStart, useEffect, useRef } from "@odoo/owl";

import { loadBundle } from "@web/core/assets";
import { _t } from "@web/core/l10n/translation";

const { DateTime } = luxon;

/** Webhooks of the last 24 hours: bars by what became of them, a line for how long it took. */
export class HealthChart extends Component {
    static template = "whatsapp_calling.HealthChart";
    static props = { hours: Array };

    setup() {
        this.canvas = useRef("canvas");
        onWillStart(() => loadBundle("web.chartjs_lib"));
        useEffect(
            () => {
                this.chart = new Chart(this.canvas.el, this.config);
                return () => this.chart.destroy();
            },
            () => [JSON.stringify(this.props.hours)]
        );
    }

    get config() {
        const { hours } = this.props;
        const bars = (label, name, color) => ({
            type: "bar",
            label,
            data: hours.map((hour) => hour[name]),
            backgroundColor: color,
            stack: "webhooks",
            order: 2,
        });
        return {
            data: {
                labels: hours.map((hour) => DateTime.fromMillis(hour.at).toFormat("HH:mm")),
                datasets: [
                    bars(_t("Taken in"), "accepted", "#28a745"),
                    bars(_t("Refused"), "refused", "#f0ad4e"),
                    bars(_t("Failed"), "failed", "#dc3545"),
                    {
                        type: "line",
                        label: _t("Handling time (ms)"),
                        data: hours.map((hour) => (hour.p95 === false ? null : hour.p95)),
                        borderColor: "#5b7fc7",
                        backgroundColor: "#5b7fc7",
                        yAxisID: "time",
                        spanGaps: true,
                        pointRadius: 3,
                        order: 1,
                    },
                ],
            },
            options: {
                animation: false,
                maintainAspectRatio: false,
                interaction: { mode: "index", intersect: false },
                scales: {
                    x: { stacked: true, grid: { display: false } },
                    y: { stacked: true, beginAtZero: true, ticks: { precision: 0 } },
                    time: {
                        position: "right",
                        beginAtZero: true,
                        grid: { display: false },
                        ticks: { callback: (value) => _t("%s ms", value) },
                    },
                },
                plugins: { legend: { position: "bottom", labels: { boxWidth: 12 } } },
            },
        };
    }
}
