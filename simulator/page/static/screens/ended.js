/* A moment after a call: how it ended. */
import { avatar, h, icon, named } from "../dom.js";
import { endReason } from "../format.js";

export function endedScreen(call, { close, place }) {
    const done = h(
        "button.round.tool",
        { onclick: close, "aria-label": "Close" },
        icon("close")
    );
    return {
        node: h(
            "section.call-screen.over",
            { "aria-labelledby": "title" },
            h(
                "div.call-who",
                {},
                avatar(call.business_name, "huge"),
                named("h1", call.business_name),
                h("p.status", { role: "status" }, endReason(call))
            ),
            h(
                "div.answer-row",
                {},
                h("div.labelled", {}, done, h("span", { "aria-hidden": "true" }, "Close")),
                h(
                    "div.labelled",
                    {},
                    h(
                        "button.round.green",
                        { onclick: place, "aria-label": `Call ${call.business_name} again` },
                        icon("call")
                    ),
                    h("span", { "aria-hidden": "true" }, "Call again")
                )
            )
        ),
        title: "Call ended",
        focus: done,
        update() {},
    };
}
