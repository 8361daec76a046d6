import { LiveSound } from "@whatsapp_calling/softphone/live_sound";

/** So often in a row a new line to the media server is tried without one that worked. */
const RENEWALS = 3;

/**
 * The sound of a call whose line goes to a media server: this browser makes the offer, whoever
 * called, and a line that broke can be made anew while the call goes on.
 */
export class AnchoredSound extends LiveSound {
    /** @type {string|undefined} the server's name for the line of this tab */
    leg = undefined;
    /** a new line is being made */
    renewing = false;
    renewals = 0;

    /**
     * @param {import("./call_store").CallView} call
     * @returns {boolean} the SDP of the call answers what this tab has offered
     */
    isAnswered(call) {
        return call.anchored ? Boolean(this.leg) && call.leg === this.leg : this.direction === "outbound";
    }

    /** @returns {boolean} the server has lost the line of this tab, which is still there */
    mustRenew(call) {
        const ours = !call.handler_tab || call.handler_tab === this.softphone.tabId;
        return Boolean(
            call.anchored && call.mine && call.reattach_until && ours && this.phase === "open"
        );
    }

    /** Takes a call back that another page of this user has lost; the customer hears music. */
    async reattach() {
        if (!(await this._openPeer())) {
            return;
        }
        const result = await this._offerAgain();
        if (result && !result.ok) {
            // another page was quicker, or it is over
            this.close();
        }
    }

    /** A new line in the same call. */
    async renew() {
        if (this.renewing || this.closed) {
            return;
        }
        this.renewing = true;
        const before = this.peer;
        try {
            this.media = "reconnecting";
            if (!(await this._openPeer())) {
                return;
            }
            before.close();
            this.connected = false;
            const result = await this._offerAgain();
            if (result && !result.ok) {
                this.close({ ended: true, message: result.message });
            }
        } finally {
            this.renewing = false;
        }
    }

    async _offerAgain() {
        let sdp;
        try {
            sdp = await this.peer.makeOffer();
        } catch (error) {
            return this._abort(this._soundFailed(error));
        }
        if (this.closed) {
            return undefined;
        }
        return this._claim("softphone_reattach", [this.callId, this.softphone.tabId, sdp]);
    }

    _onPeerConnected() {
        super._onPeerConnected();
        this.renewals = 0;
    }

    _onMediaFailed(reason, error) {
        const { call } = this;
        const mayRenew = call?.anchored && call.live && this.phase === "open";
        if (mayRenew && this.renewals < RENEWALS) {
            this.renewals++;
            this.renew().catch(() => {});
            return;
        }
        super._onMediaFailed(reason, error);
    }
}
