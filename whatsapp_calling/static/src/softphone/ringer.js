const RING = "whatsapp-calling-ring";

/**
 * The ring tone. It sounds on one tab only, the main one, whichever tab that becomes while it
 * rings, and is never an error: a page that nobody has touched yet may not play sound.
 */
export class Ringer {
    wanted = false;
    /** the browser refused to play: shown on the popup until the page is touched */
    blocked = false;

    /** @param {import("services").ServiceFactories} services */
    setup({ "mail.sound_effects": soundEffects, multi_tab: multiTab, presence }) {
        this.soundEffects = soundEffects;
        this.multiTab = multiTab;
        this.presence = presence;
        soundEffects.soundEffects[RING] = {
            defaultVolume: 0.6,
            path: "/mail/static/src/audio/call-invitation",
        };
        multiTab.bus.addEventListener("become_main_tab", () => this.restart());
        multiTab.bus.addEventListener("no_longer_main_tab", () => this.silence());
    }

    /**
     * @param {boolean} wanted
     * @param {{ volume?: number }} [options]
     */
    async ring(wanted, { volume } = {}) {
        if (wanted === this.wanted) {
            return;
        }
        this.wanted = wanted;
        this.volume = volume;
        if (wanted) {
            await this.restart();
        } else {
            this.silence();
            this.blocked = false;
        }
    }

    async restart() {
        // isOnMainTab() asks a worker: the call may be over before it answers
        if (!this.wanted || !(await this.multiTab.isOnMainTab()) || !this.wanted) {
            return;
        }
        this.soundEffects.play(RING, { loop: true, volume: this.volume });
        const { audio } = this.soundEffects.soundEffects[RING];
        try {
            // the service swallows the refusal of play(); playing what plays tells about it
            await audio?.play();
            this.blocked = false;
        } catch {
            if (this.wanted) {
                this.blocked = true;
                this.presence.bus.addEventListener("presence", () => this.restart(), {
                    once: true,
                });
            }
        }
        if (!this.wanted) {
            this.silence();
        }
    }

    silence() {
        if (this.soundEffects.soundEffects[RING].audio) {
            this.soundEffects.stop(RING);
        }
    }
}
