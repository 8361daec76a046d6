import { browser } from "@web/core/browser/browser";

/**
 * A repeating timer which keeps its pace in a hidden tab. Browsers slow down the timers of hidden
 * pages to one a minute; the server would take a call whose pings stay away for a lost one.
 */
export const ticker = {
    WORKER_URL: "/whatsapp_calling/static/lib/tick_worker.js",

    /**
     * @param {Function} callback
     * @param {number} interval in milliseconds
     * @returns {Function} stops the ticker
     */
    start(callback, interval) {
        let fallback;
        const useInterval = () => {
            fallback ??= browser.setInterval(callback, interval);
        };
        let worker;
        try {
            worker = new Worker(this.WORKER_URL);
            worker.onmessage = () => callback();
            // the script could not be loaded (offline, blocked): a slowed timer beats none
            worker.onerror = useInterval;
            worker.postMessage({ interval });
        } catch {
            useInterval();
        }
        return () => {
            worker?.terminate();
            browser.clearInterval(fallback);
        };
    },
};
