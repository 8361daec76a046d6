/* The bar that leads back to a call that goes on behind a chat. */
import { h } from "./dom.js";
import { duration } from "./format.js";
import { store } from "./store.js";

/** @param {string|null} minimised id of the call that was put behind */
export function showReturn(minimised) {
    const live = store.liveCall();
    const bar = document.getElementById("return");
    bar.hidden = !live || minimised !== live.id;
    if (bar.hidden) {
        return;
    }
    const time = live.answered_at
        ? duration(Date.now() / 1000 - live.answered_at)
        : "Ringing…";
    bar.replaceChildren(
        h("span", { dir: "auto" }, `Return to the call with ${live.business_name}`),
        h("span", {}, time)
    );
}
