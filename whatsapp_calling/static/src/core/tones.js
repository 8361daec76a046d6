import { playOn } from "@whatsapp_calling/core/playback";

import { browser } from "@web/core/browser/browser";

/** Frequencies in Hz of the keys of a phone (ITU-T Q.23). */
const ROWS = [697, 770, 852, 941];
const COLUMNS = [1209, 1336, 1477];
const KEYS = ["123", "456", "789", "*0#"];

/** The tones a phone makes for its own user: ringback, somebody waiting, and keys. */
export const tones = {
    context: undefined,
    /** the speaker they sound on; "" is the computer's default */
    deviceId: "",
    interval: undefined,
    waiting: undefined,

    /** @param {string} deviceId "" is the computer's default */
    async useDevice(deviceId) {
        this.deviceId = deviceId;
        if (this.context) {
            await playOn(this.context, deviceId);
        }
    },

    /**
     * @param {() => boolean} [wanted] asked when it can sound: a page that nobody has touched yet
     *     has to wait for a click
     * @returns {Promise<GainNode|undefined>} undefined when it does not sound
     */
    async _beep(frequencies, seconds, volume, wanted = () => true) {
        try {
            this.context ??= new AudioContext();
            // of several that wait the last one sounds, not all at once
            const turn = (this.turn = {});
            await playOn(this.context, this.deviceId);
            if (this.context.state !== "running") {
                await this.context.resume();
            }
            if (turn !== this.turn || !wanted()) {
                return undefined;
            }
            const { currentTime } = this.context;
            const gain = this.context.createGain();
            gain.connect(this.context.destination);
            // short ramps: a tone cut off hard clicks
            gain.gain.setValueAtTime(0, currentTime);
            gain.gain.linearRampToValueAtTime(volume, currentTime + 0.02);
            gain.gain.setValueAtTime(volume, currentTime + seconds - 0.02);
            gain.gain.linearRampToValueAtTime(0, currentTime + seconds);
            for (const frequency of frequencies) {
                const oscillator = this.context.createOscillator();
                oscillator.frequency.value = frequency;
                oscillator.connect(gain);
                oscillator.start(currentTime);
                oscillator.stop(currentTime + seconds);
            }
            return gain;
        } catch {
            // no sound device, or a browser without Web Audio: the panel shows the state anyway
            return undefined;
        }
    },

    /** A soft double knock every few seconds: somebody waits while one is talking. */
    startWaiting() {
        if (this.waiting) {
            return;
        }
        const beep = () => this._beep([440], 0.12, 0.04, () => Boolean(this.waiting));
        const knock = () => {
            beep();
            this.secondKnock = browser.setTimeout(beep, 250);
        };
        this.waiting = browser.setInterval(knock, 5_000);
        knock();
    },

    stopWaiting() {
        browser.clearInterval(this.waiting);
        browser.clearTimeout(this.secondKnock);
        this.waiting = undefined;
    },

    startRingback() {
        if (this.interval) {
            return;
        }
        const beep = async () => {
            const gain = await this._beep([425], 1, 0.08, () => Boolean(this.interval));
            if (this.interval) {
                this.ringback = gain;
            } else {
                gain?.disconnect();
            }
        };
        this.interval = browser.setInterval(beep, 5_000);
        beep();
    },

    stopRingback() {
        browser.clearInterval(this.interval);
        this.interval = undefined;
        this.ringback?.disconnect();
        this.ringback = undefined;
    },

    /** @param {string} key "0" to "9", "*" or "#" */
    playKey(key) {
        const row = KEYS.findIndex((keys) => keys.includes(key));
        if (row >= 0) {
            this._beep([ROWS[row], COLUMNS[KEYS[row].indexOf(key)]], 0.12, 0.05);
        }
    },
};
