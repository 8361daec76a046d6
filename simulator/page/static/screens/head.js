/* The bar at a screen's top. */
import { h, icon } from "../dom.js";
import { settings } from "../settings.js";
import { openVoiceDialog } from "./voice.js";

/** Button that shows how the customer speaks, and opens the choice. */
export function voiceChip() {
    const microphone = settings.mode === "microphone";
    return h(
        "button.chip",
        {
            onclick: openVoiceDialog,
            "aria-label": `Your voice: ${settings.label()}. Change`,
            title: microphone
                ? "You speak with your microphone"
                : "You speak a recording",
        },
        icon(microphone ? "mic" : "voice"),
        settings.label()
    );
}

/**
 * @param {Object} parts back: hash to go back to and its label; title: node; side: nodes
 */
export function head({ back, backLabel, title, side = [] }) {
    return h(
        "header.head",
        {},
        back != null &&
            h("a.icon-button", { href: back, "aria-label": backLabel }, icon("back")),
        title,
        ...side
    );
}
