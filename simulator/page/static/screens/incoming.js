/* The business calls: answer or decline. */
import { avatar, h, icon, named } from "../dom.js";
import { settings } from "../settings.js";
import { voiceChip } from "./head.js";

export function incomingScreen(call, { answer, decline }) {
    const voice = h("div.voice-line", {});
    const answerButton = h(
        "button.round.green",
        { onclick: () => answer(call), "aria-label": `Answer ${call.business_name}` },
        icon("call")
    );
    return {
        node: h(
            "section.call-screen.incoming",
            { role: "alertdialog", "aria-labelledby": "title", "aria-describedby": "kind" },
            h("div.call-who", {}, avatar(call.business_name, "huge"),
                named("h1", call.business_name), h("p", { id: "kind" }, "Incoming voice call…")),
            voice,
            h(
                "div.answer-row",
                {},
                h(
                    "div.labelled",
                    {},
                    h(
                        "button.round.red",
                        { onclick: () => decline(call), "aria-label": "Decline" },
                        icon("call")
                    ),
                    h("span", { "aria-hidden": "true" }, "Decline")
                ),
                h("div.labelled", {}, answerButton, h("span", { "aria-hidden": "true" }, "Answer"))
            )
        ),
        title: `${call.business_name} calls`,
        focus: answerButton,
        update() {
            voice.replaceChildren(
                h("span", {}, settings.mode === "microphone" ? "You answer with" : "You answer with a"),
                voiceChip()
            );
        },
    };
}
