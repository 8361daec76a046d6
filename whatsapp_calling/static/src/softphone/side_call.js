import { LiveSound } from "@whatsapp_calling/softphone/live_sound";

import { _t } from "@web/core/l10n/translation";
import { Deferred } from "@web/core/utils/concurrency";

/** @typedef {"consult"|"monitor"} SideRole a colleague who is asked, or a manager who listens */
/** @typedef {"talk"|"listen"|"whisper"|"join"} SideMode who hears this user */

/**
 * This user's part in a call that somebody else handles: a connection of its own to the media
 * server, beside which LiveCall, the call one handles oneself, knows nothing of others. There is
 * one of the two in a tab at most.
 *
 * phase: "microphone" → "negotiating" → "claiming" (request out) → "open" → "closed"
 */
export class SideCall extends LiveSound {
    phase = "microphone";
    direction = "inbound";
    released = new Deferred();

    /**
     * @param {import("./softphone_service").Softphone} softphone
     * @param {{callId: number, role: SideRole, mode: SideMode, name: string}} params
     */
    constructor(softphone, params) {
        super(softphone);
        Object.assign(this, params);
    }

    get call() {
        return this.softphone.calls.get(this.callId);
    }

    get closed() {
        return this.phase === "closed";
    }

    /** Whether anybody is to hear this user. */
    get speaks() {
        return this.mode !== "listen";
    }

    //----------------------------------------------------------------------
    // Start
    //----------------------------------------------------------------------

    /** Answers a colleague, or goes into a call to listen. */
    async answer() {
        if (!(await this._openPeer())) {
            return;
        }
        let offer;
        try {
            offer = await this.peer.makeOffer();
        } catch (error) {
            return this._abort(this._soundFailed(error));
        }
        if (!this.closed) {
            await this._ask(offer);
        }
    }

    /** After the microphone was refused and is allowed now. */
    retry() {
        const { callId, call, mode, role, softphone } = this;
        return role === "monitor" ? softphone.monitor(call, mode) : softphone.accept(callId);
    }

    async _ask(offer) {
        const { callId, mode, role, softphone } = this;
        this.phase = "claiming";
        const args = [callId, softphone.tabId, offer];
        let result;
        try {
            result = await (role === "monitor"
                ? softphone.rpc("softphone_monitor", [...args, mode])
                : softphone.rpc("softphone_accept", [...args, "offer"]));
        } catch (error) {
            this._abort(_t("The server could not be reached. Please try again."));
            throw error;
        }
        if (result.call) {
            softphone.calls.insert(result.call);
        }
        if (!result.ok) {
            this.close();
            return softphone.onSideRefused(this, result);
        }
        if (this.closed) {
            // left while the request was on its way
            return this._leave();
        }
        this.phase = "open";
        this.peer.startNegotiationTimer();
        this.onCall(this.call);
    }

    //----------------------------------------------------------------------
    // What the server says
    //----------------------------------------------------------------------

    /** @param {import("./call_store").CallView} call in a new version */
    onCall(call) {
        if (this.closed || this.phase !== "open") {
            return;
        }
        const { side } = call;
        if (side && side.tab === this.softphone.tabId) {
            this.mode = side.mode;
            if (side.sdp) {
                this.peer
                    .setAnswer(side.sdp)
                    .catch((error) => this._onMediaFailed("negotiation", error));
            }
            this._followMode();
        } else if (call.live && call.mine && call.handler_tab === this.softphone.tabId) {
            this.softphone.takeOverSide();
        } else {
            this.close();
            this.softphone.onSideOver(this);
        }
    }

    /** The microphone is heard by nobody who only listens to somebody. */
    _followMode() {
        this.connected = true;
        this.peer.setMicrophone(this.speaks && !this.muted);
        this.peer
            .startSending()
            .catch((error) => this._onMediaFailed("negotiation", error));
    }

    setMuted(muted) {
        super.setMuted(muted);
        this.peer?.setMicrophone(this.speaks && !muted);
    }

    //----------------------------------------------------------------------
    // End
    //----------------------------------------------------------------------

    /** The call goes on without this user. */
    async hangUp(message) {
        const asked = this.phase === "open";
        this.close();
        if (message) {
            this.softphone.notify(message, "danger");
        }
        if (asked) {
            await this._leave();
        }
    }

    async _leave() {
        const method =
            this.role === "monitor" ? "softphone_monitor_leave" : "softphone_consult_leave";
        this.softphone.hangingUp = this.softphone.rpc(method, [this.callId]);
        await this.softphone.hangingUp;
    }

    /**
     * Lets go of the connection, which goes on as that of the call this user handles from now on.
     *
     * @returns {import("@whatsapp_calling/core/peer_connection").PeerConnection}
     */
    release() {
        const { peer } = this;
        this.peer = undefined;
        this.close();
        return peer;
    }

    close() {
        if (this.closed) {
            return;
        }
        this.phase = "closed";
        this.peer?.close();
        this.softphone.onSideClosed(this);
        this.released.resolve();
    }

    share() {
        this.softphone.tabs.share();
    }

    /** For the other tabs of this user. */
    get snapshot() {
        const { callId, muted, connected, media, quality } = this;
        return { callId, muted, connected, media, quality };
    }

    _abort(message) {
        this.close();
        this.softphone.notify(message, "danger");
    }

    /** The quality of the call is that of its operator's line. */
    saveQuality() {}
}
