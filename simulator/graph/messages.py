"""POST /{PNID}/messages: text, permission request, call button, template, audio."""

import time

from .. import chat, ids
from ..errors import GraphError, webhook_error
from ..model import Number, Phone
from ..webhooks import bodies
from . import calls as calls_endpoint
from . import templates
from .gate import MESSAGING, Query
from .recipients import resolve


async def messages(query: Query) -> dict:
    """Answers {messaging_product, contacts, messages} as Graph does."""
    query.need(MESSAGING)
    number = query.number()
    query.product()
    if query.body.get("status") == "read":
        return _read(query, number)
    phone = resolve(query, number, 131026)
    _rates(query, number, phone)
    if phone.wa_id in number.blocked:
        raise GraphError(130403, "The business has blocked this user")
    kind = query.body.get("type", "text")
    makers = {
        "text": _text,
        "interactive": _interactive,
        "template": _template,
        "audio": _audio,
    }
    if kind not in makers:
        raise GraphError(131051, f"Message type {kind!r} is not supported")
    entry = makers[kind](query, number, phone)
    wamid = ids.wamid(phone.wa_id)
    entry["id"] = wamid
    query.entry["message_id"] = wamid
    open_ = kind == "template" or query.world.ledger.window_open(number, phone)
    if open_:
        if entry["type"] == "call_permission_request" or entry.get("asks"):
            query.world.ledger.requested(number, phone, wamid)
        query.after_reply.append(
            lambda: chat.business_sent(query.world, number, phone, entry)
        )
    elif query.world.switches.window_error == "webhook":
        query.after_reply.append(lambda: _failed(query, number, phone, wamid))
    else:
        raise GraphError(
            131047, "More than 24 hours have passed since the customer last wrote"
        )
    contact = {"input": query.body.get("to") or phone.bsuid, "wa_id": phone.wa_id}
    contact["user_id"] = phone.bsuid
    if phone.hide_number and not query.body.get("to"):
        del contact["wa_id"]
    return {
        "messaging_product": "whatsapp",
        "contacts": [contact],
        "messages": [{"id": wamid}],
    }


def _failed(query: Query, number: Number, phone: Phone, wamid: str) -> None:
    value = bodies.message_status(phone, wamid, "failed", [webhook_error(131047)])
    query.world.sender.send(number, "messages", value, ("failed",), wa_id=phone.wa_id)


def _read(query: Query, number: Number) -> dict:
    wamid = query.body.get("message_id")
    for phone in query.world.phones.values():
        for message in phone.chat.get(number.phone_number_id, []):
            if message["id"] == wamid:
                message["read"] = True
                if query.body.get("typing_indicator"):
                    message["typing_at"] = time.time()
                return {"success": True}
    raise GraphError(100, "No message with this message_id")


def _rates(query: Query, number: Number, phone: Phone) -> None:
    """80 messages a second; to one user a burst of 45, then one every 6 s."""
    world, switches = query.world, query.world.switches
    all_ = world.number_times.setdefault(number.phone_number_id, [])
    if len(world.recent(all_, 1.0)) >= switches.messages_per_second:
        raise GraphError(130429, "Too many messages per second")
    pair = world.message_times.setdefault((number.phone_number_id, phone.wa_id), [])
    span = switches.pair_gap * switches.pair_burst
    if len(world.recent(pair, span)) >= switches.pair_burst:
        raise GraphError(131056, "Too many messages to the same user")
    now = time.time()
    all_.append(now)
    pair.append(now)


def _part(body: dict, name: str) -> dict:
    part = body.get(name)
    if not isinstance(part, dict):
        raise GraphError(131008, f"{name} is required")
    return part


def _length(value: object, name: str, longest: int, shortest: int = 1) -> str:
    if not isinstance(value, str) or not shortest <= len(value) <= longest:
        raise GraphError(131009, f"{name} must have {shortest} to {longest} characters")
    return value


def _text(query: Query, number: Number, phone: Phone) -> dict:
    text = _length(_part(query.body, "text").get("body"), "text.body", 4096)
    entry = {"type": "text", "text": text}
    context = query.body.get("context")
    if isinstance(context, dict):
        entry["reply_to"] = context.get("message_id")
    return entry


def _interactive(query: Query, number: Number, phone: Phone) -> dict:
    part = _part(query.body, "interactive")
    kind = part.get("type")
    if kind == "call_permission_request":
        return _request(query, number, phone, part)
    if kind == "voice_call":
        return _button(query, number, part)
    raise GraphError(131009, f"interactive.type {kind!r} is not supported")


def _calling_on(query: Query, number: Number) -> None:
    if not number.calling_on:
        raise GraphError(
            138000,
            "Calling is not enabled for this phone number",
            http=query.world.switches.calling_disabled_http,
        )


def check_request(query: Query, number: Number, phone: Phone) -> None:
    """Raise the reason why permission may not be asked for now."""
    _calling_on(query, number)
    if number.country in calls_endpoint.NO_OUTBOUND:
        raise GraphError(138013, f"Not available for {number.country}")
    if number.suspended:
        raise GraphError(138014, "Calling is paused because of low call quality")
    if not phone.supports_calls:
        raise GraphError(131026, "The user's app is too old")
    query.world.ledger.check_request(number, phone)


def _request(query: Query, number: Number, phone: Phone, part: dict) -> dict:
    check_request(query, number, phone)
    name = _part(part, "action").get("name")
    if name != "call_permission_request":
        raise GraphError(131009, "interactive.action.name must be the type")
    if "header" in part or "footer" in part:
        raise GraphError(131009, "header and footer are not supported")
    text = ""
    if "body" in part:
        text = _length(_part(part, "body").get("text"), "body.text", 1024)
    return {"type": "call_permission_request", "text": text}


def _button(query: Query, number: Number, part: dict) -> dict:
    _calling_on(query, number)
    switches = query.world.switches
    text = _length(_part(part, "body").get("text"), "body.text", 1024)
    action = _part(part, "action")
    if action.get("name") != "voice_call":
        raise GraphError(131009, "interactive.action.name must be voice_call")
    parameters = action.get("parameters") or {}
    label = _length(
        parameters.get("display_text", "Call Now"),
        "display_text",
        switches.button_text,
    )
    entry = {"type": "voice_call", "text": text, "label": label}
    return entry | _button_options(parameters, 1)


def _button_options(parameters: dict, shortest: int) -> dict:
    minutes = parameters.get("ttl_minutes", 10080)
    if not isinstance(minutes, int) or not shortest <= minutes <= 43200:
        raise GraphError(131009, f"ttl_minutes must be {shortest} to 43200")
    payload = parameters.get("payload")
    if payload is not None:
        _length(payload, "payload", 512, 0)
    return {"payload": payload, "expires": time.time() + minutes * 60}


def _template(query: Query, number: Number, phone: Phone) -> dict:
    part = _part(query.body, "template")
    waba = query.world.wabas[number.waba_id]
    language = part.get("language")
    code = language.get("code") if isinstance(language, dict) else None
    template = templates.find(waba, part.get("name"), code)
    template = templates.check_sendable(template, part)
    entry = {"type": "template", "template": template["name"], "text": ""}
    for component in template.get("components", []):
        kind = str(component.get("type", "")).lower()
        if kind == "body":
            entry["text"] = _fill(component.get("text", ""), part)
        elif kind in ("header", "footer"):
            entry[kind] = component.get("text", "")
        elif kind == "call_permission_request":
            check_request(query, number, phone)
            entry["asks"] = True
            entry["type"] = "call_permission_request"
        elif kind == "buttons":
            for button in component.get("buttons", []):
                if str(button.get("type")).lower() == "voice_call":
                    entry["type"] = "voice_call"
                    entry["label"] = button.get("text", "Call Now")
                    entry |= _button_options(_overrides(part, button), 1)
                else:
                    entry.setdefault("buttons", []).append(
                        {"type": button.get("type"), "text": button.get("text", "")}
                    )
    return entry


def _fill(text: str, part: dict) -> str:
    """Put the body's parameters into {{1}}, {{2}} …"""
    for component in part.get("components") or []:
        if component.get("type") == "body":
            for index, item in enumerate(component.get("parameters", []), 1):
                text = text.replace(f"{{{{{index}}}}}", str(item.get("text", "")))
    return text


def _overrides(part: dict, button: dict) -> dict:
    """ttl_minutes and payload given at sending; else the template's."""
    options = {"ttl_minutes": button.get("ttl_minutes", 10080)}
    for component in part.get("components") or []:
        if component.get("sub_type") == "voice_call":
            for item in component.get("parameters", []):
                if item.get("type") in ("ttl_minutes", "payload"):
                    options[item["type"]] = item.get(item["type"])
    return options


def _audio(query: Query, number: Number, phone: Phone) -> dict:
    part = _part(query.body, "audio")
    if part.get("link"):
        return {"type": "audio", "link": part["link"], "voice": bool(part.get("voice"))}
    media = query.world.media.get(str(part.get("id")))
    if media is None or media["number"] != number.phone_number_id:
        raise GraphError(131009, "audio.id is not a media id of this number")
    if part.get("voice") and not media["mime_type"].startswith("audio/ogg"):
        raise GraphError(131053, "A voice note must be audio/ogg with Opus")
    return {"type": "audio", "media_id": media["id"], "voice": bool(part.get("voice"))}
