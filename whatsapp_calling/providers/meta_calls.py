"""Calls and call statuses in Meta's webhooks (field "calls") as neutral events."""

import json

from . import reading
from .base import ErrorInfo, Event, Peer
from .meta_capture import EVENTS, capture_event
from .meta_parts import (
    Place,
    contact_ids,
    errors,
    event,
    side,
    unknown,
    with_contact,
)

_DIRECTIONS = {"USER_INITIATED": "inbound", "BUSINESS_INITIATED": "outbound"}
_STATUSES = {"RINGING": "ringing", "ACCEPTED": "accepted", "REJECTED": "rejected"}
_OUTCOMES = {"COMPLETED": "completed", "FAILED": "failed"}
_SDP_LIMIT = 65536


def call_event(call, place: Place, beside: tuple[ErrorInfo, ...]) -> Event:
    """The event of one member of value.calls.

    :param beside: errors of the value that belong to this call
    """
    if not isinstance(call, dict):
        return unknown(place, call, "a call is not an object")
    problems = []
    name = reading.word(call, "event", problems)
    values = {
        "call_ref": reading.ref(call, "id", problems),
        "timestamp": reading.epoch(call, "timestamp", problems),
        "direction": _direction(call, problems),
        "opaque": reading.text(call, "biz_opaque_callback_data", problems),
        "errors": tuple(dict.fromkeys(errors(call, problems) + beside)),
    }
    if name in EVENTS and values["call_ref"]:
        return capture_event(call, name, place, values, problems)
    _read_payload(values, call, problems)
    sdp, sdp_type = _session(call, problems) if name == "CONNECT" else (None, None)
    if name == "CONNECT":
        _settle_direction(values, sdp, sdp_type, problems)
    values["peer"] = _customer(call, values["direction"], place, problems)
    if not values["call_ref"]:
        return unknown(place, call, "the call has no id", *problems, **values)
    if name == "CONNECT":
        return _connect(call, place, values, sdp, problems)
    if name == "TERMINATE":
        return _terminate(call, place, values, problems)
    told = f'event "{name}" is not known' if name else "the event has no name"
    return unknown(place, call, told, *problems, **values)


def _connect(call, place, values, sdp, problems) -> Event:
    direction = values["direction"]
    if direction is None:
        told = "neither direction nor SDP type is there: nobody knows who calls"
        return unknown(place, call, told, *problems, **values)
    if sdp is None:
        problems.append("connect without SDP")
    if values["timestamp"] is None:
        problems.append("timestamp is missing")
    kind = "offer" if direction == "inbound" else "answer"
    key = f"{values['call_ref']}:connect:{kind}"
    return event(kind, key, place, call, problems, sdp=sdp, **values)


def _terminate(call, place, values, problems) -> Event:
    if values["direction"] is None:
        problems.append("direction is missing")
    status = reading.word(call, "status", problems)
    if status not in _OUTCOMES:
        problems.append(f'status "{status}" of the end is not known')
    started = reading.epoch(call, "start_time", problems)
    ended = reading.epoch(call, "end_time", problems)
    duration = reading.integer(call, "duration", problems)
    if started and ended and started > ended:
        problems.append("it ends before it starts")
    elif started and ended and duration is None:
        problems.append("duration is missing, taken from start and end")
        duration = int(min(ended - started, 2**31 - 1))
    return event(
        "ended",
        f"{values['call_ref']}:terminate",
        place,
        call,
        problems,
        started_at=started,
        ended_at=ended,
        duration=duration,
        outcome=_OUTCOMES.get(status),
        status=status,
        **values,
    )


def status_event(status, place: Place, beside: tuple[ErrorInfo, ...]) -> Event:
    """The event of one member of value.statuses that is about a call."""
    problems = []
    name = reading.word(status, "status", problems)
    call_ref = reading.ref(status, "id", problems)
    peer = with_contact(side(status, "recipient", problems), place, problems)
    if not peer.wa_id and not peer.bsuid:
        problems.append("no number or user id of the customer")
    values = {
        "call_ref": call_ref,
        "timestamp": reading.epoch(status, "timestamp", problems),
        "direction": "outbound",  # there are none for inbound calls
        "peer": peer,
        "opaque": reading.text(status, "biz_opaque_callback_data", problems),
        "errors": tuple(dict.fromkeys(errors(status, problems) + beside)),
        "status": name,
    }
    if not call_ref:
        return unknown(place, status, "the call has no id", *problems, **values)
    if name not in _STATUSES:
        told = f'status "{name}" is not known'
        return unknown(place, status, told, *problems, **values)
    key = f"{call_ref}:status:{name}"
    return event(_STATUSES[name], key, place, status, problems, **values)


def is_call_status(status: dict, place: Place) -> bool:
    """Whether a status is about a call; Meta marks it by type and by field."""
    kind = reading.word(status, "type", [])
    if kind:
        return kind == "CALL"
    return place.topic == "calls" or reading.word(status, "status", []) in _STATUSES


def _direction(call, problems) -> str | None:
    name = reading.word(call, "direction", problems)
    if name and name not in _DIRECTIONS:
        problems.append(f'direction "{name}" is not known')
    return _DIRECTIONS.get(name)


def _settle_direction(values, sdp, sdp_type, problems) -> None:
    """One of Meta's samples has no direction: an offer comes from a caller. Where
    the two disagree the direction wins: a call we placed must never ring here.
    """
    if sdp and sdp_type is None:
        problems.append("sdp_type is missing")
        sdp_type = "offer" if "a=setup:actpass" in sdp else None
        sdp_type = "answer" if "a=setup:active" in sdp else sdp_type
    by_sdp = {"offer": "inbound", "answer": "outbound"}.get(sdp_type)
    if values["direction"] is None:
        problems.append("direction is missing, taken from the SDP type")
        values["direction"] = by_sdp
    elif by_sdp and by_sdp != values["direction"]:
        problems.append("direction and SDP type disagree")


def _session(call, problems) -> tuple[str | None, str | None]:
    """SDP and its type: of `session`, else of the old `connection.webrtc.sdp`,
    which is a JSON text inside a string and may ride along beside `session`."""
    session = _opened(call.get("session"))
    if not session and call.get("session") is not None:
        problems.append("session is not an object")
    if not session.get("sdp"):
        webrtc = _opened(_opened(call.get("connection")).get("webrtc"))
        old = webrtc.get("sdp")
        session = _opened(old) or ({"sdp": old} if isinstance(old, str) else session)
        if session.get("sdp"):
            problems.append("SDP in the old place")
    sdp = session.get("sdp")
    if sdp is not None and not isinstance(sdp, str):
        problems.append("the SDP is not a text")
        sdp = None
    if sdp and len(sdp) > _SDP_LIMIT:
        problems.append("the SDP is too long")
        sdp = None
    if sdp and not sdp.lstrip().startswith("v=0"):
        problems.append("the SDP does not look like one")
    kind = reading.word(session, "sdp_type", problems) or reading.word(
        session, "type", []
    )
    if kind and kind not in ("OFFER", "ANSWER"):
        problems.append(f'sdp_type "{kind}" is not known')
        kind = None
    return (reading.storable(sdp) or None) if sdp else None, kind and kind.lower()


def _opened(value) -> dict:
    """An object, also when it was put as JSON text into a string."""
    if isinstance(value, str) and value.lstrip().startswith("{"):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            return {}
    return value if isinstance(value, dict) else {}


def _read_payload(values, call, problems) -> None:
    for source in ("cta", "deeplink"):
        payload = reading.text(call, f"{source}_payload", problems)
        if payload:
            values.update(payload=payload, payload_source=source)
            return


def _customer(call, direction, place: Place, problems) -> Peer:
    """The customer's side of from/to; some of Meta's samples have them swapped.

    What counts, in this order: our own numbers, which side has user ids, who is
    named in contacts, the direction.
    """
    sides = {"from": side(call, "from", problems), "to": side(call, "to", problems)}
    usual = {"inbound": "from", "outbound": "to"}.get(direction)
    chosen = _customer_side(sides, place) or usual
    if chosen is None:
        there = [name for name, peer in sides.items() if peer.wa_id or peer.bsuid]
        chosen = there[0] if len(there) == 1 else None
    if chosen is None:
        problems.append("cannot tell which of from and to is the customer")
        peer = Peer()
    else:
        if usual and chosen != usual:
            problems.append("from and to are swapped")
        peer = sides[chosen]
    peer = with_contact(peer, place, problems)
    if not peer.wa_id and not peer.bsuid:
        problems.append("no number or user id of the customer")
    return peer


def _customer_side(sides: dict[str, Peer], place: Place) -> str | None:
    named = [
        contact_ids(contact, [])[0]
        for contact in place.contacts
        if isinstance(contact, dict)
    ]
    for tell in (
        # The other side than the one that is ours.
        lambda name: sides["to" if name == "from" else "from"].wa_id in place.ours,
        lambda name: sides[name].bsuid is not None,
        lambda name: sides[name].wa_id is not None and sides[name].wa_id in named,
    ):
        told = [name for name in sides if tell(name)]
        if len(told) == 1:
            return told[0]
    return None
