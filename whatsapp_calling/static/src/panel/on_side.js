import { CallAvatar } from "@whatsapp_calling/panel/call_avatar";
import { CallTimer } from "@whatsapp_calling/panel/call_timer";
import { QualityIndicator } from "@whatsapp_calling/panel/quality_indicator";
import { RecordLinks } from "@whatsapp_calling/panel/record_links";
import { displayName } from "@whatsapp_calling/softphone/call_labels";

import { Component, useState } from "@odoo/owl";

import { _t } from "@web/core/l10n/translation";
import { useService } from "@web/core/utils/hooks";

/** A call this user is in without handling it: asked by its operator, or listening. */
export class OnSide extends Component {
    static components = { CallAvatar, CallTimer, QualityIndicator, RecordLinks };
    static props = [];
    static template = "whatsapp_calling.OnSide";

    setup() {
        super.setup();
        this.softphone = useState(useService("whatsapp_calling.softphone"));
    }

    get side() {
        return this.softphone.side;
    }

    get call() {
        return this.softphone.sideCall;
    }

    /** What the tab with the sound tells; another device tells nothing. */
    get sound() {
        const { mirror } = this.softphone.tabs;
        if (this.side) {
            return this.side;
        }
        return mirror?.callId === this.call?.id ? mirror : null;
    }

    get role() {
        return this.side?.role || this.call.side.role;
    }

    get mode() {
        return this.call?.side ? this.call.side.mode : this.side.mode;
    }

    get isMonitor() {
        return this.role === "monitor";
    }

    get name() {
        return displayName(this.call || { name: this.side.name });
    }

    get operator() {
        return this.call?.handler?.name || "";
    }

    get isReady() {
        return this.side ? this.side.phase === "open" && this.side.media !== "new" : true;
    }

    get title() {
        const { operator: name } = this;
        if (!this.isReady) {
            return _t("Connecting…");
        }
        if (!this.isMonitor) {
            return _t("%(name)s asks you", { name });
        }
        switch (this.mode) {
            case "whisper":
                return _t("Only %(name)s hears you", { name });
            case "join":
                return _t("Both of them hear you");
            default:
                return _t("You listen to %(name)s; nobody hears you", { name });
        }
    }

    /** Where the customer is while the operator asks. */
    get detail() {
        if (this.isMonitor) {
            return "";
        }
        return {
            peer: _t("They talk to the customer. Please wait."),
            consult: _t("The customer hears music and not you."),
            both: _t("The customer hears both of you."),
        }[this.call?.transfer?.talk];
    }

    get reason() {
        return this.isMonitor ? "" : this.call?.transfer?.reason;
    }

    get modes() {
        return [
            { mode: "listen", label: _t("Listen") },
            { mode: "whisper", label: _t("Whisper") },
            { mode: "join", label: _t("Join") },
        ];
    }

    get mayMute() {
        return this.sound && this.mode !== "listen";
    }

    get muteText() {
        return this.sound?.muted ? _t("Unmute") : _t("Mute");
    }

    get leaveText() {
        return this.isMonitor ? _t("Stop listening (the call goes on)") : _t("Hang up (the call goes on)");
    }

    toggleMute() {
        this.softphone.setMuted(!this.sound.muted);
    }

    leave() {
        return this.side ? this.side.hangUp() : this.softphone.leaveElsewhere(this.call);
    }
}
