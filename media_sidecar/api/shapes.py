"""The JSON that Odoo sends, as schemas; the description of the API is made of them."""


def ref(name: str) -> dict:
    return {"$ref": f"#/components/schemas/{name}"}


def record(required=(), **properties) -> dict:
    """An object with these members."""
    schema = {"type": "object", "properties": properties}
    return schema | ({"required": list(required)} if required else {})


def text(about: str = "", most: int = 200, least: int = 0, **more) -> dict:
    schema = {"type": "string", "maxLength": most, **more}
    if least:
        schema["minLength"] = least
    return schema | ({"description": about} if about else {})


def choice(*values: str, about: str = "") -> dict:
    schema = {"type": "string", "enum": list(values)}
    return schema | ({"description": about} if about else {})


def number(least: float, most: float, about: str = "", kind: str = "number") -> dict:
    schema = {"type": kind, "minimum": least, "maximum": most}
    return schema | ({"description": about} if about else {})


def optional(schema: dict) -> dict:
    """`schema`, or null."""
    return {"anyOf": [{"type": "null"}, schema]}


HEX = {"type": "string", "pattern": "^[0-9a-f]{32}$"}
FLAG = {"type": "boolean"}
SDP = text("An SDP session description", most=32 * 1024, least=1)
DIGITS = text("Digits to send", most=64, least=1, pattern="^[0-9*#A-D]+$")
LANGUAGE = text("A language as de or pt-BR", most=16)

ENGINE = record(
    engine=text("Whose speech: local, elevenlabs, deepgram, deepgram_flux", most=32),
    key=optional(text("The vendor's key; kept in memory only", most=400)),
    voice=optional(text("The vendor's name of a voice")),
    url=optional(text("Another address of the vendor", most=400)),
    language=optional(LANGUAGE),
    model=optional(text("The vendor's name of a model")),
)

SCHEMAS = {
    "Error": record(
        ["error"],
        error=record(["code", "message"], code=text(), message=text(most=1000)),
    ),
    "Prompt": record(
        text=text("What to say", most=5000),
        language=optional(LANGUAGE),
        voice=optional(text("The voice that says it")),
        music=choice("hold", "quiet"),
        tone=choice("beep"),
    )
    | {"description": "Something to play: a text, music or a tone"},
    "Record": record(
        ["agent", "caller", "key", "recording"],
        agent=FLAG,
        caller=FLAG,
        announce=optional(ref("Prompt")),
        order=choice("before", "after", about="of the greeting"),
        refuse_key=optional(text("The digit that refuses", most=1)),
        key=text("X25519 public key of Odoo, base64", most=64),
        recording=HEX,
    ),
    "Engine": ENGINE,
    "Watchdog": record(
        no_media=number(1, 3600, "Seconds without RTP of WhatsApp"),
        reattach=number(1, 3600, "Seconds without an operator"),
        no_odoo=number(5, 86400, "Seconds without Odoo"),
        max_seconds=number(1, 86400, "Longest call"),
    ),
    "Settings": record(
        record=optional(ref("Record")),
        transcribe=optional(ref("Engine")),
        speech=optional(
            record(tts=optional(ref("Engine")), stt=optional(ref("Engine")))
        ),
        watchdog=ref("Watchdog"),
        language=optional(LANGUAGE),
        hold=optional(ref("Prompt")),
    ),
    "User": record(id=number(0, 2**53, kind="integer"), name=text()),
    "Program": record(
        ["kind"],
        kind=choice("voicemail"),
        greeting=optional(ref("Prompt")),
        tone=FLAG,
        max_seconds=number(1, 3600),
        silence_seconds=number(1, 600),
        end_key=optional(text(most=1)),
        record=optional(ref("Record")),
        transcribe=optional(ref("Engine")),
    ),
    "Leg": record(
        ["leg", "role", "mode", "state"],
        leg=text(),
        role=choice("peer", "operator", "consult", "monitor"),
        mode=choice("talk", "listen", "whisper", "join"),
        state=choice("new", "connected", "lost"),
        rtt_ms={"type": ["number", "null"]},
        jitter_ms={"type": ["number", "null"]},
        loss_percent={"type": ["number", "null"]},
    ),
    "Call": record(
        ["call", "state", "seconds", "legs", "held", "talk"],
        call=HEX,
        direction=choice("inbound", "outbound"),
        state=choice("opened", "accepted", "ended"),
        reason=text("Why it ended"),
        seconds={"type": "number"},
        held=FLAG,
        talk=choice("peer", "consult", "both"),
        recording=text("off, waiting, on, paused, stopped or discarded"),
        program=text("The program that runs, or nothing"),
        legs={"type": "array", "items": ref("Leg")},
    ),
    "Done": record(["ok"], ok=FLAG),
    "Health": record(
        ["status", "calls", "capacity", "lag_ms", "version"],
        status=choice("ready", "busy", "draining", "stopped"),
        calls={"type": "integer"},
        capacity={"type": "integer"},
        lag_ms={"type": "number"},
        version=text(),
        odoo=choice("starting", "up", "away", "refused"),
        clock_skew={"type": "integer"},
    ),
}
