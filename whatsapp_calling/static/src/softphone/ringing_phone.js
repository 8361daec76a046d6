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
        if (!this.rung[call.id] || this.live?.callId === call.id) {
            return false;
        }
        return (
            this.isRinging(call) || this.isAtVoicemail(call) || Boolean(this.notices[call.id])
        );
    }

    isRinging(call) {
        return call.live && call.state === "ringing" && !call.silenced && !call.mine;
    }

    /** @returns {boolean} nobody answered, and the caller may still be taken from the voicemail */
    isAtVoicemail(call) {
        return call.live && Boolean(call.voicemail) && !call.silenced && !call.mine;
    }

    onCallChange(call, before) {
        if (call.direction === "inbound" && call.live && call.state === "ringing") {
            if (call.mine_to_answer && !this.rung[call.id]) {
                this.rung[call.id] = true;
                delete this.notices[call.id];
                this.ringNotifications
                    .show(call, () => this.isRinging(this.calls.get(call.id)))
                    .catch(() => {});
            }
        }
        if (this.live?.callId === call.id) {
            this.live.onCall(call);
        }
        if (this.rung[call.id] && !call.silenced && !call.mine && before) {
            const wasRinging = before.live && before.state === "ringing";
            const taken = call.live && call.state === "connected" && !this.isAtVoicemail(call);
            if (taken && (wasRinging || this.notices[call.id])) {
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
        const talking = Boolean(this.live || this.elsewhere);
        this.ringer.ring(rings && !talking).catch(() => {});
        // while one talks it only knocks, in the tab with the sound
        if (rings && this.live) {
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
        if (this.accepting || this.live?.callId === id) {
            return;
        }
        this.accepting = true;
        let live;
        try {
            await this.live?.hangUp();
            await Promise.resolve(this.hangingUp).catch(() => {});
            live = this.startAccepted(id);
        } finally {
            this.accepting = false;
        }
        await live?.answer();
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
        const params = { direction: "inbound", callId: id };
        return this.startLive({ ...params, name: displayName(call), phone: call.phone });
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
