"""Messages between a number and a phone: what the chat shows, and its webhooks."""

import time
from typing import TYPE_CHECKING

from . import ids
from .model import Number, Phone
from .webhooks import bodies

if TYPE_CHECKING:
    from .world import World


def add(world: "World", number: Number, phone: Phone, entry: dict) -> dict:
    """Put a message into the phone's chat with a number and tell the page."""
    entry = {"at": time.time(), **entry}
    phone.chat.setdefault(number.phone_number_id, []).append(entry)
    world.hub.send(
        "message",
        {
            "wa_id": phone.wa_id,
            "phone_number_id": number.phone_number_id,
            "message": entry,
        },
    )
    return entry


def business_sent(world: "World", number: Number, phone: Phone, entry: dict) -> None:
    """A message of the business: into the chat, and its sent/delivered statuses."""
    add(world, number, phone, {"from": "business", **entry})
    switches = world.switches
    for word, delay in (
        ("sent", switches.message_sent_delay),
        ("delivered", switches.message_delivered_delay),
    ):
        world.later(
            delay,
            lambda word=word: world.sender.send(
                number,
                "messages",
                bodies.message_status(phone, entry["id"], word),
                (word,),
                wa_id=phone.wa_id,
            ),
        )
    if entry["type"] == "call_permission_request":
        _answer_by_itself(world, number, phone, entry["id"])


def _answer_by_itself(world, number, phone, wamid) -> None:
    reply = phone.behaviour.permission_reply
    if reply:
        world.later(
            phone.behaviour.permission_reply_after,
            lambda: answer_request(world, number, phone, wamid, reply),
        )


def answer_request(
    world: "World", number: Number, phone: Phone, wamid: str, reply: str
) -> bool:
    """The customer answers: accept, permanent or decline; false when it expired."""
    ledger = world.ledger
    if not ledger.request_open(number, phone, wamid):
        return False
    ledger.of(number.phone_number_id, phone.wa_id).open_request = None
    answer = {"source": "user_action", "context": wamid}
    if reply in ("accept", "permanent"):
        status = "permanent" if reply == "permanent" else "temporary"
        entry = ledger.grant(number.phone_number_id, phone.wa_id, status)
        answer |= {
            "response": "accept",
            "permanent": reply == "permanent",
            "expires": entry.expires,
        }
    else:
        answer["response"] = "reject"
    ledger.touched(number, phone)
    send_permission_reply(world, number, phone, answer)
    for message in phone.chat.get(number.phone_number_id, []):
        if message.get("id") == wamid:
            message["answered"] = reply
            world.hub.send(
                "message",
                {
                    "wa_id": phone.wa_id,
                    "phone_number_id": number.phone_number_id,
                    "message": message,
                },
            )
    return True


def send_permission_reply(
    world: "World", number: Number, phone: Phone, reply: dict
) -> None:
    """The webhook of an answer about calls, WhatsApp's own ones too."""
    reply = {"id": ids.wamid(phone.wa_id), **reply}
    world.sender.send(
        number,
        "messages",
        bodies.permission_reply(number, phone, reply, world.switches),
        ("call_permission_reply",),
        wa_id=phone.wa_id,
    )


def customer_wrote(
    world: "World", number: Number, phone: Phone, kind: str, content: dict
) -> dict:
    """The customer writes: the 24-hour window opens, the business is told.

    :param kind: type of the message, e.g. "text"
    :param content: what the webhook holds under that name; of kind "unsupported"
        its `errors`
    """
    wamid = ids.wamid(phone.wa_id)
    world.ledger.touched(number, phone)
    told = content if kind == "unsupported" else {kind: content}
    entry = {"id": wamid, "timestamp": bodies.stamp(), "type": kind, **told}
    world.sender.send(
        number,
        "messages",
        bodies.message(phone, entry),
        ("message", kind),
        wa_id=phone.wa_id,
    )
    shown = {"id": wamid, "from": "customer", "type": kind, "text": ""}
    if kind == "text":
        shown["text"] = content["body"]
    elif kind == "reaction":
        shown |= {"text": content.get("emoji", ""), "of": content.get("message_id")}
    elif isinstance(content, dict):
        shown |= {"text": content.get("caption", ""), "media_id": content.get("id")}
        shown["voice"] = bool(content.get("voice"))
    return add(world, number, phone, shown)


def nudge(world: "World", number: Number, phone: Phone) -> None:
    """WhatsApp asks, after calls in a row that nobody took, whether to go on."""
    add(
        world,
        number,
        phone,
        {
            "id": ids.wamid(phone.wa_id),
            "from": "whatsapp",
            "type": "call_nudge",
            "text": f"You missed calls from {number.name}.",
        },
    )
