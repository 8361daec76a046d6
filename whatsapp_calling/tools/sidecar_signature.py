"""Signatures between Odoo and a media sidecar: the same in both directions.

A request carries who signs it, when, a number used once, and an HMAC over all of it
and the body. Whoever reads one on the way can neither change it nor send it again:
the nonce is remembered for longer than the time in which it would be accepted.
"""

import hashlib
import hmac
import re
import secrets
import time

TOLERANCE = 60  # seconds that the two clocks may differ
REMEMBERED = 130  # seconds for which a nonce is known
_NONCE = re.compile(r"[0-9a-f]{32}")


class Refused(Exception):
    """A request is not from whom it says, or not meant for now.

    :ivar code: "unsigned" | "bad_signature" | "stale", for machines
    """

    def __init__(self, code, message):
        super().__init__(message)
        self.code = code
        self.message = message


def sign(secret, method, path, timestamp, nonce, body):
    """The signature in hex.

    :param path: with the query, as it stands in the request line
    :param timestamp: epoch seconds, as text
    :param bytes body: as it is sent
    """
    digest = hashlib.sha256(body).hexdigest()
    signed = f"v1\n{method}\n{path}\n{timestamp}\n{nonce}\n{digest}"
    return hmac.new(secret.encode(), signed.encode(), hashlib.sha256).hexdigest()


def signed_headers(ref, secret, method, path, body):
    """The headers that prove who sends `body`; another nonce each time."""
    timestamp, nonce = str(int(time.time())), secrets.token_hex(16)
    return {
        "X-Sidecar": ref,
        "X-Timestamp": timestamp,
        "X-Nonce": nonce,
        "X-Signature": sign(secret, method, path, timestamp, nonce, body),
    }


def check(secrets_, method, path, headers, body):
    """Whether a request is signed with one of these secrets, and not long ago.

    :param secrets_: the secrets that count, without empty ones
    :return: (nonce, the secret it was signed with)
    :raises Refused: with the reason
    """
    timestamp = headers.get("X-Timestamp") or ""
    nonce = headers.get("X-Nonce") or ""
    signature = headers.get("X-Signature") or ""
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) < 12):
        raise Refused("unsigned", "The request is not signed.")
    if not _NONCE.fullmatch(nonce) or not signature:
        raise Refused("unsigned", "The request is not signed.")
    used = [
        secret
        for secret in secrets_
        if hmac.compare_digest(
            sign(secret, method, path, timestamp, nonce, body).encode(),
            signature.encode(),
        )
    ]
    if not used:
        raise Refused("bad_signature", "The signature does not fit the request.")
    if abs(time.time() - int(timestamp)) > TOLERANCE:
        raise Refused(
            "stale",
            "The request was signed too long ago, or the clocks of the two servers "
            "differ by more than 60 seconds.",
        )
    return nonce, used[0]
