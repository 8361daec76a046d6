/**
 * Draws the flows of the guide. A flow is a list that reads well as it is:
 *
 *     <div class="o-whatsapp-Flow" aria-label="…">
 *         <ul><li data-lane="customer">Customer</li>…</ul>
 *         <ol><li data-from="customer" data-to="whatsapp">Calls</li>…</ol>
 *     </div>
 *
 * A step without `data-to` is a note in its lane; `data-answer` makes the arrow dashed.
 * The list stays for screen readers and for windows too narrow for the drawing.
 */

import { localization } from "@web/core/l10n/localization";

const SVG = "http://www.w3.org/2000/svg";
const LANE_WIDTH = 200;
const HEAD = 56; // px, the names of the lanes
const LINE = 17; // px, height of a line of text
const CHARACTERS = 27; // that fit between two lanes
const GAP = 26; // px between steps

/** @param {HTMLElement} root whatever holds flows; those drawn already are left */
export function drawFlows(root) {
    for (const flow of root.querySelectorAll(".o-whatsapp-Flow:not(.o-whatsapp-Flow-drawn)")) {
        flow.classList.add("o-whatsapp-Flow-drawn");
        const drawing = draw(flow);
        nameSides(flow);
        flow.prepend(drawing);
    }
}

/** In the list each step begins with who does it, and to whom. */
function nameSides(flow) {
    const arrow = isRightToLeft() ? " ← " : " → ";
    const names = {};
    for (const el of flow.querySelectorAll("[data-lane]")) {
        names[el.dataset.lane] = el.textContent.trim();
    }
    for (const step of flow.querySelectorAll("[data-from]")) {
        const { from, to } = step.dataset;
        const sides = document.createElement("b");
        sides.textContent = [names[from], names[to]].filter(Boolean).join(arrow);
        step.prepend(sides, ": ");
    }
}

function isRightToLeft() {
    return localization.direction === "rtl";
}

function draw(flow) {
    const names = [...flow.querySelectorAll("[data-lane]")];
    const isRtl = isRightToLeft();
    const position = (lane) => {
        const index = names.findIndex((el) => el.dataset.lane === lane);
        return (isRtl ? names.length - 1 - index : index) * LANE_WIDTH + LANE_WIDTH / 2;
    };
    const width = names.length * LANE_WIDTH;
    const svg = element("svg", { class: "o-whatsapp-Flow-svg", "aria-hidden": "true" });
    const lines = element("g", { class: "o-whatsapp-Flow-lines" });
    svg.append(arrowHead(), lines);
    for (const el of names) {
        const x = position(el.dataset.lane);
        const head = { x: x - LANE_WIDTH / 2 + 20, y: 4, width: LANE_WIDTH - 40, height: HEAD - 16 };
        svg.append(element("rect", { ...head, rx: 8, class: "o-whatsapp-Flow-lane" }));
        svg.append(words(el, head, "o-whatsapp-Flow-name"));
    }
    let y = HEAD;
    for (const step of flow.querySelectorAll("[data-from]")) {
        const { from, to, answer } = step.dataset;
        y += GAP;
        const steps = Math.abs(position(from) - position(to || from)) / LANE_WIDTH || 0.95;
        const height = Math.ceil(step.textContent.trim().length / (CHARACTERS * steps)) * LINE + 6;
        if (to) {
            svg.append(...arrow(step, position(from), position(to), y, height, answer !== undefined));
        } else {
            const box = { x: position(from) - 92, y: y - 8, width: 184, height: height + 12 };
            svg.append(element("rect", { ...box, rx: 6, class: "o-whatsapp-Flow-note" }));
            svg.append(words(step, box, "o-whatsapp-Flow-noteText"));
        }
        y += height;
    }
    y += GAP;
    for (const el of names) {
        const x = position(el.dataset.lane);
        lines.append(element("line", { x1: x, x2: x, y1: HEAD - 12, y2: y }));
    }
    svg.setAttribute("viewBox", `0 0 ${width} ${y}`);
    svg.setAttribute("style", `max-width: ${width}px`);
    return svg;
}

/** The text above, the arrow below it. */
function arrow(step, start, end, y, height, isAnswer) {
    const box = { x: Math.min(start, end) + 8, y: y - 6, width: Math.abs(end - start) - 16, height };
    const line = {
        x1: start,
        x2: end + (start < end ? -3 : 3),
        y1: y + height,
        y2: y + height,
        class: `o-whatsapp-Flow-arrow${isAnswer ? " o-whatsapp-Flow-answer" : ""}`,
        "marker-end": "url(#o_whatsapp_arrow)",
    };
    return [words(step, box, "o-whatsapp-Flow-text"), element("line", line)];
}

/** Text that wraps, in the page's own direction. */
function words(el, box, className) {
    const holder = element("foreignObject", box);
    const text = document.createElement("div");
    text.className = className;
    text.textContent = el.textContent.trim();
    holder.append(text);
    return holder;
}

function arrowHead() {
    const marker = element("marker", {
        id: "o_whatsapp_arrow",
        viewBox: "0 0 8 8",
        refX: 7,
        refY: 4,
        markerWidth: 7,
        markerHeight: 7,
        orient: "auto",
    });
    marker.append(element("path", { d: "M0 0 8 4 0 8z" }));
    return marker;
}

function element(name, attributes) {
    const el = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(attributes)) {
        el.setAttribute(key, value);
    }
    return el;
}
