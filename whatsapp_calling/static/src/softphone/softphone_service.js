import { targetOf } from "@whatsapp_calling/softphone/call_labels";
import { CheckReminder } from "@whatsapp_calling/check/check_reminder";
import { ShiftCheck } from "@whatsapp_calling/check/shift_check";
import { tones } from "@whatsapp_calling/core/tones";
import { ControlPhone } from "@whatsapp_calling/softphone/control_phone";
import { Devices } from "@whatsapp_calling/softphone/devices";
import { LiveCall } from "@whatsapp_calling/softphone/live_call";
import { lostCall } from "@whatsapp_calling/softphone/lost_call";

import { onChange } from "@mail/utils/common/misc";

import { reactive, toRaw } from "@odoo/owl";

import { browser } from "@web/core/browser/browser";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";

/**
 * The phone of this user in this tab, a reactive object. In layers: ServerLine and PhoneLine (server), RingingPhone
 * (popups), DialingPhone (whom one may call), BlockingPhone, ReturningPhone,
 * ControlPhone (hold, transfer, listening) and, here, the call this tab holds, its page and its panel. LiveCall has the sound.
 */
export class Softphone extends ControlPhone {
    panel = { open: false, tab: "keypad" };
    /** @type {LiveCall|null} */
    live = null;
    /** the last call of this tab until it is dismissed: {callId, name, phone, target, message} */
    ended = null;
    devices = new Devices();
    checkReminder = new CheckReminder();

    // A tab is itself, not its storage: duplicated tabs copy sessionStorage, and then two of them
    // would own the same call.
    tabId = Array.from(crypto.getRandomValues(new Uint8Array(8)), (byte) =>
        byte.toString(16).padStart(2, "0")
    ).join("");

    setup(services) {
        super.setup(services);
        this.soundEffects = services["mail.sound_effects"];
        this.settings = this.store.settings;
    }

    onStarted() {
        super.onStarted();
        this.tabs.setup({
            tabId: this.tabId,
            snapshot: () => (this.live || this.side)?.snapshot ?? null,
            onAction: (action, value) => this.onRemoteAction(action, value),
        });
        this.devices.setup({
            settings: this.settings,
            warn: (text) => this.warnOnce(text),
            onChange: (use) => this.onDeviceChange(use),
            onPlugged: () => this.sound?.recoverMicrophone().catch(() => {}),
        });
        ["ring", "speaker"].forEach((use) => this.onDeviceChange(use));
        this.checkReminder.setup();
        onChange(this.settings, "audioInputDeviceId", () => this.devices.follow("microphone"));
        onChange(this.settings, "audioOutputDeviceId", () => this.devices.follow("speaker"));
        browser.addEventListener("pagehide", () => this.onPageHide());
        browser.addEventListener("beforeunload", (ev) => {
            if (this.busyHere) {
                ev.preventDefault();
                // older browsers ask only with a return value
                ev.returnValue = "";
            }
        });
        this.offerLostCall();
    }

    /** In mid-call too. */
    onDeviceChange(use) {
        const id = this.devices.present(use);
        if (use === "microphone") {
            this.sound?.useChosenMicrophone();
        } else if (use === "speaker") {
            this.sound?.peer?.setOutputDevice(id);
            tones.useDevice(id);
        } else if (use === "ring") {
            this.ringer.useDevice(id);
        }
    }

    /** What is heard in this tab, of whichever call. */
    get sound() {
        return this.live || this.side;
    }

    /** A call of this user whose sound is in another tab or on another device. */
    get elsewhere() {
        return this.calls.all.find(
            (call) =>
                call.live &&
                call.mine &&
                call.id !== this.live?.callId &&
                call.handler_tab !== this.tabId &&
                // nobody took it and it rings here: the tab that had it may be gone
                !call.transfer?.rings
        );
    }

    /** What one hears and says goes on here, whatever is switched off meanwhile. */
    get holdsCall() {
        return this.busyHere;
    }

    /** @returns {"cutOff"|"offline"|"idle"|"ringing"|"calling"} */
    get status() {
        if (this.live || this.elsewhere || this.sideCall) {
            return "calling";
        }
        if (this.incoming.some((call) => this.isRinging(call))) {
            return "ringing";
        }
        if (this.cutOff) {
            return "cutOff";
        }
        return this.online ? "idle" : "offline";
    }

    //----------------------------------------------------------------------
    // The call of this tab
    //----------------------------------------------------------------------

    /** @returns {LiveCall|null} null: there is one already, which must not lose its controls */
    startLive(params) {
        if (this.busyHere) {
            this.openPanel();
            this.notify(_t("You are already in a call."), "warning");
            return null;
        }
        this.ended = null;
        const panelWasOpen = this.panel.open;
        this.live = new LiveCall(this, { ...params, panelWasOpen });
        this.openPanel();
        this.updateRing();
        // through the reactive: what the call does to itself must be seen
        return this.live;
    }

    async hangUp() {
        if (this.sound) {
            await this.sound.hangUp();
        } else if (this.elsewhere) {
            // not through the other tab: it may be the one that hangs
            const result = await this.rpc("softphone_hang_up", [this.elsewhere.id]);
            if (!result.ok) {
                this.notify(result.message, "warning");
            }
        }
    }

    setMuted(muted) {
        if (this.sound) {
            this.sound.setMuted(muted);
        } else {
            this.tabs.request("mute", muted);
        }
    }

    onRemoteAction(action, value) {
        if (action === "mute") {
            this.sound?.setMuted(value);
        } else if (action === "withdrawOffer") {
            this.withdrawOffer(value);
        }
    }

    onLiveClosed(live, { ended, message }) {
        if (toRaw(this.live) === toRaw(live)) {
            this.live = null;
        }
        lostCall.forget();
        if (!ended && !live.panelWasOpen) {
            // nothing came of it: the panel goes as it came
            this.panel.open = false;
        }
        if (ended) {
            const { call, callId, name, phone } = live;
            const target = live.target || (call && targetOf(call));
            this.ended = { callId, name, phone, target, message };
        }
        if (ended && live.connected) {
            this.soundEffects.play("call-leave");
        }
        this.tabs.share();
        this.updateRing();
        this.refreshSoon();
        if (this.startAfterCall) {
            this.start();
        }
    }

    dismissEnded() {
        this.ended = null;
    }

    saveNotes(id, text) {
        const call = this.calls.get(id);
        if (!call || call.notes === text) {
            return;
        }
        call.notes = text;
        return this.rpc("softphone_notes", [id, text]);
    }

    async link(id, { model, id: resId }) {
        await this.rpc("softphone_link", [id, model, resId]);
        await this.calls.load([id]);
    }

    //----------------------------------------------------------------------
    // Tabs and pages
    //----------------------------------------------------------------------

    onPageHide() {
        const { live } = this;
        if (!live) {
            return;
        }
        if (live.callId && live.phase !== "microphone") {
            const data = JSON.stringify({ params: { call_id: live.callId, tab: this.tabId } });
            // a beacon still leaves when the page is closed, other requests do not
            browser.navigator.sendBeacon(
                "/whatsapp_calling/hang_up",
                new Blob([data], { type: "application/json" })
            );
        }
        lostCall.markClosed();
        this.tabs.post("closed");
        live.peer?.close();
    }

    rememberCall({ call, name, target }) {
        lostCall.remember({ tab: this.tabId, name, target: target || targetOf(call) });
    }

    /** After a closed or crashed tab: one click to call back. */
    offerLostCall() {
        const lost = lostCall.take();
        if (typeof lost === "number") {
            browser.setTimeout(() => this.offerLostCall(), lost);
        } else if (lost && !this.live && !this.calls.all.some((call) => this.isLeft(call))) {
            this.offer(
                _t("Your call with %(name)s was cut off when its tab was closed.", {
                    name: lost.name,
                }),
                { type: "warning", label: _t("Call again") },
                () => this.dial(lost.target)
            );
        }
    }

    /** On the call itself and on the settings of calling there is nobody to call. */
    hidesChatterButton(model) {
        return /^whatsapp\.(call|calling|media)\b/.test(model || "");
    }

    /** Devices and the check before a shift. */
    openCheck() {
        this.dialog.add(ShiftCheck, {});
    }

    openPanel(tab) {
        this.panel.open = true;
        if (tab) {
            this.panel.tab = tab;
        }
    }

    togglePanel() {
        this.panel.open = !this.panel.open;
    }

    async markMissedSeen() {
        if (this.missedCount) {
            this.missedCount = (await this.silentRpc("softphone_missed_seen")).missed_count;
        }
    }
}

export const softphoneService = {
    dependencies: [
        "action",
        "bus_service",
        "dialog",
        "mail.sound_effects",
        "mail.store",
        "multi_tab",
        "notification",
        "orm",
        "presence",
    ],

    /** @returns {Softphone} */
    start(env, services) {
        const softphone = reactive(new Softphone());
        softphone.setup(services);
        // not awaited: the client must not wait for the phone
        softphone.ready = softphone.start();
        return softphone;
    },
};

registry.category("services").add("whatsapp_calling.softphone", softphoneService);
