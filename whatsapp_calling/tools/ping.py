"""Whether our public address leads back to this very server and database.

The ping goes the way a webhook takes: out, to the public address, in again without a
session. Both sides sign with the app secret, so nobody else can ask or answer.
"""

import hashlib
import hmac
import json
import secrets
from dataclasses import dataclass
from urllib.parse import urlsplit

import requests

HEADER = "X-Whatsapp-Calling-Ping"
TIMEOUT = 10  # seconds to connect, and to wait; a webhook has no more
MAX_ANSWER = 4096

OK = "ok"
TLS = "tls"
REDIRECT = "redirect"
NOT_FOUND = "not_found"
UNREACHABLE = "unreachable"
OTHER = "other"
OTHER_DATABASE = "other_database"


@dataclass(frozen=True)
class Pong:
    """What came back.

    :ivar kind: one of the constants above
    :ivar detail: where a redirect leads, or what failed; without secrets
    """

    kind: str
    detail: str = ""


def sign(secret: str, purpose: str, nonce: str) -> str:
    """Hex HMAC-SHA256 of a nonce; `purpose` keeps a question from being an answer."""
    return hmac.new(
        secret.encode(), f"{purpose}:{nonce}".encode(), hashlib.sha256
    ).hexdigest()


def is_signed(secret: str, purpose: str, nonce: str, signature: str) -> bool:
    wanted = sign(secret, purpose, nonce)
    return hmac.compare_digest(wanted.encode(), signature.encode("utf-8", "replace"))


def ping(url: str, secret: str, database: str) -> Pong:
    """Ask `url`, which must be our ping route.

    :param database: uuid of the database that must answer
    """
    nonce = secrets.token_hex(16)
    try:
        response = requests.post(
            url,
            data=nonce,
            headers={"Content-Type": "text/plain", HEADER: sign(secret, "ping", nonce)},
            timeout=TIMEOUT,
            allow_redirects=False,
            stream=True,
        )
        with response:
            content = next(response.iter_content(MAX_ANSWER), b"")
    except requests.exceptions.SSLError as error:
        return Pong(TLS, _reason(error))
    except requests.RequestException as error:
        return Pong(UNREACHABLE, _reason(error))
    if 300 <= response.status_code < 400:
        target = urlsplit(response.headers.get("Location") or "")
        return Pong(REDIRECT, f"{target.scheme}://{target.netloc}{target.path}")
    if response.status_code == 404:
        return Pong(NOT_FOUND)
    if response.status_code != 200:
        return Pong(OTHER, f"HTTP {response.status_code}")
    return _read(content, secret, nonce, database)


def _read(content, secret, nonce, database):
    try:
        answer = json.loads(content)
        signature, proof = str(answer["signature"]), str(answer["database"])
    except (ValueError, KeyError, TypeError):
        return Pong(OTHER)
    if not is_signed(secret, "pong", nonce, signature):
        return Pong(OTHER)
    if not is_signed(secret, f"database {database}", nonce, proof):
        return Pong(OTHER_DATABASE)
    return Pong(OK)


def _reason(error) -> str:
    """The innermost cause in words: urllib3 wraps it with the whole address."""
    seen = set()
    while id(error) not in seen:
        seen.add(id(error))
        inner = getattr(error, "reason", None) or next(
            (each for each in error.args if isinstance(each, BaseException)), None
        )
        if not isinstance(inner, BaseException):
            break
        error = inner
    # "<urllib3.connection.HTTPSConnection object at …>: …" names nothing of use
    return str(error).rpartition(">: ")[2][:200]
