import { displayName } from "@whatsapp_calling/softphone/call_labels";
import { MainTab } from "@whatsapp_calling/core/main_tab";
import { tones } from "@whatsapp_calling/core/tones";
import { PhoneLine } from "@whatsapp_calling/softphone/phone_line";
import { RingNotifications } from "@whatsapp_calling/softphone/ring_notifications";
import { Ringer } from "@whatsapp_calling/softphone/ringer";

import { browser } from "@web/core/browser/browser";
import { _t } from "@web/core/l10n/translation";

const NOTICE_DURATION = 6_000;

/** The calls that ring for this user: which have a popup, what it says, and its buttons. */
export class RingingPhone extends PhoneLine {
    /** the calls that rang for this user, by id */
    rung = {};
    /** what a popup says about a call that no longer rings for us, by id: {type, text} */
    notices = {};
    mainTab = new MainTab();
    /** a click on Accept is being followed: what goes on is hung up first */
    accepting = false;
    ringer = new Ringer();
    ringNotifications = new RingNotifications();

    setup(services) {
        super.setup(services);
        this.store = services["mail.store"];
        this.mainTab.setup(services);
        this.ringer.setup(services, this.mainTab);
        this.ringNotifications.setup(services, this.mainTab);
    }

    /** The calls that have a popup, the longest ringing first. */
    get incoming() {
        return this.calls.all
            .filter((call) => this.hasPopup(call))
            .sort((a, b) => a.created - b.created);
    }

    hasPopup(call) {
        if (!this.rung[call.id] || this.isHeldHere(call)) {
            return false;
        }
        return (
            this.isRinging(call) || this.isAtVoicemail(call) || Boolean(this.notices[call.id])
        );
    }

    /** @returns {boolean} this tab is in it, so that it has the panel and needs no popup */
    isHeldHere(call) {
        return [this.live?.callId, this.side?.callId].includes(call.id);
    }

    isRinging(call) {
        if (!call.live || call.silenced) {
            return false;
        }
        return Boolean(call.transfer?.rings) || (call.state === "ringing" && !call.mine);
    }

    /** @returns {boolean} nobody answered, and the caller may still be taken from the voicemail */
    isAtVoicemail(call) {
        return call.live && Boolean(call.voicemail) && !call.silenced && !call.mine;
    }

    onCallChange(call, before) {
        const rings = call.transfer?.rings || (call.direction === "inbound" && call.state === "ringing");
        // the same call may be handed on to this user later, and ring anew
        const ring = call.transfer ? call.transfer.id + call.transfer.state : "first";
        if (call.live && rings && call.mine_to_answer && this.rung[call.id] !== ring) {
            this.rung[call.id] = ring;
            delete this.notices[call.id];
            this.ringNotifications
                .show(call, () => this.isRinging(this.calls.get(call.id)))
                .catch(() => {});
        }
        if (this.live?.callId === call.id) {
            this.live.onCall(call);
        } else if (this.side?.callId === call.id) {
            this.side.onCall(call);
        }
        if (this.rung[call.id] && !call.silenced && !call.mine && before) {
            const wasRinging = before.live && before.state === "ringing";
            const taken = call.live && call.state === "connected" && !this.isAtVoicemail(call);
            if (before.transfer?.rings && !before.silenced && !call.transfer?.rings) {
                this.setNotice(call.id, "info", this.transferOverText(call, before.transfer));
            } else if (taken && (wasRinging || this.notices[call.id])) {
                this.setNotice(call.id, "info", this.takenText(call));
            }
        }
        if (this.isAtVoicemail(call)) {
            // the bus has told that it is answered, the call itself tells by what
            this.dismissNotice(call.id);
        }
        if (!call.live && before?.live && this.notices[call.id]?.type === "danger") {
            delete this.notices[call.id];
        }
        this.updateRing();
    }

    /** What became of a transfer that rang here: a colleague has it, or it is over. */
    transferOverText({ handler, live, transfer }, before) {
        if (!live) {
            return _t("The customer hung up.");
        }
        const taker = transfer?.to || (handler?.id !== before.from.id && handler);
        if (taker?.name) {
            return _t("%(name)s has taken it.", { name: taker.name });
        }
        return transfer?.state === "returning"
            ? _t("It went back to %(name)s.", { name: before.from.name })
            : _t("%(name)s took the customer back.", { name: before.from.name });
    }

    takenText({ handler }) {
        if (!handler) {
            return _t("already answered");
        }
        if (!handler.name) {
            return _t("already accepted by another teammate");
        }
        return _t("already accepted by another teammate: %(name)s", { name: handler.name });
    }

    /** Calls that wait for an answer: nobody is connecting to them. */
    get waiting() {
        return this.incoming.filter((call) => this.isRinging(call) && !call.connecting);
    }

    updateRing() {
        const rings = this.waiting.length > 0;
        const talking = Boolean(this.busyHere || this.elsewhere);
        this.ringer.ring(rings && !talking).catch(() => {});
        // while one talks it only knocks, in the tab with the sound
        if ((rings && this.busyHere) || this.live?.call?.transfer?.state === "returning") {
            tones.startWaiting();
        } else {
            tones.stopWaiting();
        }
        for (const id of this.ringNotifications.shown.keys()) {
            if (!this.isRinging(this.calls.get(id))) {
                this.ringNotifications.close(id);
            }
        }
    }

    /** @param {"info"|"danger"} type an info goes by itself, an error stays while it rings */
    setNotice(id, type, text) {
        this.notices[id] = { type, text };
        if (type === "info") {
            browser.setTimeout(() => this.dismissNotice(id), NOTICE_DURATION);
        }
    }

    dismissNotice(id) {
        delete this.notices[id];
    }

    /** What every tab notices is told in the main one and where the user is. */
    async warnOnce(text) {
        if (document.hasFocus() || (await this.mainTab.isHere())) {
            this.notify(text, "warning");
        }
    }

    //----------------------------------------------------------------------
    // Actions on a ringing call
    //----------------------------------------------------------------------

    /** Hangs up first what is going on; another click meanwhile does nothing. */
    async accept(id) {
        if (this.accepting || this.isHeldHere({ id })) {
            return;
        }
        this.accepting = true;
        let live;
        try {
            await this.live?.hangUp();
            await this.side?.hangUp();
            await Promise.resolve(this.hangingUp).catch(() => {});
            live = this.startAccepted(id);
        } finally {
            this.accepting = false;
        }
        await live?.answer();
    }

    /** A colleague asks; the customer is handed on only when they have talked. */
    isConsultation(call) {
        return call.transfer?.state === "ringing" && call.transfer.kind === "attended";
    }

    startAccepted(id) {
        const call = this.calls.get(id);
        this.dismissNotice(id);
        if (this.store.rtc?.localSession) {
            this.notify(
                _t("You are in a meeting too: the people there hear what you say."),
                "warning"
            );
        }
        const params = { callId: id, name: displayName(call) };
        if (this.isConsultation(call)) {
            return this.startSide({ ...params, role: "consult", mode: "talk" });
        }
        return this.startLive({ ...params, direction: "inbound", phone: call.phone });
    }

    /** @param {string|false} [text] sent to the caller afterwards */
    async decline(id, text = false) {
        const result = await this.rpc("softphone_decline", [id, text]);
        if (result.ok) {
            this.hideLocally(id);
        }
        if (result.message) {
            this.notify(result.message, result.ok ? "info" : "warning");
        }
    }

    async silence(id) {
        this.hideLocally(id);
        await this.rpc("softphone_silence", [id]);
    }

    hideLocally(id) {
        this.calls.get(id).silenced = true;
        this.dismissNotice(id);
        this.updateRing();
    }

    /** The claim failed: somebody was quicker, it is over, or what we sent does not fit. */
    onAcceptRefused(id, { reason, message }) {
        const taken = reason === "taken" || reason === "ended";
        this.setNotice(id, taken ? "info" : "danger", message);
        this.updateRing();
    }

    /** The call was ours and no longer is, e.g. because WhatsApp refused our answer. */
    async onCallLost({ id }) {
        // a bus message came first, which has no texts
        await this.calls.load([id]).catch(() => {});
        const call = this.calls.get(id);
        if (call.live && call.state === "ringing" && !call.connecting) {
            const text = call.error?.message || call.reason;
            this.setNotice(id, "danger", text || _t("WhatsApp refused the answer."));
        } else if (call.live) {
            this.notify(_t("This call is no longer held by this tab."), "warning");
        }
        this.updateRing();
    }
}
