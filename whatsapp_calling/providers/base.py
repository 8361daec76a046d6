"""What every provider speaks: neutral events, errors, answers, capabilities.

Plain Python: nothing in this folder imports Odoo, so the same code runs in the
addon, in the tests and in tools. Times are epoch seconds (float) unless said.
"""

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field

KINDS = frozenset(
    {
        "offer",
        "answer",
        "ringing",
        "accepted",
        "rejected",
        "ended",
        "permission",
        "inbound_message",
        "message_status",
        "settings",
        "account",
        "template",
        "recording_available",
        "transcription_available",
        "unknown",
    }
)

ERROR_KINDS = frozenset(
    {
        "auth",
        "rights",
        "permission",
        "limit",
        "rate",
        "refused",
        "in_progress",
        "ended",
        "unavailable",
        "timeout",
        "unreachable",
        "nonsense",
    }
)


class Capabilities(enum.Flag):
    """What a provider can do; the interface asks these, never a name."""

    ANSWER = enum.auto()
    DIAL = enum.auto()
    PRE_ACCEPT = enum.auto()
    REJECT = enum.auto()
    TERMINATE = enum.auto()
    SETTINGS = enum.auto()
    PERMISSIONS = enum.auto()
    CALL_BUTTON = enum.auto()
    MESSAGES = enum.auto()
    TEMPLATES = enum.auto()
    BLOCK = enum.auto()
    RECORDING = enum.auto()


@dataclass(frozen=True, slots=True)
class Peer:
    """The customer. Any member may be missing: WhatsApp leaves out the number
    of a user who has adopted a username.

    :ivar wa_id: digits only, no "+"
    :ivar bsuid: business-scoped user id, e.g. "AT.900000000001"
    """

    wa_id: str | None = None
    bsuid: str | None = None
    parent_bsuid: str | None = None
    name: str | None = None
    username: str | None = None


@dataclass(frozen=True, slots=True)
class ErrorInfo:
    """An error as the provider reported it; texts may be empty, href is https."""

    code: int | None
    title: str = ""
    details: str = ""
    href: str = ""


@dataclass(frozen=True, slots=True)
class PermissionReply:
    """A customer's answer to "may we call you".

    :ivar expires_at: epoch seconds; None when permanent, declined or not said
    :ivar automatic: granted or withdrawn by WhatsApp, not by a tap
    :ivar context_ref: wamid of the request, or the wacid of the inbound call
        that granted it; None when neither
    """

    accepted: bool
    permanent: bool = False
    expires_at: float | None = None
    automatic: bool = False
    context_ref: str | None = None


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened at the provider, in words all providers share.

    :ivar kind: one of KINDS
    :ivar key: unique within an account; a re-delivered event has the same one
    :ivar call_ref: the provider's id of the call (Meta: wacid)
    :ivar number_ref: the provider's id of our number (Meta: phone_number_id)
    :ivar timestamp: the provider's clock
    :ivar direction: "inbound" | "outbound" | None
    :ivar opaque: the reference we gave at dialling, echoed back
    :ivar payload: what a call button or link carried
    :ivar payload_source: "cta" | "deeplink" | None
    :ivar outcome: "completed" | "failed" | None; an unanswered call may be
        "completed" too: it was answered if started_at or duration is there
    :ivar duration: whole seconds
    :ivar message: {"id", "type", "text"} of an inbound message, and of a medium
        {"media_ref", "mime_type", "sha256", "voice", "file_name"}. `text` is the
        caption of a medium and the emoji of a reaction ("" when it is taken back)
    :ivar status: the status' own name, upper case for calls (also of statuses
        we do not know: kind "unknown"), lower case for messages
    :ivar data: of kind "settings" what settings_of() says of the number; of kind
        "account" {"event", "type", "restrictions", "display_number",
        "remediation"}; of kind "template" {"template_ref", "name", "language",
        "status", "reason", "quality", "category"}: see meta_settings.py,
        meta_account.py; of kinds "recording_available" and
        "transcription_available" {"media_ref", "sha256", "mime_type"} of what the
        provider made of a call. A member that is None was not said
    :ivar problems: plain words on what was missing or odd; non-empty = flagged
    :ivar raw: the part it came from without SDP and secrets, safe to keep; of
        kind "unknown" only its structure and names
    """

    kind: str
    key: str
    call_ref: str | None = None
    number_ref: str | None = None
    waba_ref: str | None = None
    timestamp: float | None = None
    direction: str | None = None
    peer: Peer = Peer()
    sdp: str | None = None
    opaque: str | None = None
    payload: str | None = None
    payload_source: str | None = None
    started_at: float | None = None
    ended_at: float | None = None
    duration: int | None = None
    outcome: str | None = None
    errors: tuple[ErrorInfo, ...] = ()
    permission: PermissionReply | None = None
    message: dict | None = None
    status: str | None = None
    data: dict | None = None
    problems: tuple[str, ...] = ()
    raw: dict = field(default_factory=dict)


class PayloadError(ValueError):
    """The body of a webhook is not JSON, or no JSON object."""


# Actions that are not sent with the account's token: the app itself asks, by its
# secret, so that a refusal says nothing about the token.
WITH_APP_SECRET = frozenset({"app_subscriptions"})


class ProviderError(Exception):
    """A request to a provider did not succeed.

    :ivar message: what the provider said, plain text without secrets
    :ivar details: the provider's longer explanation, may be empty
    :ivar kind: one of ERROR_KINDS. "ended": the call was over already, which for
        terminate and reject is as good as success. "in_progress": an accept that
        is under way or done already, e.g. by a request whose answer was lost
    :ivar retry_after: seconds the provider asks us to wait
    :ivar next_allowed_at: epoch seconds from which the same may be tried again
    :ivar certain: True: it was not carried out. False: it may have been (time-out
        or 5xx after sending), so only REPEATABLE actions may be sent again
    :ivar served_at: the provider's clock when it answered, epoch seconds; None
        when it did not answer or does not say
    """

    def __init__(
        self,
        message,
        *,
        kind,
        code=None,
        subcode=None,
        http_status=None,
        details="",
        retry_after=None,
        next_allowed_at=None,
        certain=True,
        served_at=None,
    ):
        super().__init__(message)
        self.message = message
        self.kind = kind
        self.code = code
        self.subcode = subcode
        self.http_status = http_status
        self.details = details
        self.retry_after = retry_after
        self.next_allowed_at = next_allowed_at
        self.certain = certain
        self.served_at = served_at


@dataclass(frozen=True, slots=True)
class Credentials:
    """How to reach a provider. Its repr holds no secret.

    :ivar base_url: e.g. "https://graph.facebook.com", with or without "/" at the end
    :ivar api_version: e.g. "v25.0"; empty when the base_url holds it
    :ivar timeout: seconds (to connect, to wait for each read)
    """

    token: str = field(repr=False)
    app_secret: str = field(default="", repr=False)
    base_url: str = "https://graph.facebook.com"
    api_version: str = "v25.0"
    timeout: tuple[float, float] = (3.05, 10)


@dataclass(frozen=True, slots=True)
class Answer:
    """A provider's 2xx answer.

    :ivar data: the JSON object, without tokens and SDP; "neutral" in it says the
        same in words all providers share
    :ivar call_ref: id of the call that `connect` created
    :ivar message_ref: id of the message that was sent
    :ivar media_ref: id of the medium that `upload_media` created
    :ivar content: the bytes of a medium; never stored by itself
    :ivar served_at: the provider's clock when it answered, epoch seconds, from
        which the skew of ours is measured; None when it does not say
    """

    http_status: int
    data: dict
    call_ref: str | None = None
    message_ref: str | None = None
    media_ref: str | None = None
    content: bytes = field(default=b"", repr=False)
    served_at: float | None = None


class Provider:
    """Base of all providers; subclasses are stateless but for HTTP sessions."""

    name: str = ""
    capabilities: Capabilities = Capabilities(0)
    # The header that holds a webhook's signature: what comes without is refused.
    signature_header: str = ""
    # Actions that may be sent a second time when nobody knows whether the first
    # one arrived. Each provider gives the reason beside each.
    REPEATABLE: frozenset[str] = frozenset()

    def verify_signature(
        self, app_secret: str, body: bytes, headers: Mapping[str, str]
    ) -> bool:
        """Whether the raw `body` really comes from the provider (constant time)."""
        raise NotImplementedError

    def parse(
        self, body: bytes, display_numbers: frozenset[str] = frozenset()
    ) -> list[Event]:
        """Neutral events of a webhook body, in the order they stand in it.

        :param display_numbers: digits of our own numbers: they settle which of
            from/to is the customer
        :raises PayloadError: no JSON or no object; nothing else is ever raised
        """
        raise NotImplementedError

    def send(
        self, credentials: Credentials, action: str, number_ref: str, payload: dict
    ) -> Answer:
        """Carry out `action` at the provider.

        What each action needs and answers: meta_requests.py, meta_account.py.

        :raises ProviderError: for everything that did not succeed
        :raises ValueError: unknown action or missing payload key: our own mistake
        """
        raise NotImplementedError
