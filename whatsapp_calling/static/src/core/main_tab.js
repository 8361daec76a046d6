import { browser } from "@web/core/browser/browser";

const ANSWER_TIMEOUT = 500;
const TRIES = 3;

/**
 * Whether this is the browser's main tab, the one that rings. Odoo's service answers only the last
 * of several questions that are asked at once; the others would wait for ever, and nothing would
 * ring. So one at a time, and again when somebody else's question took the answer.
 */
export class MainTab {
    /** @param {import("services").ServiceFactories} services */
    setup({ multi_tab: multiTab }) {
        this.multiTab = multiTab;
    }

    /** @returns {Promise<boolean>} */
    isHere() {
        this.asking ??= this.ask().finally(() => {
            this.asking = undefined;
        });
        return this.asking;
    }

    async ask() {
        for (let attempt = 0; attempt < TRIES; attempt++) {
            let timeout;
            const late = new Promise((resolve) => {
                timeout = browser.setTimeout(resolve, ANSWER_TIMEOUT);
            });
            const answer = await Promise.race([this.multiTab.isOnMainTab(), late]);
            browser.clearTimeout(timeout);
            if (answer !== undefined) {
                return answer;
            }
        }
        // rather two tabs that ring than none
        return true;
    }
}
