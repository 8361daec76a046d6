import { markRaw } from "@odoo/owl";

import { browser } from "@web/core/browser/browser";
import { _t } from "@web/core/l10n/translation";

const ICON = "/whatsapp_calling/static/description/icon.png";

/**
 * The system's notification of a ringing call, for when Odoo is behind another window or in another
 * tab. One for each call and only from the main tab; it goes when the call stops ringing. Without
 * an open page a web push tells, as long as the browser runs in the background.
 */
export class RingNotifications {
    /** @type {Map<number, Notification>} by call */
    shown = new Map();

    /**
     * @param {import("services").ServiceFactories} services
     * @param {import("@whatsapp_calling/core/main_tab").MainTab} mainTab
     */
    setup({ presence }, mainTab) {
        this.mainTab = mainTab;
        this.presence = presence;
    }

    /**
     * @param {import("./call_store").CallView} call
     * @param {() => boolean} stillRings the browser answers later who is the main tab
     */
    async show(call, stillRings) {
        if (
            this.presence.isOdooFocused() ||
            browser.Notification?.permission !== "granted" ||
            !(await this.mainTab.isHere()) ||
            !stillRings()
        ) {
            return;
        }
        try {
            const notification = new browser.Notification(_t("Incoming WhatsApp call"), {
                body: [call.name, call.phone].filter(Boolean).join(" · "),
                icon: ICON,
                tag: `whatsapp-call-${call.id}`,
                requireInteraction: true,
                // the ring tone is there already
                silent: true,
            });
            notification.onclick = () => {
                window.focus();
                notification.close();
            };
            this.shown.set(call.id, markRaw(notification));
        } catch {
            // Android's Chromium shows notifications of service workers only: the push does that
        }
    }

    close(id) {
        this.shown.get(id)?.close();
        this.shown.delete(id);
    }
}
