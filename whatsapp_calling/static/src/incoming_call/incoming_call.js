import { Countdown } from "@whatsapp_calling/panel/countdown";
import { displayName } from "@whatsapp_calling/softphone/call_labels";
import { CallAvatar } from "@whatsapp_calling/panel/call_avatar";
import { RecordLinks } from "@whatsapp_calling/panel/record_links";

import { Component, onMounted, useRef, useState } from "@odoo/owl";

import { _t } from "@web/core/l10n/translation";
import { useService } from "@web/core/utils/hooks";

let nextId = 1;

/** One ringing call: who it is, and accept, decline for everyone, or silence for me. */
export class IncomingCall extends Component {
    static components = { CallAvatar, Countdown, RecordLinks };
    static props = { callId: Number };
    static template = "whatsapp_calling.IncomingCall";

    setup() {
        super.setup();
        this.softphone = useState(useService("whatsapp_calling.softphone"));
        this.state = useState({ declining: false, busy: false });
        this.root = useRef("root");
        this.id = `o_whatsapp_incoming_${nextId++}`;
        onMounted(() => {
            // never take the keys from somebody who is typing: Enter would answer the call
            const { activeElement } = document;
            if (!activeElement || activeElement === document.body) {
                this.root.el.focus({ preventScroll: true });
            }
        });
    }

    get call() {
        return this.softphone.calls.get(this.props.callId);
    }

    get notice() {
        return this.softphone.notices[this.props.callId];
    }

    get name() {
        return displayName(this.call);
    }

    get isRinging() {
        return this.softphone.isRinging(this.call);
    }

    /** @returns {boolean} the caller hears the greeting or leaves a message just now */
    get isAtVoicemail() {
        return this.softphone.isAtVoicemail(this.call);
    }

    /** @returns {boolean} a teammate has accepted and waits for WhatsApp to confirm */
    get isConnecting() {
        return this.isRinging && this.call.connecting;
    }

    get connectingText() {
        const { handler } = this.call;
        return handler?.name
            ? _t("%(name)s is connecting…", { name: handler.name })
            : _t("A teammate is connecting…");
    }

    get acceptText() {
        return this.softphone.busyHere ? _t("End current call and accept") : _t("Accept");
    }

    /** It is handed on to this user, or comes back because nobody took it. */
    get transfer() {
        return this.call.transfer?.rings && this.call.transfer;
    }

    get isMine() {
        return this.transfer?.state === "returning";
    }

    get title() {
        const { transfer } = this;
        if (!transfer) {
            return this.isAtVoicemail ? _t("At the voicemail") : _t("Incoming call");
        }
        if (this.isMine) {
            return _t("Nobody took it at %(name)s", { name: transfer.target });
        }
        const words = { name: transfer.from.name };
        return transfer.kind === "attended"
            ? _t("%(name)s asks you about a call", words)
            : _t("Transferred by %(name)s", words);
    }

    /** To accept is to hang up on somebody: said before the click. */
    get waitingText() {
        const { call, name } = this.softphone.sound;
        return _t("Waiting while you talk. Accepting ends your call with %(name)s.", {
            name: (call && displayName(call)) || name,
        });
    }

    get announcement() {
        if (this.notice) {
            return `${this.name}: ${this.notice.text}`;
        }
        if (this.isConnecting) {
            return this.connectingText;
        }
        if (this.isAtVoicemail) {
            return _t("%(name)s is at the voicemail.", { name: this.name });
        }
        if (this.transfer) {
            return `${this.title}: ${this.name}. ${this.transfer.reason}`;
        }
        return _t("Incoming WhatsApp call from %(name)s. Press Alt, Shift and W to go to it.", {
            name: this.name,
        });
    }

    /** Which of our numbers was called. */
    get toNumber() {
        return _t("to %(number)s", { number: this.call.number.label });
    }

    accept() {
        return this.softphone.accept(this.props.callId);
    }

    silence() {
        return this.softphone.silence(this.props.callId);
    }

    dismiss() {
        if (this.isAtVoicemail) {
            this.softphone.hideLocally(this.props.callId);
        }
        this.softphone.dismissNotice(this.props.callId);
    }

    /** To say no to a colleague ends no call: no question before it. */
    toggleDecline() {
        if (this.transfer) {
            return this.decline(false);
        }
        this.state.declining = !this.state.declining;
    }

    /** @param {string|false} text */
    async decline(text) {
        this.state.busy = true;
        try {
            await this.softphone.decline(this.props.callId, text);
        } finally {
            this.state.busy = false;
        }
    }

    /** Escape takes one step back: out of the choice, then out of the way. Never for everyone. */
    onKeydown(ev) {
        if (ev.key !== "Escape") {
            return;
        }
        ev.stopPropagation();
        if (this.state.declining) {
            this.state.declining = false;
        } else if (this.isRinging) {
            this.silence();
        } else {
            this.dismiss();
        }
    }
}
