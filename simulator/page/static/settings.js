/* What this person chose: microphone or recording. Kept in the browser. */

const KEY = "simulator-phone-voice";
const FIRST = "Hello, I have a question about my order. Can you help me?";

function stored() {
    try {
        return JSON.parse(localStorage.getItem(KEY)) || {};
    } catch {
        return {};
    }
}

/*
 * A recording is the default: two tabs of one machine, each with microphone and
 * loudspeaker, howl. Whoever wears a headset chooses the microphone.
 */
export const settings = Object.assign(new EventTarget(), {
    mode: "recording", // or microphone
    say: FIRST,
    wav: null, // {name, base64}: a file wins over the text
    speaker: true,
    why: "", // why the mode is not the one that was wanted
    ...stored(),

    change(values) {
        Object.assign(this, values);
        const { mode, say, speaker } = this;
        try {
            localStorage.setItem(KEY, JSON.stringify({ mode, say, speaker }));
        } catch {
            // private windows: the choice lives as long as the page
        }
        this.dispatchEvent(new Event("change"));
    },

    /** Members for the control API: what to play after the pick-up. */
    sound() {
        if (this.mode === "microphone") {
            return {};
        }
        if (this.wav) {
            return { wav_base64: this.wav.base64 };
        }
        return this.say.trim() ? { say: this.say.trim() } : {};
    },

    /** The choice in a few words, for the chip in the head and the call screen. */
    label() {
        return this.mode === "microphone" ? "Microphone" : "Recording";
    },
});

/** Read a file for the control API; resolves to {name, base64}. */
export function readFile(file) {
    return new Promise((resolve, reject) => {
        const reader = new FileReader();
        reader.onload = () =>
            resolve({ name: file.name, base64: String(reader.result).split(",")[1] || "" });
        reader.onerror = () => reject(new Error("The file cannot be read."));
        reader.readAsDataURL(file);
    });
}
