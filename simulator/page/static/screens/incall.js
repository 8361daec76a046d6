/* In a call, or waiting for the business to answer. */
import { callPath, control } from "../api.js";
import { avatar, h, icon, named } from "../dom.js";
import { duration } from "../format.js";
import { settings } from "../settings.js";
import { attempt } from "../toast.js";
import { voiceChip } from "./head.js";
import { keypad } from "./keypad.js";

const WAITING = { new: "Calling…", ringing: "Ringing…", pre_accepted: "Ringing…" };

function toggle(name, label, onclick) {
    const button = h("button.round.tool", { onclick, "aria-pressed": "false", "aria-label": label });
    return { node: h("div.labelled", {}, button, h("span", { "aria-hidden": "true" }, label)), button, name };
}

function set(tool, pressed, image) {
    tool.button.setAttribute("aria-pressed", String(pressed));
    if (tool.image !== image) {
        tool.image = image;
        tool.button.replaceChildren(icon(image));
    }
}

export function inCallScreen(firstCall, { hangUp, minimise, speaker }) {
    let call = firstCall;
    const status = h("p.status", { role: "status" });
    const timer = h("p.timer", { role: "timer", "aria-live": "off" });
    const voice = h("div.voice-line", {});
    const keys = keypad((digits) =>
        attempt(() => control("POST", callPath(call, "dtmf"), { digits }))
    );
    keys.hidden = true;
    const voiceWord = () => {
        if (!call.media) {
            return "This call has no sound: signalling only";
        }
        if (settings.mode === "microphone") {
            return "You speak with your";
        }
        return settings.why ? "No microphone. You speak a" : "You speak a";
    };
    const mute = toggle("mute", "Mute", () =>
        attempt(() => control("POST", callPath(call, "mute"), { muted: !call.muted }))
    );
    const loud = toggle("loud", "Speaker", () => settings.change({ speaker: !settings.speaker }));
    const pad = toggle("pad", "Keypad", () => {
        keys.hidden = !keys.hidden;
        who.classList.toggle("compact", !keys.hidden);
        who.parentNode.classList.toggle("with-keypad", !keys.hidden);
        set(pad, !keys.hidden, "keypad");
        if (!keys.hidden) {
            keys.querySelector("button").focus();
        }
    });
    const text = h("input", {
        type: "text",
        "aria-label": "What the customer says now",
        placeholder: "Say something else…",
        dir: "auto",
        autocomplete: "off",
        maxlength: 500,
    });
    const sayForm = h(
        "form.composer.say",
        { onsubmit: speak },
        text,
        h("button.icon-button.solid", { "aria-label": "Say it", title: "Say it" }, icon("voice"))
    );
    sayForm.querySelector("button").type = "submit";

    async function speak(submit) {
        submit.preventDefault();
        const words = text.value.trim();
        const what = words ? { say: words } : settings.sound();
        if (Object.keys(what).length && (await attempt(() => control("POST", callPath(call, "say"), what)))) {
            text.value = "";
        }
    }

    const who = h(
        "div.call-who",
        {},
        avatar(call.business_name, "huge"),
        named("h1", call.business_name),
        status,
        timer
    );
    const end = h(
        "button.round.red",
        { onclick: () => hangUp(call), "aria-label": "Hang up" },
        icon("call")
    );
    return {
        node: h(
            "section.call-screen",
            { "aria-labelledby": "title" },
            h(
                "button.icon-button.shrink",
                { onclick: minimise, hidden: call.id === "placing", "aria-label": "Back to the chats, stay in the call", title: "Back to the chats" },
                icon("down")
            ),
            who,
            keys,
            voice,
            sayForm,
            h("div.tools", {}, mute.node, pad.node, loud.node),
            h("div.end-row", {}, end)
        ),
        title: `Call with ${call.business_name}`,
        focus: end,
        update(now) {
            call = now || call;
            const talking = call.state === "accepted";
            const muted = Boolean(call.muted);
            const word = talking ? (muted ? "Muted" : "In call") : WAITING[call.state] || "";
            if (status.textContent !== word) {
                status.textContent = word;
            }
            timer.hidden = !talking;
            set(mute, muted, muted ? "micOff" : "mic");
            set(pad, !keys.hidden, "keypad");
            set(loud, settings.speaker, settings.speaker ? "speaker" : "speakerOff");
            mute.button.disabled = pad.button.disabled = !talking || !call.media;
            sayForm.hidden = !talking || settings.mode === "microphone" || !call.media;
            speaker.muted = !settings.speaker;
            voice.replaceChildren(
                h("span", {}, voiceWord()),
                call.media ? voiceChip() : ""
            );
            this.tick();
        },
        tick() {
            if (call.answered_at) {
                timer.textContent = duration(Date.now() / 1000 - call.answered_at);
            }
        },
    };
}
