import {
    MicrophoneError,
    closeMicrophone,
    openMicrophone,
} from "@whatsapp_calling/core/microphone";
import { peerConnections } from "@whatsapp_calling/core/peer_connection";
import { tones } from "@whatsapp_calling/core/tones";

import { markRaw } from "@odoo/owl";

import { _t } from "@web/core/l10n/translation";

/**
 * The sound of a call: its microphone, its connection and how good it is. LiveCall, above it, knows
 * the server.
 */
export class LiveSound {
    connected = false;
    muted = false;
    /** @type {"new"|"connected"|"reconnecting"} */
    media = "new";
    /** @type {import("@whatsapp_calling/core/call_quality").QualitySample|null} */
    quality = null;
    digits = "";
    deviceLost = false;

    /** @param {import("./softphone_service").Softphone} softphone */
    constructor(softphone) {
        this.softphone = softphone;
    }

    /** The microphone comes first: without it nothing is sent, and a call rings on for others. */
    async _openPeer() {
        const { softphone } = this;
        let stream;
        try {
            stream = await openMicrophone(softphone.settings.audioConstraints);
        } catch (error) {
            const problem = error instanceof MicrophoneError ? error.problem : "blocked";
            if (!this.closed) {
                this.close();
                softphone.onMicrophoneRefused(problem, this);
            }
            return false;
        }
        if (this.closed) {
            // hung up, or taken by somebody else, while the browser was asking
            closeMicrophone(stream);
            return false;
        }
        this.phase = "negotiating";
        try {
            this.peer = markRaw(
                peerConnections.make({
                    stream,
                    iceServers: softphone.iceServers,
                    outputDeviceId: softphone.devices.present("speaker"),
                })
            );
        } catch (error) {
            closeMicrophone(stream);
            this._abort(this._soundFailed(error));
            return false;
        }
        const on = (name, listener) =>
            this.peer.addEventListener(name, (ev) => listener(ev.detail));
        on("connected", () => {
            this.media = "connected";
            this.share();
        });
        on("reconnecting", () => {
            this.media = "reconnecting";
            this.share();
        });
        on("failed", (reason) => this._onMediaFailed(reason));
        on("device-lost", () => this._onDeviceLost());
        on("quality", (sample) => {
            this.quality = sample;
            this.share();
        });
        return true;
    }

    //----------------------------------------------------------------------
    // What the user does
    //----------------------------------------------------------------------

    setMuted(muted) {
        this.muted = muted;
        if (this.connected) {
            this.peer.setMicrophone(!muted);
        }
        this.softphone.soundEffects.play(muted ? "mic-off" : "mic-on");
        this.share();
    }

    /** @param {string} key "0" to "9", "*" or "#" */
    sendKey(key) {
        if (this.connected && this.peer.sendTones(key)) {
            this.digits += key;
            tones.playKey(key);
        }
    }

    /** @param {MediaTrackConstraints} constraints another microphone, nothing is negotiated again */
    async useMicrophone(constraints) {
        const stream = await openMicrophone(constraints);
        if (this.closed || !this.peer) {
            closeMicrophone(stream);
        } else {
            await this.peer.replaceMicrophone(stream);
        }
    }

    //----------------------------------------------------------------------
    // What the connection says
    //----------------------------------------------------------------------

    saveQuality() {
        const summary = this.peer?.quality.summary();
        if (summary && this.callId) {
            this.softphone.rpc("softphone_quality", [this.callId, summary]).catch(() => {});
        }
    }

    _soundFailed(error) {
        return _t("The sound connection could not be set up (%(reason)s).", {
            reason: error?.message || error?.name || _t("unknown"),
        });
    }

    _onMediaFailed(reason, error) {
        let message = _t("The sound connection was lost.");
        if (error) {
            message = this._soundFailed(error);
        } else if (reason === "negotiation") {
            message = _t(
                "No sound connection came about. A firewall may block it; your administrator can add a TURN server."
            );
        }
        this.hangUp(message).catch(() => {});
    }

    async _onDeviceLost() {
        this.deviceLost = true;
        try {
            const { audioConstraints } = this.softphone.settings;
            await this.useMicrophone({ ...audioConstraints, deviceId: undefined });
            this.deviceLost = false;
            const device = this.peer.stream.getAudioTracks()[0]?.label;
            this.softphone.notify(
                device
                    ? _t("The microphone was unplugged. The call goes on with: %(device)s", { device })
                    : _t("The microphone was unplugged. The call goes on with another one."),
                "warning"
            );
        } catch {
            this.softphone.notify(
                _t("The microphone was disconnected — the caller does not hear you."),
                "danger"
            );
        }
    }
}
