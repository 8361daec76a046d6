import { browser } from "@web/core/browser/browser";

const EVENTS = ["play", "pause", "ended", "waiting", "playing", "seeking", "seeked", "durationchange"];
/** Milliseconds between two looks at the time while it plays. */
const TICK = 50;

/**
 * One sound at a time of several that belong together: which of them is heard can be changed in
 * the middle of a word. Nothing is fetched before somebody wants to hear it, since fetching a
 * recording counts as listening.
 */
export class TrackAudio {
    /**
     * @param {() => void} onChange playing, waiting or the time is another
     * @param {(url: string) => void} onError the sound cannot be had
     */
    constructor(onChange, onError) {
        this.onChange = onChange;
        this.audio = new browser.Audio();
        this.audio.preload = "none";
        this.url = "";
        this.waiting = false;
        this.onEvent = ({ type }) => this.changed(type);
        for (const name of EVENTS) {
            this.audio.addEventListener(name, this.onEvent);
        }
        this.onMetadata = () => this.restore();
        this.audio.addEventListener("loadedmetadata", this.onMetadata);
        this.onFailed = () => {
            if (this.loaded) {
                this.waiting = false;
                this.stopTicking();
                onError(this.loaded);
                onChange();
            }
        };
        this.audio.addEventListener("error", this.onFailed);
    }

    get playing() {
        return Boolean(this.loaded) && !this.audio.paused && !this.audio.ended;
    }

    /** @returns {number} seconds */
    get time() {
        return this.wanted ?? this.audio.currentTime;
    }

    /** @returns {number} seconds, 0 before it is known */
    get duration() {
        return Number.isFinite(this.audio.duration) ? this.audio.duration : 0;
    }

    /** Which sound is heard from now on, from the same moment. */
    choose(url) {
        if (url === this.url) {
            return;
        }
        const playing = this.playing;
        this.url = url;
        if (this.loaded) {
            this.wanted = this.time;
            this.fetch();
            if (playing) {
                return this.play();
            }
        }
    }

    async play() {
        if (this.loaded !== this.url || this.audio.error) {
            this.wanted ??= this.audio.currentTime;
            this.fetch();
        }
        this.audio.playbackRate = this.rate ?? 1;
        try {
            await this.audio.play();
        } catch {
            // paused or another track before it began; a sound that is not there is an error event
        }
    }

    pause() {
        this.audio.pause();
    }

    /** @param {number} seconds */
    seek(seconds) {
        if (this.loaded && this.audio.readyState > 0) {
            this.wanted = undefined;
            this.audio.currentTime = seconds;
        } else {
            this.wanted = seconds;
        }
        this.onChange();
    }

    /** @param {number} rate 1 is as it was spoken */
    setRate(rate) {
        this.rate = rate;
        this.audio.playbackRate = rate;
    }

    destroy() {
        this.stopTicking();
        for (const name of EVENTS) {
            this.audio.removeEventListener(name, this.onEvent);
        }
        this.audio.removeEventListener("loadedmetadata", this.onMetadata);
        this.audio.removeEventListener("error", this.onFailed);
        this.audio.pause();
        // lets go of the connection
        this.audio.removeAttribute("src");
        this.audio.load();
    }

    fetch() {
        this.loaded = this.url;
        this.audio.src = this.url;
        this.audio.load();
        // a new source is heard at its own speed
        this.audio.playbackRate = this.rate ?? 1;
    }

    restore() {
        if (this.wanted !== undefined) {
            this.audio.currentTime = this.wanted;
            this.wanted = undefined;
        }
        this.onChange();
    }

    changed(type) {
        if (type === "waiting" || type === "playing" || type === "pause" || type === "ended") {
            this.waiting = type === "waiting";
        }
        if (this.playing) {
            this.timer ??= browser.setInterval(() => this.onChange(), TICK);
        } else {
            this.stopTicking();
        }
        this.onChange();
    }

    stopTicking() {
        browser.clearInterval(this.timer);
        this.timer = undefined;
    }
}
