import { CallStore } from "@whatsapp_calling/softphone/call_store";
import { ServerLine } from "@whatsapp_calling/softphone/server_line";

import { browser } from "@web/core/browser/browser";
import { _t } from "@web/core/l10n/translation";
import { user } from "@web/core/user";

/** When what a message told of could not be asked for, and until when it may ring at the most. */
const RECOVERIES = [1_000, 2_000, 4_000];
const RING_TIME = 60_000;

/**
 * What the server tells the phone: the answers to start and poll, and the messages of the bus.
 * Knows calls and how to ask for them, not what to do about them.
 */
export class PhoneLine extends ServerLine {
    numbers = [];
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
    clockOffset = 0;

    /** @param {import("services").ServiceFactories} services */
    setup(services) {
        super.setup(services);
        this.calls.setup({
            fetch: (ids) => this.silentRpc("softphone_calls", [ids]),
            onChange: (call, before) => this.onCallChange(call, before),
        });
    }

    /** Called once, when the server first said that this user has a phone. */
    onStarted() {}

    /** Called whenever the server has said from which numbers one may call. */
    onNumbers() {}

    /**
     * @param {import("./call_store").CallView} call in a new version
     * @param {import("./call_store").CallView} [before] what was known of it
     */
    onCallChange(call, before) {}

    /** @param {Object} target whom the user wanted to call as soon as they agreed */
    offerCall(name, target) {}

    onMessageRefused(payload) {}

    takeStart(data, before) {
        this.numbers = data.numbers;
        this.quickTexts = data.quick_texts || [];
        this.iceServers = data.ice_servers || [];
        this.pingInterval = (data.ping_interval || 5) * 1000;
        this.takeCalls(data, before);
        if (!this.started) {
            this.started = true;
            this.onStarted();
        }
        this.onNumbers();
    }

    subscribe() {
        // without a phone there is nothing to show a call with; a ring says that there is one now
        const on = (type, listener, otherwise = () => {}) =>
            this.bus.subscribe(`whatsapp_calling/${type}`, (payload) =>
                this.enabled ? listener(payload) : otherwise()
            );
        on(
            "ring",
            (payload) => this.onRing(payload),
            () => this.onRestart()
        );
        on("update", (payload) => this.onUpdate(payload));
        on("wrap_up", ({ until }) => this.setWrapUp(until));
        on("permission", (payload) => this.onPermission(payload));
        on("call_back", (payload) => this.onCallBack(payload));
        on("message_refused", (payload) => this.onMessageRefused(payload));
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

    onRing({ id, version, server_time }) {
        // the bus replays messages of up to a day: what is known and not older is no ring
        if (version > (this.calls.get(id)?.version ?? -1)) {
            this.loadTold(id, server_time);
        }
    }

    /** No message comes twice: what it told of must not be lost with one request. */
    loadTold(id, serverTime) {
        this.calls.load([id]).catch(() => {
            this.toldAt = Math.max(this.toldAt || 0, serverTime ?? this.now());
            this.recovering ??= this.recover().finally(() => {
                this.recovering = undefined;
            });
        });
    }

    async recover() {
        for (const delay of RECOVERIES) {
            await new Promise((resolve) => browser.setTimeout(resolve, delay));
            if (this.now() - this.toldAt > RING_TIME) {
                return;
            }
            try {
                return await this.poll();
            } catch {
                // once more, as long as it may ring
            }
        }
    }

    onUpdate(payload) {
        const known = this.calls.get(payload.id);
        if (known ? this.calls.applyUpdate(payload, user.userId) : payload.live) {
            this.loadTold(payload.id, payload.server_time);
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
}
