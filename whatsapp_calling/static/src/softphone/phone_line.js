import { ticker } from "@whatsapp_calling/core/ticker";
import { CallStore } from "@whatsapp_calling/softphone/call_store";

import { browser } from "@web/core/browser/browser";
import { _t } from "@web/core/l10n/translation";
import { ConnectionLostError } from "@web/core/network/rpc";
import { user } from "@web/core/user";

/** The bus worker says nothing when it never gets through, e.g. behind a proxy without websockets. */
const BUS_PATIENCE = 8_000;
const START_RETRY = 10_000;

/**
 * What the server tells the phone: the answers to start and poll, and the messages of the bus.
 * Knows calls and how to ask for them, not what to do about them.
 */
export class PhoneLine {
    /** calls ring here, in whichever company of the user */
    enabled = false;
    /** one can call from here: in a company that is ticked */
    shown = false;
    /** why not, and whether the user is told, because they could change it */
    reason = "";
    explained = false;
    numbers = [];
    online = true;
    missedCount = 0;
    /** until when (the server's clock, ms) this user is not rung after a talk; false: is rung */
    wrapUpUntil = false;
    quickTexts = [];
    /** grows with each answer of a customer, so that shown permissions are asked for again */
    permissionVersion = 0;
    /** grows when a call ended, so that lists are read again */
    historyVersion = 0;
    calls = new CallStore();
    iceServers = [];
    pingInterval = 5_000;
    pollInterval = 5_000;
    clockOffset = 0;

    /** @param {import("services").ServiceFactories} services */
    setup(services) {
        this.orm = services.orm;
        this.notification = services.notification;
        this.bus = services.bus_service;
        this.calls.setup({
            fetch: (ids) => this.silentRpc("softphone_calls", [ids]),
            onChange: (call, before) => this.onCallChange(call, before),
        });
    }

    /** Called once, when the server said that this user has a phone. */
    onStarted() {}

    /**
     * @param {import("./call_store").CallView} call in a new version
     * @param {import("./call_store").CallView} [before] what was known of it
     */
    onCallChange(call, before) {}

    /** @param {Object} target whom the user wanted to call as soon as they agreed */
    offerCall(name, target) {}

    onMessageRefused(payload) {}

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
        this.shown = data.shown;
        this.reason = data.reason;
        this.explained = data.explained;
        if (!this.enabled) {
            return;
        }
        this.numbers = data.numbers;
        this.quickTexts = data.quick_texts || [];
        this.iceServers = data.ice_servers || [];
        this.pingInterval = (data.ping_interval || 5) * 1000;
        this.pollInterval = (data.poll_interval || 5) * 1000;
        this.listen();
        this.takeCalls(data, before);
        this.onStarted();
    }

    listen() {
        this.bus.subscribe("whatsapp_calling/ring", (payload) => this.onRing(payload));
        this.bus.subscribe("whatsapp_calling/update", (payload) => this.onUpdate(payload));
        this.bus.subscribe("whatsapp_calling/wrap_up", ({ until }) => this.setWrapUp(until));
        this.bus.subscribe("whatsapp_calling/permission", (payload) => this.onPermission(payload));
        this.bus.subscribe("whatsapp_calling/message_refused", (payload) =>
            this.onMessageRefused(payload)
        );
        this.bus.addEventListener("BUS:DISCONNECT", () => this.setOnline(false));
        this.bus.addEventListener("BUS:CONNECT", () => this.setOnline(true));
        this.bus.addEventListener("BUS:RECONNECT", () => this.setOnline(true));
        browser.setTimeout(() => {
            if (["CONNECTING", "DISCONNECTED"].includes(this.bus.workerState)) {
                this.setOnline(false);
            }
        }, BUS_PATIENCE);
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
    takeCalls({ calls, missed_count, server_time, wrap_up_until }, before) {
        this.missedCount = missed_count;
        this.clockOffset = server_time - (before + Date.now()) / 2;
        this.setWrapUp(wrap_up_until);
        const listed = new Set(calls.map(({ id }) => id));
        calls.forEach((call) => this.calls.insert(call));
        // what was live and is no longer listed ended while nobody told us
        const gone = this.calls.all.filter((call) => call.live && !listed.has(call.id));
        if (gone.length) {
            this.calls.load(gone.map(({ id }) => id)).catch(() => {});
        }
    }

    setWrapUp(until) {
        browser.clearTimeout(this.wrapUpTimeout);
        const left = until ? until - this.now() : 0;
        this.wrapUpUntil = left > 0 && until;
        if (left > 0) {
            this.wrapUpTimeout = browser.setTimeout(() => this.setWrapUp(false), left);
        }
    }

    /** "Ready now": the server rings this user again. */
    async endWrapUp() {
        this.setWrapUp((await this.rpc("softphone_ready")).wrap_up_until);
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

    onPermission({ name, state, call }) {
        this.permissionVersion++;
        if (call) {
            this.offerCall(name, call);
        } else if (state === "granted") {
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

    /** Milliseconds, by the server's clock. */
    now() {
        return Date.now() + this.clockOffset;
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
