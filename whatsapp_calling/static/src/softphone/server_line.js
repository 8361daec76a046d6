import { ticker } from "@whatsapp_calling/core/ticker";

import { browser } from "@web/core/browser/browser";
import { _t } from "@web/core/l10n/translation";
import { RPCError } from "@web/core/network/rpc";

/** The bus worker says nothing when it never gets through, e.g. behind a proxy without websockets. */
const BUS_PATIENCE = 8_000;
/** A server that restarts is back soon; one that is away for long is not stormed. */
const START_RETRIES = [2_000, 5_000, 10_000, 30_000, 60_000];
/** Everybody's pages are told at once that calling was switched: they do not all ask at once. */
const RESTART_SPREAD = 1_000;
/** So many polls in a row may fail until the user is told. */
const POLLS_TO_FAIL = 3;

/**
 * Whether the server is reached, and whether it says that this user has a phone: asked when the page
 * opens and whenever calling is switched, and then by polls where the bus does not tell.
 */
export class ServerLine {
    /** calls ring here, in whichever company of the user */
    enabled = false;
    /** one can call from here: in a company that is ticked */
    shown = false;
    /** why not, and whether the user is told, because they could change it */
    reason = "";
    explained = false;
    /** the bus tells at once what happens */
    online = true;
    /** signed out, or Odoo is away: nothing that rings gets here */
    cutOff = false;
    pollInterval = 5_000;
    failedStarts = 0;
    failedPolls = 0;
    starts = 0;

    /** @param {import("services").ServiceFactories} services */
    setup(services) {
        this.orm = services.orm;
        this.notification = services.notification;
        this.bus = services.bus_service;
    }

    /** What else the bus tells. */
    subscribe() {}

    /**
     * @param {Object} data the answer to a start or a poll
     * @param {number} before when it was asked for
     */
    takeStart(data, before) {}

    takeCalls(data, before) {}

    /** @returns {boolean} a call is held here, whose controls must not go */
    get holdsCall() {
        return false;
    }

    /**
     * Asks the server whether this user has a phone, and what is ringing right now. Asked anew when
     * calling is switched on or off.
     */
    async start() {
        this.listen();
        browser.clearTimeout(this.startTimeout);
        const turn = ++this.starts;
        const before = Date.now();
        let data;
        try {
            data = await this.silentRpc("softphone_start");
        } catch (error) {
            if (turn === this.starts) {
                this.onStartFailed(error);
            }
            return;
        }
        if (turn !== this.starts) {
            // an older answer than the one that is still to come
            return;
        }
        this.failedStarts = 0;
        this.shown = data.shown;
        this.reason = data.reason;
        this.explained = data.explained;
        this.startAfterCall = !data.enabled && this.holdsCall;
        if (this.startAfterCall) {
            return;
        }
        this.enabled = data.enabled;
        this.updatePolling();
        if (!this.enabled) {
            return;
        }
        this.pollInterval = (data.poll_interval || 5) * 1000;
        this.onReached();
        this.takeStart(data, before);
    }

    /** The server restarts, the computer just woke up, the session is over: it may come back. */
    onStartFailed(error) {
        if (this.enabled) {
            this.onPollFailed(error);
        }
        const wait = START_RETRIES[Math.min(this.failedStarts, START_RETRIES.length - 1)];
        this.failedStarts++;
        this.startTimeout = browser.setTimeout(() => this.start(), wait);
    }

    onRestart() {
        browser.clearTimeout(this.startTimeout);
        this.startTimeout = browser.setTimeout(() => this.start(), Math.random() * RESTART_SPREAD);
    }

    /** Also where there is no phone (yet): calling may be switched on while the page is open. */
    listen() {
        if (this.listening) {
            return;
        }
        this.listening = true;
        this.bus.subscribe("whatsapp_calling/restart", () => this.onRestart());
        this.subscribe();
        this.bus.addEventListener("BUS:DISCONNECT", () => this.setOnline(false));
        this.bus.addEventListener("BUS:CONNECT", () => this.setOnline(true));
        this.bus.addEventListener("BUS:RECONNECT", () => this.setOnline(true));
        browser.setTimeout(() => {
            if (["CONNECTING", "DISCONNECTED"].includes(this.bus.workerState)) {
                this.setOnline(false);
            }
        }, BUS_PATIENCE);
    }

    setOnline(online) {
        if (online === this.online) {
            return;
        }
        this.online = online;
        this.updatePolling();
        if (this.enabled) {
            // gone for a while, or just back: what happened meanwhile?
            this.poll().catch(() => {});
        }
    }

    /**
     * While the bus is away the server is asked every few seconds; that counts as presence too. So
     * it is after a poll that failed, until one succeeds.
     */
    updatePolling() {
        const wanted = this.enabled && (!this.online || this.failedPolls > 0);
        if (wanted) {
            this.stopPolling ??= ticker.start(
                () => this.poll().catch(() => {}),
                this.pollInterval
            );
        } else {
            this.stopPolling?.();
            this.stopPolling = undefined;
        }
    }

    async poll() {
        const before = Date.now();
        let data;
        try {
            data = await this.silentRpc("softphone_poll");
        } catch (error) {
            this.onPollFailed(error);
            throw error;
        }
        this.onReached();
        this.takeCalls(data, before);
    }

    /** An answer that is an error comes from a server that no longer knows us. */
    onPollFailed(error) {
        this.failedPolls++;
        if (error instanceof RPCError || this.failedPolls >= POLLS_TO_FAIL) {
            this.cutOff = true;
        }
        this.updatePolling();
    }

    onReached() {
        this.failedPolls = 0;
        this.cutOff = false;
        this.updatePolling();
    }

    get cutOffText() {
        return _t("You are signed out or Odoo cannot be reached: calls do not reach you.");
    }

    reloadPage() {
        browser.location.reload();
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
