"""Signed requests, the same way in both directions; a replay is refused.

Headers: `X-Sidecar` the sidecar's reference, `X-Timestamp` epoch seconds, `X-Nonce` 32
hex digits, `X-Signature` hex HMAC-SHA256 of `signed_text` with the shared secret. The
addon has an implementation of its own; tests/contract holds both to the same vectors.
"""

import hashlib
import hmac
import secrets
import time
from collections.abc import Mapping
from typing import Protocol

from .errors import ApiError

LEEWAY = 60  # seconds a timestamp may differ from our clock
REMEMBERED = 130  # seconds a nonce is kept: both ends of the leeway, and some more


class Nonces(Protocol):
    """A memory of nonces."""

    def take(self, nonce: str, timestamp: int) -> bool:
        """Remember `nonce`; False when it was known."""


def signed_text(
    method: str, path: str, timestamp: str, nonce: str, body: bytes
) -> bytes:
    """What the signature covers; `path` is as sent, with its query."""
    digest = hashlib.sha256(body).hexdigest()
    return f"v1\n{method.upper()}\n{path}\n{timestamp}\n{nonce}\n{digest}".encode()


def signature(
    secret: str, method: str, path: str, timestamp: str, nonce: str, body: bytes
) -> str:
    """64 hex digits."""
    text = signed_text(method, path, timestamp, nonce, body)
    return hmac.new(secret.encode(), text, hashlib.sha256).hexdigest()


def sign(
    ref: str,
    secret: str,
    method: str,
    path: str,
    body: bytes = b"",
    *,
    timestamp: int | None = None,
    nonce: str | None = None,
) -> dict[str, str]:
    """The four headers of one request; each attempt needs its own."""
    at = str(int(time.time()) if timestamp is None else timestamp)
    nonce = nonce or secrets.token_hex(16)
    return {
        "X-Sidecar": ref,
        "X-Timestamp": at,
        "X-Nonce": nonce,
        "X-Signature": signature(secret, method, path, at, nonce, body),
    }


def verify(
    headers: Mapping[str, str],
    ref: str,
    secret: str,
    method: str,
    path: str,
    body: bytes,
    nonces: Nonces,
    *,
    now: float | None = None,
) -> None:
    """Return when the request is the other side's and new.

    Raises ApiError: 404 `unknown_ref`, 401 `unsigned`, `stale` or `bad_signature`,
    409 `replayed`. The signature is checked before the nonce is remembered: strangers
    cannot fill that memory.
    """
    names = ("X-Sidecar", "X-Timestamp", "X-Nonce", "X-Signature")
    given_ref, timestamp, nonce, given = (headers.get(name, "") for name in names)
    if not (given_ref and timestamp and nonce and given):
        raise ApiError(401, "unsigned", "The request is not signed.")
    if given_ref != ref:
        raise ApiError(404, "unknown_ref", "This sidecar has another reference.")
    if not _is_number(timestamp) or not _is_hex(nonce, 32):
        raise ApiError(401, "unsigned", "The request's signature is malformed.")
    wanted = signature(secret, method, path, timestamp, nonce, body)
    if not hmac.compare_digest(wanted.encode(), given.encode()):
        raise ApiError(
            401,
            "bad_signature",
            "The signature is wrong: do both sides have the same secret?",
        )
    now = time.time() if now is None else now
    if abs(now - int(timestamp)) > LEEWAY:
        raise ApiError(
            401,
            "stale",
            f"The request was signed {round(now - int(timestamp))} seconds ago by our"
            f" clock, more than {LEEWAY}: set both machines' clocks.",
        )
    if not nonces.take(nonce, int(timestamp)):
        raise ApiError(409, "replayed", "This request was received before.")


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= 12


def _is_hex(text: str, digits: int) -> bool:
    return len(text) == digits and all(char in "0123456789abcdef" for char in text)
