"""POST /{number}/messages: text, audio, template, permission request, call button."""

import time

from .. import chat, ids
from ..errors import GraphError
from ..model import Number, Phone
from ..world import World
from .server import MESSAGING, Request

TEXT_LIMIT = 4096
PAYLOAD_LIMIT = 512
TTL = range(1, 43201)


async def post_messages(request: Request) -> dict:
    """Send a message or mark one as read."""
    number, world = request.number(MESSAGING), request.world
    if request.body.get("messaging_product") != "whatsapp":
        raise GraphError(131008, "The parameter messaging_product is required")
    if request.body.get("status") == "read":
        return {"success": True}
    phone = request.phone()
    if phone is None or not phone.on_whatsapp:
        raise GraphError(131026)
    _may_write(world, number, phone)
    kind = request.body.get("type", "text")
    readers = {
        "text": _text,
        "audio": _audio,
        "template": _template,
        "interactive": _interactive,
    }
    if kind not in readers:
        raise GraphError(131051, f"The type {kind} is not supported")
    if kind != "template" and not world.ledger.window_open(number, phone):
        raise GraphError(131047, "More than 24 hours have passed since the user wrote")
    wamid = ids.wamid(phone.wa_id)
    entry = readers[kind](request, number, phone)
    if entry["type"] == "call_permission_request":
        world.ledger.check_request(number, phone)
        world.ledger.requested(number, phone, wamid)
    chat.business_sent(world, number, phone, {"id": wamid, **entry})
    name = request.body.get("to") or request.body.get("recipient")
    contact = {"input": name, "wa_id": phone.wa_id, "user_id": phone.bsuid}
    return {
        "messaging_product": "whatsapp",
        "contacts": [contact],
        "messages": [{"id": wamid, "message_status": "accepted"}],
    }


def _may_write(world: World, number: Number, phone: Phone) -> None:
    if phone.wa_id == number.wa_id:
        raise GraphError(131021)
    if phone.wa_id in number.blocked:
        raise GraphError(130403)
    if number.sandbox and phone.wa_id not in number.allowed:
        raise GraphError(131030)
    switches = world.switches
    times = world.number_times.setdefault(number.phone_number_id, [])
    if len(world.recent(times, 1.0)) >= switches.messages_per_second:
        raise GraphError(130429)
    times.append(time.time())
    pair = world.message_times.setdefault((number.phone_number_id, phone.wa_id), [])
    if len(world.recent(pair, switches.pair_burst * switches.pair_gap)) >= (
        switches.pair_burst
    ):
        raise GraphError(131056)
    pair.append(time.time())


def _part(request: Request, name: str) -> dict:
    part = request.body.get(name)
    if not isinstance(part, dict):
        raise GraphError(131008, f"The parameter {name} is required")
    return part


def _required_text(value: object, name: str, limit: int) -> str:
    if not isinstance(value, str) or not value.strip():
        raise GraphError(131008, f"The parameter {name} is required")
    if len(value) > limit:
        raise GraphError(131009, f"{name} has more than {limit} characters")
    return value


def _text(request: Request, number: Number, phone: Phone) -> dict:
    body = _required_text(_part(request, "text").get("body"), "text.body", TEXT_LIMIT)
    return {"type": "text", "text": body}


def _audio(request: Request, number: Number, phone: Phone) -> dict:
    audio = _part(request, "audio")
    media = request.world.media.get(str(audio.get("id")))
    if media is None:
        raise GraphError(131009, "audio.id names no media")
    if audio.get("voice") and "ogg" not in media["mime_type"]:
        raise GraphError(131053, "A voice message must be audio/ogg with Opus")
    return {"type": "audio", "media_id": audio["id"], "voice": bool(audio.get("voice"))}


def _template(request: Request, number: Number, phone: Phone) -> dict:
    template = _part(request, "template")
    waba = request.world.wabas[number.waba_id]
    known = waba.templates.get(str(template.get("name")))
    language = template.get("language", {})
    code = language.get("code") if isinstance(language, dict) else None
    if known is None or known.get("language") != code:
        raise GraphError(132001)
    if known.get("status") == "PAUSED":
        raise GraphError(132015)
    if known.get("status") != "APPROVED":
        raise GraphError(132001)
    entry = {"type": "template", "text": known["name"], "template": known["name"]}
    for component in known.get("components", []):
        if component.get("type", "").upper() == "BODY":
            entry["text"] = component.get("text", "")
        if component.get("type") == "call_permission_request":
            entry["type"] = "call_permission_request"
        for button in component.get("buttons", []):
            if button.get("type", "").lower() == "voice_call":
                entry |= {"type": "voice_call", "button": button.get("text")}
                entry["payload"] = _button_payload(template)
    return entry


def _button_payload(template: dict) -> str | None:
    for component in template.get("components", []):
        if component.get("sub_type") == "voice_call":
            for parameter in component.get("parameters", []):
                if parameter.get("type") == "payload":
                    return parameter.get("payload")
    return None


def _interactive(request: Request, number: Number, phone: Phone) -> dict:
    interactive = _part(request, "interactive")
    kind = interactive.get("type")
    body = interactive.get("body") or {}
    if kind == "call_permission_request":
        if {"header", "footer"} & interactive.keys():
            raise GraphError(131009, "header and footer are not allowed here")
        if (interactive.get("action") or {}).get("name") != kind:
            raise GraphError(131009, "action.name must be call_permission_request")
        if not phone.supports_calls:
            raise GraphError(131026)
        return {"type": kind, "text": body.get("text", "")}
    if kind == "voice_call":
        return _voice_call(request, interactive, body)
    raise GraphError(131051, f"The interactive type {kind} is not supported")


def _voice_call(request: Request, interactive: dict, body: dict) -> dict:
    parameters = (interactive.get("action") or {}).get("parameters") or {}
    label = parameters.get("display_text", "Call Now")
    _required_text(label, "display_text", request.world.switches.button_text)
    if parameters.get("ttl_minutes", 10080) not in TTL:
        raise GraphError(131009, "ttl_minutes must be from 1 to 43200")
    payload = parameters.get("payload")
    if payload is not None and len(str(payload)) > PAYLOAD_LIMIT:
        raise GraphError(131009, "payload has more than 512 characters")
    text = _required_text(body.get("text"), "body.text", 1024)
    return {"type": "voice_call", "text": text, "button": label, "payload": payload}
