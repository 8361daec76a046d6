import { useLooks } from "@whatsapp_calling/core/looks";
import { spoken, Transcript } from "@whatsapp_calling/player/transcript";
import { TrackAudio } from "@whatsapp_calling/player/track_audio";
import { Waveform } from "@whatsapp_calling/player/waveform";
import { formatDuration } from "@whatsapp_calling/softphone/call_labels";

import { Component, markRaw, onWillUnmount, useEffect, useState } from "@odoo/owl";

import { browser } from "@web/core/browser/browser";
import { _t } from "@web/core/l10n/translation";
import { useBus, useService } from "@web/core/utils/hooks";

export const SPEEDS = [0.75, 1, 1.25, 1.5, 1.75, 2];
const SPEED_KEY = "whatsapp_calling.player_speed";
/** Seconds of the two skip buttons and of the arrow keys. */
const SKIP = 5;
/** Milliseconds between looks while sound is still to come: the bus may be what does not work. */
const LOOK_EVERY = 10_000;

/**
 * A call's recording: tracks, sound and what was said; or why there is nothing to hear.
 * `compact` is one line with a player, for a voice message in a chatter or an activity.
 */
export class RecordingPlayer extends Component {
    static template = "whatsapp_calling.RecordingPlayer";
    static components = { Transcript, Waveform };
    static props = {
        callId: Number,
        compact: { type: Boolean, optional: true },
        wordless: { type: Boolean, optional: true }, // compact, where the words stand already
    };

    setup() {
        this.orm = useService("orm");
        this.bus = useService("bus_service");
        this.speeds = SPEEDS;
        const speed = Number(browser.localStorage.getItem(SPEED_KEY));
        this.state = useState({
            view: null, // of the server
            failure: "", // why there is no view
            problem: "", // why the sound cannot be had
            track: 0, // id of the one that is heard
            at: 0, // seconds
            playing: false,
            waiting: false,
            speed: SPEEDS.includes(speed) ? speed : 1,
        });
        this.audio = new TrackAudio(
            () => this.listen(),
            (url) => this.explain(url)
        );
        this.audio.setRate(this.state.speed);
        // one and the same function, so that lines are drawn anew only when they change
        this.playLine = (seconds) => this.playFrom(seconds);
        onWillUnmount(() => this.audio.destroy());
        this.looks = useLooks(
            () => this.load(),
            LOOK_EVERY,
            () => [this.state.view?.pending]
        );
        useEffect(
            (callId) => {
                this.looks.now();
                return this.follow(callId);
            },
            () => [this.props.callId]
        );
        useBus(this.bus, "BUS:RECONNECT", () => this.looks.now());
    }

    /** Lines that are said and sound that arrives are told over the bus: ids only. */
    follow(callId) {
        const channel = `whatsapp.call_${callId}`;
        const look = ({ id }) => {
            if (id === callId) {
                this.looks.now();
            }
        };
        // a function for each: the bus forgets the first when one is subscribed twice
        const listeners = ["turn", "update"].map((type) => [
            `whatsapp_calling/${type}`,
            (payload) => look(payload),
        ]);
        this.bus.addChannel(channel);
        listeners.forEach(([type, listener]) => this.bus.subscribe(type, listener));
        return () => {
            listeners.forEach(([type, listener]) => this.bus.unsubscribe(type, listener));
            this.bus.deleteChannel(channel);
        };
    }

    async load() {
        const { callId } = this.props;
        try {
            const view = await this.orm.silent.call("whatsapp.call", "recording_view", [callId]);
            if (callId === this.props.callId) {
                this.state.failure = "";
                this.show(view);
            }
        } catch (error) {
            if (!this.state.view) {
                this.state.failure = error.data?.message || _t("Odoo cannot be reached.");
            }
            throw error;
        }
    }

    show(view) {
        // replaced as a whole, and peaks are many
        this.state.view = markRaw(view);
        const track = view.tracks.find(({ id }) => id === this.state.track) || view.tracks[0];
        if (track) {
            this.state.track = track.id;
            this.audio.choose(track.url);
        }
    }

    get tracks() {
        const { view } = this.state;
        return this.props.compact ? view.tracks.slice(0, 1) : view.tracks;
    }

    get track() {
        return this.state.view.tracks.find(({ id }) => id === this.state.track);
    }

    /** Seconds: what the server counted, else what the browser found out. */
    get duration() {
        const counted = Math.max(...this.state.view.tracks.map((track) => track.duration_ms));
        return counted / 1000 || this.audio.duration;
    }

    get currentTurn() {
        const { turns, tracks } = this.state.view;
        return (tracks.length && spoken(turns, this.state.at)?.id) || false;
    }

    /** Whether lines are still coming. */
    get isLive() {
        const { tracks, pending } = this.state.view;
        return Boolean(pending && !tracks.length);
    }

    /** Lines lead to their sound only where there is one. */
    get seekLine() {
        return this.state.view.tracks.length ? this.playLine : undefined;
    }

    get said() {
        return this.state.view.turns.map(({ text }) => text).join(" ");
    }

    get downloadUrl() {
        return `${this.track.url}?download=1`;
    }

    get playLabel() {
        return _t("Play");
    }

    get pauseLabel() {
        return _t("Pause");
    }

    time(seconds) {
        return formatDuration(seconds);
    }

    /** What a person reads of a speed, e.g. "1.25×". */
    speedText(speed) {
        return `${speed}×`;
    }

    listen() {
        const { audio, state } = this;
        state.playing = audio.playing;
        state.waiting = audio.waiting;
        state.at = audio.time;
    }

    toggle() {
        this.state.problem = "";
        if (this.audio.playing) {
            return this.audio.pause();
        }
        if (this.state.at >= this.duration) {
            this.seek(0);
        }
        return this.audio.play();
    }

    seek(seconds) {
        this.audio.seek(Math.min(Math.max(0, seconds), this.duration || 0));
    }

    skip(seconds) {
        this.seek(this.state.at + seconds);
    }

    /** A line of the transcript: one wants to hear it. */
    playFrom(seconds) {
        this.seek(seconds);
        this.state.problem = "";
        return this.audio.play();
    }

    choose(id) {
        this.state.problem = "";
        this.state.track = id;
        this.audio.choose(this.track.url);
    }

    setSpeed(speed) {
        this.state.speed = speed;
        this.audio.setRate(speed);
        browser.localStorage.setItem(SPEED_KEY, speed);
    }

    onSpeedChosen(event) {
        this.setSpeed(Number(event.target.value));
    }

    changeSpeed(by) {
        const next = SPEEDS[SPEEDS.indexOf(this.state.speed) + by];
        if (next) {
            this.setSpeed(next);
        }
    }

    /** A media element only says that it failed; what the server said has to be asked for. */
    async explain(url) {
        const fallback = _t("The recording cannot be played.");
        try {
            const answer = await browser.fetch(url, { headers: { Range: "bytes=0-0" } });
            const text = answer.ok ? "" : (await answer.text()).trim();
            // a page of a proxy is no sentence
            this.state.problem = text && !text.startsWith("<") ? text : fallback;
        } catch {
            this.state.problem = _t("Odoo cannot be reached.");
        }
    }

    onKeydown(event) {
        const { key, target } = event;
        if (event.ctrlKey || event.metaKey || event.altKey || !this.state.view?.tracks.length) {
            return;
        }
        if (target.closest("input, select, textarea") || (key === " " && target.closest("button, a"))) {
            return;
        }
        const act = {
            " ": () => this.toggle(),
            k: () => this.toggle(),
            ArrowLeft: () => this.skip(-SKIP),
            ArrowRight: () => this.skip(SKIP),
            Home: () => this.seek(0),
            End: () => this.seek(this.duration),
            "<": () => this.changeSpeed(-1),
            ">": () => this.changeSpeed(1),
        }[key];
        const track = this.tracks[Number(key) - 1];
        if (act || track) {
            event.preventDefault();
            event.stopPropagation();
            act ? act() : this.choose(track.id);
        }
    }
}
