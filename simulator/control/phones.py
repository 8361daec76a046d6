"""Control of phones: behaviour, chat, permissions."""

import asyncio
from dataclasses import asdict, fields

from aiohttp import web

from .. import chat
from ..calls.place import CallRefused
from ..errors import webhook_error
from ..graph import media
from ..media import sound
from ..model import Behaviour, Number, Phone
from ..world import World
from .tools import (
    answer,
    body_of,
    new_phone,
    number_of,
    phone_of,
    sound_of,
    world_of,
)

PHONE_FIELDS = {f.name for f in fields(Phone)} - {"wa_id", "behaviour", "chat"}
BEHAVIOUR_FIELDS = {f.name for f in fields(Behaviour)}
WORDS = {  # the value of "answer"
    "answer": {"answer_after": 0.5, "reject_after": None},
    "reject": {"answer_after": None, "reject_after": 0.5},
    "ignore": {"answer_after": None, "reject_after": None},
}


def as_dict(world: World, phone: Phone) -> dict:
    """A phone as the control API shows it."""
    data = asdict(phone)
    data["permissions"] = {
        number_id: entry.as_dict()
        for (number_id, wa_id), entry in world.ledger.entries.items()
        if wa_id == phone.wa_id
    }
    return data


async def index(request: web.Request) -> web.Response:
    """GET /control/phones."""
    world = world_of(request)
    return answer([as_dict(world, phone) for phone in world.phones.values()])


async def show(request: web.Request) -> web.Response:
    """GET /control/phones/{wa_id}."""
    world = world_of(request)
    return answer(as_dict(world, phone_of(world, request.match_info["wa_id"])))


async def change(request: web.Request) -> web.Response:
    """POST /control/phones/{wa_id}: change a phone or make a new one.

    Members of the phone (name, online, hide_number, …) and of its behaviour
    (answer_after, reject_after, say, tone, permission_reply, …) side by side;
    {"answer": "answer"|"reject"|"ignore"} is short for the usual delays.
    """
    world, data = world_of(request), sound_of(await body_of(request))
    wa_id = request.match_info["wa_id"]
    phone = world.find_phone(wa_id)
    data = {**data.pop("behaviour", {}), **data}
    word = data.pop("answer", None)
    if word is not None:
        if word not in WORDS:
            raise ValueError(f"answer must be one of {', '.join(WORDS)}")
        data = {**WORDS[word], **data}
    unknown = set(data) - PHONE_FIELDS - BEHAVIOUR_FIELDS
    if unknown:
        raise ValueError(f"unknown: {', '.join(sorted(unknown))}")
    if phone is None:
        phone = new_phone(world, wa_id.lstrip("+"))
    if {"say", "wav", "wav_base64", "tone"} & data.keys():
        # one sound at a time: the new one replaces whatever was there
        for name in ("say", "wav", "wav_base64", "tone"):
            setattr(phone.behaviour, name, None)
    for name, value in data.items():
        setattr(phone.behaviour if name in BEHAVIOUR_FIELDS else phone, name, value)
    world.hub.send("phone", {"phone": as_dict(world, phone)})
    return answer(as_dict(world, phone))


async def read_chat(request: web.Request) -> web.Response:
    """GET /control/phones/{wa_id}/chat[?number=]: messages, oldest first."""
    world = world_of(request)
    phone = phone_of(world, request.match_info["wa_id"])
    number = number_of(world, dict(request.query))
    return answer(phone.chat.get(number.phone_number_id, []))


async def write(request: web.Request) -> web.Response:
    """POST /control/phones/{wa_id}/messages {text, to}: the customer writes.

    Or a voice message {audio: a sound}, or any other message as WhatsApp tells of
    it: {type: "reaction", reaction: {message_id, emoji}}.
    """
    world, data = world_of(request), await body_of(request)
    phone = phone_of(world, request.match_info["wa_id"])
    number = number_of(world, data)
    if phone.wa_id in number.blocked:
        raise CallRefused("This business has blocked the customer")
    kind = str(data.get("type") or ("audio" if "audio" in data else "text"))
    if kind == "text":
        content = {"body": str(data["text"])}
    elif kind == "audio" and "id" not in data["audio"]:
        content = await _voice(world, number, data["audio"])
    elif kind == "unsupported":
        content = {"errors": data.get("errors") or [webhook_error(131051)]}
    else:
        content = data[kind]
    return answer(chat.customer_wrote(world, number, phone, kind, content), 201)


async def _voice(world: World, number: Number, wanted: dict) -> dict:
    """Record a sound as WhatsApp's phones do: OGG with Opus."""
    packets = await sound.load(sound_of(dict(wanted)))
    if not packets:
        raise ValueError("audio needs say, wav, wav_base64 or tone")
    content = await asyncio.to_thread(lambda: sound.to_ogg(sound.decode(packets)))
    mime = "audio/ogg; codecs=opus"
    media_id = media.keep(world, number, mime, content)
    return {
        "id": media_id,
        "mime_type": mime,
        "sha256": media.digest(content),
        "voice": True,
    }


async def reply(request: web.Request) -> web.Response:
    """POST /control/phones/{wa_id}/permission {to, reply, id}: answer a request.

    `reply`: accept, permanent or decline; without `id` the open request is meant.
    """
    world, data = world_of(request), await body_of(request)
    phone = phone_of(world, request.match_info["wa_id"])
    number = number_of(world, data)
    entry = world.ledger.of(number.phone_number_id, phone.wa_id)
    wamid = data.get("id") or entry.open_request
    word = data.get("reply", "accept")
    if not wamid or not chat.answer_request(world, number, phone, wamid, word):
        raise LookupError("no such open permission request")
    return answer({"ok": True})


async def permission(request: web.Request) -> web.Response:
    """POST /control/permissions {wa_id, number, …}.

    One of: "status" no_permission|temporary|permanent (with "expires", epoch
    seconds; set silently unless "webhook" is true), "reply" accept|permanent|
    decline to the open request, "revoke": true (by hand), "window": true|false.
    """
    world, data = world_of(request), await body_of(request)
    phone = phone_of(world, data.get("wa_id"))
    number = number_of(world, data, "number")
    key = (number.phone_number_id, phone.wa_id)
    entry = world.ledger.of(*key)
    if "window" in data:
        entry.last_inbound = 0.0
        if data["window"]:
            world.ledger.touched(number, phone)
    if "reply" in data:
        wamid = entry.open_request or ""
        if not chat.answer_request(world, number, phone, wamid, data["reply"]):
            raise LookupError("no open permission request")
    if data.get("revoke"):
        world.ledger.grant(*key, "no_permission")
        if world.switches.revocation_webhook:
            reply = {"response": "reject", "source": "user_action"}
            chat.send_permission_reply(world, number, phone, reply)
    if "status" in data:
        world.ledger.grant(*key, data["status"], data.get("expires"))
        if data.get("webhook"):
            reply = {
                "response": "reject" if data["status"] == "no_permission" else "accept",
                "permanent": data["status"] == "permanent",
                "expires": entry.expires,
                "source": data.get("source", "user_action"),
            }
            chat.send_permission_reply(world, number, phone, reply)
    if "unanswered" in data:
        entry.unanswered = int(data["unanswered"])
    world.hub.send("phone", {"phone": as_dict(world, phone)})
    return answer(entry.as_dict())


async def permissions(request: web.Request) -> web.Response:
    """GET /control/permissions: all of them."""
    entries = world_of(request).ledger.entries
    return answer(
        [
            {"phone_number_id": number_id, "wa_id": wa_id, **entry.as_dict()}
            for (number_id, wa_id), entry in entries.items()
        ]
    )


ROUTES = [
    ("GET", "phones", index),
    ("GET", "phones/{wa_id}", show),
    ("POST", "phones/{wa_id}", change),
    ("GET", "phones/{wa_id}/chat", read_chat),
    ("POST", "phones/{wa_id}/messages", write),
    ("POST", "phones/{wa_id}/permission", reply),
    ("GET", "permissions", permissions),
    ("POST", "permissions", permission),
]
