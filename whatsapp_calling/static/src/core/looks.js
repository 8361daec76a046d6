import { rethrowUnexpected } from "@whatsapp_calling/core/request_errors";

import { useEffect, useState } from "@odoo/owl";

import { browser } from "@web/core/browser/browser";
import { _t } from "@web/core/l10n/translation";
import { ConnectionLostError } from "@web/core/network/rpc";

/**
 * Looks at the server every few seconds, one look at a time. When one fails, what is shown stays and
 * no dialog opens. A server that refuses (the session has expired, the record is gone) is asked no
 * more by the clock, only by `now()`.
 *
 * @param {() => Promise<void>} look
 * @param {number} every milliseconds
 * @param {() => any[]} [dependencies] of the clock, which runs while the first of them is set
 * @returns {{text: string, now: () => Promise<void>}} `text`: why what is shown is old, or ""
 */
export function useLooks(look, every, dependencies = () => [true]) {
    /** @type {{problem: ""|"unreachable"|"refused"}} */
    const state = useState({ problem: "" });
    let running;
    let again = false;

    async function run() {
        try {
            do {
                again = false;
                await look();
            } while (again);
            state.problem = "";
        } catch (error) {
            state.problem = error instanceof ConnectionLostError ? "unreachable" : "refused";
            rethrowUnexpected(error);
        }
    }

    function now() {
        if (running) {
            // what it brings may be older than what one wants to see
            again = true;
        } else {
            running = run().finally(() => (running = undefined));
        }
        return running;
    }

    useEffect((wanted) => {
        if (wanted) {
            state.problem = "";
            const timer = browser.setInterval(() => {
                if (!running && state.problem !== "refused") {
                    now();
                }
            }, every);
            return () => browser.clearInterval(timer);
        }
    }, dependencies);

    return {
        now,
        get text() {
            return {
                "": "",
                unreachable: _t("Not updated: Odoo cannot be reached. It is tried again."),
                refused: _t("Not updated: Odoo refused the request. Reload the page."),
            }[state.problem];
        },
    };
}
