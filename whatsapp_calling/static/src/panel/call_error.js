import { Component } from "@odoo/owl";

/** Why WhatsApp refused or dropped a call, and what to do about it. */
export class CallError extends Component {
    static props = { error: Object };
    static template = "whatsapp_calling.CallError";
}
