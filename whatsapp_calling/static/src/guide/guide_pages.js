/** What a page of the guide consists of, and where words occur in it. */

const EXCERPT = 140; // characters

/**
 * @param {string} id
 * @param {ReturnType<markup>} html one `<h1>`, then sections with an id and a heading
 * @returns {{ id, html, title: string, sections: { id, title: string, text: string }[] }}
 */
export function readPage(id, html) {
    const body = new DOMParser().parseFromString(html.toString(), "text/html").body;
    const sections = [...body.querySelectorAll("section[id]")].map((section) => ({
        id: section.id,
        title: section.querySelector("h2, h3")?.textContent.trim() || "",
        text: ownText(section),
    }));
    return { id, html, title: body.querySelector("h1").textContent.trim(), sections };
}

/** The text of a section without those that have an id of their own. */
function ownText(section) {
    const copy = section.cloneNode(true);
    for (const inner of copy.querySelectorAll("section[id]")) {
        inner.remove();
    }
    return copy.textContent.replace(/\s+/g, " ").trim();
}

/**
 * Sections with all the words, those with one of them in the heading first.
 *
 * @param {ReturnType<readPage>[]} pages
 * @param {string} query
 * @returns {{ page, section, excerpt: string }[]}
 */
export function findSections(pages, query) {
    const words = plain(query).split(/\s+/).filter(Boolean);
    const found = [];
    for (const page of pages) {
        for (const section of page.sections) {
            const text = plain(`${page.title} ${section.text}`);
            if (words.every((word) => text.includes(word))) {
                const inTitle = words.some((word) => plain(section.title).includes(word));
                found.push({ page, section, inTitle, excerpt: excerpt(section, words[0]) });
            }
        }
    }
    return found.sort((a, b) => b.inTitle - a.inTitle);
}

function excerpt(section, word) {
    const text = section.text.slice(section.title.length).trim();
    const at = Math.max(0, plain(text).indexOf(word) - 40);
    const start = at ? text.indexOf(" ", at) + 1 : 0;
    const rest = text.slice(start);
    const end = rest.length > EXCERPT ? rest.lastIndexOf(" ", EXCERPT) : rest.length;
    return `${start ? "… " : ""}${rest.slice(0, end)}${end < rest.length ? " …" : ""}`;
}

/** Lower case and without accents, so that "señal" is found as "senal". */
function plain(text) {
    return text
        .normalize("NFD")
        .replace(/\p{M}/gu, "")
        .toLowerCase();
}
