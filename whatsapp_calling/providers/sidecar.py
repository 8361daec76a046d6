"""What Odoo asks of a media sidecar: its HTTP API, signed, as a provider's requests.

Every command names its call, so that a sidecar that gets one twice does it once. Only
to open a call is not repeated here: the next sidecar is asked instead.
"""

from dataclasses import dataclass, field

import requests

from ..tools import sidecar_signature
from .base import Answer, Provider, ProviderError
from .transport import Transport, json_object, retry_after

# action: method, path and the members of the payload that the body consists of
_ROUTES = {
    "media_open": ("POST", "/v1/calls", ("call", "direction", "settings")),
    "media_remote": ("POST", "/v1/calls/{call}/remote", ("answer",)),
    "media_accepted": ("POST", "/v1/calls/{call}/accepted", ()),
    "media_leg": ("POST", "/v1/calls/{call}/legs", ("leg", "role", "offer", "user")),
    "media_leg_mode": ("PATCH", "/v1/calls/{call}/legs/{leg}", ("mode",)),
    "media_leg_close": ("DELETE", "/v1/calls/{call}/legs/{leg}", ()),
    "media_hold": ("POST", "/v1/calls/{call}/hold", ("on",)),
    "media_talk": ("POST", "/v1/calls/{call}/talk", ("with",)),
    "media_transfer": ("POST", "/v1/calls/{call}/transfer", ("leg",)),
    "media_recording": ("POST", "/v1/calls/{call}/recording", ("action",)),
    "media_dtmf": ("POST", "/v1/calls/{call}/dtmf", ("digits",)),
    "media_play": ("POST", "/v1/calls/{call}/play", ("prompt", "to")),
    "media_program": ("POST", "/v1/calls/{call}/program", ("kind",)),
    "media_close": ("DELETE", "/v1/calls/{call}", ("reason",)),
    "media_speech": ("POST", "/v1/speech", ("text", "language")),
    "media_purge": ("POST", "/v1/purge", ("calls",)),
}
# what may follow; anything else in a payload is a mistake of ours
_OPTIONAL = {
    "media_open": ("offer", "operator", "program"),
    "media_leg": ("mode",),
    "media_program": (
        *("greeting", "tone", "max_seconds", "silence_seconds", "end_key"),
        *("record", "transcribe"),
    ),
    "media_speech": ("voice", "tts"),
}
_KINDS = {401: "auth", 404: "ended", 429: "rate", 503: "unavailable"}


@dataclass(frozen=True, slots=True)
class MediaCredentials:
    """How to reach one process of a media sidecar. Its repr holds no secret.

    :ivar base_url: e.g. "http://10.0.0.7:8090"
    :ivar timeout: seconds (to connect, to wait for each read)
    """

    ref: str
    secret: str = field(repr=False)
    base_url: str
    timeout: tuple[float, float] = (1.0, 3.0)


@dataclass(frozen=True, slots=True)
class MediaAnswer(Answer):
    """A sidecar's 2xx answer.

    :ivar sdp: for WhatsApp; of media_leg: for the browser
    :ivar operator_sdp: of media_open: for the browser
    :ivar content: of media_speech: Ogg Opus, mono
    """

    sdp: str = field(default="", repr=False)
    operator_sdp: str = field(default="", repr=False)


class Signed(requests.auth.AuthBase):
    """Signs what is really sent: method, path and body as they stand in it."""

    def __init__(self, credentials):
        self.credentials = credentials

    def __call__(self, request):
        body = request.body or b""
        if isinstance(body, str):
            body = body.encode()
        request.headers.update(
            sidecar_signature.signed_headers(
                self.credentials.ref,
                self.credentials.secret,
                request.method,
                request.path_url,
                body,
            )
        )
        return request


class SidecarProvider(Provider):
    """Sends what Odoo asks; what a sidecar reports comes to controllers/media.py."""

    name = "sidecar"
    # all but the opening, which another sidecar is asked for
    REPEATABLE = frozenset(_ROUTES) - {"media_open"}

    def __init__(self):
        self._transport = Transport()

    def send(self, credentials, action, number_ref, payload):
        """Carry out `action`; `number_ref` means nothing here.

        :param credentials: MediaCredentials
        :raises ProviderError: for everything that did not succeed; kind "ended": the
            sidecar does not know the call or leg (any more)
        :raises ValueError: unknown action or a payload of another shape
        """
        method, path, body = _prepared(action, payload)
        timeout = credentials.timeout
        if action == "media_speech":
            timeout = (timeout[0], 30.0)  # a sentence is spoken by somebody else
        try:
            status, headers, content = self._transport.request(
                _Patience(timeout),
                method,
                credentials.base_url.rstrip("/") + path,
                auth=Signed(credentials),
                body=body,
            )
        except ProviderError as error:
            error.message = error.message.replace("he provider", "he media server")
            raise
        if not 200 <= status < 300:
            raise _refusal(status, headers, content)
        return _answer(action, payload, status, headers, content)


@dataclass(frozen=True, slots=True)
class _Patience:
    timeout: tuple[float, float]


def _prepared(action, payload):
    """Method, path and body of an action."""
    if action not in _ROUTES:
        raise ValueError(f"Unknown action {action}")
    method, path, needed = _ROUTES[action]
    for name in needed:
        if name not in payload:
            raise ValueError(f"{action} needs {name}")
    try:
        filled = path.format(**payload)
    except KeyError as error:
        raise ValueError(f"{action} needs {error}") from None
    allowed = (*needed, *_OPTIONAL.get(action, ()))
    in_path = {name for name in ("call", "leg") if f"{{{name}}}" in path}
    strange = payload.keys() - set(allowed) - in_path
    if strange:
        raise ValueError(f"{action} does not know {', '.join(sorted(strange))}")
    body = {name: payload[name] for name in allowed if payload.get(name) is not None}
    return method, filled, body


def _answer(action, payload, status, headers, content):
    if action == "media_speech":
        kind = headers.get("Content-Type", "")
        return MediaAnswer(status, {"content_type": kind}, content=content)
    data = json_object(content) or {}
    sdp = data.pop("sdp", "") or ""
    operator_sdp = data.pop("operator_sdp", "") or ""
    opens_for = payload.get("operator") if action == "media_open" else None
    if (action in ("media_open", "media_leg") and not sdp) or (
        opens_for and not operator_sdp
    ):
        raise ProviderError(
            "The media server's answer holds no SDP.",
            kind="nonsense",
            http_status=status,
            certain=False,
        )
    return MediaAnswer(status, data, sdp=sdp, operator_sdp=operator_sdp)


def _refusal(status, headers, content):
    """What an error answer says: {"error": {"code", "message"}}."""
    error = (json_object(content) or {}).get("error")
    error = error if isinstance(error, dict) else {}
    message = error.get("message")
    code = error.get("code")
    kind = _KINDS.get(status) or ("unavailable" if status >= 500 else "refused")
    return ProviderError(
        message if isinstance(message, str) else f"The media server answered {status}.",
        kind=kind,
        http_status=status,
        details=code if isinstance(code, str) else "",
        retry_after=retry_after(headers),
        # 503 is said before anything was done; other failures may come later
        certain=status < 500 or status == 503,
    )


SIDECAR = SidecarProvider()
