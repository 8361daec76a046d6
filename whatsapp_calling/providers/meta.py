"""Meta's Cloud API: signature, webhooks and requests (Graph)."""

import hashlib
import hmac
import re
from dataclasses import replace
from typing import NamedTuple

from . import meta_webhook
from .base import Answer, Capabilities, Credentials, Provider, ProviderError
from .cleaning import keepable
from .meta_account import blocking
from .meta_answers import NEUTRAL, READERS, new_ref, next_page, rows_of, uploaded
from .meta_capture import RECORDING_LIMIT
from .meta_errors import error_of
from .meta_media import MEDIA_LIMIT, check_media, media_url
from .meta_requests import request_of
from .transport import Bearer, Transport, json_object, served_at

_PAGES_LIMIT = 20


class MetaProvider(Provider):
    """WhatsApp Business Calling API over Graph and webhooks.

    SDP is sent as it is given: sdp.prepare_* comes before.
    """

    name = "meta"
    signature_header = "X-Hub-Signature-256"
    capabilities = (
        Capabilities.ANSWER
        | Capabilities.DIAL
        | Capabilities.PRE_ACCEPT
        | Capabilities.REJECT
        | Capabilities.TERMINATE
        | Capabilities.SETTINGS
        | Capabilities.PERMISSIONS
        | Capabilities.CALL_BUTTON
        | Capabilities.MESSAGES
        | Capabilities.TEMPLATES
        | Capabilities.BLOCK
        | Capabilities.RECORDING
    )
    # Not among them: connect (a second one is a second call), accept (a late one
    # is a surprise), pre_accept (it only helps; while it is being settled the
    # moment is gone), messages and permission requests (the customer would get
    # two, and a request counts against one a day), and create_template (a second
    # one is refused because the first is there).
    REPEATABLE = frozenset(
        {
            "check",  # reads
            "list_numbers",  # reads
            "get_settings",  # reads
            "permission_state",  # reads
            "subscribed_apps",  # reads
            "check_token",  # reads
            "app_subscriptions",  # reads
            "waba",  # reads
            "list_templates",  # reads
            "get_media",  # reads
            "get_recording",  # reads
            "upload_media",  # a second one is a file that nobody is sent
            "set_settings",  # sets the same values again
            "subscribe",  # sets the same subscription again
            "block",  # of a blocked user: stays so
            "unblock",  # of one who is not blocked: stays so
            "reject",  # of an ended call: "ended"
            "terminate",  # of an ended call: "ended"
        }
    )

    def __init__(self):
        self._transport = Transport()

    def verify_signature(self, app_secret, body, headers):
        """X-Hub-Signature-256: "sha256=" and the HMAC of the raw body. Never of
        re-serialised JSON: Meta escapes in its own way."""
        given = next(
            (
                value
                for key, value in headers.items()
                if key.lower() == "x-hub-signature-256"
            ),
            "",
        )
        if not app_secret or not given:
            return False
        digest = hmac.new(app_secret.encode(), body, hashlib.sha256).hexdigest()
        wanted = f"sha256={digest}".encode()
        return hmac.compare_digest(wanted, given.strip().encode("utf-8", "replace"))

    def parse(self, body, display_numbers=frozenset()):
        return meta_webhook.parse(body, display_numbers)

    def send(self, credentials, action, number_ref, payload):
        method, path, query, body = request_of(action, number_ref, payload)
        if action == "check_token":
            query = query | {"input_token": credentials.token}
        elif action == "app_subscriptions":
            credentials = _as_app(credentials, payload["app_id"])
        reply = self._ask(credentials, action, number_ref, method, path, query, body)
        content = b""
        if action in _PAGED:
            rows = self._all_rows(credentials, action, number_ref, payload, reply.data)
            reply = reply._replace(data=rows)
        elif action in _MEDIA_LIMITS:
            content = self._media(credentials, action, payload, reply.data)
        data = self._told(credentials, action, number_ref, payload, reply.data)
        return Answer(
            http_status=reply.status,
            data=keepable(data),
            call_ref=new_ref(data, "calls") if action == "connect" else None,
            message_ref=new_ref(data, "messages"),
            media_ref=uploaded(data) if action == "upload_media" else None,
            content=content,
            served_at=reply.served_at,
        )

    def _told(self, credentials, action, number_ref, payload, data):
        """What is passed on of an answer: in neutral words, or those beside it."""
        if action in READERS:
            return READERS[action](data)
        if action == "check" and payload.get("waba_ref"):
            data = self._with_waba(credentials, number_ref, payload, data)
        if action in NEUTRAL:
            data = data | {"neutral": NEUTRAL[action](data)}
        return data

    def _ask(self, credentials, action, number_ref, method, path, query, body):
        """`_call`, again without each field that this Graph does not have: which of
        them a version knows is not for sure, and the others are wanted."""
        while True:
            try:
                return self._call(
                    credentials, action, number_ref, method, path, query, body
                )
            except ProviderError as error:
                left = _without_unknown_field(query.get("fields", ""), error)
                if not left:
                    raise
                query = query | {"fields": left}

    def _call(self, credentials, action, number_ref, method, path, query, body):
        """One Graph request: a _Reply, or ProviderError."""
        _check_token(credentials.token)
        proof = _proof(credentials)
        if proof:
            query = query | {"appsecret_proof": proof}
        base = credentials.base_url.rstrip("/")
        version = credentials.api_version.strip("/")
        url = f"{base}/{version}/{path}" if version else f"{base}/{path}"
        status, headers, content = self._transport.request(
            credentials,
            method,
            url,
            auth=Bearer(credentials.token),
            params=query or None,
            body=body,
        )
        data = json_object(content)
        refused = not 200 <= status <= 299 or (data and data.get("error"))
        if action in ("block", "unblock") and data and "block_users" in data:
            # A part of them failed, which may come as an error or beside one.
            _raise_if_none_done(data, status, headers)
        elif refused:
            raise error_of(
                status,
                headers,
                content,
                action=action,
                number_ref=number_ref,
                secrets=(credentials.token, credentials.app_secret, proof),
            )
        if data is None or _nothing_made(action, data):
            # It said yes, so it may well have been done.
            raise ProviderError(
                f"The provider answered with HTTP {status} and nothing readable.",
                kind="nonsense",
                http_status=status,
                certain=False,
                served_at=served_at(headers),
            )
        return _Reply(status, data, served_at(headers))

    def _all_rows(self, credentials, action, number_ref, payload, data):
        """All pages; `paging.next` is not followed, since it holds the token."""
        rows = rows_of(data)
        for _page in range(_PAGES_LIMIT):
            after = next_page(data)
            if not after:
                break
            request = request_of(action, number_ref, payload | {"after": after})
            data = self._ask(credentials, action, number_ref, *request).data
            rows += rows_of(data)
        return {"data": rows}

    def _with_waba(self, credentials, number_ref, payload, data):
        """Also reads the WABA's numbers: `in_waba` says whether ours is there."""
        listed = self.send(credentials, "list_numbers", number_ref, payload).data
        ids = [str(row.get("id")) for row in listed["data"] if isinstance(row, dict)]
        return data | {"in_waba": str(number_ref) in ids}

    def _media(self, credentials, action, payload, data) -> bytes:
        """The file that a media object tells of."""
        limit = _MEDIA_LIMITS[action]
        url = media_url(credentials, data, limit)
        status, headers, content = self._transport.request(
            credentials,
            "GET",
            url,
            auth=Bearer(credentials.token),
            limit=limit,
        )
        if not 200 <= status <= 299:
            secrets = (credentials.token, credentials.app_secret)
            raise error_of(status, headers, content, action=action, secrets=secrets)
        check_media(data, content, payload.get("sha256"), limit)
        return content


def _nothing_made(action, data) -> bool:
    """Whether an answer lacks the id of what the request was to make."""
    if action == "upload_media":
        return not uploaded(data)
    return action == "connect" and not new_ref(data, "calls")


class _Reply(NamedTuple):
    status: int
    data: dict
    served_at: float | None


# Lists that come in pages.
_PAGED = frozenset({"list_numbers", "list_templates"})
# Actions that bring a file, and how many bytes of it.
_MEDIA_LIMITS = {"get_media": MEDIA_LIMIT, "get_recording": RECORDING_LIMIT}
_UNKNOWN_FIELD = re.compile(r"nonexisting field \((\w+)\)")


def _without_unknown_field(fields: str, error: ProviderError) -> str:
    """`fields` without the one that Graph says it has not; "" when it is another
    error, or none would be left."""
    match = _UNKNOWN_FIELD.search(error.message)
    names = fields.split(",")
    if error.code != 100 or not match or match[1] not in names:
        return ""
    return ",".join(name for name in names if name != match[1])


def _as_app(credentials: Credentials, app_id) -> Credentials:
    """The app itself asks: its settings are not for a system user's token."""
    if not credentials.app_secret:
        raise ProviderError(
            "Without the app secret the app's webhooks cannot be looked up.",
            kind="auth",
        )
    return replace(credentials, token=f"{app_id}|{credentials.app_secret}")


def _raise_if_none_done(data, status, headers) -> None:
    """When nobody could be blocked or unblocked: the first one's reason."""
    told = blocking(data)
    if told["done"] or not told["failed"]:
        return
    first = told["failed"][0]
    raise ProviderError(
        first["message"] or f"HTTP {status}",
        kind="limit" if first["code"] == 139101 else "refused",
        code=first["code"],
        http_status=status,
        served_at=served_at(headers),
    )


def _check_token(token) -> None:
    """A token with a line end or a typographic character would fail deep within
    the HTTP client, with the token in the error's text."""
    if not token or not token.isascii() or not token.isprintable() or " " in token:
        raise ProviderError(
            "The access token is empty or holds characters no token has.", kind="auth"
        )


def _proof(credentials: Credentials) -> str:
    """appsecret_proof; demanded when the app's "Require app secret" is on."""
    if not credentials.app_secret:
        return ""
    return hmac.new(
        credentials.app_secret.encode(), credentials.token.encode(), hashlib.sha256
    ).hexdigest()
