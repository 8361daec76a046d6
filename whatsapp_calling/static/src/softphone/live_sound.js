import {
    MicrophoneError,
    closeMicrophone,
    openMicrophone,
} from "@whatsapp_calling/core/microphone";
import { peerConnections } from "@whatsapp_calling/core/peer_connection";
import { tones } from "@whatsapp_calling/core/tones";

import { markRaw, toRaw } from "@odoo/owl";

import { _t } from "@web/core/l10n/translation";
import { Mutex } from "@web/core/utils/concurrency";

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
    /** the other side hears nothing: there is no microphone */
    deviceLost = false;
    /** one microphone is opened after the other: the last one that was asked for stays */
    microphones = markRaw(new Mutex());

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
        // from now on the browser says what the devices are called
        softphone.devices.refresh();
        this.phase = "negotiating";
        try {
            this._usePeer(
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
        return true;
    }

    /** Follows a connection until it uses another one or lets go of it. */
    _usePeer(peer) {
        this.peer = markRaw(peer);
        const on = (name, listener) =>
            peer.addEventListener(name, (ev) => {
                if (toRaw(this.peer) === peer) {
                    listener(ev.detail);
                }
            });
        on("connected", () => this._onPeerConnected());
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

    /**
     * Another microphone; nothing is negotiated again.
     *
     * @param {MediaTrackConstraints} constraints
     * @param {Object} [options]
     * @param {boolean} [options.ifLost] only when there is none
     * @returns {Promise<boolean>} whether it is in use now
     * @throws {MicrophoneError} all is as it was
     */
    useMicrophone(constraints, { ifLost = false } = {}) {
        return this.microphones.exec(async () => {
            if (this.closed || !this.peer || (ifLost && !this.deviceLost)) {
                return false;
            }
            const stream = await openMicrophone(constraints);
            if (this.closed) {
                closeMicrophone(stream);
                return false;
            }
            await this.peer.replaceMicrophone(stream);
            this.deviceLost = false;
            return true;
        });
    }

    /** A device was plugged in: does it end the silence? */
    async recoverMicrophone() {
        const { audioConstraints } = this.softphone.settings;
        if (await this.useMicrophone(audioConstraints, { ifLost: true })) {
            this.softphone.notify(_t("There is a microphone again: the caller hears you."), "success");
        }
    }

    /** Another one was chosen, or the chosen one is back. */
    async useChosenMicrophone() {
        const { settings } = this.softphone;
        try {
            await (this.deviceLost
                ? this.recoverMicrophone()
                : this.useMicrophone(settings.audioConstraints));
        } catch {
            this.softphone.notify(
                this.deviceLost
                    ? _t("This microphone cannot be used — the caller does not hear you.")
                    : _t("This microphone cannot be used. The call goes on with the one before."),
                "warning"
            );
        }
    }

    //----------------------------------------------------------------------
    // What the connection says
    //----------------------------------------------------------------------

    _onPeerConnected() {
        this.media = "connected";
        this.share();
    }

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
            const replaced = await this.useMicrophone(
                { ...audioConstraints, deviceId: undefined },
                { ifLost: true }
            );
            if (!replaced) {
                return;
            }
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
