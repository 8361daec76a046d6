import { CallError } from "@whatsapp_calling/panel/call_error";
import { CallTimer } from "@whatsapp_calling/panel/call_timer";
import { RecordingPlayer } from "@whatsapp_calling/player/recording_player";
import { Handlers } from "@whatsapp_calling/record/handlers";
import {
    callIcon,
    displayName,
    formatDuration,
    isMissed,
    stateLabel,
    targetOf,
} from "@whatsapp_calling/softphone/call_labels";

import { Component, useEffect, useState } from "@odoo/owl";

import { browser } from "@web/core/browser/browser";
import { _t } from "@web/core/l10n/translation";
import { useService } from "@web/core/utils/hooks";

/** The bus tells who looks at a call of its changes; who has no phone, or no bus, asks. */
const REFRESH_INTERVAL = 60_000;
const REFRESH_INTERVAL_WITHOUT_PHONE = 10_000;

/** A call in the chatter, as it is right now. */
export class CallCard extends Component {
    static components = { CallError, CallTimer, Handlers, RecordingPlayer };
    static props = { callId: Number };
    static template = "whatsapp_calling.CallCard";

    setup() {
        super.setup();
        this.softphone = useState(useService("whatsapp_calling.softphone"));
        this.bus = useService("bus_service");
        useEffect(
            (live, id) => {
                if (live) {
                    return this.follow(id);
                }
            },
            () => [this.call.live, this.props.callId]
        );
    }

    /** @returns {Function} stops it */
    follow(id) {
        const channel = `whatsapp.call_${id}`;
        const refresh = () => this.softphone.calls.load([id]).catch(() => {});
        const interval = browser.setInterval(
            refresh,
            this.softphone.enabled ? REFRESH_INTERVAL : REFRESH_INTERVAL_WITHOUT_PHONE
        );
        this.bus.addChannel(channel);
        return () => {
            browser.clearInterval(interval);
            this.bus.deleteChannel(channel);
        };
    }

    get call() {
        return this.softphone.calls.get(this.props.callId);
    }

    get icon() {
        return (this.call.live ? "fa " : "oi ") + callIcon(this.call);
    }

    get color() {
        if (isMissed(this.call) || this.call.state === "failed") {
            return "danger";
        }
        return this.call.live || this.call.state === "completed" ? "success" : "secondary";
    }

    get title() {
        const name = displayName(this.call);
        return this.call.direction === "inbound"
            ? _t("WhatsApp call from %(name)s", { name })
            : _t("WhatsApp call to %(name)s", { name });
    }

    get details() {
        const { answered, duration, handler, live } = this.call;
        const parts = [stateLabel(this.call)];
        if (!live && answered && duration) {
            parts.push(formatDuration(duration));
        }
        if (handler) {
            parts.push(handler.name);
        }
        return parts.filter(Boolean).join(" · ");
    }

    get reason() {
        return !this.call.live && !this.call.error ? this.call.reason : "";
    }

    get canCall() {
        return this.softphone.shown && !this.call.live;
    }

    callBack() {
        return this.softphone.dial(targetOf(this.call));
    }
}
