/* Whose phone is this? */
import { avatar, h, named } from "../dom.js";
import { phoneNumber } from "../format.js";
import { store } from "../store.js";

export function customersScreen() {
    const list = h("ul.list", {});
    const node = h(
        "section.page",
        { "aria-labelledby": "title" },
        h(
            "header.head.tall",
            {},
            h("h1", { id: "title", tabindex: "-1" }, "Whose phone is this?")
        ),
        h("p.hint", {}, "Choose the customer you want to be. Another tab can be another one."),
        list
    );
    return {
        node,
        title: "Choose a customer",
        update() {
            const rows = store.phones.map((phone) =>
                h(
                    "li",
                    {},
                    h(
                        "a.row",
                        { href: `#/${phone.wa_id}` },
                        avatar(phone.name),
                        h(
                            "span.texts",
                            {},
                            named("span.name", phone.name),
                            h("span.sub", { dir: "ltr" }, phoneNumber(phone.wa_id))
                        )
                    )
                )
            );
            list.replaceChildren(
                ...(rows.length ? rows : [h("li.empty", {}, store.loaded ? "The simulator has no phones." : "Loading…")])
            );
        },
    };
}
