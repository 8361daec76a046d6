/* How many messages of a business this page has shown, for the unread badges. */
import { store } from "./store.js";

const seen = new Map();

function keyOf(numberId) {
    return `${store.phone?.wa_id}/${numberId}`;
}

export function seenCount(numberId) {
    return seen.get(keyOf(numberId)) || 0;
}

export function markSeen(numberId, count) {
    seen.set(keyOf(numberId), count);
}
