import { CallAvatar } from "@whatsapp_calling/panel/call_avatar";
import { CallError } from "@whatsapp_calling/panel/call_error";
import { CallNotes } from "@whatsapp_calling/panel/call_notes";
import { RecordLinks } from "@whatsapp_calling/panel/record_links";
import { displayName, formatDuration, outcomeLabel } from "@whatsapp_calling/softphone/call_labels";

import { Component, useState } from "@odoo/owl";

import { _t } from "@web/core/l10n/translation";
import { useService } from "@web/core/utils/hooks";

/** The call that just ended: why, for how long, and one click to call again. */
export class EndedCall extends Component {
    static components = { CallAvatar, CallError, CallNotes, RecordLinks };
    static props = [];
    static template = "whatsapp_calling.EndedCall";

    setup() {
        super.setup();
        this.softphone = useState(useService("whatsapp_calling.softphone"));
    }

    get ended() {
        return this.softphone.ended;
    }

    get call() {
        return this.ended.callId && this.softphone.calls.get(this.ended.callId);
    }

    get party() {
        return this.call || this.ended;
    }

    get name() {
        return displayName(this.party);
    }

    get outcome() {
        if (this.call?.live && this.call.handler && !this.call.mine) {
            return _t("Transferred");
        }
        if (!this.call || this.call.live) {
            return this.ended.message ? _t("Not connected") : _t("Ended");
        }
        if (this.call.state === "completed" && this.call.duration) {
            return _t("Ended after %(duration)s", { duration: formatDuration(this.call.duration) });
        }
        return outcomeLabel(this.call);
    }

    /** The reason, unless the callout below says it. */
    get reason() {
        return this.call?.error ? "" : this.ended.message || this.call?.reason;
    }
}
