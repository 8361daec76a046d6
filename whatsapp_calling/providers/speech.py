"""Deepgram, asked whether it knows a key: the rest of its API is the sidecar's.

GET /v1/projects answers 200 with the projects of the key, or 401 with why not
(management API, deepgram.com/reference).
"""

from dataclasses import dataclass, field

import requests

from .base import Answer, Provider, ProviderError
from .transport import Transport, json_object, retry_after

DEEPGRAM = "https://api.deepgram.com"
_KINDS = {401: "auth", 403: "rights", 429: "rate"}


@dataclass(frozen=True, slots=True)
class SpeechCredentials:
    """A vendor's key. Its repr does not hold it.

    :ivar base_url: empty: the vendor's own; a web socket's address will do
    """

    key: str = field(repr=False)
    base_url: str = ""
    timeout: tuple[float, float] = (3.05, 10)


class _Token(requests.auth.AuthBase):
    def __init__(self, key):
        self.key = key

    def __call__(self, request):
        request.headers["Authorization"] = f"Token {self.key}"
        return request


class SpeechProvider(Provider):
    """Asks; that is all."""

    name = "speech"
    REPEATABLE = frozenset({"check_key"})  # reads

    def __init__(self):
        self._transport = Transport()

    def send(self, credentials, action, number_ref, payload):
        """check_key: {"projects": [name]}."""
        if action != "check_key":
            raise ValueError(f"unknown action {action!r}")
        if not credentials.key.isascii() or not credentials.key.isprintable():
            raise ProviderError(
                "The key holds characters that no key has.", kind="auth"
            )
        status, headers, content = self._transport.request(
            credentials,
            "GET",
            f"{_web(credentials.base_url)}/v1/projects",
            auth=_Token(credentials.key),
        )
        data = json_object(content) or {}
        if not 200 <= status <= 299:
            raise ProviderError(
                _said(data, credentials.key) or f"HTTP {status}",
                kind=_KINDS.get(status, "unavailable" if status >= 500 else "refused"),
                http_status=status,
                retry_after=retry_after(headers),
                certain=status < 500,
            )
        projects = data.get("projects")
        names = [
            str(each.get("name") or "")[:80]
            for each in (projects if isinstance(projects, list) else [])
            if isinstance(each, dict)
        ]
        return Answer(status, {"projects": [name for name in names if name]})


def _web(url) -> str:
    """The vendor's address for plain requests: wss://… is https://… to them."""
    base = (url or DEEPGRAM).rstrip("/")
    for socket, web in (("wss://", "https://"), ("ws://", "http://")):
        if base.startswith(socket):
            return web + base[len(socket) :]
    return base


def _said(data, key) -> str:
    """The vendor's own words: {"err_code", "err_msg"} or {"category", "message"}."""
    for name in ("err_msg", "message", "details", "reason"):
        words = data.get(name)
        if isinstance(words, str) and words.strip():
            return words.strip().replace(key, "…")[:300]
    return ""


SPEECH = SpeechProvider()
