import { browser } from "@web/core/browser/browser";
import { _t } from "@web/core/l10n/translation";
import { user } from "@web/core/user";

/** @typedef {"microphone"|"speaker"|"ring"} DeviceUse */

const KIND = { microphone: "audioinput", speaker: "audiooutput", ring: "audiooutput" };
/** Names that Chromium gives to whichever device is the default one. */
const ALIASES = ["", "default", "communications"];

/**
 * Which microphone and speaker the phone uses, and on what it rings: chosen by this user in this
 * browser. Microphone and speaker are those of Odoo's own settings, so that one choice is good for
 * meetings too; where the phone rings is ours.
 */
export class Devices {
    /** @type {{id: string, kind: string, label: string}[]} */
    list = [];
    /** before the microphone was allowed browsers name no devices */
    named = false;
    /** what was chosen, by use: {id, label}; {} is the computer's default */
    chosen = { microphone: {}, speaker: {}, ring: {} };

    /**
     * @param {Object} params
     * @param {Object} params.settings of mail
     * @param {(text: string) => void} params.warn
     * @param {(use: DeviceUse) => void} params.onChange another device is in use from now on
     * @param {() => void} params.onPlugged some device came or went
     */
    setup({ settings, warn, onChange, onPlugged }) {
        Object.assign(this, { settings, warn, onChange, onPlugged });
        this.key = `whatsapp_calling.devices.${user.userId}`;
        try {
            Object.assign(this.chosen, JSON.parse(browser.localStorage.getItem(this.key)));
        } catch {
            // unreadable: as if nothing had been chosen
        }
        for (const use of ["microphone", "speaker"]) {
            this.adopt(use);
        }
        browser.navigator.mediaDevices?.addEventListener?.("devicechange", async () => {
            await this.refresh();
            this.onPlugged();
        });
        this.refresh();
    }

    /** What this user chose before goes before what another one left in this browser. */
    adopt(use) {
        const { id } = this.chosen[use];
        const current = this.settingOf(use) || "";
        if (id === undefined && current) {
            this.chosen[use] = { id: current };
        } else if (id !== undefined && id !== current) {
            this.writeSetting(use, id);
        }
    }

    settingOf(use) {
        const { audioInputDeviceId, audioOutputDeviceId } = this.settings;
        return use === "microphone" ? audioInputDeviceId : audioOutputDeviceId;
    }

    writeSetting(use, id) {
        if (use === "microphone") {
            this.settings.setAudioInputDevice(id);
        } else if (use === "speaker") {
            this.settings.setAudioOutputDevice(id);
        }
    }

    /**
     * @param {DeviceUse} use
     * @param {string} id "" is the computer's default
     */
    choose(use, id) {
        const device = this.find(use, id);
        this.chosen[use] = { id, label: device?.label || "" };
        browser.localStorage.setItem(this.key, JSON.stringify(this.chosen));
        this.writeSetting(use, id);
        this.onChange(use);
    }

    /** Chosen in Odoo's own settings, e.g. during a meeting. */
    follow(use) {
        const id = this.settingOf(use) || "";
        if (id !== (this.chosen[use].id || "")) {
            this.choose(use, id);
        }
    }

    /** @returns {{id: string, label: string}[]} what can be chosen, without the default */
    options(use) {
        return this.list.filter(({ id, kind }) => kind === KIND[use] && !ALIASES.includes(id));
    }

    /**
     * What can be chosen and, whether the browser names it (yet) or not, what was chosen.
     *
     * @returns {{id: string, label: string, lost?: boolean}[]}
     */
    choices(use) {
        const { id, label = "" } = this.chosen[use];
        const options = this.options(use);
        return !id || ALIASES.includes(id) || this.find(use, id)
            ? options
            : [...options, { id, label, lost: this.isLost(use) }];
    }

    /** @returns {string} why there is no choice of where it sounds; "" where there is one */
    choiceRefusal(use) {
        if (use === "microphone") {
            return "";
        }
        // Firefox before 116 and Safari
        if (!("setSinkId" in (browser.Audio?.prototype || {}))) {
            return _t(
                "This browser plays all sound on the computer's default speaker. Choose it in the settings of the computer."
            );
        }
        return this.named && !this.choices(use).length
            ? _t(
                  "This browser shows no speakers to choose from: the computer's default one is used."
              )
            : "";
    }

    find(use, id) {
        return this.options(use).find((device) => device.id === id);
    }

    /** @returns {boolean} it was chosen and is not there now */
    isLost(use) {
        const { id } = this.chosen[use];
        return Boolean(id) && this.named && !ALIASES.includes(id) && !this.find(use, id);
    }

    /** @returns {string} the chosen device, or "" (the default) when there is none or it is gone */
    present(use) {
        return this.isLost(use) ? "" : this.chosen[use].id || "";
    }

    async refresh() {
        const before = Object.keys(KIND).filter((use) => this.isLost(use));
        const devices = await browser.navigator.mediaDevices?.enumerateDevices?.().catch(() => []);
        this.list = (devices || []).map(({ deviceId, kind, label }) => ({
            id: deviceId,
            kind,
            label,
        }));
        this.named = this.list.some(({ label }) => label);
        for (const use of Object.keys(KIND)) {
            if (this.isLost(use) !== before.includes(use)) {
                if (this.isLost(use)) {
                    this.warn(this.lostText(use));
                }
                // the end of a microphone's track has told the call that it is gone
                if (use !== "microphone" || !this.isLost(use)) {
                    this.onChange(use);
                }
            }
        }
    }

    lostText(use) {
        const device = this.chosen[use].label || _t("unknown");
        switch (use) {
            case "microphone":
                return _t(
                    "Your microphone is not there (%(device)s). Calls use the computer's default one until it is back.",
                    { device }
                );
            case "speaker":
                return _t(
                    "Your speaker is not there (%(device)s). Calls are heard on the computer's default one until it is back.",
                    { device }
                );
            default:
                return _t(
                    "What rings for you is not there (%(device)s). Calls ring on the computer's default speaker until it is back.",
                    { device }
                );
        }
    }
}
