"""Every operation of the API: what it takes, what it answers, how it refuses."""

from dataclasses import dataclass, field

from .shapes import DIGITS, FLAG, HEX, SDP, choice, optional, record, ref, text

DONE = ref("Done")
SIGNED = {
    401: "Not signed, wrongly signed, or signed at another time than now",
    404: "Another sidecar's request, or a call or leg that is not here",
    409: "This very request was received before",
    413: "Larger than 256 KiB",
    500: "A fault of the sidecar; its log says which",
}
BAD = {400: "Not what this operation takes; the message says why"}
NOT_NOW = {422: "Understood, but not possible in the call's present state"}
BUSY = {503: "Late, full or being stopped: ask another unit"}
CALL = "/v1/calls/{call}"


@dataclass(frozen=True)
class Operation:
    """One method of one path; `name` finds its handler."""

    name: str
    method: str
    path: str
    about: str
    answer: dict = field(default_factory=lambda: DONE)
    body: dict | None = None
    refusals: dict[int, str] = field(default_factory=dict)
    signed: bool = True
    kind: str = "application/json"  # of the answer


OPERATIONS = (
    Operation(
        "open",
        "POST",
        "/v1/calls",
        "Open a call. With WhatsApp's `offer` (inbound) the answer is for WhatsApp;"
        " without it (outbound) it is an offer. Asked again, the same answer comes.",
        record(["sdp"], sdp=SDP, operator_sdp=SDP),
        record(
            ["call", "direction"],
            call=HEX,
            direction=choice("inbound", "outbound"),
            offer=optional(SDP),
            operator=optional(
                record(["leg", "offer"], leg=text(), offer=SDP, user=ref("User"))
            ),
            settings=ref("Settings"),
            program=optional(ref("Program")),
        ),
        BAD | BUSY | NOT_NOW,
    ),
    Operation(
        "remote",
        "POST",
        CALL + "/remote",
        "WhatsApp's answer to our offer (outbound).",
        body=record(["answer"], answer=SDP),
        refusals=BAD | NOT_NOW,
    ),
    Operation(
        "accepted",
        "POST",
        CALL + "/accepted",
        "WhatsApp took the accept, or the customer answered: sound may leave.",
        body=record(),
    ),
    Operation(
        "leg",
        "POST",
        CALL + "/legs",
        "Add a browser. A new operator replaces the one before once it is connected.",
        record(["sdp"], sdp=SDP),
        record(
            ["leg", "role", "offer"],
            leg=text(least=1, most=64),
            role=choice("operator", "consult", "monitor"),
            mode=choice("talk", "listen", "whisper", "join"),
            offer=SDP,
            user=ref("User"),
        ),
        BAD | NOT_NOW,
    ),
    Operation(
        "leg_mode",
        "PATCH",
        CALL + "/legs/{leg}",
        "What a monitor does: listen, whisper to the operator, or join.",
        body=record(["mode"], mode=choice("listen", "whisper", "join")),
        refusals=BAD | NOT_NOW,
    ),
    Operation("leg_close", "DELETE", CALL + "/legs/{leg}", "Let a browser go."),
    Operation(
        "hold",
        "POST",
        CALL + "/hold",
        "The customer hears music, or the operator again.",
        body=record(["on"], on=FLAG),
        refusals=BAD,
    ),
    Operation(
        "talk",
        "POST",
        CALL + "/talk",
        "Whom the operator hears and speaks to; with `consult` the customer hears"
        " music.",
        body=record(["with"], **{"with": choice("peer", "consult", "both")}),
        refusals=BAD,
    ),
    Operation(
        "transfer",
        "POST",
        CALL + "/transfer",
        "That leg becomes the operator; the one before is let go.",
        body=record(["leg"], leg=text(least=1, most=64)),
        refusals=BAD | NOT_NOW,
    ),
    Operation(
        "recording",
        "POST",
        CALL + "/recording",
        "Start, pause, resume, stop or discard the recording.",
        body=record(
            ["action"],
            action=choice("start", "pause", "resume", "stop", "discard"),
            record=optional(ref("Record")),
        ),
        refusals=BAD | NOT_NOW,
    ),
    Operation(
        "dtmf",
        "POST",
        CALL + "/dtmf",
        "Send digits to the customer's side. The same `id` is sent once.",
        body=record(["digits"], digits=DIGITS, id=text(most=64)),
        refusals=BAD | NOT_NOW,
    ),
    Operation(
        "play",
        "POST",
        CALL + "/play",
        "Play something into the call. The same `id` is played once.",
        body=record(
            ["prompt"],
            prompt=ref("Prompt"),
            to=choice("peer", "operator", "both"),
            id=text(most=64),
        ),
        refusals=BAD,
    ),
    Operation(
        "program",
        "POST",
        CALL + "/program",
        "Let a program have the call: voicemail.",
        body=ref("Program"),
        refusals=BAD | NOT_NOW,
    ),
    Operation(
        "state",
        "GET",
        CALL,
        "How the call and its legs are.",
        ref("Call"),
    ),
    Operation(
        "close",
        "DELETE",
        CALL,
        "End the call. One that has ended already is ended.",
        body=record(reason=optional(text())),
        refusals=BAD,
    ),
    Operation(
        "speech",
        "POST",
        "/v1/speech",
        "Speak a text into an Ogg Opus file.",
        {"type": "string", "format": "binary"},
        record(
            ["text", "language"],
            text=text(least=1, most=5000),
            language=text(most=16),
            voice=optional(text()),
            tts=optional(ref("Engine")),
        ),
        BAD | {502: "The vendor of the speech refused; the message says how"},
        kind="audio/ogg",
    ),
    Operation(
        "purge",
        "POST",
        "/v1/purge",
        "Erase what is left of these calls: audio, and events with what was said.",
        body=record(["calls"], calls={"type": "array", "items": HEX, "maxItems": 1000}),
        refusals=BAD,
    ),
    Operation(
        "health",
        "GET",
        "/health",
        "Whether the unit takes calls.",
        ref("Health"),
        signed=False,
    ),
    Operation(
        "metrics",
        "GET",
        "/metrics",
        "Figures for Prometheus.",
        {"type": "string"},
        signed=False,
        kind="text/plain",
    ),
    Operation(
        "openapi",
        "GET",
        "/openapi.json",
        "This document.",
        {"type": "object"},
        signed=False,
    ),
)


def parameters(path: str) -> list[str]:
    """Names in braces of a path."""
    return [part[1:-1] for part in path.split("/") if part.startswith("{")]
