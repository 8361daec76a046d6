"""The envelope of Meta's webhooks: entries, changes and what stands in them."""

import json
from dataclasses import replace

from . import reading
from .base import Event, PayloadError
from .meta_account import account_change
from .meta_calls import call_event, is_call_status, status_event
from .meta_messages import message_event, message_status_event
from .meta_parts import Place, errors, event, unknown
from .meta_settings import settings_of
from .meta_templates import template_change

_TEMPLATE_FIELDS = (
    "message_template_status_update",
    "message_template_quality_update",
    "template_category_update",
)
# Meta batches up to 1,000 updates; beyond that it is not Meta.
EVENTS_LIMIT = 5000


def parse(body: bytes, display_numbers: frozenset[str]) -> list[Event]:
    """Neutral events of a webhook body, in order; never an empty list.

    :raises PayloadError: not JSON in UTF-8, or no object
    """
    ours = frozenset(filter(None, map(reading.digits, display_numbers)))
    result = []
    for found in _events(_load(body), ours):
        if len(result) == EVENTS_LIMIT:
            told = f"more than {EVENTS_LIMIT} events in one body"
            result.append(unknown(Place(), {"left_out": True}, told))
            break
        result.append(found)
    return result


def _load(body: bytes) -> dict:
    def refuse(constant):
        raise ValueError(constant)  # NaN and Infinity are not JSON

    try:
        data = json.loads(body.decode("utf-8"), parse_constant=refuse)
    except (ValueError, RecursionError):
        raise PayloadError("the body is not JSON") from None
    if not isinstance(data, dict):
        raise PayloadError("the body is not a JSON object")
    return data


def _events(data, ours):
    problems = []
    if data.get("object") != "whatsapp_business_account":
        problems.append("object is not whatsapp_business_account")
    entries = reading.items(data, "entry", problems)
    if not entries:
        yield unknown(Place(problems=problems), data, "there is no entry")
    for entry in entries:
        yield from _entry_events(entry, ours, problems)


def _entry_events(entry, ours, before):
    problems = list(before)
    if not isinstance(entry, dict):
        told = "an entry is not an object"
        yield unknown(Place(problems=problems), entry, told)
        return
    place = Place(
        waba_ref=reading.ref(entry, "id", problems),
        ours=ours,
        sent_at=reading.epoch(entry, "time", problems),
        problems=problems,
    )
    if place.waba_ref == "0":  # so in samples of account_update
        place.waba_ref = None
    changes = reading.items(entry, "changes", problems)
    if not changes:
        yield unknown(place, entry, "there is no change")
    for change in changes:
        yield from _change_events(change, place)


def _change_events(change, place: Place):
    if not isinstance(change, dict):
        yield unknown(place, change, "a change is not an object")
        return
    problems = list(place.problems)
    name = (reading.word(change, "field", problems) or "").lower() or None
    place = replace(place, topic=name, problems=problems)
    value = reading.obj(change, "value", problems)
    if name == "account_settings_update":
        yield _settings_event(value, place)
    elif name == "account_update":
        yield _account_event(value, place)
    elif name in _TEMPLATE_FIELDS:
        yield _template_event(value, place)
    elif name in ("calls", "messages", None):
        yield from _value_events(change, value, place)
    else:
        yield unknown(place, change, f'field "{name}" is not handled')


def _value_events(change, value, place: Place):
    """Events of the fields "calls" and "messages", whichever stand in them."""
    problems = place.problems
    metadata = reading.obj(value, "metadata", problems)
    place.number_ref = reading.ref(metadata, "phone_number_id", problems)
    if not place.number_ref:
        problems.append("phone_number_id is missing")
    shown = reading.digits(metadata.get("display_phone_number"))
    if shown:
        place.ours |= {shown}
    place.contacts = reading.items(value, "contacts", problems)
    parts = [
        (name, part)
        for name in ("calls", "statuses", "messages")
        for part in reading.items(value, name, problems)
    ]
    place.lone = len(parts) == 1
    beside = errors(value, problems)
    taken = [_takes_errors(name, part, place) for name, part in parts]
    if not parts:
        told = "errors of no call" if beside else "nothing known in it"
        yield unknown(place, change, told, errors=beside, timestamp=place.sent_at)
    elif beside and not any(taken):
        part = {"field": place.topic, "errors": value.get("errors")}
        told = "errors of no single call"
        yield unknown(place, part, told, errors=beside, timestamp=place.sent_at)
    for (name, part), takes in zip(parts, taken, strict=True):
        yield _part_event(name, part, place, beside if takes else ())


def _takes_errors(name, part, place: Place) -> bool:
    """Whether the errors beside a part belong to it: to a lone part; among
    several to ended calls that failed and give no error of their own. Meta puts
    them in the call, beside it, or in both places."""
    if place.lone:
        return name != "messages"
    return (
        isinstance(part, dict)
        and not part.get("errors")
        and reading.word(part, "status", []) == "FAILED"
    )


def _part_event(name, part, place: Place, beside) -> Event:
    if name == "calls":
        return call_event(part, place, beside)
    if name == "messages":
        return message_event(part, place)
    if not isinstance(part, dict):
        return unknown(place, part, "a status is not an object")
    if is_call_status(part, place):
        return status_event(part, place, beside)
    return message_status_event(part, place, beside)


def _settings_event(value, place: Place) -> Event:
    """Settings changed, by us or elsewhere; `raw` has them like GET settings."""
    problems = []
    settings = reading.obj(value, "phone_number_settings", problems)
    place.number_ref = reading.ref(settings, "phone_number_id", problems)
    if not place.number_ref:
        problems.append("phone_number_id is missing")
    sent_at = reading.epoch(value, "timestamp", problems) or place.sent_at
    data = settings_of(reading.obj(settings, "calling", problems), problems)
    return event("settings", None, place, value, problems, timestamp=sent_at, data=data)


def _account_event(value, place: Place) -> Event:
    """Violations, restrictions and the like; `status` names which."""
    problems = []
    name = reading.word(value, "event", problems)
    if not name:
        problems.append("the event has no name")
    info = reading.obj(value, "waba_info", problems)
    place.waba_ref = place.waba_ref or reading.ref(info, "waba_id", problems)
    return event(
        "account",
        None,
        place,
        # The same violation may come again a month later: its time tells.
        {**value, "_time": place.sent_at},
        problems,
        timestamp=place.sent_at,
        status=name,
        data=account_change(value, problems),
        raw=value,
    )


def _template_event(value, place: Place) -> Event:
    """A template was reviewed, paused, re-rated or moved; `status` names what."""
    problems = []
    data = template_change(place.topic, value, problems)
    if not (data["name"] or data["template_ref"]):
        problems.append("the template is not named")
    return event(
        "template",
        None,
        place,
        # A template may be paused again a month later: its time tells.
        {**value, "_time": place.sent_at},
        problems,
        timestamp=place.sent_at,
        status=reading.word(value, "event", problems),
        data=data,
        raw=value,
    )
