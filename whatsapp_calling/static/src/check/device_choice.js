import { Component, useState } from "@odoo/owl";

import { _t } from "@web/core/l10n/translation";
import { useService } from "@web/core/utils/hooks";

let nextId = 1;

/** Which device one speaks into, listens with, or is rung on. */
export class DeviceChoice extends Component {
    static props = {
        use: {
            type: String,
            validate: (use) => ["microphone", "speaker", "ring"].includes(use),
        },
    };
    static template = "whatsapp_calling.DeviceChoice";

    setup() {
        super.setup();
        this.softphone = useState(useService("whatsapp_calling.softphone"));
        this.id = `o_whatsapp_device_${nextId++}`;
    }

    get devices() {
        return this.softphone.devices;
    }

    get label() {
        return {
            microphone: _t("Microphone"),
            speaker: _t("Speaker"),
            ring: _t("Ring on"),
        }[this.props.use];
    }

    get chosen() {
        return this.devices.chosen[this.props.use];
    }

    get isLost() {
        return this.devices.isLost(this.props.use);
    }

    get refusal() {
        return this.devices.choiceRefusal(this.props.use);
    }

    nameOf({ label, lost }, index) {
        const name = label || _t("Device %(number)s", { number: index + 1 });
        return lost ? _t("%(device)s (not there)", { device: name }) : name;
    }

    onChange(ev) {
        this.devices.choose(this.props.use, ev.target.value);
    }
}
