import { CallQuality } from "@whatsapp_calling/core/call_quality";
import { closeMicrophone } from "@whatsapp_calling/core/microphone";
import { playOn } from "@whatsapp_calling/core/playback";

import { browser } from "@web/core/browser/browser";

/** WhatsApp takes no trickled candidates: the description must hold all of them when it leaves. */
export const GATHERING_TIMEOUT = 2_500;
/** The candidates of all network interfaces come within a few milliseconds. */
export const GATHERING_SETTLED = 15;
/** From both descriptions set to sound; WhatsApp itself drops a call after 20 s without media. */
export const NEGOTIATION_TIMEOUT = 15_000;
/** How long a connection may be interrupted, e.g. while the Wi-Fi changes. */
export const RECONNECT_TIMEOUT = 10_000;
export const QUALITY_INTERVAL = 2_000;

/** "*", "#", digits and the pause "," of RTCDTMFSender. */
const DTMF_TONES = /^[0-9A-D*#,]+$/;

/**
 * The sound of one call: one audio track each way between this browser and WhatsApp.
 *
 * @fires PeerConnection#connected sound flows
 * @fires PeerConnection#reconnecting the network was interrupted
 * @fires PeerConnection#failed detail: "negotiation" (never connected) or "connection" (lost)
 * @fires PeerConnection#device-lost the microphone was unplugged or withdrawn
 * @fires PeerConnection#quality detail: QualitySample
 */
export class PeerConnection extends EventTarget {
    quality = new CallQuality();
    closed = false;

    /**
     * @param {Object} params
     * @param {MediaStream} params.stream the microphone; it belongs to this object from here on
     * @param {RTCIceServer[]} [params.iceServers]
     * @param {string} [params.outputDeviceId] where the other side is heard
     */
    constructor({ stream, iceServers = [], outputDeviceId = "" }) {
        super();
        this.iceServers = iceServers;
        this.pc = new RTCPeerConnection({ iceServers, bundlePolicy: "max-bundle" });
        this.pc.addEventListener("track", (ev) => this._onTrack(ev));
        this.pc.addEventListener("connectionstatechange", () => this._onConnectionState());
        this.audio = new browser.Audio();
        this.audio.autoplay = true;
        if (outputDeviceId) {
            this.setOutputDevice(outputDeviceId);
        }
        this._useStream(stream);
        this.setMicrophone(false);
    }

    //----------------------------------------------------------------------
    // Negotiation
    //----------------------------------------------------------------------

    /** @returns {Promise<string>} an SDP offer with all candidates */
    async makeOffer() {
        this._useTransceiver(this.pc.addTransceiver("audio", { direction: "sendrecv" }));
        await this.pc.setLocalDescription(await this.pc.createOffer());
        return this._gatheredDescription();
    }

    /**
     * @param {string} offer SDP
     * @returns {Promise<string>} an SDP answer with all candidates
     */
    async makeAnswer(offer) {
        await this.pc.setRemoteDescription({ type: "offer", sdp: offer });
        this._useTransceiver(this.pc.getTransceivers()[0]);
        await this.pc.setLocalDescription(await this.pc.createAnswer());
        const answer = await this._gatheredDescription();
        this.startNegotiationTimer();
        return answer;
    }

    /**
     * Applied once: WhatsApp's webhook may be delivered twice, a second answer would be an error.
     *
     * @param {string} answer SDP
     * @returns {Promise<boolean>} whether it was the first one
     */
    async setAnswer(answer) {
        if (this.closed || this.answered) {
            return false;
        }
        this.answered = true;
        await this.pc.setRemoteDescription({ type: "answer", sdp: answer });
        return true;
    }

    /** Fails the connection unless sound flows in time. An outbound call starts it when picked up. */
    startNegotiationTimer() {
        if (this.closed || this.pc.connectionState === "connected") {
            return;
        }
        browser.clearTimeout(this.negotiationTimer);
        this.negotiationTimer = browser.setTimeout(
            () => this._emit("failed", "negotiation"),
            NEGOTIATION_TIMEOUT
        );
    }

    //----------------------------------------------------------------------
    // During the call
    //----------------------------------------------------------------------

    /**
     * Sound leaves from now on. Not before the call is connected: WhatsApp takes the first packet
     * that arrives for the answer, even one of silence, so the sender has no track until then.
     */
    async startSending() {
        this.sending = true;
        await this.sender.replaceTrack(this.track);
    }

    /**
     * A disabled track sends silence, so a muted call stays alive.
     *
     * @param {boolean} enabled whether the other side hears us
     */
    setMicrophone(enabled) {
        this.microphoneEnabled = enabled;
        if (this.track) {
            this.track.enabled = enabled;
        }
    }

    /** @param {MediaStream} stream another microphone, e.g. after the first one was unplugged */
    async replaceMicrophone(stream) {
        const previous = this.stream;
        this._useStream(stream);
        this.setMicrophone(this.microphoneEnabled);
        closeMicrophone(previous);
        if (this.sending) {
            await this.sender.replaceTrack(this.track);
        }
    }

    /** @param {string} deviceId "" is the computer's default */
    setOutputDevice(deviceId) {
        playOn(this.audio, deviceId);
    }

    /** Browsers may refuse to play sound before the page was touched: try again. */
    playRemote() {
        if (this.audio.srcObject) {
            Promise.resolve(this.audio.play()).catch(() => {});
        }
    }

    /**
     * @param {string} tones digits, "*" and "#"
     * @returns {boolean} whether they are on their way
     */
    sendTones(tones) {
        const dtmf = this.sender?.dtmf;
        if (!dtmf?.canInsertDTMF || !DTMF_TONES.test(tones)) {
            return false;
        }
        // insertDTMF replaces what is still to be sent: keep it in front
        dtmf.insertDTMF(dtmf.toneBuffer + tones, 120, 60);
        return true;
    }

    /** @returns {Promise<import("./call_quality").QualitySample|undefined>} */
    async sampleQuality() {
        const stats = await this.pc.getStats();
        if (this.closed) {
            return undefined;
        }
        const sample = this.quality.add(stats.values());
        if (sample) {
            this._emit("quality", sample);
        }
        return sample;
    }

    /** Ends it all and releases the microphone. May be called twice. */
    close() {
        if (this.closed) {
            return;
        }
        this.closed = true;
        browser.clearTimeout(this.negotiationTimer);
        browser.clearTimeout(this.reconnectTimer);
        browser.clearInterval(this.qualityInterval);
        this.pc.close();
        closeMicrophone(this.stream);
        this.audio.pause();
        this.audio.srcObject = null;
    }

    //----------------------------------------------------------------------
    // Private
    //----------------------------------------------------------------------

    _emit(name, detail) {
        if (!this.closed) {
            this.dispatchEvent(new CustomEvent(name, { detail }));
        }
    }

    _useStream(stream) {
        this.stream = stream;
        const [track] = stream.getAudioTracks();
        this.track = track;
        track?.addEventListener("ended", () => {
            // "ended" is not fired by our own stop(): the device is gone
            if (track === this.track) {
                this._emit("device-lost");
            }
        });
    }

    /** The one line of sound both ways; its track comes with `startSending`. */
    _useTransceiver(transceiver) {
        transceiver.direction = "sendrecv";
        this.sender = transceiver.sender;
        this._preferOpus(transceiver);
    }

    /** WhatsApp speaks Opus, with telephone-event for keys; other codecs only lengthen the SDP. */
    _preferOpus(transceiver) {
        const codecs = globalThis.RTCRtpReceiver?.getCapabilities?.("audio")?.codecs || [];
        const is = (name) => (codec) => codec.mimeType.toLowerCase() === `audio/${name}`;
        const opus = codecs.filter(is("opus"));
        if (opus.length) {
            transceiver.setCodecPreferences?.([...opus, ...codecs.filter(is("telephone-event"))]);
        }
    }

    /**
     * All that WhatsApp can use: UDP. Browsers go on gathering for another 100 ms (Chromium's
     * phases for relays and TCP), for which an answer need not wait when there is no server to ask.
     */
    async _gatheredDescription() {
        if (this.pc.iceGatheringState !== "complete") {
            await new Promise((resolve) => {
                browser.setTimeout(resolve, GATHERING_TIMEOUT);
                this.pc.addEventListener("icegatheringstatechange", () => {
                    if (this.pc.iceGatheringState === "complete") {
                        resolve();
                    }
                });
                let settled;
                this.pc.addEventListener("icecandidate", ({ candidate }) => {
                    if (candidate?.protocol === "udp" && !this.iceServers.length) {
                        browser.clearTimeout(settled);
                        settled = browser.setTimeout(resolve, GATHERING_SETTLED);
                    }
                });
            });
        }
        return this.pc.localDescription.sdp;
    }

    _onTrack({ track, streams }) {
        this.audio.srcObject = streams[0] || new MediaStream([track]);
        this.playRemote();
    }

    _onConnectionState() {
        const state = this.pc.connectionState;
        if (state === "connected") {
            browser.clearTimeout(this.negotiationTimer);
            browser.clearTimeout(this.reconnectTimer);
            this.qualityInterval ??= browser.setInterval(
                () => this.sampleQuality().catch(() => {}),
                QUALITY_INTERVAL
            );
            this._emit("connected");
        } else if (state === "disconnected") {
            browser.clearTimeout(this.reconnectTimer);
            this.reconnectTimer = browser.setTimeout(
                () => this._emit("failed", "connection"),
                RECONNECT_TIMEOUT
            );
            this._emit("reconnecting");
        } else if (state === "failed") {
            this._emit("failed", this.qualityInterval ? "connection" : "negotiation");
        }
    }
}

/** How the softphone gets its connections; tests put their own here. */
export const peerConnections = {
    /** @returns {PeerConnection} */
    make: (params) => new PeerConnection(params),
};
