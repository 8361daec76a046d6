"""Messages, permission replies and message statuses (field "messages").

Of customers' messages `raw` holds what calling needs, and is all that is kept of
them by itself: id, type, time and sender. What they say is in `message` only.
"""

from . import reading
from .base import ErrorInfo, Event, PermissionReply
from .meta_parts import Place, errors, event, side, unknown, with_contact

_TEXT_LIMIT = 4096
_MEDIA = ("audio", "image", "video", "document", "sticker")
_KEPT = ("id", "type", "timestamp", "from", "from_user_id", "from_parent_user_id")
_ANSWERS = {"ACCEPT": True, "ACCEPTED": True, "REJECT": False, "REJECTED": False}


def message_event(message, place: Place) -> Event:
    """The event of one member of value.messages."""
    if not isinstance(message, dict):
        return unknown(place, message, "a message is not an object", raw={})
    problems = []
    peer = with_contact(side(message, "from", problems), place, problems)
    if not peer.wa_id and not peer.bsuid:
        problems.append("no number or user id of the customer")
    values = {
        "timestamp": reading.epoch(message, "timestamp", problems),
        "direction": "inbound",
        "peer": peer,
    }
    message_ref = reading.ref(message, "id", problems)
    reply = _permission_reply(message)
    if reply is not None:
        return _permission(message, reply, message_ref, place, values, problems)
    values["raw"] = {key: message[key] for key in _KEPT if key in message}
    if not message_ref:
        return event(
            "unknown", None, place, message, ["the message has no id"], **values
        )
    kind = reading.text(message, "type", problems, limit=64)
    kind = kind.lower() if kind else "unknown"
    values["message"] = {
        "id": message_ref,
        "type": kind,
        "text": _text(message),
        **_medium(message, kind, problems),
    }
    return event("inbound_message", message_ref, place, message, problems, **values)


def _permission_reply(message) -> dict | None:
    """The reply, recognised by interactive.type: Meta's samples leave out the
    type of the message itself."""
    interactive = message.get("interactive")
    if not isinstance(interactive, dict):
        return None
    name = reading.word(interactive, "type", [])
    if name != "CALL_PERMISSION_REPLY" and (
        name or "call_permission_reply" not in interactive
    ):
        return None
    return reading.obj(interactive, "call_permission_reply", [])


def _permission(message, reply, message_ref, place, values, problems) -> Event:
    # context.from is the business in one sample and the customer in another:
    # only the id says something.
    context = reading.obj(message, "context", problems)
    answer = reading.word(reply, "response", problems)
    if answer not in _ANSWERS:
        told = f'response "{answer}" to the permission request is not known'
        return unknown(place, message, told, *problems, **values)
    permission = PermissionReply(
        accepted=_ANSWERS[answer],
        permanent=_ANSWERS[answer] and reading.flag(reply.get("is_permanent")),
        expires_at=reading.epoch(reply, "expiration_timestamp", problems),
        automatic=reading.word(reply, "response_source", problems) == "AUTOMATIC",
        context_ref=reading.ref(context, "id", problems),
    )
    if permission.accepted and not (permission.permanent or permission.expires_at):
        problems.append("neither permanent nor an end of the permission")
    if not message_ref:
        problems.append("the message has no id")
    values["permission"] = permission
    return event("permission", message_ref, place, message, problems, **values)


def _text(message) -> str | None:
    """What the customer wrote or tapped, a medium's caption, a reaction's emoji;
    None where there is none."""
    for place in (
        ("text", "body"),
        ("reaction", "emoji"),
        *((name, "caption") for name in _MEDIA),
        ("button", "text"),
        ("interactive", "button_reply", "title"),
        ("interactive", "list_reply", "title"),
    ):
        value = message
        for key in place:
            value = value.get(key) if isinstance(value, dict) else None
        if isinstance(value, str):
            return reading.storable(value)[:_TEXT_LIMIT]
    return None


def _medium(message, kind, problems) -> dict:
    """What is to know of a medium before it is fetched; {} for other messages."""
    if kind not in _MEDIA:
        return {}
    medium = reading.obj(message, kind, problems)
    media_ref = reading.ref(medium, "id", problems)
    if not media_ref:
        problems.append("the medium has no id")
    return {
        "media_ref": media_ref,
        "mime_type": reading.text(medium, "mime_type", problems, limit=128),
        "sha256": reading.text(medium, "sha256", problems, limit=128),
        "voice": reading.flag(medium.get("voice")),
        "file_name": reading.text(medium, "filename", problems, limit=256),
    }


def message_status_event(
    status: dict, place: Place, beside: tuple[ErrorInfo, ...]
) -> Event:
    """The event of a status about one of our messages (sent, delivered, …)."""
    problems = []
    name = (reading.word(status, "status", problems) or "").lower()
    message_ref = reading.ref(status, "id", problems)
    values = {
        "timestamp": reading.epoch(status, "timestamp", problems),
        "direction": "outbound",
        "peer": with_contact(side(status, "recipient", problems), place, problems),
        "opaque": reading.text(status, "biz_opaque_callback_data", problems),
        "errors": tuple(dict.fromkeys(errors(status, problems) + beside)),
        "status": name or None,
    }
    if not message_ref or not name:
        told = "the status lacks the message's id or its name"
        return unknown(place, status, told, *problems, **values)
    values["message"] = {"id": message_ref, "type": "status", "text": None}
    key = f"{message_ref}:status:{name}"
    return event("message_status", key, place, status, problems, **values)
