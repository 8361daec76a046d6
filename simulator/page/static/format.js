/* Numbers, times and what a call or a message is called. */

const CLOCK = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const DAY = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short" });

/** "+43 660 111 2201": spaces only, no country's rules. */
export function phoneNumber(digits) {
    const groups = digits.slice(2).match(/\d{3}(?=\d{3})|\d+/g) || [];
    return `+${digits.slice(0, 2)} ${groups.join(" ")}`;
}

/** "14:05" today, else "21 Nov". */
export function clock(epochSeconds) {
    const date = new Date(epochSeconds * 1000);
    const today = date.toDateString() === new Date().toDateString();
    return (today ? CLOCK : DAY).format(date);
}

/** "0:07", "12:34", "1:02:03". */
export function duration(seconds) {
    const whole = Math.max(0, Math.floor(seconds));
    const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
    const tail = String(whole % 60).padStart(2, "0");
    return hours
        ? `${hours}:${String(minutes).padStart(2, "0")}:${tail}`
        : `${minutes}:${tail}`;
}

/** How a call is written in the chat. */
export function callSummary(call) {
    if (call.state !== "ended") {
        return "Voice call · now";
    }
    if (call.answered_at) {
        return `Voice call · ${duration(call.times.ended - call.answered_at)}`;
    }
    if (call.direction === "outbound") {
        return call.times.rejected ? "Voice call · declined" : "Missed voice call";
    }
    return call.ended_by === "phone" ? "Voice call · cancelled" : "Voice call · no answer";
}

/** Why a call is over, for the screen that says so. */
export function endReason(call) {
    const failed = call.errors?.[0];
    if (failed) {
        return `Call failed: ${failed.error_data?.details || failed.title}`;
    }
    if (call.answered_at) {
        return `Call ended · ${duration(call.times.ended - call.answered_at)}`;
    }
    return {
        phone: call.times.rejected ? "Declined" : "Call cancelled",
        business: call.direction === "inbound" ? "Declined by the business" : "Missed call",
        timeout: call.direction === "inbound" ? "Not answered" : "Missed call",
    }[call.ended_by] || "Call ended";
}

/** One line about a message, for the list of chats. */
export function preview(message) {
    if (message.type === "call") {
        return callSummary(message.call);
    }
    return (
        {
            call_permission_request: "Asks if it may call you",
            audio: "Voice message",
            call_nudge: "Keep getting these calls?",
            reaction: message.text ? `Reacted ${message.text}` : "Took back a reaction",
            image: message.text || "Photo",
            video: message.text || "Video",
            document: message.text || "Document",
            sticker: "Sticker",
            location: "Location",
            contacts: "Contact",
            unsupported: "Unsupported message",
            voice_call: message.text || "Call button",
        }[message.type] ||
        message.text ||
        "Message"
    );
}
