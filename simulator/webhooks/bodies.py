"""Bodies of webhooks, member by member as Meta's samples have them."""

import json
import time

from ..model import Number, Phone, Waba
from ..switches import Switches


def envelope(number: Number, field: str, value: dict) -> dict:
    """One entry with one change about a number."""
    metadata = {
        "display_phone_number": number.wa_id,
        "phone_number_id": number.phone_number_id,
    }
    value = {"messaging_product": "whatsapp", "metadata": metadata, **value}
    change = {"value": value, "field": field}
    return {
        "object": "whatsapp_business_account",
        "entry": [{"id": number.waba_id, "changes": [change]}],
    }


def account_envelope(waba: Waba, field: str, value: dict) -> dict:
    """One entry with one change about a business account, with its time."""
    entry = {
        "id": waba.waba_id,
        "time": int(time.time()),
        "changes": [{"value": value, "field": field}],
    }
    return {"object": "whatsapp_business_account", "entry": [entry]}


def serialise(body: dict, escape_slashes: bool = True) -> bytes:
    r"""JSON as Meta writes it: non-ASCII as ``\uXXXX`` and ``/`` as ``\/``."""
    text = json.dumps(body, ensure_ascii=True, separators=(",", ":"))
    return (text.replace("/", "\\/") if escape_slashes else text).encode()


def stamp(at: float | None = None) -> str:
    """Unix seconds as a string."""
    return str(int(time.time() if at is None else at))


def contact(phone: Phone) -> dict:
    """An entry of ``contacts``; the number is missing under a username."""
    profile = {"name": phone.name}
    if phone.username:
        profile["username"] = phone.username
    entry = {"profile": profile, "wa_id": phone.wa_id, "user_id": phone.bsuid}
    if phone.hide_number:
        del entry["wa_id"]
    if phone.parent_bsuid:
        entry["parent_user_id"] = phone.parent_bsuid
    return entry


def _parties(call, switches: Switches) -> dict:
    """``from`` and ``to`` with the user's ids on the user's side."""
    user, business = ("from", "to") if call.inbound else ("to", "from")
    if not call.inbound and switches.swap_outbound:
        user, business = business, user
    parties = {"from": None, "to": None}
    parties[business] = call.number.wa_id
    parties[user] = None if call.phone.hide_number else call.phone.wa_id
    side = "from" if call.inbound else "to"
    parties[f"{side}_user_id"] = call.phone.bsuid
    if call.phone.parent_bsuid:
        parties[f"{side}_parent_user_id"] = call.phone.parent_bsuid
    return {name: value for name, value in parties.items() if value}


def _payloads(call) -> dict:
    data = {}
    if call.deeplink_payload is not None:
        data["deeplink_payload"] = call.deeplink_payload
    if call.cta_payload is not None:
        data["cta_payload"] = call.cta_payload
    return data


def connect(call, switches: Switches) -> dict:
    """The connect webhook, with WhatsApp's SDP."""
    entry = {
        "id": call.id,
        **_parties(call, switches),
        "event": "connect",
        "timestamp": stamp(call.times.get("connect_webhook")),
        "direction": call.direction,
        "session": {
            "sdp_type": "offer" if call.inbound else "answer",
            "sdp": call.own_sdp,
        },
        **_payloads(call),
    }
    if call.opaque is not None and not call.inbound and switches.opaque_in_connect:
        entry["biz_opaque_callback_data"] = call.opaque
    if switches.legacy_connection:
        entry["connection"] = {"webrtc": {"sdp": json.dumps({"sdp": call.own_sdp})}}
    value = {"contacts": [contact(call.phone)], "calls": [entry]}
    wanted = (
        switches.contacts_on_connect if call.inbound else switches.contacts_on_outbound
    )
    if not wanted:
        del value["contacts"]
    return value


def status(call, word: str, at: float, switches: Switches) -> dict:
    """RINGING, ACCEPTED or REJECTED of an outbound call."""
    entry = {"id": call.id, "type": "call", "status": word, "timestamp": stamp(at)}
    if not call.phone.hide_number:
        entry["recipient_id"] = call.phone.wa_id
    entry["recipient_user_id"] = call.phone.bsuid
    if call.phone.parent_bsuid:
        entry["recipient_parent_user_id"] = call.phone.parent_bsuid
    if call.opaque is not None:
        entry["biz_opaque_callback_data"] = call.opaque
    value: dict = {"statuses": [entry]}
    if switches.contacts_on_status:
        value["contacts"] = [contact(call.phone)]
    return value


def terminate(call, switches: Switches) -> dict:
    """The end; times and duration only when the call was answered."""
    entry = {
        "id": call.id,
        **_parties(call, switches),
        "event": "terminate",
        "direction": call.direction,
        "timestamp": stamp(call.times["ended"]),
        "status": call.end_status,
        **_payloads(call),
    }
    if call.answered_at is not None:
        start, end = int(call.answered_at), int(call.times["ended"])
        entry |= {
            "start_time": str(start),
            "end_time": str(end),
            "duration": end - start,
        }
    if call.opaque is not None:
        entry["biz_opaque_callback_data"] = call.opaque
    value: dict = {"calls": [entry]}
    if switches.contacts_on_terminate:
        value = {"contacts": [contact(call.phone)], **value}
    if call.errors:
        # Meta's samples have them beside `calls`, a captured call in both places.
        if switches.errors_place in ("both", "call"):
            entry["errors"] = call.errors
        if switches.errors_place in ("both", "value"):
            value["errors"] = call.errors
    return value


def recording_available(call, medium: dict, switches: Switches) -> dict:
    """WhatsApp's recording of an ended call can be fetched.

    `medium`: {id, sha256, mime_type, url?}.
    """
    made = {"call_recording": {"type": "audio", "audio": medium}}
    return _captured(call, "call_recording_available", made, switches)


def transcription_available(call, medium: dict, switches: Switches) -> dict:
    """WhatsApp's transcript of an ended call can be fetched."""
    made = {switches.transcript_member: {"document": medium}}
    return _captured(call, "call_transcription_available", made, switches)


def _captured(call, event: str, made: dict, switches: Switches) -> dict:
    entry: dict = {"id": call.id}
    if switches.capture_from == "business":
        entry["from"] = call.number.wa_id
    elif not call.phone.hide_number:
        entry["from"] = call.phone.wa_id
    if switches.capture_from == "customer":
        entry["from_user_id"] = call.phone.bsuid
    return {"calls": [{**entry, "event": event, "timestamp": stamp(), **made}]}


def message(phone: Phone, entry: dict) -> dict:
    """A message of the user (field ``messages``)."""
    if not phone.hide_number:
        entry = {"from": phone.wa_id, **entry}
    entry["from_user_id"] = phone.bsuid
    return {"contacts": [contact(phone)], "messages": [entry]}


def message_status(
    phone: Phone, wamid: str, word: str, errors: list[dict] | None = None
) -> dict:
    """sent, delivered, read, played or failed of a message of the business."""
    entry = {"id": wamid, "status": word, "timestamp": stamp()}
    if not phone.hide_number:
        entry["recipient_id"] = phone.wa_id
    entry["recipient_user_id"] = phone.bsuid
    if errors:
        entry["errors"] = errors
    return {"statuses": [entry]}


def permission_reply(
    number: Number, phone: Phone, reply: dict, switches: Switches
) -> dict:
    """The user's (or WhatsApp's own) answer about calls.

    `reply`: {id, response, permanent, expires, source, context}.
    """
    answer: dict = {"response": reply["response"], "response_source": reply["source"]}
    if reply["response"] == "accept":
        answer["is_permanent"] = bool(reply["permanent"])
        if not reply["permanent"]:
            expires = int(reply["expires"])
            answer["expiration_timestamp"] = (
                str(expires) if switches.reply_expiry_text else expires
            )
    entry = {
        "id": reply["id"],
        "timestamp": stamp(),
        "type": "interactive",
        "interactive": {
            "type": "call_permission_reply",
            "call_permission_reply": answer,
        },
    }
    if not switches.reply_type_member:
        del entry["type"]
    if reply.get("context"):
        customer = switches.reply_context_from == "customer"
        sender = phone.wa_id if customer else number.wa_id
        entry["context"] = {"from": sender, "id": reply["context"]}
    return message(phone, entry)
