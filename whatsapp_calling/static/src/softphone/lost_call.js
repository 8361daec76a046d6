import { browser } from "@web/core/browser/browser";

const KEY = "whatsapp_calling.call";
/** Without a sign of life for this long, the tab that held the call is gone (it pings each 5 s). */
const SILENCE = 12_000;
const TOO_OLD = 5 * 60_000;

/**
 * Remembers the call a tab is in, so that after a crash or a closed tab the next one can offer to
 * call back. Holds a name and whom to dial, no more, and only during a call.
 */
export const lostCall = {
    /** @param {{tab: string, name: string, target: Object}} call */
    remember(call) {
        browser.localStorage.setItem(KEY, JSON.stringify({ ...call, at: Date.now() }));
    },

    /** The tab goes while the call lasts. */
    markClosed() {
        const call = this._read();
        if (call) {
            browser.localStorage.setItem(KEY, JSON.stringify({ ...call, closed: true }));
        }
    },

    forget() {
        browser.localStorage.removeItem(KEY);
    },

    /**
     * @returns {{name: string, target: Object}|number|undefined} the lost call (once), or the
     *  milliseconds after which to ask again because its tab may still live
     */
    take() {
        const call = this._read();
        if (!call) {
            return undefined;
        }
        const age = Date.now() - call.at;
        if (!call.closed && age < SILENCE) {
            return SILENCE - age + 500;
        }
        this.forget();
        return age < TOO_OLD ? call : undefined;
    },

    _read() {
        try {
            return JSON.parse(browser.localStorage.getItem(KEY));
        } catch {
            return null;
        }
    },
};
