import { CallTimer } from "@whatsapp_calling/panel/call_timer";
import { WrapUp } from "@whatsapp_calling/panel/wrap_up";

import { Component, useState } from "@odoo/owl";

import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";

/** The phone in the top bar: what it is doing, and how many calls were missed. */
export class SoftphoneSystray extends Component {
    static components = { CallTimer, WrapUp };
    static props = [];
    static template = "whatsapp_calling.SoftphoneSystray";

    setup() {
        super.setup();
        this.softphone = useState(useService("whatsapp_calling.softphone"));
    }

    /** The call of this tab, or of another one. */
    get call() {
        const { elsewhere, live, sideCall } = this.softphone;
        return live?.call || elsewhere || sideCall;
    }

    /** Where calling is off there is no phone, unless a call of another company comes. */
    get isShown() {
        const { enabled, panel, shown, status } = this.softphone;
        return enabled && (shown || panel.open || ["calling", "ringing"].includes(status));
    }

    get label() {
        const { missedCount, status, waiting, wrapUpUntil } = this.softphone;
        switch (status) {
            case "calling":
                return waiting.length
                    ? _t("WhatsApp phone: in a call, %(count)s waiting", { count: waiting.length })
                    : _t("WhatsApp phone: in a call");
            case "ringing":
                return _t("WhatsApp phone: incoming call");
            case "cutOff":
                return this.softphone.cutOffText;
            case "offline":
                return _t("WhatsApp phone: no live connection, checking every few seconds");
        }
        if (wrapUpUntil) {
            return _t("WhatsApp phone: wrap-up, you are not rung");
        }
        return missedCount
            ? _t("WhatsApp phone: %(count)s missed", { count: missedCount })
            : _t("WhatsApp phone");
    }

    onClick() {
        const { ended, live, missedCount, panel, status } = this.softphone;
        if (panel.open && ended && !live) {
            // from the summary of the last call back to the phone
            this.softphone.dismissEnded();
            return;
        }
        this.softphone.togglePanel();
        if (panel.open && missedCount && status === "idle") {
            this.softphone.openPanel("recents");
        }
    }
}

registry
    .category("systray")
    .add("whatsapp_calling.Softphone", { Component: SoftphoneSystray }, { sequence: 30 });
