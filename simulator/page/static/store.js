/* What this page knows of the simulator: one customer, the businesses, the calls. */
import { control, listen } from "./api.js";

const ENDED_CALLS_SHOWN = 50;

export const store = Object.assign(new EventTarget(), {
    phones: [],
    numbers: [],
    phone: null,
    calls: new Map(),
    online: true,
    loaded: false,

    changed() {
        this.dispatchEvent(new Event("change"));
    },

    /** Fetch everything about the page's customer (or who there is to choose). */
    async load(waId) {
        const known = new Set(this.calls.keys());
        const [phones, numbers, calls] = await Promise.all([
            control("GET", "phones"),
            control("GET", "numbers"),
            waId ? control("GET", `calls?wa_id=${waId}`) : [],
        ]);
        const news = [...this.calls.values()].filter(
            (call) => call.wa_id === waId && !known.has(call.id)
        );
        this.phones = phones;
        this.numbers = numbers;
        this.phone = phones.find((phone) => phone.wa_id === waId) || null;
        this.loaded = true;
        // an event may have overtaken this answer
        this.calls = new Map(
            [...calls.map((call) => newer(this.calls.get(call.id), call)), ...news].map((call) => [
                call.id,
                call,
            ])
        );
        this.changed();
    },

    number(id) {
        return this.numbers.find((number) => number.phone_number_id === id);
    },

    permission(numberId) {
        return this.phone?.permissions?.[numberId];
    },

    /** Messages of a chat with its calls between them, oldest first. */
    thread(numberId) {
        const calls = [...this.calls.values()]
            .filter((call) => call.phone_number_id === numberId && call.state === "ended")
            .slice(-ENDED_CALLS_SHOWN)
            .map((call) => ({ type: "call", id: call.id, at: call.times.created, call }));
        return [...(this.phone?.chat?.[numberId] || []), ...calls].sort((a, b) => a.at - b.at);
    },

    /** The call this phone is in: an answered one before one that rings. */
    liveCall() {
        const live = [...this.calls.values()].filter(
            (call) =>
                call.state !== "ended" && !(call.direction === "outbound" && isSilent(call))
        );
        return live.find((call) => call.state === "accepted") || live.at(-1) || null;
    },

    keepCall(call) {
        if (call.wa_id === this.phone?.wa_id) {
            this.calls.set(call.id, newer(this.calls.get(call.id), call));
            this.changed();
        }
    },
});

/** The later of two looks at one call: answers and events overtake each other. */
function newer(known, call) {
    return known && known.as_of > call.as_of ? known : call;
}

/** The business calls and this phone rings. */
export function isIncoming(call) {
    return call?.direction === "outbound" && call.state === "ringing";
}

/** A business's call does not ring before RINGING. */
function isSilent(call) {
    return call.state === "new" || call.state === "dialing";
}

const soon = {};

/** Load again, once for a row of events. */
function loadSoon() {
    clearTimeout(soon.timer);
    soon.timer = setTimeout(
        () => store.load(soon.waId()).catch(() => {}),
        60
    );
}

/** Follow what happens; `waId()` is the page's customer. */
export function follow(waId) {
    soon.waId = waId;
    listen(
        (event) => {
            if (event.type === "call") {
                store.keepCall(event.call);
            } else if (["message", "phone", "number", "reset", "block"].includes(event.type)) {
                const about = event.wa_id || event.phone?.wa_id;
                if (!about || !store.phone || about === store.phone.wa_id) {
                    loadSoon();
                }
            }
        },
        (online) => {
            store.online = online;
            store.changed();
            if (online) {
                loadSoon(); // what happened before this line was open
            }
        }
    );
}
