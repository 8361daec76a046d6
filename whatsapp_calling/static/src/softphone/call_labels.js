import { _t } from "@web/core/l10n/translation";

/** @param {number} seconds */
export function formatDuration(seconds) {
    const total = Math.max(0, Math.floor(seconds));
    const pad = (value) => String(value).padStart(2, "0");
    const hours = Math.floor(total / 3600);
    const rest = `${pad(Math.floor((total % 3600) / 60))}:${pad(total % 60)}`;
    return hours ? `${hours}:${rest}` : rest;
}

/** @param {import("./call_store").CallView} call */
export function displayName(call) {
    return call.name || call.phone || _t("Unknown caller");
}

/** How a call ended, in one or two words. */
export function outcomeLabel(call) {
    switch (call.state) {
        case "completed":
            return _t("Ended");
        case "missed":
            return _t("Missed");
        case "rejected":
            return _t("Declined");
        case "unanswered":
            return _t("No answer");
        case "cancelled":
            return _t("Cancelled");
        case "failed":
            return _t("Failed");
        default:
            return "";
    }
}

/** What a live call is doing, for anybody who looks at it. */
export function stateLabel(call) {
    if (!call.live) {
        return outcomeLabel(call);
    }
    if (call.state === "connected") {
        return _t("Connected");
    }
    if (call.connecting) {
        return _t("Connecting…");
    }
    return call.state === "dialing" ? _t("Calling…") : _t("Ringing…");
}

/** @returns {boolean} an inbound call that nobody talked to */
export function isMissed(call) {
    return call.direction === "inbound" && call.state === "missed";
}

/** @returns {string} class of the icon for a call in a list or card */
export function callIcon(call) {
    if (call.live) {
        return "fa-phone";
    }
    if (call.direction === "outbound") {
        return "oi-arrow-up-right";
    }
    return "oi-arrow-down-left";
}

/** @returns {string} up to two letters for the round picture of somebody without one */
export function initials(name) {
    const letters = (name || "")
        .split(/\s+/)
        .filter((word) => /^\p{L}/u.test(word))
        .map((word) => [...word][0].toUpperCase());
    return letters.slice(0, 2).join("");
}

/**
 * Whom to dial to reach the other side of a call again.
 *
 * @param {import("./call_store").CallView} call
 */
export function targetOf(call) {
    const target = { phone: call.phone || undefined, number_id: call.number?.id };
    if (call.contact_id) {
        target.contact_id = call.contact_id;
    }
    if (call.record) {
        Object.assign(target, { res_model: call.record.model, res_id: call.record.id });
    }
    return target;
}
