/* One chat: messages, calls, permission requests, call buttons, a text to send. */
import { control } from "../api.js";
import { avatar, h, icon, named } from "../dom.js";
import { markSeen } from "../seen.js";
import { store } from "../store.js";
import { attempt } from "../toast.js";
import { bubble } from "./bubble.js";
import { head } from "./head.js";

export function chatScreen(numberId, { place }) {
    const bar = h("div", {});
    const list = h("ol.thread", { "aria-label": "Messages", role: "log", tabindex: "0" });
    const input = h("input", {
        type: "text",
        "aria-label": "Message",
        placeholder: "Message",
        dir: "auto",
        autocomplete: "off",
        maxlength: 4096,
    });
    const form = h(
        "form.composer",
        { onsubmit: write },
        input,
        h("button.icon-button.solid", { "aria-label": "Send", title: "Send" }, icon("send"))
    );
    form.querySelector("button").type = "submit";
    let shown = "";

    async function write(submit) {
        submit.preventDefault();
        const text = input.value.trim();
        if (!text) {
            return;
        }
        const path = `phones/${store.phone.wa_id}/messages`;
        if (await attempt(() => control("POST", path, { to: numberId, text }))) {
            input.value = "";
        }
    }

    function barOf(number) {
        return head({
            back: `#/${store.phone?.wa_id || ""}`,
            backLabel: "Back to the chats",
            title: h(
                "div.who.with-picture",
                {},
                avatar(number.name, "small"),
                h(
                    "div.texts",
                    {},
                    h("h1", { id: "title", tabindex: "-1", dir: "auto", title: number.name }, number.name),
                    h("span.sub", { dir: "ltr" }, number.display)
                )
            ),
            side: [
                h(
                    "button.icon-button.green",
                    { "aria-label": `Call ${number.name}`, title: "Call", onclick: () => place(number) },
                    icon("call")
                ),
            ],
        });
    }

    return {
        node: h("section.page.chat", { "aria-labelledby": "title" }, bar, list, form),
        title: "Chat",
        update() {
            const number = store.number(numberId);
            form.hidden = !number || !store.phone;
            if (form.hidden) {
                shown = "";
                const word = store.loaded ? "This chat is not there any more." : "Loading…";
                const title = h("h1", { id: "title", tabindex: "-1" }, "Chat");
                bar.replaceChildren(head({ back: "#/", backLabel: "Back", title }));
                list.replaceChildren(h("li.empty", {}, word));
                return;
            }
            const thread = store.thread(numberId);
            const open = store.permission(numberId)?.open_request;
            const status = store.permission(numberId)?.status;
            const state = JSON.stringify([thread, open, number, status]);
            if (state === shown) {
                return;
            }
            shown = state;
            bar.replaceChildren(barOf(number));
            markSeen(numberId, thread.filter((m) => m.from === "business").length);
            const context = { number, open, place, status };
            const items = thread.map((message) => bubble(message, context));
            list.replaceChildren(
                ...(items.length
                    ? items
                    : [
                          h(
                              "li.empty",
                              {},
                              named("span", `No messages with ${number.name} yet.`),
                              h("span", {}, "Write one, or call.")
                          ),
                      ])
            );
            list.scrollTop = list.scrollHeight;
        },
    };
}
