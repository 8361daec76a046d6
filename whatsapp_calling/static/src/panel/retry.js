import { Component } from "@odoo/owl";

/** Stands where an answer of the server would, when there was none. */
export class Retry extends Component {
    static props = { onRetry: Function };
    static template = "whatsapp_calling.Retry";
}
