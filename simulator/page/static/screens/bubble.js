/* A message or a call in a chat. */
import { control } from "../api.js";
import { h, icon } from "../dom.js";
import { callSummary, clock, preview } from "../format.js";
import { store } from "../store.js";
import { attempt } from "../toast.js";

const ANSWERS = {
    accept: "You allowed calls for 7 days",
    permanent: "You always allow calls",
    decline: "You declined",
};

function answer(message, context, reply) {
    return attempt(() =>
        control("POST", "permissions", {
            wa_id: store.phone.wa_id,
            number: context.number.phone_number_id,
            reply,
        })
    );
}

function permission(message, context) {
    const parts = [
        h(
            "p.question",
            {},
            h("strong", { dir: "auto" }, `May ${context.number.name} call you?`)
        ),
    ];
    if (message.text) {
        parts.push(h("p", { dir: "auto" }, message.text));
    }
    if (message.answered) {
        const [word, name] = [ANSWERS[message.answered], message.answered];
        parts.push(
            h("p.outcome", {}, icon(name === "decline" ? "close" : "check"), word || "Answered")
        );
    } else if (context.open === message.id) {
        const choice = (reply, text) =>
            h("button", { onclick: () => answer(message, context, reply) }, text);
        parts.push(
            h(
                "div.choices",
                { role: "group", "aria-label": "Answer the request" },
                choice("accept", "Allow for 7 days"),
                choice("permanent", "Always allow"),
                choice("decline", "Don’t allow")
            )
        );
    } else {
        parts.push(h("p.outcome", {}, "This request is no longer open"));
    }
    return parts;
}

function callButton(message, context) {
    const expired = message.expires && message.expires * 1000 < Date.now();
    return [
        message.text ? h("p", { dir: "auto" }, message.text) : null,
        h(
            "div.choices",
            {},
            h(
                "button.call-button",
                {
                    disabled: expired,
                    onclick: () => context.place(context.number, { cta_payload: message.payload }),
                },
                icon("call"),
                h("span", { dir: "auto" }, expired ? "This button has expired" : message.label || "Call now")
            )
        ),
    ];
}

function audio(message) {
    const source = message.link || `/page/media/${message.media_id}`;
    const label = message.voice ? "Voice message" : "Audio";
    return [h("p", {}, label), h("audio", { controls: true, preload: "none", src: source })];
}

/** WhatsApp's own question after calls in a row that nobody took. */
function nudge(message, context) {
    const stop = () =>
        attempt(() =>
            control("POST", "permissions", {
                wa_id: store.phone.wa_id,
                number: context.number.phone_number_id,
                revoke: true,
            })
        );
    const allowed = ["temporary", "permanent"].includes(context.status);
    return [
        h("p.question", {}, h("strong", { dir: "auto" }, message.text)),
        allowed
            ? h("p", {}, "Calls come only as long as you allow them.")
            : h("p.outcome", {}, icon("close"), "Calls are not allowed any more"),
        allowed
            ? h("div.choices", {}, h("button", { onclick: stop }, "Don’t allow calls"))
            : null,
    ];
}

/** What stands around a template's body: header, footer, buttons without a call. */
function around(message, body) {
    const buttons = (message.buttons || []).map((button) =>
        h("button", { disabled: true, dir: "auto", title: "Does nothing here" }, button.text)
    );
    const [texts, choices] = [body.filter((part) => !isChoices(part)), body.filter(isChoices)];
    return [
        message.header ? h("p.template-header", { dir: "auto" }, message.header) : null,
        ...texts,
        message.footer ? h("p.template-footer", { dir: "auto" }, message.footer) : null,
        ...choices,
        buttons.length ? h("div.choices", {}, ...buttons) : null,
    ].filter(Boolean);
}

function isChoices(part) {
    return part?.classList?.contains("choices");
}

function call(message, context) {
    const missed = !message.call.answered_at;
    return h(
        "li.bubble.call-log",
        { class: `bubble call-log ${message.call.direction === "inbound" ? "mine" : "theirs"}` },
        h(
            "button.call-entry",
            {
                "aria-label": `${callSummary(message.call)}. Call again`,
                onclick: () => context.place(context.number),
            },
            h(`span.disc${missed ? ".missed" : ""}`, {}, icon("call")),
            h("span", {}, callSummary(message.call))
        ),
        h("time", {}, clock(message.at))
    );
}

/** The list item of a message. */
export function bubble(message, context) {
    if (message.type === "call") {
        return call(message, context);
    }
    const mine = message.from === "customer";
    const makers = {
        call_permission_request: permission,
        voice_call: callButton,
        call_nudge: nudge,
        audio,
    };
    const make = makers[message.type];
    const body = make
        ? make(message, context)
        : [h("p", { dir: "auto" }, message.type === "text" ? message.text : preview(message))];
    const speaker = { customer: "You: ", whatsapp: "WhatsApp: " }[message.from] || "Business: ";
    return h(
        `li.bubble.${mine ? "mine" : "theirs"}`,
        {},
        h("span.visually-hidden", {}, speaker),
        ...around(message, body.filter(Boolean)),
        h("time", {}, clock(message.at))
    );
}
