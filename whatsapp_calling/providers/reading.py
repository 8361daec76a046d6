"""Forgiving readers for members of foreign JSON: a value or None, never a raise.

Each takes the object, the member's name and the list of problems, to which it
adds a plain sentence when something is there but cannot be read. Texts come out
fit for PostgreSQL: it takes neither NUL nor half of a surrogate pair.
"""

import math
import re
from datetime import UTC, datetime

ID_LIMIT = 512  # a wacid has about 100 characters; an index takes 2,700 bytes
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_SURROGATES = re.compile("[\ud800-\udfff]")
_NUMBER = re.compile(r"-?\d{1,20}(\.\d{1,20})?", re.ASCII)
_MILLISECONDS_FROM = 1e11  # as seconds: the year 5138
_LATEST = 1e14


def storable(text: str) -> str:
    """`text` without what PostgreSQL refuses; line ends stay."""
    return _SURROGATES.sub("\ufffd", text.replace("\x00", ""))


def obj(holder, key, problems) -> dict:
    """The object under `key`, {} when it is missing or something else."""
    value = holder.get(key)
    if isinstance(value, dict):
        return value
    if value is not None:
        problems.append(f"{key} is not an object")
    return {}


def items(holder, key, problems) -> list:
    """The list under `key`; a lone object counts as a list of one."""
    value = holder.get(key)
    if isinstance(value, list):
        return value
    if value is None:
        return []
    problems.append(f"{key} is not a list")
    return [value]


def plain(value) -> str | None:
    """`value` as a line of text: strings, and numbers sent in place of strings."""
    if isinstance(value, str):
        return _CONTROLS.sub(" ", storable(value)).strip() or None
    if isinstance(value, float) and not value.is_integer():
        return None
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(int(value))
    return None


def text(holder, key, problems, limit=1024) -> str | None:
    """A text for people, cut at `limit` characters."""
    value = holder.get(key)
    result = plain(value)
    if result is None and value not in (None, ""):
        problems.append(f"{key} is not a text")
    elif result and len(result) > limit:
        problems.append(f"{key} is longer than {limit} characters")
        result = result[:limit]
    return result


def ref(holder, key, problems) -> str | None:
    """An id: never cut, because half an id is another id."""
    result = plain(holder.get(key))
    if result is None and holder.get(key) not in (None, ""):
        problems.append(f"{key} is not a text")
    elif result and len(result) > ID_LIMIT:
        problems.append(f"{key} is longer than {ID_LIMIT} characters")
        return None
    return result


def word(holder, key, problems) -> str | None:
    """A word of a fixed vocabulary, upper case: Meta's samples differ in case."""
    result = text(holder, key, problems, limit=64)
    return result and result.upper().replace("-", "_").replace(" ", "_")


def digits(value) -> str | None:
    """The digits of a phone number: "+43 660…", "43660…", "43660…@c.us"."""
    number = plain(value)
    if number is None or re.search(r"[^\W\d]", number.split("@")[0]):
        return None
    found = re.sub(r"[^0-9]", "", number.split("@")[0])
    return found if 5 <= len(found) <= 20 else None


def _number(value) -> float | None:
    if isinstance(value, str) and _NUMBER.fullmatch(value.strip()):
        return float(value)
    if isinstance(value, int | float) and not isinstance(value, bool):
        try:
            value = float(value)
        except OverflowError:
            return None
        return value if math.isfinite(value) else None
    return None


def integer(holder, key, problems, low=0, high=2**31 - 1) -> int | None:
    """A whole number within `low`..`high`, also when sent as a string."""
    value = holder.get(key)
    if value in (None, ""):
        return None
    number = _number(value)
    if number is None or not low <= number <= high:
        problems.append(f"{key} is not a usable number")
        return None
    return int(number)


def instant(value) -> float | None:
    """Epoch seconds of Unix seconds, milliseconds or an ISO 8601 date and time
    (UTC when it names no zone); strings or numbers."""
    number = _number(value)
    if number is None and isinstance(value, str):
        try:
            moment = datetime.fromisoformat(value.strip())
            if moment.tzinfo is None:
                moment = moment.replace(tzinfo=UTC)
            number = moment.timestamp()
        except (ValueError, OverflowError):
            return None
    if number is None or not 0 < number < _LATEST:
        return None
    return number / 1000 if number >= _MILLISECONDS_FROM else number


def epoch(holder, key, problems) -> float | None:
    """Epoch seconds under `key`."""
    value = holder.get(key)
    if value in (None, ""):
        return None
    result = instant(value)
    if result is None:
        problems.append(f"{key} is not a time")
    return result


def flag(value) -> bool:
    """Whether `value` says yes: true, "true", 1, "1"."""
    return value is True or plain(value) == "1" or str(value).lower() == "true"
