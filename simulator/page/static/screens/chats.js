/* The customer's businesses: last message, unread, a button to call. */
import { avatar, h, icon, named } from "../dom.js";
import { clock, preview } from "../format.js";
import { seenCount } from "../seen.js";
import { store } from "../store.js";
import { head, voiceChip } from "./head.js";

export function chatsScreen({ place }) {
    const bar = h("div", {});
    const list = h("ul.list", {});
    const node = h("section.page", { "aria-labelledby": "title" }, bar, list);
    let shown = "";

    function row(number) {
        const id = number.phone_number_id;
        const thread = store.thread(id);
        const last = thread.at(-1);
        const unread = thread.filter((m) => m.from === "business").length - seenCount(id);
        return h(
            "li.with-action",
            {},
            h(
                "a.row",
                { href: `#/${store.phone.wa_id}/${id}` },
                avatar(number.name),
                h(
                    "span.texts",
                    {},
                    named("span.name", number.name),
                    h("span.sub", { dir: "auto" }, last ? preview(last) : number.display)
                ),
                h(
                    "span.meta",
                    {},
                    last ? h("time", {}, clock(last.at)) : null,
                    unread > 0
                        ? h("span.badge", { "aria-label": `${unread} unread` }, String(unread))
                        : null
                )
            ),
            h(
                "button.icon-button.green",
                {
                    "aria-label": `Call ${number.name}`,
                    title: "Call",
                    onclick: () => place(number),
                },
                icon("call")
            )
        );
    }

    return {
        node,
        title: "Chats",
        update() {
            const { phone } = store;
            const state = JSON.stringify([store.loaded, phone, store.numbers, [...store.calls.keys()]]);
            bar.replaceChildren(
                head({
                    back: "#/",
                    backLabel: "Be another customer",
                    title: h(
                        "div.who",
                        {},
                        h("h1", { id: "title", tabindex: "-1" }, "Chats"),
                        // the name apart: Arabic beside Latin keeps its order
                        h("span.sub", {}, "Phone of ", h("bdi", {}, phone?.name || "nobody"))
                    ),
                    side: [voiceChip()],
                })
            );
            if (state === shown) {
                return;
            }
            shown = state;
            if (!phone) {
                list.replaceChildren(
                    h("li.empty", {}, store.loaded ? "This phone is not there any more." : "Loading…")
                );
            } else if (!store.numbers.length) {
                list.replaceChildren(h("li.empty", {}, "There is no business to call."));
            } else {
                list.replaceChildren(...store.numbers.map(row));
            }
        },
    };
}
