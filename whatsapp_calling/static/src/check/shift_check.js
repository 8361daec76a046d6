import { DeviceChoice } from "@whatsapp_calling/check/device_choice";
import { LevelMeter } from "@whatsapp_calling/check/level_meter";
import { MediaTest } from "@whatsapp_calling/check/media_test";
import { makeAudio, playOn } from "@whatsapp_calling/core/playback";

import { Component, onWillStart, onWillUnmount, useState } from "@odoo/owl";

import { Dialog } from "@web/core/dialog/dialog";
import { _t } from "@web/core/l10n/translation";
import { useService } from "@web/core/utils/hooks";

const TEST_SOUND = "/mail/static/src/audio/call-join";

/**
 * The check before a shift: does one hear me, do I hear, will I notice a call? Nothing is sent
 * anywhere; what was chosen is kept at once.
 */
export class ShiftCheck extends Component {
    static components = { DeviceChoice, Dialog, LevelMeter, MediaTest };
    static props = { close: Function };
    static template = "whatsapp_calling.ShiftCheck";

    setup() {
        super.setup();
        this.softphone = useState(useService("whatsapp_calling.softphone"));
        this.permission = useState(useService("mail.notification.permission"));
        this.outOfFocus = useService("mail.out_of_focus");
        // "": not tried, "asked": did you hear it?, "yes", "no", "blocked"
        this.state = useState({ microphone: "", speaker: "", ring: "", push: false });
        onWillStart(async () => {
            this.softphone.checkReminder.done();
            this.state.push = await this.outOfFocus
                .hasServiceWorkInstalledAndPushSubscriptionActive()
                .catch(() => false);
        });
        onWillUnmount(() => {
            this.softphone.ringer.stopTest();
            this.speaker?.pause();
        });
    }

    get constraints() {
        return { ...this.softphone.settings.audioConstraints };
    }

    onHeard() {
        this.state.microphone = "yes";
    }

    async testSpeaker() {
        this.speaker ??= makeAudio(TEST_SOUND);
        await playOn(this.speaker, this.softphone.devices.present("speaker"));
        this.speaker.currentTime = 0;
        this.state.speaker = await this.played(this.speaker.play());
    }

    async testRing() {
        this.state.ring = await this.played(this.softphone.ringer.test());
    }

    async played(playing) {
        try {
            await playing;
            return "asked";
        } catch {
            return "blocked";
        }
    }

    get steps() {
        return [
            {
                use: "speaker",
                title: _t("Do you hear your callers?"),
                test: _t("Play a sound"),
                run: () => this.testSpeaker(),
            },
            {
                use: "ring",
                title: _t("Do you hear it ring?"),
                test: _t("Test ring"),
                run: () => this.testRing(),
            },
        ];
    }

    answer(use, heard) {
        this.state[use] = heard ? "yes" : "no";
        if (use === "ring") {
            this.softphone.ringer.stopTest();
        }
    }

    /** @returns {"ok"|"bad"|"open"} */
    resultOf(use) {
        return { yes: "ok", no: "bad", blocked: "bad" }[this.state[use]] || "open";
    }

    get notificationText() {
        switch (this.permission.permission) {
            case "granted":
                return _t("Allowed: calls are shown when Odoo is behind another window.");
            case "denied":
                return _t(
                    "Blocked: allow notifications for this page in your browser's settings, or you may miss calls while Odoo is behind another window."
                );
            default:
                return _t("Not allowed yet: you may miss calls while Odoo is behind another window.");
        }
    }

    get pushText() {
        if (this.state.push) {
            return _t(
                "On: this device is told of calls while no Odoo page is open. The browser itself must still run in the background."
            );
        }
        if (!window.isSecureContext) {
            return _t("Off: browsers want Odoo to be served over HTTPS for it.");
        }
        return this.permission.permission === "granted"
            ? _t("Off: the browser did not subscribe. Reload the page to try again.")
            : _t("Off: it comes with the permission for notifications.");
    }

    get lineText() {
        return this.softphone.online
            ? _t("Connected: calls ring at once.")
            : _t(
                  "Not connected: calls are looked for every few seconds. Ask your administrator whether the proxy passes /websocket on."
              );
    }
}
