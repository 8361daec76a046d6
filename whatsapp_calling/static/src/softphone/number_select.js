import { Component } from "@odoo/owl";

/** Which of our numbers calls; the server proposes one. */
export class NumberSelect extends Component {
    static props = {
        id: { type: String, optional: true },
        label: { type: String, optional: true },
        /** @see whatsapp.calling.number._softphone_view */
        numbers: Array,
        numberId: { type: [Number, Boolean] },
        onChange: Function,
    };
    static template = "whatsapp_calling.NumberSelect";

    onChange(ev) {
        this.props.onChange(Number(ev.target.value));
    }
}
