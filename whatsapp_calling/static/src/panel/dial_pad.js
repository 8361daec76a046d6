import { Component } from "@odoo/owl";

const LETTERS = {
    1: "",
    2: "ABC",
    3: "DEF",
    4: "GHI",
    5: "JKL",
    6: "MNO",
    7: "PQRS",
    8: "TUV",
    9: "WXYZ",
    "*": "",
    0: "+",
    "#": "",
};

/** The twelve keys of a phone. */
export class DialPad extends Component {
    static props = { onKey: Function, disabled: { type: Boolean, optional: true } };
    static template = "whatsapp_calling.DialPad";

    get keys() {
        return ["1", "2", "3", "4", "5", "6", "7", "8", "9", "*", "0", "#"].map((key) => ({
            key,
            letters: LETTERS[key],
        }));
    }
}
