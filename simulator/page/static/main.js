/* Which screen is shown, and what its buttons do. */
import { callPath, control } from "./api.js";
import { followSound, voiceChanged } from "./call_sound.js";
import { showReturn } from "./return_bar.js";
import { chatScreen } from "./screens/chat.js";
import { chatsScreen } from "./screens/chats.js";
import { customersScreen } from "./screens/customers.js";
import { endedScreen } from "./screens/ended.js";
import { inCallScreen } from "./screens/incall.js";
import { incomingScreen } from "./screens/incoming.js";
import { settings } from "./settings.js";
import { follow, isIncoming, store } from "./store.js";
import { attempt } from "./toast.js";

const ENDED_SHOWN = 4000; // ms
const speaker = document.getElementById("speaker");
const view = { key: null, screen: null, live: null, minimised: null, ended: null, placing: null };

function route() {
    const [, waId, numberId] = location.hash.split("/");
    return { waId: waId || null, numberId: numberId || null };
}

const actions = {
    speaker,
    async place(number, options = {}) {
        // a spoken text takes a moment to make: the screen is there at once
        const pending = {
            id: "placing",
            state: "new",
            direction: "inbound",
            media: true,
            business_name: number.name,
        };
        view.ended = null;
        view.placing = pending;
        render();
        const body = {
            from: store.phone.wa_id,
            to: number.phone_number_id,
            ...settings.sound(),
            ...Object.fromEntries(Object.entries(options).filter(([, v]) => v != null)),
        };
        const call = await attempt(() => control("POST", "calls", body));
        view.placing = view.placing === pending ? null : view.placing;
        if (call && pending.cancelled) {
            actions.hangUp(call);
        }
        if (call) {
            store.keepCall(call);
        }
        render();
    },
    answer: (call) =>
        attempt(() => control("POST", callPath(call, "answer"), settings.sound())),
    decline: (call) => attempt(() => control("POST", callPath(call, "reject"))),
    hangUp(call) {
        if (call === view.placing) {
            call.cancelled = true;
            view.placing = null;
            return render();
        }
        return attempt(() => control("POST", callPath(call, "hangup")));
    },
    minimise() {
        view.minimised = store.liveCall()?.id;
        render();
    },
    close() {
        view.ended = null;
        render();
    },
};

/** The call on the screen: a live one, or one that has just ended. */
function callView() {
    const live = store.liveCall() || view.placing;
    if (live) {
        const incoming = isIncoming(live);
        if (view.minimised === live.id && !incoming) {
            return null;
        }
        const make = incoming ? incomingScreen : inCallScreen;
        return { key: `${live.id}/${incoming}`, call: live, make: () => make(live, actions) };
    }
    const ended = view.ended && store.calls.get(view.ended);
    if (!ended) {
        return null;
    }
    const place = () => actions.place(store.number(ended.phone_number_id));
    const make = () => endedScreen(ended, { ...actions, place });
    return { key: `${ended.id}/ended`, call: ended, make };
}

function pageView() {
    const { waId, numberId } = route();
    if (!waId) {
        return { key: "customers", make: customersScreen };
    }
    if (!numberId) {
        return { key: `chats/${waId}`, make: () => chatsScreen(actions) };
    }
    return { key: `chat/${waId}/${numberId}`, make: () => chatScreen(numberId, actions) };
}

function render() {
    const wanted = callView() || pageView();
    const isNew = view.key !== wanted.key;
    if (isNew) {
        const atStart = view.key === null;
        view.key = wanted.key;
        view.screen = wanted.make();
        document.querySelectorAll("dialog").forEach((dialog) => dialog.close());
        document.getElementById("screen").replaceChildren(view.screen.node);
        view.screen.node.querySelector("h1")?.setAttribute("id", "title");
        view.screen.update(wanted.call);
        if (!atStart) {
            (view.screen.focus || view.screen.node.querySelector("h1"))?.focus();
        }
    } else {
        view.screen.update(wanted.call);
    }
    const name = store.phone?.name;
    document.title = name ? `${view.screen.title} · ${name}` : view.screen.title;
    document.getElementById("offline").hidden = store.online;
    showReturn(view.minimised);
}

/** After a call say for a moment how it ended. */
function followEnd() {
    const live = store.liveCall();
    if (view.live && view.live !== live?.id) {
        const last = store.calls.get(view.live);
        view.minimised = null;
        if (!live && last?.state === "ended") {
            view.ended = last.id;
            setTimeout(() => view.ended === last.id && actions.close(), ENDED_SHOWN);
        }
    }
    view.live = live?.id || null;
}

store.addEventListener("change", () => {
    followSound(speaker);
    followEnd();
    render();
});
settings.addEventListener("change", () => {
    voiceChanged();
    render();
});
window.addEventListener("hashchange", () => {
    view.ended = null;
    attempt(() => store.load(route().waId));
});
document.getElementById("return").addEventListener("click", () => {
    view.minimised = null;
    render();
});
setInterval(() => {
    view.screen?.tick?.();
    showReturn(view.minimised);
}, 500);

follow(() => route().waId);
attempt(() => store.load(route().waId));
