"""What the parts of Meta's webhooks and requests have in common."""

import hashlib
import json
from dataclasses import asdict, dataclass, field
from urllib.parse import quote

from . import reading
from .base import ErrorInfo, Event, Peer
from .cleaning import keepable, shape


@dataclass(slots=True)
class Place:
    """Where a part stands: its change's value and what goes for all parts in it.

    :ivar topic: the change's field, lower case
    :ivar ours: digits of our numbers, as known and as the webhook names them
    :ivar lone: the value holds this part only, so that what is said beside it
        (contacts, errors) belongs to it
    :ivar sent_at: entry[].time, epoch seconds
    """

    topic: str | None = None
    waba_ref: str | None = None
    number_ref: str | None = None
    ours: frozenset = frozenset()
    contacts: list = field(default_factory=list)
    lone: bool = True
    sent_at: float | None = None
    problems: list = field(default_factory=list)


def segment(ref) -> str:
    """An id as part of a path: it never leaves its place in it."""
    text = quote(str(ref or ""), safe="")
    if not text.strip("."):
        raise ValueError("an id is missing")
    return text


def whatsapp(**members) -> dict:
    """A request's body."""
    return {"messaging_product": "whatsapp"} | members


def fingerprint(part) -> str:
    """sha256 of the canonical JSON of `part`: the key where no id can be had."""
    try:
        canonical = json.dumps(part, sort_keys=True)
    except (RecursionError, ValueError):
        canonical = json.dumps(keepable(part), sort_keys=True)
    return hashlib.sha256(canonical.encode()).hexdigest()


def event(kind, key, place: Place, part, problems, **values) -> Event:
    """An Event at `place`; without a key, one from the content of `part`."""
    raw = values.pop("raw", part)
    if not isinstance(raw, dict):
        raw = {"value": raw}
    return Event(
        kind=kind,
        key=key or fingerprint([place.topic, place.waba_ref, place.number_ref, part]),
        number_ref=place.number_ref,
        waba_ref=place.waba_ref,
        problems=tuple(dict.fromkeys([*place.problems, *problems]))[:20],
        raw=keepable(raw),
        **values,
    )


def unknown(place: Place, part, *problems, **values) -> Event:
    """What cannot be read is flagged, and its shape kept: it may hold anything, a
    customer's words as well. The errors that Meta tells of stay."""
    if "raw" not in values:
        values["raw"] = shape(part if isinstance(part, dict) else {"value": part})
        if values.get("errors"):
            values["raw"]["errors"] = [asdict(error) for error in values["errors"]]
    return event("unknown", None, place, part, problems, **values)


def errors(holder, problems) -> tuple[ErrorInfo, ...]:
    """holder.errors; every member of each is optional.

    Title and details stand in different places: {code, message, href,
    error_data.details} in Meta's documentation, {code, title, message,
    error_data.details} in real traffic.
    """
    result = []
    for item in reading.items(holder, "errors", problems):
        if not isinstance(item, dict):
            problems.append("an error is not an object")
            continue
        data = reading.obj(item, "error_data", problems)
        title = reading.text(item, "title", problems)
        message = reading.text(item, "message", problems)
        details = reading.text(data, "details", problems) or reading.text(
            item, "details", problems
        )
        href = reading.text(item, "href", problems) or ""
        info = ErrorInfo(
            code=reading.integer(item, "code", problems),
            title=title or message or "",
            details=details or (message if title and message != title else "") or "",
            # It becomes a link: nothing but the web.
            href=href if href.startswith("https://") else "",
        )
        if info == ErrorInfo(None):
            problems.append("an error says nothing")
        elif info not in result:
            result.append(info)
    return tuple(result[:10])


def side(holder, prefix, problems) -> Peer:
    """Number and user ids under `prefix` ("from", "to", "recipient")."""
    key = f"{prefix}_id" if prefix == "recipient" else prefix
    number = reading.plain(holder.get(key))
    wa_id = reading.digits(number)
    bsuid = reading.ref(holder, f"{prefix}_user_id", problems)
    if number and not wa_id:
        # A user id in the number's place is still somebody to call back.
        if "." in number and not bsuid and len(number) <= reading.ID_LIMIT:
            bsuid = number
        else:
            problems.append(f"{key} is not a phone number")
    elif number is None and holder.get(key) not in (None, ""):
        problems.append(f"{key} is not a phone number")
    return Peer(
        wa_id=wa_id,
        bsuid=bsuid,
        parent_bsuid=reading.ref(holder, f"{prefix}_parent_user_id", problems),
    )


def contact_ids(contact, problems) -> tuple[str | None, str | None]:
    """Number and user id of one of the webhook's contacts."""
    return (
        reading.digits(contact.get("wa_id")),
        reading.ref(contact, "user_id", problems),
    )


def with_contact(peer: Peer, place: Place, problems) -> Peer:
    """`peer` with name and missing ids from the contacts beside it.

    Contacts are never required: Meta leaves them out of statuses and at times
    of calls.
    """
    contact = _contact_of(peer, place, problems)
    if contact is None:
        return peer
    wa_id, bsuid = contact_ids(contact, problems)
    profile = reading.obj(contact, "profile", problems)
    return Peer(
        wa_id=peer.wa_id or wa_id,
        bsuid=peer.bsuid or bsuid,
        parent_bsuid=peer.parent_bsuid
        or reading.ref(contact, "parent_user_id", problems),
        name=reading.text(profile, "name", problems, limit=256),
        username=reading.text(profile, "username", problems, limit=256),
    )


def _contact_of(peer: Peer, place: Place, problems) -> dict | None:
    contacts = [each for each in place.contacts if isinstance(each, dict)]
    for contact in contacts:
        wa_id, bsuid = contact_ids(contact, problems)
        if (peer.bsuid and bsuid == peer.bsuid) or (peer.wa_id and wa_id == peer.wa_id):
            return contact
    if len(contacts) != 1 or not place.lone:
        return None
    # One contact beside one call, its ids written otherwise (Brazil's and Mexico's
    # additional digit) or missing: the same person, unless an id says no.
    wa_id, bsuid = contact_ids(contacts[0], problems)
    if wa_id in place.ours:
        return None
    if (peer.bsuid and bsuid and peer.bsuid != bsuid) or (
        peer.wa_id and wa_id and peer.wa_id[-7:] != wa_id[-7:]
    ):
        problems.append("the contact beside it is somebody else")
        return None
    return contacts[0]
