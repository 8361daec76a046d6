import { DeviceChoice } from "@whatsapp_calling/check/device_choice";
import { CallAvatar } from "@whatsapp_calling/panel/call_avatar";
import { CallNotes } from "@whatsapp_calling/panel/call_notes";
import { CallTimer } from "@whatsapp_calling/panel/call_timer";
import { DialPad } from "@whatsapp_calling/panel/dial_pad";
import { QualityIndicator } from "@whatsapp_calling/panel/quality_indicator";
import { RecordingControls } from "@whatsapp_calling/panel/recording_controls";
import { RecordLinks } from "@whatsapp_calling/panel/record_links";
import { displayName, stateLabel } from "@whatsapp_calling/softphone/call_labels";

import { Component, onMounted, useRef, useState } from "@odoo/owl";

import { _t } from "@web/core/l10n/translation";
import { useService } from "@web/core/utils/hooks";

/** The running call: of this tab, or mirrored from the tab that holds it. */
export class OnCall extends Component {
    static components = {
        CallAvatar,
        CallNotes,
        CallTimer,
        DeviceChoice,
        DialPad,
        QualityIndicator,
        RecordLinks,
        RecordingControls,
    };
    static props = [];
    static template = "whatsapp_calling.OnCall";

    setup() {
        super.setup();
        this.softphone = useState(useService("whatsapp_calling.softphone"));
        this.state = useState({ extra: "" });
        this.root = useRef("root");
        onMounted(() => {
            // the popup with the pressed button is gone, and with it the place of the keyboard
            if (this.live && document.activeElement === document.body) {
                this.root.el?.focus({ preventScroll: true });
            }
        });
    }

    get live() {
        return this.softphone.live;
    }

    /** @returns {import("@whatsapp_calling/softphone/call_store").CallView|undefined} */
    get call() {
        return this.live ? this.live.call : this.softphone.elsewhere;
    }

    /** What is known of the other side, also before the server has made a call of it. */
    get party() {
        return this.call || { name: this.live?.name, phone: this.live?.phone };
    }

    get name() {
        return displayName(this.party);
    }

    /** Which of our numbers the call goes over. */
    get viaNumber() {
        return _t("via %(number)s", { number: this.call.number.label });
    }

    get isElsewhere() {
        return !this.live;
    }

    /** What the tab with the sound tells; another device tells nothing. */
    get sound() {
        const { mirror } = this.softphone.tabs;
        if (this.live) {
            return this.live;
        }
        return mirror?.callId === this.call?.id ? mirror : null;
    }

    get isConnected() {
        return this.call?.state === "connected";
    }

    get stateText() {
        if (this.live?.phase === "microphone") {
            return _t("Waiting for your microphone…");
        }
        if (this.live ? this.live.renewing : this.softphone.isLeft(this.call)) {
            return _t("Coming back to the call…");
        }
        if (this.sound?.media === "reconnecting") {
            return _t("Reconnecting…");
        }
        if (this.live && (!this.call || this.live.phase !== "open")) {
            return this.live.direction === "inbound" ? _t("Connecting…") : _t("Calling…");
        }
        return stateLabel(this.call);
    }

    get isThere() {
        return !this.softphone.isLeft(this.call);
    }

    get waitingText() {
        return _t("%(count)s waiting", { count: this.softphone.waiting.length });
    }

    get hangUpText() {
        return this.isConnected ? _t("Hang up") : _t("Cancel");
    }

    get muteText() {
        return this.sound?.muted ? _t("Unmute") : _t("Mute");
    }

    toggleMute() {
        this.softphone.setMuted(!this.sound.muted);
    }

    /**
     * @param {number} callId
     * @param {"pause"|"resume"|"refuse"} action
     * @returns {Promise<boolean>} whether it is on its way
     */
    async changeRecording(callId, action) {
        const result = await this.softphone.rpc("softphone_recording", [callId, action]);
        if (!result.ok) {
            this.softphone.notify(result.message, "warning");
        }
        return result.ok;
    }

    /** @param {"keypad"|"notes"|"devices"} name */
    toggleExtra(name) {
        this.state.extra = this.state.extra === name ? "" : name;
    }
}
