/* The keypad of a call: digits for the business's menus. */
import { h } from "../dom.js";
import { key } from "../tones.js";

const LETTERS = ["", "ABC", "DEF", "GHI", "JKL", "MNO", "PQRS", "TUV", "WXYZ", "", "+", ""];

/** @param {Function} press gets each digit */
export function keypad(press) {
    const shown = h("output.digits", { "aria-label": "Digits pressed", dir: "ltr" });
    const push = (digit) => {
        shown.textContent = (shown.textContent + digit).slice(-14);
        key(digit);
        press(digit);
    };
    const keys = [..."123456789*0#"].map((digit, index) =>
        h(
            "button.key",
            { onclick: () => push(digit), "aria-label": { "*": "star", "#": "hash" }[digit] || digit },
            h("span", {}, digit),
            h("small", { "aria-hidden": "true" }, LETTERS[index])
        )
    );
    const node = h("div.keypad", { role: "group", "aria-label": "Keypad", dir: "ltr" }, shown, ...keys);
    node.addEventListener("keydown", (event) => {
        if (/^[0-9*#]$/.test(event.key)) {
            push(event.key);
        }
    });
    return node;
}
