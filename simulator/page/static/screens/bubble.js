/* A message or a call in a chat. */
import { control } from "../api.js";
import { h, icon } from "../dom.js";
import { callSummary, clock } from "../format.js";
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
    const mine = message.from !== "business";
    const makers = { call_permission_request: permission, voice_call: callButton, audio };
    const make = makers[message.type];
    const body = make
        ? make(message, context)
        : [h("p", { dir: "auto" }, message.text || `(${message.type})`)];
    return h(
        `li.bubble.${mine ? "mine" : "theirs"}`,
        {},
        h("span.visually-hidden", {}, mine ? "You: " : "Business: "),
        ...body.filter(Boolean),
        h("time", {}, clock(message.at))
    );
}
