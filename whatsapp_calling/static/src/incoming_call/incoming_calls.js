import { IncomingCall } from "@whatsapp_calling/incoming_call/incoming_call";

import { Component, reactive, useRef, useState } from "@odoo/owl";

import { useHotkey } from "@web/core/hotkeys/hotkey_hook";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";

/** The stack of popups, one for each call that rings for this user. */
export class IncomingCalls extends Component {
    static components = { IncomingCall };
    static props = [];
    static template = "whatsapp_calling.IncomingCalls";

    setup() {
        super.setup();
        this.softphone = useState(useService("whatsapp_calling.softphone"));
        this.root = useRef("root");
        // goes to the popup and no further: nobody answers a call by a slip of the fingers
        const focus = () => this.root.el.querySelector(".o-whatsapp-IncomingCall").focus();
        useHotkey("alt+shift+w", focus, { bypassEditableProtection: true, global: true });
    }
}

/** In the overlay only while something rings, as Discuss does for its invitations. */
export const incomingCallsService = {
    dependencies: ["overlay", "whatsapp_calling.softphone"],

    start(env, { overlay, "whatsapp_calling.softphone": service }) {
        let remove;
        const update = () => {
            const any = softphone.incoming.length > 0;
            if (any && !remove) {
                remove = overlay.add(IncomingCalls, {});
            } else if (!any && remove) {
                remove();
                remove = undefined;
            }
        };
        const softphone = reactive(service, update);
        update();
    },
};

registry.category("services").add("whatsapp_calling.incoming_calls", incomingCallsService);
