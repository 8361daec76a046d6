/* The choice between microphone and recording. */
import { h } from "../dom.js";
import { readFile, settings } from "../settings.js";
import { attempt } from "../toast.js";

function option(value, title, text, extra) {
    const id = `voice-${value}`;
    return h(
        "div.option",
        {},
        h("input", { type: "radio", name: "mode", value, id, checked: settings.mode === value }),
        h("label", { for: id }, h("strong", {}, title), h("span", {}, text)),
        extra
    );
}

export function openVoiceDialog() {
    const say = h("textarea", { rows: 2, id: "voice-say", maxlength: 500, dir: "auto" });
    say.value = settings.say;
    const file = h("input", { type: "file", id: "voice-file", accept: "audio/*" });
    const clear = h("button.link", { onclick: () => forgetFile() }, "Use the text instead");
    const chosen = h("p.chosen", {});
    const show = () => {
        chosen.textContent = settings.wav ? `Plays ${settings.wav.name}` : "";
        chosen.hidden = clear.hidden = !settings.wav;
        say.disabled = Boolean(settings.wav);
    };
    const forgetFile = () => {
        file.value = "";
        settings.change({ wav: null });
        show();
    };
    file.addEventListener("change", () =>
        attempt(async () => {
            settings.change({ wav: file.files[0] ? await readFile(file.files[0]) : null });
            show();
        })
    );
    const recording = h(
        "div.recording",
        {},
        h("label", { for: "voice-say" }, "What the customer says after the pick-up"),
        say,
        h("label", { for: "voice-file" }, "or a sound file"),
        file,
        chosen,
        clear
    );
    const dialog = h(
        "dialog.sheet",
        { "aria-labelledby": "voice-title" },
        h(
            "form",
            { method: "dialog" },
            h("h2", { id: "voice-title" }, "Your voice in calls"),
            settings.why ? h("p.warning", { role: "alert" }, settings.why) : null,
            option(
                "recording",
                "Speak a recording",
                "For phone and Odoo on one machine: two microphones beside two " +
                    "loudspeakers howl.",
                recording
            ),
            option("microphone", "Use the microphone", "With a headset, or on two machines."),
            h("div.actions", {}, h("button.primary", { value: "ok" }, "Done"))
        )
    );
    dialog.querySelector(".primary").type = "submit";
    const toggle = () => {
        recording.hidden = !dialog.querySelector("#voice-recording").checked;
    };
    dialog.addEventListener("change", toggle);
    dialog.addEventListener("close", () => {
        const mode = dialog.querySelector("[name=mode]:checked").value;
        dialog.remove();
        settings.change({ mode, say: say.value, why: "" });
    });
    dialog.addEventListener("click", (click) => {
        if (click.target === dialog) {
            dialog.close();
        }
    });
    document.querySelector(".phone").append(dialog);
    show();
    toggle();
    dialog.showModal();
}
