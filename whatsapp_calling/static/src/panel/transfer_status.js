import { Countdown } from "@whatsapp_calling/panel/countdown";
import { displayName } from "@whatsapp_calling/softphone/call_labels";

import { Component, useState } from "@odoo/owl";

import { _t } from "@web/core/l10n/translation";
import { useService } from "@web/core/utils/hooks";

/** A transfer under way, for the operator who has the call: how it stands, and what to do. */
export class TransferStatus extends Component {
    static components = { Countdown };
    static props = { call: Object };
    static template = "whatsapp_calling.TransferStatus";

    setup() {
        super.setup();
        this.softphone = useState(useService("whatsapp_calling.softphone"));
        this.state = useState({ busy: false });
    }

    get transfer() {
        return this.props.call.transfer;
    }

    get colleague() {
        return this.transfer.to?.name || this.transfer.target;
    }

    get customer() {
        return displayName(this.props.call);
    }

    get isConsulting() {
        return this.transfer.state === "consulting";
    }

    get title() {
        const { kind, state, target } = this.transfer;
        const words = { name: state === "ringing" ? target : this.colleague };
        switch (state) {
            case "ringing":
                return kind === "blind"
                    ? _t("Ringing at %(name)s…", words)
                    : _t("Calling %(name)s…", words);
            case "returning":
                return _t("Nobody took it at %(name)s", { name: target });
            case "connecting":
                return _t("%(name)s takes over…", words);
            default:
                return this.transfer.connected
                    ? _t("In consultation with %(name)s", words)
                    : _t("Connecting %(name)s…", words);
        }
    }

    get detail() {
        switch (this.transfer.state) {
            case "returning":
                return _t("%(name)s still waits for you.", { name: this.customer });
            case "consulting":
                return {
                    peer: _t("You talk to %(name)s.", { name: this.customer }),
                    consult: _t("%(name)s hears music.", { name: this.customer }),
                    both: _t("You talk to both of them."),
                }[this.transfer.talk];
            default:
                return _t("%(name)s hears music.", { name: this.customer });
        }
    }

    get talks() {
        return [
            { who: "peer", label: this.customer },
            { who: "consult", label: this.colleague },
            { who: "both", label: _t("All three") },
        ];
    }

    get handOverText() {
        return _t("Hand over to %(name)s", { name: this.colleague });
    }

    /** @param {() => Promise} action one at a time: a double click does it once */
    async run(action) {
        this.state.busy = true;
        try {
            await action();
        } finally {
            this.state.busy = false;
        }
    }

    takeBack() {
        return this.run(() => this.softphone.cancelTransfer(this.props.call.id));
    }

    complete() {
        return this.run(() => this.softphone.completeTransfer(this.props.call.id));
    }

    talkTo(who) {
        return this.run(() => this.softphone.talkTo(this.props.call.id, who));
    }
}
