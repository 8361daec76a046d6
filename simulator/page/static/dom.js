/* Making elements: the only place that knows how. Texts never become HTML. */

const SVG = "http://www.w3.org/2000/svg";
const ICONS = {
    call: "M5 4h4l1.5 4.5-2.2 1.6a12 12 0 0 0 5.6 5.6l1.6-2.2L20 15v4a1.5 1.5 0 0 1-1.6 1.5C10.5 20 4 13.5 3.5 5.6A1.5 1.5 0 0 1 5 4z",
    back: "M15 5l-7 7 7 7",
    send: "M4 12l16-8-5 16-3-6zM12 14l8-10",
    mic: "M12 3a3 3 0 0 1 3 3v6a3 3 0 0 1-6 0V6a3 3 0 0 1 3-3zM5.5 11.5a6.5 6.5 0 0 0 13 0M12 18v3",
    micOff: "M9 9v3a3 3 0 0 0 5 2.2M15 11V6a3 3 0 0 0-5.6-1.5M5.5 11.5a6.5 6.5 0 0 0 10.8 4.8M18.5 11.5a6 6 0 0 1-.6 2.6M12 18v3M4 3l16 18",
    keypad: "M6 6h.01M12 6h.01M18 6h.01M6 12h.01M12 12h.01M18 12h.01M6 18h.01M12 18h.01M18 18h.01",
    speaker: "M4 9.5h3.5L12 5.5v13l-4.5-4H4zM15.5 9a4 4 0 0 1 0 6M18 6.5a8 8 0 0 1 0 11",
    speakerOff: "M4 9.5h3.5L12 5.5v13l-4.5-4H4zM16 10l5 5M21 10l-5 5",
    voice: "M4 10v4M8 7v10M12 4v16M16 8v8M20 10.5v3",
    check: "M5 12.5l4.5 4.5L19 7.5",
    close: "M6 6l12 12M18 6L6 18",
    down: "M6 9l6 6 6-6",
};

/**
 * An element.
 * @param {string} tag with classes: "button.round.green"
 * @param {Object} [attributes] `onclick` and the like are listeners; false leaves out
 * @param {...(Node|string|null)} children
 * @returns {HTMLElement}
 */
export function h(tag, attributes = {}, ...children) {
    const [name, ...classes] = tag.split(".");
    const element = document.createElement(name);
    if (classes.length) {
        element.className = classes.join(" ");
    }
    if (name === "button") {
        element.type = "button";
    }
    for (const [key, value] of Object.entries(attributes)) {
        if (key.startsWith("on")) {
            element.addEventListener(key.slice(2), value);
        } else if (value !== false && value != null) {
            element.setAttribute(key, value === true ? "" : value);
        }
    }
    element.append(...children.flat().filter((child) => child));
    return element;
}

/** An icon, hidden from screen readers: the button around it has the name. */
export function icon(name) {
    const svg = document.createElementNS(SVG, "svg");
    svg.setAttribute("viewBox", "0 0 24 24");
    svg.setAttribute("class", `icon icon-${name}`);
    svg.setAttribute("aria-hidden", "true");
    const path = document.createElementNS(SVG, "path");
    path.setAttribute("d", ICONS[name]);
    svg.append(path);
    return svg;
}

/** Round picture with initials; the colour follows from the text. */
export function avatar(name, size = "") {
    const words = name.trim().split(/\s+/);
    const letters = words.length > 1 ? [words[0], words.at(-1)] : words;
    const initials = letters.map((word) => [...word][0] || "").join("");
    const hue = [...name].reduce((sum, c) => (sum * 31 + c.codePointAt(0)) % 360, 7);
    return h(
        `span.avatar${size && "." + size}`,
        { "aria-hidden": "true", style: `--hue: ${hue}` },
        /^\p{L}/u.test(initials) ? initials.toUpperCase() : "#"
    );
}

/** A name in its own direction, so that Arabic beside Latin keeps its order. */
export function named(tag, text) {
    return h(tag, { dir: "auto", title: text }, text);
}
