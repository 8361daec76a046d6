import { Component } from "@odoo/owl";

/** One figure; with something behind it, a button that shows it. */
export class DashboardCard extends Component {
    static template = "whatsapp_calling.DashboardCard";
    static props = {
        label: String,
        value: [String, Number],
        hint: { type: String, optional: true },
        tone: { type: String, optional: true },
        name: String,
        open: { type: Function, optional: true },
    };
}
