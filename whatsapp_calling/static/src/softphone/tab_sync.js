import { session } from "@web/session";
import { browser } from "@web/core/browser/browser";
import { user } from "@web/core/user";

/** The owner repeats its state with each ping (5 s); two missed ones and a tab is taken for gone. */
const MIRROR_TIMEOUT = 12_000;
const ALL = "all";

/**
 * Keeps the tabs of one user in one browser in step. One tab owns a call and its sound; the others
 * show it ("in another tab") and may ask the owner to mute.
 */
export class TabSync {
    /** @type {{tab: string, callId: number, muted: boolean, quality: Object}|null} */
    mirror = null;

    /**
     * @param {Object} params
     * @param {string} params.tabId
     * @param {() => Object|null} params.snapshot the call this tab owns
     * @param {(action: string, value: any) => void} params.onAction
     */
    setup({ tabId, snapshot, onAction }) {
        this.tabId = tabId;
        this.snapshot = snapshot;
        this.onAction = onAction;
        this.channel = new browser.BroadcastChannel(
            `whatsapp_calling.${session.db}.${user.userId}`
        );
        this.channel.onmessage = ({ data }) => this.onMessage(data);
        this.post("hello");
    }

    post(type, data = {}) {
        // what a proxy of OWL holds cannot be cloned
        this.channel.postMessage(JSON.parse(JSON.stringify({ ...data, type, tab: this.tabId })));
    }

    /** Tells the other tabs about the call of this one. */
    share() {
        const snapshot = this.snapshot();
        this.post(snapshot ? "state" : "closed", snapshot || {});
    }

    /** Asks the tab that owns the call. */
    request(action, value) {
        this.post("action", { to: this.mirror?.tab, action, value });
    }

    /** Asks all the other tabs. */
    tell(action, value) {
        this.post("action", { to: ALL, action, value });
    }

    onMessage({ type, tab, ...data }) {
        if (tab === this.tabId) {
            return;
        }
        if (type === "hello" && this.snapshot()) {
            this.share();
        } else if (type === "state") {
            this.mirror = { tab, ...data };
            browser.clearTimeout(this.timeout);
            this.timeout = browser.setTimeout(() => (this.mirror = null), MIRROR_TIMEOUT);
        } else if (type === "closed" && this.mirror?.tab === tab) {
            browser.clearTimeout(this.timeout);
            this.mirror = null;
        } else if (type === "action" && [this.tabId, ALL].includes(data.to)) {
            this.onAction(data.action, data.value);
        }
    }
}
