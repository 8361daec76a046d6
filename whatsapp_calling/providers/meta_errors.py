"""What Graph's error answers mean, as ProviderError. Logic goes by the code: the
wording is not stable (WhatsApp error codes; calling troubleshooting)."""

import re

from . import reading
from .base import ProviderError
from .cleaning import sayable
from .transport import json_object, retry_after, served_at

_KINDS = {
    # The token. (138000 comes as HTTP 401 too and has nothing to do with it.)
    0: "auth",
    102: "auth",
    190: "auth",
    463: "auth",
    467: "auth",
    # What the token, app or account may do.
    3: "rights",
    10: "rights",
    131005: "rights",
    131031: "rights",
    131042: "rights",
    131044: "rights",
    138006: "permission",
    # A cap of WhatsApp that ends at some time.
    131048: "limit",
    131049: "limit",
    138002: "limit",
    138005: "limit",
    138009: "limit",
    138012: "limit",
    # Too fast.
    4: "rate",
    17: "rate",
    32: "rate",
    613: "rate",
    80007: "rate",
    130429: "rate",
    131056: "rate",
    # WhatsApp's own trouble.
    1: "unavailable",
    2: "unavailable",
    131000: "unavailable",
    131016: "unavailable",
    131057: "unavailable",
    138004: "unavailable",
    138007: "unavailable",
}

# The call is over. Meta states no code for it; seen as 100 and as 404.
_ENDED = re.compile(
    r"already (been )?(terminated|ended|completed|rejected|failed|hung)|has ended"
    r"|(completed|failed) (or failed )?call|completed or failed|no longer"
    r"|not found|does not exist|reject already in progress|call (is )?over"
    r"|unknown call|invalid call.?id",
    re.IGNORECASE,
)
_IN_PROGRESS = re.compile(r"in progress", re.IGNORECASE)
_ISO = re.compile(
    r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d:?\d\d)?"
)
_EPOCH = re.compile(r"(?<!\d)1[5-9]\d{8}(?!\d)")


def error_of(
    status: int, headers, content: bytes, *, action, number_ref="", secrets=()
) -> ProviderError:
    """The ProviderError of an answer that is no success.

    :param status: HTTP status, not 2xx, or 2xx with an "error" object in it
    :param secrets: texts that must not appear in what is passed on
    """
    data = json_object(content)
    error = data.get("error") if data else None
    if not isinstance(error, dict):
        return _without_json(status, headers)
    problems = []
    code = reading.integer(error, "code", problems)
    subcode = reading.integer(error, "error_subcode", problems)
    said = reading.text(error, "message", problems) or ""
    extra = error.get("error_data")
    details = " ".join(
        filter(
            None,
            (
                _details(extra),
                reading.text(error, "error_user_title", problems),
                reading.text(error, "error_user_msg", problems),
            ),
        )
    )
    kind = _kind(code, status, error)
    if status >= 500 and not _says_refused(code):
        kind = "unavailable"
    if _is_ended(action, status, code, subcode, f"{said} {details}", number_ref):
        kind = "ended"
    elif action == "accept" and _is_in_progress(code, status, said):
        kind = "in_progress"
    return ProviderError(
        sayable(said, secrets) or f"HTTP {status}",
        kind=kind,
        code=code,
        subcode=subcode,
        http_status=status,
        details=sayable(details, secrets, limit=1000),
        retry_after=retry_after(headers),
        served_at=served_at(headers),
        next_allowed_at=_next_allowed(extra, details) if kind == "limit" else None,
        # Graph says "refused" with some 5xx as well; where the trouble is its own,
        # the request may have gone through.
        certain=status < 500 or kind != "unavailable",
    )


def _without_json(status, headers) -> ProviderError:
    """An answer that is not Graph's: a gateway's page, an empty body, …"""
    kind = {401: "auth", 429: "rate"}.get(status, "nonsense")
    if status >= 500:
        kind = "unavailable"
    return ProviderError(
        f"The provider answered with HTTP {status} and nothing readable.",
        kind=kind,
        http_status=status,
        retry_after=retry_after(headers),
        served_at=served_at(headers),
        certain=300 <= status < 500,
    )


def _details(extra) -> str | None:
    if isinstance(extra, dict):
        return reading.text(extra, "details", [], limit=2000)
    return reading.plain(extra)


def _kind(code, status, error) -> str:
    if code in _KINDS:
        return _KINDS[code]
    if code is not None and 200 <= code <= 299:
        return "rights"
    if code is None:
        by_status = {401: "auth", 403: "rights", 429: "rate"}
        return by_status.get(status, "unavailable" if status >= 500 else "refused")
    if error.get("is_transient") is True:
        return "unavailable"
    return "refused"


def _says_refused(code) -> bool:
    """Whether a code tells that nothing was done, although it comes as a 5xx."""
    return code == 100 or code in _KINDS or code in range(131001, 139000)


def _is_ended(action, status, code, subcode, said, number_ref) -> bool:
    """Whether the refusal says that the call is over.

    "already in progress, completed or failed" is Meta's one sentence for
    several states. For terminate and reject they all mean: nothing left to do.
    An accept in progress is not over, though.
    """
    if action not in ("terminate", "reject", "accept", "pre_accept"):
        return False
    if code not in (None, 100) or status not in (400, 404):
        return False
    if number_ref and number_ref in said:
        return False  # it is our number that is unknown, not the call
    if action in ("accept", "pre_accept"):
        return bool(_ENDED.search(said)) and not _IN_PROGRESS.search(said)
    return (
        status == 404
        or subcode == 33
        or bool(_ENDED.search(said) or _IN_PROGRESS.search(said))
    )


def _is_in_progress(code, status, said) -> bool:
    return code in (None, 100) and status == 400 and bool(_IN_PROGRESS.search(said))


def _next_allowed(extra, details) -> float | None:
    """When it may be tried again: the latest time that error_data names, as epoch
    or ISO 8601, under a name of its own or within the explanation."""
    found = []

    def look(value, depth=0):
        if isinstance(value, dict) and depth < 5:
            for key, member in value.items():
                if key != "details":
                    look(member, depth + 1)
        elif isinstance(value, list) and depth < 5:
            for member in value[:50]:
                look(member, depth + 1)
        else:
            text = reading.plain(value) or ""
            moment = reading.instant(text) if len(text) >= 10 else None
            found.append(moment or _time_in(text))

    look(extra)
    found.append(_time_in(details))
    return max((each for each in found if each and each > 1.5e9), default=None)


def _time_in(text) -> float | None:
    match = _ISO.search(text) or _EPOCH.search(text)
    return reading.instant(match.group()) if match else None
