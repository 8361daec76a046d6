/* What is heard: ring, ring-back, and the sound of the call that is on. */
import { callPath, control } from "./api.js";
import { CallAudio } from "./audio.js";
import { settings } from "./settings.js";
import { isIncoming, store } from "./store.js";
import { attempt, toast } from "./toast.js";
import { ring } from "./tones.js";

let audio = null;

/** Follow the store: ring, join the call's sound, leave it. */
export function followSound(speaker) {
    const live = store.liveCall();
    const incoming = isIncoming(live);
    const calling = live?.direction === "inbound" && live.state !== "accepted";
    ring(incoming ? "ring" : calling ? "ringback" : null);
    if (audio && audio.callId !== live?.id) {
        audio.close();
        audio = null;
    }
    if (live?.media && !incoming && !audio) {
        audio = new CallAudio(live, speaker);
        attempt(() => audio.join());
    }
    audio?.mute(Boolean(live?.muted));
}

/** Another choice between microphone and recording, in mid-call too. */
export function voiceChanged() {
    if (settings.why) {
        toast(settings.why);
        // no recording was asked for while the microphone was expected
        const live = store.liveCall();
        if (live) {
            attempt(() => control("POST", callPath(live, "say"), settings.sound()));
        }
    } else if (audio && Boolean(audio.stream) !== (settings.mode === "microphone")) {
        attempt(() => audio.change());
    }
}
