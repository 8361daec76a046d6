/* Joins this page's microphone and loudspeaker to the phone's call by WebRTC. */
import { settings } from "./settings.js";

const GATHER_LIMIT = 1000; // ms; host candidates take a few

/** The microphone; null and a reason in the settings when there is none. */
async function microphone() {
    if (settings.mode !== "microphone") {
        return null;
    }
    try {
        if (!navigator.mediaDevices) {
            throw new Error("this address is not localhost or https");
        }
        return await navigator.mediaDevices.getUserMedia({
            audio: { echoCancellation: true, noiseSuppression: true },
        });
    } catch (error) {
        const why =
            error.name === "NotAllowedError"
                ? "Microphone blocked: speaking a recording instead."
                : `No microphone (${error.message}): speaking a recording instead.`;
        settings.change({ mode: "recording", why });
        return null;
    }
}

async function gathered(connection) {
    if (connection.iceGatheringState === "complete") {
        return;
    }
    await new Promise((resolve) => {
        setTimeout(resolve, GATHER_LIMIT);
        connection.addEventListener("icegatheringstatechange", () => {
            if (connection.iceGatheringState === "complete") {
                resolve();
            }
        });
    });
}

export class CallAudio {
    /**
     * @param {Object} call
     * @param {HTMLAudioElement} speaker
     */
    constructor(call, speaker) {
        this.callId = call.id;
        this.speaker = speaker;
        this.connection = null;
        this.stream = null;
        this.closed = false;
    }

    /** Take the microphone (when chosen) and connect; resolves to the mode in use. */
    async join() {
        this.stream = await microphone();
        await this._connect();
        return this.stream ? "microphone" : "recording";
    }

    async _connect() {
        if (this.closed) {
            this.close();
            return;
        }
        const connection = new RTCPeerConnection({ iceServers: [] });
        this.connection = connection;
        const track = this.stream?.getAudioTracks()[0];
        connection.addTransceiver(track || "audio", { direction: "sendrecv" });
        connection.ontrack = (event) => this._play(new MediaStream([event.track]));
        await connection.setLocalDescription();
        await gathered(connection);
        const response = await fetch("/page/audio", {
            method: "POST",
            headers: { "Content-Type": "application/json" },
            body: JSON.stringify({
                call: this.callId,
                sdp: connection.localDescription.sdp,
                microphone: Boolean(track),
            }),
        });
        if (!response.ok) {
            this.close();
            throw new Error("The sound of the call cannot be reached.");
        }
        const { sdp } = await response.json();
        if (!sdp) {
            this.close(); // over before it began
        } else if (!this.closed) {
            await connection.setRemoteDescription({ type: "answer", sdp });
        }
    }

    _play(stream) {
        this.speaker.srcObject = stream;
        this.speaker.muted = !settings.speaker;
        this.speaker.play().catch(() => {
            // no click in this page yet: the first one starts the sound
            const start = () => this.speaker.play().catch(() => {});
            document.addEventListener("pointerdown", start, { once: true });
            document.addEventListener("keydown", start, { once: true });
        });
    }

    /** Another mode in mid-call: the connection is made anew. */
    async change() {
        this.connection?.close();
        this.stream?.getTracks().forEach((track) => track.stop());
        return this.join();
    }

    mute(muted) {
        this.stream?.getAudioTracks().forEach((track) => {
            track.enabled = !muted;
        });
    }

    close() {
        this.closed = true;
        this.stream?.getTracks().forEach((track) => track.stop());
        this.connection?.close();
        this.speaker.srcObject = null;
    }
}
