import { formatDuration } from "@whatsapp_calling/softphone/call_labels";

import { Component, useRef, useState } from "@odoo/owl";

import { _t } from "@web/core/l10n/translation";

/** Bars of a track: about one per two pixels where there is room. */
const BARS = 220;
/** Seconds of an arrow and of a page key. */
const STEP = 5;
const PAGE = 30;

/**
 * The outline of a sound, as an SVG path in a box of BARS x 100.
 *
 * @param {number[]} peaks 0 to 255, evenly over the whole time
 * @param {number} loudest of all tracks: what is quiet is drawn as high as there is room
 */
export function outline(peaks, loudest) {
    const bars = Math.min(BARS, Math.max(1, peaks.length));
    const parts = [];
    for (let bar = 0; bar < bars; bar++) {
        const from = Math.floor((bar * peaks.length) / bars);
        const to = Math.max(from + 1, Math.floor(((bar + 1) * peaks.length) / bars));
        const peak = Math.max(0, ...peaks.slice(from, to)) / (loudest || 1);
        // ears are less impressed by what is loud than numbers are
        const height = Math.max(4, Math.round(100 * peak ** 0.7));
        const width = BARS / bars;
        const x = (bar * width).toFixed(2);
        parts.push(`M${x} ${50 - height / 2}h${(width * 0.65).toFixed(2)}v${height}h-${(width * 0.65).toFixed(2)}z`);
    }
    return parts.join("");
}

/** Tracks above each other on one time line, which is a slider: click, drag, or keys. */
export class Waveform extends Component {
    static template = "whatsapp_calling.Waveform";
    static props = {
        tracks: Array, // of the server's view
        selected: Number, // id of the track that is heard
        at: Number, // seconds
        duration: Number,
        seek: Function,
        choose: { type: Function, optional: true },
    };

    setup() {
        this.line = useRef("line");
        this.state = useState({ drag: null, hover: null });
        this.outlines = new Map();
        this.viewBox = `0 0 ${BARS} 100`;
    }

    get at() {
        return this.state.drag ?? this.props.at;
    }

    get place() {
        return this.percent(this.at);
    }

    /** Where the pointer is, in seconds, or null. */
    get pointed() {
        return this.state.drag ?? this.state.hover;
    }

    get valueText() {
        return _t("%(time)s of %(duration)s", {
            time: formatDuration(this.at),
            duration: formatDuration(this.props.duration),
        });
    }

    time(seconds) {
        return formatDuration(seconds);
    }

    label(track) {
        return { mix: _t("Both"), agent: _t("Our side"), caller: _t("Customer") }[track.track];
    }

    percent(seconds) {
        const { duration } = this.props;
        return duration ? Math.min(100, Math.max(0, (100 * seconds) / duration)) : 0;
    }

    outline(track) {
        const { peaks } = track;
        if (!this.outlines.has(peaks)) {
            const loudest = Math.max(1, ...this.props.tracks.map((each) => maximum(each.peaks)));
            this.outlines.set(peaks, outline(peaks, loudest));
        }
        return this.outlines.get(peaks);
    }

    /** A track may be shorter than the others. */
    width(track) {
        const share = track.duration_ms / 1000 / (this.props.duration || 1);
        return track.duration_ms ? Math.min(100, 100 * share) : 100;
    }

    clip(track) {
        const played = (100 * this.place) / this.width(track);
        return `clip-path: inset(0 ${Math.max(0, 100 - played).toFixed(2)}% 0 0)`;
    }

    /** Seconds under the pointer. Time runs from left to right in every language. */
    under(event) {
        const { left, width } = this.line.el.getBoundingClientRect();
        const share = Math.min(1, Math.max(0, (event.clientX - left) / (width || 1)));
        return share * this.props.duration;
    }

    onPointerDown(event) {
        if (event.button) {
            return;
        }
        try {
            this.line.el.setPointerCapture(event.pointerId);
        } catch {
            // a finger that is gone already: then it was a click
        }
        this.state.drag = this.under(event);
    }

    onPointerMove(event) {
        if (this.state.drag !== null) {
            this.state.drag = this.under(event);
        } else if (event.pointerType !== "touch") {
            this.state.hover = this.under(event);
        }
    }

    onPointerUp(event) {
        if (this.state.drag !== null) {
            this.state.drag = null;
            this.props.seek(this.under(event));
        }
    }

    onPointerCancel() {
        this.state.drag = null;
    }

    onKeydown(event) {
        const { at, duration } = this.props;
        const to = {
            ArrowRight: at + STEP,
            ArrowUp: at + STEP,
            ArrowLeft: at - STEP,
            ArrowDown: at - STEP,
            PageUp: at + PAGE,
            PageDown: at - PAGE,
            Home: 0,
            End: duration,
        }[event.key];
        if (to !== undefined && !event.ctrlKey && !event.metaKey && !event.altKey) {
            event.preventDefault();
            event.stopPropagation();
            this.props.seek(to);
        }
    }
}

function maximum(peaks) {
    return peaks.reduce((most, peak) => Math.max(most, peak), 0);
}
