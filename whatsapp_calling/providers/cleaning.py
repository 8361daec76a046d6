"""What may be kept of foreign data: no SDP, no ICE password, no secret; and of what
nobody understands, nothing but its shape.

An SDP holds addresses of people's networks and the keys to their media; a raw
event is kept for long and shown to administrators.
"""

import math
import re

from .reading import storable

_DEPTH = 12
_LENGTH = 4096
_MEMBERS = 1000
_NAMES = 100  # members of one object whose names are kept
_LISTED = 3
_REMOVED = "[removed]"
# "connection" is the old place of the SDP, a JSON text inside a string.
_SECRET_KEYS = re.compile(
    r"sdp|connection|ice[-_]?pwd|ice[-_]?ufrag|candidates?|fingerprint"
    r"|.*(password|secret|token|appsecret_proof)",
    re.IGNORECASE,
)
_SDP = re.compile(
    r"v=0\s*(\\+r)?(\\+n|\n|\r)|ice-pwd|ice-ufrag|[a-z]=(candidate|fingerprint|crypto)",
    re.IGNORECASE,
)
_TOKEN = re.compile(r"\b(EAA[A-Za-z0-9]{16,}|Bearer\s+[^\s\"']+)")
_PROOF = re.compile(r"appsecret_proof=[^&\s\"']*")


def keepable(value, depth=0):
    """A copy of JSON `value` that may be stored and shown.

    SDP and secrets become "[removed]"; what is too deep, too long or too many is
    cut; numbers that JSON cannot hold (1e999) become text.
    """
    if isinstance(value, dict):
        if depth >= _DEPTH:
            return "[too deep]"
        return {
            keepable(str(key))[:256]: _REMOVED
            if _SECRET_KEYS.fullmatch(str(key))
            else keepable(member, depth + 1)
            for key, member in list(value.items())[:_MEMBERS]
        }
    if isinstance(value, list):
        if depth >= _DEPTH:
            return "[too deep]"
        return [keepable(member, depth + 1) for member in value[:_MEMBERS]]
    if isinstance(value, str):
        return _REMOVED if _SDP.search(value) else storable(value)[:_LENGTH]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, int) and abs(value) > 10**30:
        return "[too long]"
    return value


_NAME = re.compile(r"[A-Za-z_][A-Za-z_.-]{0,62}[0-9]{0,2}")


def shape(value, depth=0):
    """What JSON `value` is made of: names and kinds of members, never what they say.

    Of a webhook that nobody understands nobody knows whether it holds a customer's
    words. "text (12)" is a text of 12 characters; a list shows its first members.
    """
    if isinstance(value, dict):
        if depth >= _DEPTH:
            return "[too deep]"
        return {
            _name(str(key), index): shape(member, depth + 1)
            for index, (key, member) in enumerate(list(value.items())[:_NAMES])
        }
    if isinstance(value, list):
        if depth >= _DEPTH:
            return "[too deep]"
        shown = [shape(member, depth + 1) for member in value[:_LISTED]]
        left = len(value) - len(shown)
        return [*shown, f"{left} more"] if left else shown
    if isinstance(value, str):
        return f"text ({len(value)})"
    if isinstance(value, bool):
        return "yes or no"
    return "nothing" if value is None else "number"


def _name(key, index) -> str:
    """A member's name, unless it may be data itself, like a phone number."""
    return key if _NAME.fullmatch(key) else f"[name {index + 1}]"


def sayable(text: str, secrets=(), limit=500) -> str:
    """`text` of a provider, fit for a message or a log: Graph does repeat the
    token in "Malformed access token …".

    :param secrets: texts of ours that must not appear
    """
    for secret in secrets:
        if secret:
            text = text.replace(secret, "…")
    text = _PROOF.sub("appsecret_proof=…", _TOKEN.sub("…", text))
    found = _SDP.search(text)
    if found:
        text = text[: found.start()] + "[SDP]"
    return storable(" ".join(text.split()))[:limit]
