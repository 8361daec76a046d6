import { Component } from "@odoo/owl";

/** Whether somebody may be called, before the call; and the way to ask. */
export class PermissionHint extends Component {
    static props = { info: Object, onAsk: Function };
    static template = "whatsapp_calling.PermissionHint";

    get permission() {
        const { permission } = this.props.info;
        return permission || { label: this.props.info.reason };
    }

    get icon() {
        if (this.props.info.allowed) {
            return "fa-check-circle text-success";
        }
        return this.permission.state === "requested"
            ? "fa-clock-o text-warning"
            : "fa-ban text-danger";
    }

    get text() {
        const { allowed, reason } = this.props.info;
        return (allowed && this.permission.label) || reason || this.permission.label;
    }
}
