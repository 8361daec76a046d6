import { makeAudio, playOn } from "@whatsapp_calling/core/playback";

import { browser } from "@web/core/browser/browser";

const RING = "whatsapp-calling-ring";

/**
 * The ring tone. It sounds on one tab only, the main one, whichever tab that becomes while it
 * rings, and is never an error: a page that nobody has touched yet may not play sound.
 */
export class Ringer {
    wanted = false;
    /** what it rings on; "" is the computer's default */
    deviceId = "";
    /** the browser refused to play: shown on the popup until the page is touched */
    blocked = false;

    /**
     * @param {import("services").ServiceFactories} services
     * @param {import("@whatsapp_calling/core/main_tab").MainTab} mainTab
     */
    setup({ "mail.sound_effects": soundEffects, multi_tab: multiTab, presence }, mainTab) {
        this.soundEffects = soundEffects;
        this.mainTab = mainTab;
        this.presence = presence;
        soundEffects.soundEffects[RING] = {
            defaultVolume: 0.6,
            path: "/mail/static/src/audio/call-invitation",
        };
        multiTab.bus.addEventListener("become_main_tab", () => this.restart());
        multiTab.bus.addEventListener("no_longer_main_tab", () => this.silence());
    }

    get audio() {
        const effect = this.soundEffects.soundEffects[RING];
        // made here and not by the first play(): it would sound on the default device at first
        effect.audio ??= browser.Audio && makeAudio(effect.path);
        return effect.audio;
    }

    /** @param {string} deviceId "" is the computer's default */
    async useDevice(deviceId) {
        this.deviceId = deviceId;
        if (this.audio) {
            await playOn(this.audio, deviceId);
        }
    }

    /** @param {boolean} wanted */
    async ring(wanted) {
        if (wanted === this.wanted) {
            return;
        }
        this.wanted = wanted;
        if (wanted) {
            await this.restart();
        } else {
            this.silence();
            this.blocked = false;
        }
    }

    async restart() {
        // a worker is asked: the call may be over before it answers
        if (!this.wanted || !(await this.mainTab.isHere()) || !this.wanted) {
            return;
        }
        await this.useDevice(this.deviceId);
        if (!this.wanted) {
            return;
        }
        this.stopTest();
        this.soundEffects.play(RING, { loop: true });
        try {
            // the service swallows the refusal of play(); playing what plays tells about it
            await this.audio?.play();
            this.blocked = false;
        } catch {
            if (this.wanted) {
                this.blocked = true;
                // any click or key lets it ring
                this.presence.bus.addEventListener("presence", () => this.restart(), {
                    once: true,
                });
            }
        }
        if (!this.wanted) {
            this.silence();
        }
    }

    /**
     * Rings once, on any tab, to hear where and how loud: as loud as a call.
     *
     * @returns {Promise<void>} rejected when the browser refuses to play
     */
    async test() {
        const { defaultVolume, path } = this.soundEffects.soundEffects[RING];
        // an element of its own: a real ring goes on as it is
        this.testAudio ??= makeAudio(path);
        await playOn(this.testAudio, this.deviceId);
        this.testAudio.volume = defaultVolume;
        this.testAudio.currentTime = 0;
        await this.testAudio.play();
    }

    stopTest() {
        this.testAudio?.pause();
    }

    silence() {
        if (this.audio) {
            this.soundEffects.stop(RING);
        }
    }
}
