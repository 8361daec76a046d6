import { DeviceChoice } from "@whatsapp_calling/check/device_choice";
import { CallAvatar } from "@whatsapp_calling/panel/call_avatar";
import { CallNotes } from "@whatsapp_calling/panel/call_notes";
import { CallTimer } from "@whatsapp_calling/panel/call_timer";
import { DialPad } from "@whatsapp_calling/panel/dial_pad";
import { HoldBanner } from "@whatsapp_calling/panel/hold_banner";
import { InTheCall } from "@whatsapp_calling/panel/in_the_call";
import { QualityIndicator } from "@whatsapp_calling/panel/quality_indicator";
import { RecordingControls } from "@whatsapp_calling/panel/recording_controls";
import { RecordLinks } from "@whatsapp_calling/panel/record_links";
import { TransferPicker } from "@whatsapp_calling/panel/transfer_picker";
import { TransferStatus } from "@whatsapp_calling/panel/transfer_status";
import { displayName, stateLabel } from "@whatsapp_calling/softphone/call_labels";

import { Component, onMounted, useEffect, useRef, useState } from "@odoo/owl";

import { useHotkey } from "@web/core/hotkeys/hotkey_hook";
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
        HoldBanner,
        InTheCall,
        QualityIndicator,
        RecordLinks,
        RecordingControls,
        TransferPicker,
        TransferStatus,
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
        const anywhere = { bypassEditableProtection: true, global: true };
        useHotkey("alt+shift+h", () => this.mayHold && this.toggleHold(), anywhere);
        useHotkey("alt+shift+t", () => this.mayControl && this.toggleExtra("transfer"), anywhere);
        useEffect(
            (handedOn) => {
                // what the colleague before wrote is read first
                if (handedOn && this.call.notes && !this.state.extra) {
                    this.state.extra = "notes";
                }
            },
            () => [this.call?.mine && this.call.handlers?.length > 1]
        );
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

    /** Holding and handing on is the media server's work: it carries this call. */
    get mayControl() {
        return Boolean(this.call?.anchored) && this.isConnected && !this.call.transfer;
    }

    get mayHold() {
        return this.mayControl && !this.holding;
    }

    get holdText() {
        return this.call.on_hold
            ? _t("Take the customer off hold (Alt, Shift and H)")
            : _t("Hold: the customer hears music (Alt, Shift and H)");
    }

    /** Who handed the call on, and why. */
    get handedOnBy() {
        const before = this.call?.mine && this.call.handlers?.at(-2);
        return before ? _t("Transferred by %(name)s", { name: before.name }) : "";
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

    /** There is place for a large picture and for links. */
    get roomy() {
        return !this.state.extra && !this.call?.transfer;
    }

    get hangUpText() {
        if (this.call?.transfer) {
            return _t("Take the customer back first, or hand them over");
        }
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

    async toggleHold() {
        this.holding = true;
        try {
            await this.softphone.hold(this.call.id, !this.call.on_hold);
        } finally {
            this.holding = false;
        }
    }

    /** @param {"keypad"|"notes"|"devices"|"transfer"} name */
    toggleExtra(name) {
        this.state.extra = this.state.extra === name ? "" : name;
    }
}
