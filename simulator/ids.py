"""Ids that look like WhatsApp's: opaque to clients, of their length and alphabet."""

import base64
import secrets


def wacid(user: str, business: str, inbound: bool) -> str:
    """A call id: base64 of a binary record, so ``+``, ``/`` and ``=`` can occur.

    The shape (about 100 characters) is that of captured traffic.
    """
    token = secrets.token_hex(16).upper().encode()
    record = (
        b"\x1c\x18"
        + _text(user)
        + b"\x15\x02\x00"
        + (b"\x12" if inbound else b"\x11")
        + b"\x18\x20"
        + token
        + b"\x1c\x18"
        + _text(business)
        + b"\x15\x02\x00\x15\x0a\x00"
    )
    return "wacid." + base64.b64encode(record).decode()


def wamid(wa_id: str) -> str:
    """A message id."""
    token = secrets.token_hex(10).upper().encode()
    record = b"\x1c\x18" + _text(wa_id) + b"\x15\x02\x00\x11\x18\x14" + token + b"\x00"
    return "wamid." + base64.b64encode(record).decode()


def numeric(digits: int = 15) -> str:
    """An object id of Graph."""
    return str(secrets.randbelow(9 * 10 ** (digits - 1)) + 10 ** (digits - 1))


def _text(value: str) -> bytes:
    raw = value.encode()
    return bytes([len(raw)]) + raw
