import { formatDuration } from "@whatsapp_calling/softphone/call_labels";

import { Component, useEffect, useRef, useState } from "@odoo/owl";

import { browser } from "@web/core/browser/browser";

/** Milliseconds a line stays marked after its last word. */
const LINGERS = 600;
/** Milliseconds without following the sound after somebody scrolled. */
const READING = 5000;

/**
 * The line that is being spoken, the later one where two speak at once.
 *
 * @param {{start_ms: number, end_ms: number}[]} turns by their start
 * @param {number} at seconds
 */
export function spoken(turns, at) {
    const now = at * 1000;
    return turns.findLast((turn) => turn.start_ms <= now && now < turn.end_ms + LINGERS);
}

/**
 * A text in pieces: what was searched for and what was not.
 *
 * @returns {{text: string, hit: boolean}[]}
 */
export function pieces(text, search) {
    const found = [];
    const [whole, wanted] = [text.toLowerCase(), search.toLowerCase()];
    let from = 0;
    // letters that change their number when they are made small would shift the places
    const comparable = whole.length === text.length;
    for (let at; wanted && comparable && (at = whole.indexOf(wanted, from)) >= 0; ) {
        found.push({ text: text.slice(from, at), hit: false });
        found.push({ text: text.slice(at, at + wanted.length), hit: true });
        from = at + wanted.length;
    }
    found.push({ text: text.slice(from), hit: false });
    return found.filter((piece) => piece.text);
}

/** What was said, line by line, beside the sound. */
export class Transcript extends Component {
    static template = "whatsapp_calling.Transcript";
    static props = {
        turns: Array, // of the server's view
        current: [Number, Boolean], // id of the line that is spoken, or false
        live: { type: Boolean, optional: true }, // lines are still coming
        seek: { type: Function, optional: true },
    };

    setup() {
        this.state = useState({ search: "" });
        this.list = useRef("list");
        this.follows = 0;
        useEffect(
            (current) => {
                if (current) {
                    this.show(this.list.el?.querySelector("[aria-current]"));
                }
            },
            () => [this.props.current]
        );
        useEffect(
            () => {
                if (this.props.live) {
                    this.show(this.list.el?.lastElementChild);
                }
            },
            () => [this.props.turns.length, this.props.live]
        );
    }

    get search() {
        return this.state.search.trim();
    }

    get lines() {
        const wanted = this.search.toLowerCase();
        return this.props.turns.filter(
            ({ text, name }) =>
                !wanted ||
                text.toLowerCase().includes(wanted) ||
                name.toLowerCase().includes(wanted)
        );
    }

    time(turn) {
        return formatDuration(turn.start_ms / 1000);
    }

    pieces(text) {
        return pieces(text, this.search);
    }

    onScrolledByHand() {
        this.follows = browser.performance.now() + READING;
    }

    onSearchKeydown(event) {
        // letters and spaces are for the search, not for the player
        event.stopPropagation();
        if (event.key === "Escape" && this.state.search) {
            event.preventDefault();
            this.state.search = "";
        }
    }

    onLineKeydown(event) {
        const step = { ArrowDown: "nextElementSibling", ArrowUp: "previousElementSibling" }[event.key];
        if (step) {
            event.preventDefault();
            event.stopPropagation();
            event.currentTarget.parentElement[step]?.querySelector("button")?.focus();
        }
    }

    onClick(turn) {
        this.follows = 0;
        this.props.seek?.(turn.start_ms / 1000);
    }

    /** Scrolls the list, and only the list, until a line is seen. */
    show(line) {
        const list = this.list.el;
        if (!line || !list || browser.performance.now() < this.follows) {
            return;
        }
        const [box, frame] = [line.getBoundingClientRect(), list.getBoundingClientRect()];
        if (box.top < frame.top || box.bottom > frame.bottom) {
            list.scrollTop += box.top - frame.top - (frame.height - box.height) / 2;
        }
    }
}
