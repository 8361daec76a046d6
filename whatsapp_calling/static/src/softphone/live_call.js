import { ticker } from "@whatsapp_calling/core/ticker";
import { tones } from "@whatsapp_calling/core/tones";
import { AnchoredSound } from "@whatsapp_calling/softphone/anchored_sound";

import { _t } from "@web/core/l10n/translation";
import { Deferred } from "@web/core/utils/concurrency";

/** The quality is kept with every sixth ping (30 s), so that a killed tab leaves something behind. */
const PINGS_PER_QUALITY = 6;

/**
 * The call whose sound this tab holds, from the click on Accept or Call to the end.
 *
 * phase: "microphone" (asking the browser) → "negotiating" (SDP) → "claiming" (request out) →
 * "open" (the server says it is ours) → "closed"
 */
export class LiveCall extends AnchoredSound {
    phase = "microphone";
    /** @type {number|undefined} none before the server has made an outbound call */
    callId = undefined;
    pings = 0;
    /** resolved when this tab has let go of the call */
    released = new Deferred();

    /**
     * @param {import("./softphone_service").Softphone} softphone
     * @param {Object} params
     * @param {"inbound"|"outbound"} params.direction
     * @param {string} params.name
     * @param {string} params.phone
     * @param {number} [params.callId] inbound
     * @param {Object} [params.target] outbound: whom to dial
     */
    constructor(softphone, params) {
        super(softphone);
        Object.assign(this, params);
    }

    get call() {
        return this.callId && this.softphone.calls.get(this.callId);
    }

    get closed() {
        return this.phase === "closed";
    }

    //----------------------------------------------------------------------
    // Start
    //----------------------------------------------------------------------

    async answer() {
        let result = await this._answer();
        if (result && !result.ok && result.reason === "other_way") {
            // its sound takes another way than when this tab looked
            this.peer.close();
            result = await this._answer();
        }
        if (result && !result.ok) {
            this.close();
            this.softphone.onAcceptRefused(this.callId, result);
        }
    }

    async _answer() {
        if (!(await this._openPeer())) {
            return;
        }
        const args = [this.callId, this.softphone.tabId];
        try {
            if (!this.call.sdp && !this.call.anchored) {
                await this.softphone.calls.load([this.callId]);
            }
            if (this.call.anchored) {
                args.push(await this.peer.makeOffer(), "offer");
            } else {
                args.push(await this.peer.makeAnswer(this.call.sdp));
            }
        } catch (error) {
            return this._abort(this._soundFailed(error));
        }
        return this.closed ? undefined : this._claim("softphone_accept", args);
    }

    async dial() {
        if (!(await this._openPeer())) {
            return;
        }
        let sdp;
        try {
            sdp = await this.peer.makeOffer();
        } catch (error) {
            return this._abort(this._soundFailed(error));
        }
        if (this.closed) {
            return;
        }
        const result = await this._claim("softphone_dial", [
            this.confirmed ? { ...this.target, confirmed: true } : this.target,
            this.softphone.tabId,
            sdp,
        ]);
        if (result && !result.ok) {
            this.close({ ended: true, message: result.message });
            this.softphone.onDialRefused(this.target, result);
        }
    }

    /** Sends the one request that makes the call ours. */
    async _claim(method, args) {
        this.phase = "claiming";
        let result;
        try {
            result = await this.softphone.rpc(method, args);
        } catch (error) {
            this._abort(_t("The server could not be reached. Please try again."));
            throw error;
        }
        if (result.call) {
            this.callId = result.call.id;
            this.softphone.calls.insert(result.call);
        }
        if (!result.ok || this.closed) {
            return result;
        }
        this._startPinging();
        if (this.hangUpWanted) {
            await this.hangUp();
        } else {
            // the bus may have been quicker than the answer to our request
            this.onCall(this.call);
        }
        return result;
    }

    _startPinging() {
        this.phase = "open";
        this.leg = this.call.leg;
        this.stopPinging?.();
        this.stopPinging = ticker.start(
            () => this.ping().catch(() => {}),
            this.softphone.pingInterval
        );
        this.softphone.rememberCall(this);
    }

    /**
     * A call that was only consulted about became ours: its connection is there already.
     *
     * @param {import("@whatsapp_calling/core/peer_connection").PeerConnection} peer
     */
    takeOver(peer) {
        this._usePeer(peer);
        this.media = "connected";
        this._startPinging();
        this.onCall(this.call);
    }

    //----------------------------------------------------------------------
    // What the server says
    //----------------------------------------------------------------------

    /** @param {import("./call_store").CallView} call ours, in a new version */
    onCall(call) {
        if (this.closed || !call) {
            return;
        }
        if (!call.live) {
            return this.close({ ended: true });
        }
        if (call.sdp && call.sdp_type === "answer" && this.isAnswered(call)) {
            this.peer
                .setAnswer(call.sdp)
                .catch((error) => this._onMediaFailed("negotiation", error));
        }
        if (this.phase === "open" && !call.mine) {
            // WhatsApp refused our answer (it rings again, for us too), or somebody took it over
            this.close();
            return this.softphone.onCallLost(call);
        }
        // one that is handed on to us is a colleague's until we have it
        const others = call.handler && !call.mine && !call.transfer?.rings;
        if (this.phase !== "open" && call.state === "connected" && others) {
            return this.close();
        }
        if (call.mine && call.state === "connected" && this.phase === "open") {
            this._onConnected();
        }
        if (this.mustRenew(call)) {
            this.renew().catch(() => {});
        }
        if (this.direction === "outbound" && call.state === "ringing") {
            tones.startRingback();
        }
        this.share();
    }

    _onConnected() {
        if (this.connected) {
            return;
        }
        this.connected = true;
        tones.stopRingback();
        this.peer.setMicrophone(!this.muted);
        this.peer.startSending().catch((error) => this._onMediaFailed("negotiation", error));
        this.peer.startNegotiationTimer();
    }

    /** Tells the server that the tab lives, and learns what the bus may have failed to bring. */
    async ping() {
        const { softphone } = this;
        const result = await softphone.rpc("softphone_ping", [this.callId, softphone.tabId]);
        if (this.closed) {
            return;
        }
        if (!result.ok || result.version > this.call.version) {
            await softphone.calls.load([this.callId]);
        }
        if (!result.ok && !this.closed) {
            this.close();
            return softphone.onCallLost(this.call);
        }
        this.pings++;
        softphone.rememberCall(this);
        this.share();
        if (this.pings % PINGS_PER_QUALITY === 0) {
            this.saveQuality();
        }
    }

    //----------------------------------------------------------------------
    // What the user does
    //----------------------------------------------------------------------

    /**
     * @param {string} [message] why, when it was not the user
     * @returns {Promise<void>} resolved when it is over, so that another call may begin
     */
    async hangUp(message) {
        if (this.phase === "claiming") {
            // the request is on its way: hang up what it brings
            this.hangUpWanted = true;
            return this.released;
        }
        const { callId, phase, softphone } = this;
        this.close({ ended: phase === "open", message });
        if (phase !== "open") {
            return;
        }
        // who calls again at once waits for it: one is in one call at a time
        softphone.hangingUp = softphone.rpc("softphone_hang_up", [callId]);
        const result = await softphone.hangingUp;
        if (!result.ok && result.message) {
            softphone.notify(result.message, "warning");
        }
    }

    //----------------------------------------------------------------------
    // End
    //----------------------------------------------------------------------

    /**
     * Releases the microphone and lets go of the call. Nothing is sent to the server but the
     * measured quality.
     *
     * @param {Object} [params]
     * @param {boolean} [params.ended] show how it ended
     * @param {string} [params.message]
     */
    close({ ended = false, message } = {}) {
        if (this.closed) {
            return;
        }
        this.phase = "closed";
        this.stopPinging?.();
        tones.stopRingback();
        this.saveQuality();
        this.peer?.close();
        this.softphone.onLiveClosed(this, { ended, message });
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
        this.close({ ended: true, message });
    }
}
