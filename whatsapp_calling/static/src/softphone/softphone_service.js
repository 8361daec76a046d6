import { ticker } from "@whatsapp_calling/core/ticker";
import { CallStore } from "@whatsapp_calling/softphone/call_store";
import { displayName, targetOf } from "@whatsapp_calling/softphone/call_labels";
import { LiveCall } from "@whatsapp_calling/softphone/live_call";
import { lostCall } from "@whatsapp_calling/softphone/lost_call";
import { MicrophoneDialog } from "@whatsapp_calling/softphone/microphone_dialog";
import { PermissionDialog } from "@whatsapp_calling/softphone/permission_dialog";
import { Ringer } from "@whatsapp_calling/softphone/ringer";
import { TabSync } from "@whatsapp_calling/softphone/tab_sync";

import { onChange } from "@mail/utils/common/misc";

import { reactive, toRaw } from "@odoo/owl";

import { browser } from "@web/core/browser/browser";
import { _t } from "@web/core/l10n/translation";
import { ConnectionLostError } from "@web/core/network/rpc";
import { registry } from "@web/core/registry";
import { user } from "@web/core/user";

const NOTICE_DURATION = 6_000;
/** The bus worker says nothing when it never gets through, e.g. behind a proxy without websockets. */
const BUS_PATIENCE = 8_000;
const START_RETRY = 10_000;
const NUMBER_KEY = "whatsapp_calling.number";

/**
 * The phone of this user in this tab: what rings, the call this tab holds, and all that can be done
 * with them. A reactive object; the parts with a life of their own are LiveCall (sound of the own
 * call), CallStore (what is known of calls), Ringer and TabSync.
 */
export class Softphone {
    enabled = false;
    reason = "";
    numbers = [];
    /** the business number the user chose to dial from; false: as the server sees fit */
    numberId = false;
    online = true;
    missedCount = 0;
    quickTexts = [];
    /** grows with each answer of a customer, so that shown permissions are asked for again */
    permissionVersion = 0;
    /** grows when a call ended, so that lists are read again */
    historyVersion = 0;
    panel = { open: false, tab: "keypad" };
    /** @type {LiveCall|null} */
    live = null;
    /** the last call of this tab until it is dismissed: {callId, name, target, message, error} */
    ended = null;
    /** what a popup says about a call that no longer rings for us, by id: {type, text} */
    notices = {};
    /** the calls that rang for this user, by id */
    rung = {};
    calls = new CallStore();
    ringer = new Ringer();
    tabs = new TabSync();

    // A tab is itself, not its storage: duplicated tabs copy sessionStorage, and then two of them
    // would own the same call.
    tabId = Array.from(crypto.getRandomValues(new Uint8Array(8)), (byte) =>
        byte.toString(16).padStart(2, "0")
    ).join("");
    iceServers = [];
    pingInterval = 5_000;
    pollInterval = 5_000;
    clockOffset = 0;

    setup(env, services) {
        this.orm = services.orm;
        this.dialog = services.dialog;
        this.notification = services.notification;
        this.soundEffects = services["mail.sound_effects"];
        this.bus = services.bus_service;
        this.outOfFocus = services["mail.out_of_focus"];
        this.presence = services.presence;
        this.store = services["mail.store"];
        this.settings = this.store.settings;
        this.calls.setup({
            fetch: (ids) => this.silentRpc("softphone_calls", [ids]),
            onChange: (call, before) => this.onCallChange(call, before),
        });
        this.ringer.setup(services);
    }

    //----------------------------------------------------------------------
    // Start, bus and poll
    //----------------------------------------------------------------------

    /** Asks the server whether this user has a phone, and what is ringing right now. */
    async start() {
        const before = Date.now();
        let data;
        try {
            data = await this.silentRpc("softphone_start");
        } catch (error) {
            if (error instanceof ConnectionLostError) {
                // the server restarts, or the computer just woke up
                browser.setTimeout(() => this.start(), START_RETRY);
            }
            return;
        }
        this.enabled = data.enabled;
        this.reason = data.reason;
        if (!this.enabled) {
            return;
        }
        this.numbers = data.numbers;
        this.quickTexts = data.quick_texts || [];
        this.iceServers = data.ice_servers || [];
        this.pingInterval = (data.ping_interval || 5) * 1000;
        this.pollInterval = (data.poll_interval || 5) * 1000;
        const chosen = Number(browser.localStorage.getItem(NUMBER_KEY));
        this.numberId = this.numbers.some(({ id }) => id === chosen) ? chosen : false;
        this.tabs.setup({
            tabId: this.tabId,
            snapshot: () => this.live && this.live.snapshot,
            onAction: (action, value) => this.onRemoteAction(action, value),
        });
        this.listen();
        this.takeCalls(data, before);
        this.offerLostCall();
    }

    listen() {
        this.bus.subscribe("whatsapp_calling/ring", (payload) => this.onRing(payload));
        this.bus.subscribe("whatsapp_calling/update", (payload) => this.onUpdate(payload));
        this.bus.subscribe("whatsapp_calling/permission", (payload) => this.onPermission(payload));
        this.bus.addEventListener("BUS:DISCONNECT", () => this.setOnline(false));
        this.bus.addEventListener("BUS:CONNECT", () => this.setOnline(true));
        this.bus.addEventListener("BUS:RECONNECT", () => this.setOnline(true));
        browser.setTimeout(() => {
            if (["CONNECTING", "DISCONNECTED"].includes(this.bus.workerState)) {
                this.setOnline(false);
            }
        }, BUS_PATIENCE);
        onChange(this.settings, "audioInputDeviceId", () =>
            this.live?.useMicrophone(this.settings.audioConstraints).catch(() => {})
        );
        onChange(this.settings, "audioOutputDeviceId", () =>
            this.live?.peer?.setOutputDevice(this.settings.audioOutputDeviceId)
        );
        browser.addEventListener("pagehide", () => this.onPageHide());
        browser.addEventListener("beforeunload", (ev) => {
            if (this.live) {
                ev.preventDefault();
                // older browsers ask only with a return value
                ev.returnValue = "";
            }
        });
    }

    /** While the bus is away the server is asked every few seconds; that counts as presence too. */
    setOnline(online) {
        if (online === this.online) {
            return;
        }
        this.online = online;
        this.stopPolling?.();
        this.stopPolling = online
            ? undefined
            : ticker.start(() => this.poll().catch(() => {}), this.pollInterval);
        // gone for a while, or just back: what happened meanwhile?
        this.poll().catch(() => {});
    }

    async poll() {
        const before = Date.now();
        this.takeCalls(await this.silentRpc("softphone_poll"), before);
    }

    /** @param {Object} data answer to start and poll: all that rings for us or is ours */
    takeCalls({ calls, missed_count, server_time }, before) {
        this.missedCount = missed_count;
        this.clockOffset = server_time - (before + Date.now()) / 2;
        const listed = new Set(calls.map(({ id }) => id));
        calls.forEach((call) => this.calls.insert(call));
        // what was live and is no longer listed ended while nobody told us
        const gone = this.calls.all.filter((call) => call.live && !listed.has(call.id));
        if (gone.length) {
            this.calls.load(gone.map(({ id }) => id)).catch(() => {});
        }
    }

    onRing({ id, version }) {
        // the bus replays messages of up to a day: what is known and not older is no ring
        if (version > (this.calls.get(id)?.version ?? -1)) {
            this.calls.load([id]).catch(() => {});
        }
    }

    onUpdate(payload) {
        const known = this.calls.get(payload.id);
        if (known ? this.calls.applyUpdate(payload, user.userId) : payload.live) {
            this.calls.load([payload.id]).catch(() => {});
        }
        if (!payload.live) {
            this.refreshSoon();
        }
    }

    onPermission({ name, state }) {
        this.permissionVersion++;
        if (state === "granted") {
            this.notify(_t("%(name)s allows you to call now.", { name }), "success");
        } else if (state === "declined") {
            this.notify(_t("%(name)s does not allow calls.", { name }), "warning");
        }
    }

    /** Counters and lists after a call ended, once for several endings. */
    refreshSoon() {
        browser.clearTimeout(this.refreshTimeout);
        this.refreshTimeout = browser.setTimeout(() => {
            this.historyVersion++;
            this.poll().catch(() => {});
        }, 500);
    }

    //----------------------------------------------------------------------
    // Calls
    //----------------------------------------------------------------------

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
        return this.isRinging(call) || Boolean(this.notices[call.id]);
    }

    isRinging(call) {
        return call.live && call.state === "ringing" && !call.silenced && !call.mine;
    }

    /** A call of this user whose sound is in another tab or on another device. */
    get elsewhere() {
        return this.calls.all.find(
            (call) =>
                call.live &&
                call.mine &&
                call.id !== this.live?.callId &&
                call.handler_tab !== this.tabId
        );
    }

    /** @returns {"offline"|"idle"|"ringing"|"calling"} */
    get status() {
        if (this.live || this.elsewhere) {
            return "calling";
        }
        if (this.incoming.some((call) => this.isRinging(call))) {
            return "ringing";
        }
        return this.online ? "idle" : "offline";
    }

    onCallChange(call, before) {
        if (call.direction === "inbound" && call.live && call.state === "ringing") {
            if (call.mine_to_answer && !this.rung[call.id]) {
                this.rung[call.id] = true;
                delete this.notices[call.id];
                this.notifyDesktop(call);
            }
        }
        if (this.live?.callId === call.id) {
            this.live.onCall(call);
        }
        if (this.rung[call.id] && !call.silenced && !call.mine && before) {
            const wasRinging = before.live && before.state === "ringing";
            if (call.live && call.state === "connected" && (wasRinging || this.notices[call.id])) {
                this.setNotice(call.id, "info", this.takenText(call));
            }
        }
        if (!call.live && before?.live && this.notices[call.id]?.type === "danger") {
            delete this.notices[call.id];
        }
        this.updateRing();
    }

    /** Odoo is behind another window: the system shows it, where the user allowed that. */
    notifyDesktop(call) {
        if (!call.silenced && !this.presence.isOdooFocused()) {
            this.outOfFocus
                .sendNotification({
                    title: _t("Incoming WhatsApp call"),
                    message: [call.name, call.phone].filter(Boolean).join(" · "),
                    sound: false,
                    type: "info",
                    icon: "/whatsapp_calling/static/description/icon.png",
                })
                .catch(() => {});
        }
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

    updateRing() {
        const rings = this.incoming.some((call) => this.isRinging(call) && !call.connecting);
        // in a call it only knocks: the other side must not be drowned
        this.ringer.ring(rings, { volume: this.live ? 0.1 : undefined }).catch(() => {});
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

    /** Milliseconds, by the server's clock. */
    now() {
        return Date.now() + this.clockOffset;
    }

    //----------------------------------------------------------------------
    // Actions on a ringing call
    //----------------------------------------------------------------------

    async accept(id) {
        const call = this.calls.get(id);
        if (this.live) {
            await this.hangUp();
        }
        this.dismissNotice(id);
        if (this.store.rtc?.localSession) {
            this.notify(
                _t("You are in a meeting too: the people there hear what you say."),
                "warning"
            );
        }
        const params = { direction: "inbound", callId: id };
        const live = this.startLive({ ...params, name: displayName(call), phone: call.phone });
        await live.answer();
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

    //----------------------------------------------------------------------
    // Dialling
    //----------------------------------------------------------------------

    /** @returns {Promise<Object>} who that is and whether they may be called */
    lookup(target) {
        return this.silentRpc("softphone_lookup", [this.withNumber(target)]);
    }

    withNumber(target) {
        return this.numberId ? { number_id: this.numberId, ...target } : { ...target };
    }

    chooseNumber(id) {
        this.numberId = id;
        if (id) {
            browser.localStorage.setItem(NUMBER_KEY, id);
        } else {
            browser.localStorage.removeItem(NUMBER_KEY);
        }
        this.permissionVersion++;
    }

    /**
     * One click on any call button: calls, or says why not and what to do about it.
     *
     * @param {Object} target {phone?, res_model?, res_id?, contact_id?, partner_id?, number_id?}
     */
    async dial(target) {
        if (this.live || this.dialing) {
            this.openPanel();
            this.notify(_t("You are already in a call."), "warning");
            return;
        }
        this.dialing = true;
        try {
            const info = await this.rpc("softphone_lookup", [this.withNumber(target)]);
            if (!info.allowed) {
                this.explainRefusal(target, info);
                return;
            }
            const live = this.startLive({
                direction: "outbound",
                target: { ...target, number_id: info.number_id },
                name: info.name || info.phone,
                phone: info.phone,
            });
            await live.dial();
        } finally {
            this.dialing = false;
        }
    }

    /** Before dialling, by the permission; the microphone was not even asked for. */
    explainRefusal(target, info) {
        if (info.next_step === "request_permission") {
            this.dialog.add(PermissionDialog, { softphone: this, target, info });
        } else {
            this.notify(info.reason, "warning");
        }
    }

    /** After dialling, by the server. */
    onDialRefused(target, result) {
        if (result.next_step === "request_permission") {
            const info = { ...result, name: this.ended?.name, reason: result.message };
            this.ended = null;
            this.dialog.add(PermissionDialog, { softphone: this, target, info });
        }
    }

    onMicrophoneRefused(problem, live) {
        this.ended = null;
        this.dialog.add(MicrophoneDialog, {
            problem,
            direction: live.direction,
            retry: () => (live.callId ? this.accept(live.callId) : this.dial(live.target)),
        });
    }

    async requestPermission(target, text = false) {
        const result = await this.rpc("softphone_request_permission", [
            this.withNumber(target),
            text,
        ]);
        this.permissionVersion++;
        this.notify(result.message, result.ok ? "success" : "warning");
        return result.ok;
    }

    redial() {
        const { target } = this.ended;
        this.ended = null;
        return this.dial(target);
    }

    //----------------------------------------------------------------------
    // The call of this tab
    //----------------------------------------------------------------------

    startLive(params) {
        this.ended = null;
        const panelWasOpen = this.panel.open;
        this.live = new LiveCall(this, { ...params, panelWasOpen });
        this.openPanel();
        this.updateRing();
        // through the reactive: what the call does to itself must be seen
        return this.live;
    }

    async hangUp() {
        if (this.live) {
            await this.live.hangUp();
        } else if (this.elsewhere) {
            // not through the other tab: it may be the one that hangs
            const result = await this.rpc("softphone_hang_up", [this.elsewhere.id]);
            if (!result.ok) {
                this.notify(result.message, "warning");
            }
        }
    }

    setMuted(muted) {
        if (this.live) {
            this.live.setMuted(muted);
        } else {
            this.tabs.request("mute", muted);
        }
    }

    onRemoteAction(action, value) {
        if (action === "mute") {
            this.live?.setMuted(value);
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
        } else if (lost && !this.live) {
            const close = this.notification.add(
                _t("Your call with %(name)s was cut off when its tab was closed.", {
                    name: lost.name,
                }),
                {
                    type: "warning",
                    sticky: true,
                    buttons: [
                        {
                            name: _t("Call again"),
                            primary: true,
                            onClick: () => {
                                close();
                                this.dial(lost.target);
                            },
                        },
                    ],
                }
            );
        }
    }

    /** On the call itself and on the settings of calling there is nobody to call. */
    hidesChatterButton(model) {
        return /^whatsapp\.(call|calling|media)\b/.test(model || "");
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

    //----------------------------------------------------------------------
    // Helpers
    //----------------------------------------------------------------------

    rpc(method, args = []) {
        return this.orm.call("whatsapp.call", method, args);
    }

    /** For what nobody waits for: no spinner. */
    silentRpc(method, args = []) {
        return this.orm.silent.call("whatsapp.call", method, args);
    }

    notify(text, type) {
        this.notification.add(text, { type });
    }
}

export const softphoneService = {
    dependencies: [
        "bus_service",
        "dialog",
        "mail.out_of_focus",
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
        softphone.setup(env, services);
        // not awaited: the client must not wait for the phone
        softphone.ready = softphone.start();
        return softphone;
    },
};

registry.category("services").add("whatsapp_calling.softphone", softphoneService);
