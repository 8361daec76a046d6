import { gather, loopback } from "@whatsapp_calling/core/media_test";

import { Component, useEffect, useRef, useState } from "@odoo/owl";

import { _t } from "@web/core/l10n/translation";
import { user } from "@web/core/user";
import { useService } from "@web/core/utils/hooks";

/**
 * "Test media": what STUN and TURN servers do for this computer, and whether sound passes through a
 * connection; in plain words with what to do.
 */
export class MediaTest extends Component {
    static props = [];
    static template = "whatsapp_calling.MediaTest";

    setup() {
        super.setup();
        this.softphone = useState(useService("whatsapp_calling.softphone"));
        this.action = useService("action");
        this.state = useState({ running: false, lines: [], advice: "" });
        this.maySetUp = user.isSystem;
        this.advice = useRef("advice");
        useEffect(
            (el) => {
                // its result is no clean-up of this effect
                el?.scrollIntoView({ block: "nearest" });
            },
            () => [this.advice.el]
        );
    }

    async run() {
        const { iceServers } = this.softphone;
        Object.assign(this.state, { running: true, lines: [], advice: "" });
        try {
            const own = await gather();
            this.addOwn(own);
            const answers = await Promise.all(iceServers.map((server) => gather(server)));
            iceServers.forEach((server, index) => this.addServer(server, answers[index]));
            const sound = await this.loopback(iceServers);
            this.addSound(sound);
            this.state.advice = this.adviceFor(own, answers, sound);
        } finally {
            this.state.running = false;
        }
    }

    loopback(iceServers) {
        return loopback(iceServers);
    }

    add(ok, title, details) {
        this.state.lines.push({ ok, title, details });
    }

    addOwn({ types, error }) {
        const ok = types.includes("host");
        this.add(
            ok,
            _t("This computer's own network (host)"),
            ok ? _t("Found.") : error || _t("The browser found no network address.")
        );
    }

    addServer({ urls }, { types, error }) {
        const url = [urls].flat().join(", ");
        const relays = /^turns?:/.test(url);
        const ok = types.includes(relays ? "relay" : "srflx");
        let details = relays
            ? _t("Lends an address that is reachable from everywhere (relay).")
            : _t("Tells this computer its public address (srflx).");
        if (!ok) {
            details = error
                ? _t("Did not help. The browser says: %(error)s", { error })
                : _t("Gave no answer within 5 seconds.");
        }
        this.add(ok, url, details);
    }

    addSound({ connected, codec, level, heard }) {
        let details = _t("No connection came about inside this computer.");
        if (heard) {
            details = _t("The test tone came back (%(codec)s, loudness %(level)s of 100).", {
                codec,
                level: Math.round(level * 100),
            });
        } else if (connected) {
            details = _t("Connected, but the test tone did not come back.");
        }
        this.add(heard, _t("Sound through a connection of this browser with itself"), details);
    }

    /** One thing to do, the most important one. */
    adviceFor(own, answers, { connected, heard }) {
        const has = (type) => answers.some(({ types }) => types.includes(type));
        if (!own.types.length) {
            return _t(
                "Calls cannot work here. Check the network, and whether a browser extension or policy blocks WebRTC."
            );
        }
        if (!connected || !heard) {
            return _t(
                "Calls would have no sound. Restart the browser, then look for a program or policy that blocks WebRTC or sound."
            );
        }
        if (has("relay")) {
            return _t("All is well: calls work here, behind a strict firewall too.");
        }
        if (has("srflx")) {
            return _t(
                "Calls work here as long as the firewall lets UDP out. If they stay silent in some network, ask your administrator for a TURN server."
            );
        }
        if (answers.length) {
            return _t(
                "No server answered. Calls may still work; if they stay silent, ask your administrator to check the servers and the firewall (UDP 3478)."
            );
        }
        return _t(
            "No STUN or TURN server is set up. Most networks need none, because WhatsApp's own address is public. If calls stay silent, ask your administrator for a TURN server."
        );
    }

    resultText({ ok }) {
        return ok ? _t("Works") : _t("Does not work");
    }

    openServers() {
        return this.action.doAction("mail.action_ice_servers");
    }
}
