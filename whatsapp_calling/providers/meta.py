"""Meta's Cloud API: signature, webhooks and requests (Graph)."""

import hashlib
import hmac

from . import meta_webhook
from .base import Answer, Capabilities, Credentials, Provider, ProviderError
from .cleaning import keepable
from .meta_errors import error_of
from .meta_permissions import permission_state
from .meta_requests import request_of
from .transport import Bearer, Transport, json_object

_PAGES_LIMIT = 20


class MetaProvider(Provider):
    """WhatsApp Business Calling API over Graph and webhooks.

    SDP is sent as it is given: sdp.prepare_* comes before.
    """

    name = "meta"
    # Without BLOCK and RECORDING, until there are actions for them.
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
    )
    # Not among them: connect (a second one is a second call), accept (a late one
    # is a surprise), pre_accept (it only helps; while it is being settled the
    # moment is gone), and messages and permission requests (the customer would
    # get two, and a request counts against one a day).
    REPEATABLE = frozenset(
        {
            "check",  # reads
            "list_numbers",  # reads
            "get_settings",  # reads
            "permission_state",  # reads
            "subscribed_apps",  # reads
            "set_settings",  # sets the same values again
            "subscribe",  # sets the same subscription again
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
        status, data = self._call(
            credentials, action, number_ref, method, path, query, body
        )
        if action == "list_numbers":
            data = self._with_next_pages(credentials, number_ref, payload, data)
        elif action == "check" and payload.get("waba_ref"):
            data = self._with_waba(credentials, number_ref, payload, data)
        elif action == "permission_state":
            data = data | {"neutral": permission_state(data)}
        return Answer(
            http_status=status,
            data=keepable(data),
            call_ref=_new_ref(data, "calls") if action == "connect" else None,
            message_ref=_new_ref(data, "messages"),
        )

    def _call(self, credentials, action, number_ref, method, path, query, body):
        """One Graph request: HTTP status and JSON object, or ProviderError."""
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
        if not 200 <= status <= 299 or (data and data.get("error")):
            raise error_of(
                status,
                headers,
                content,
                action=action,
                number_ref=number_ref,
                secrets=(credentials.token, credentials.app_secret, proof),
            )
        if data is None or (action == "connect" and not _new_ref(data, "calls")):
            # It said yes, so it may well have been done.
            raise ProviderError(
                f"The provider answered with HTTP {status} and nothing readable.",
                kind="nonsense",
                http_status=status,
                certain=False,
            )
        return status, data

    def _with_next_pages(self, credentials, number_ref, payload, data):
        """All pages; `paging.next` is not followed, since it holds the token."""
        numbers = _rows(data)
        for _page in range(_PAGES_LIMIT):
            after = _after(data)
            if not after:
                break
            request = request_of("list_numbers", number_ref, payload | {"after": after})
            _status, data = self._call(
                credentials, "list_numbers", number_ref, *request
            )
            numbers += _rows(data)
        return {"data": numbers}

    def _with_waba(self, credentials, number_ref, payload, data):
        """Also reads the WABA's numbers: `in_waba` says whether ours is there."""
        listed = self.send(credentials, "list_numbers", number_ref, payload).data
        ids = [str(row.get("id")) for row in listed["data"] if isinstance(row, dict)]
        return data | {"in_waba": str(number_ref) in ids}


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


def _rows(data) -> list:
    rows = data.get("data")
    return rows if isinstance(rows, list) else []


def _after(data) -> str | None:
    """The cursor of the next page, if there is one."""
    paging = data.get("paging")
    if not isinstance(paging, dict) or not paging.get("next"):
        return None
    cursors = paging.get("cursors")
    after = cursors.get("after") if isinstance(cursors, dict) else None
    return after if isinstance(after, str) and after else None


def _new_ref(data, key) -> str | None:
    """The id of the first member of data[key], which the request created."""
    made = data.get(key)
    first = made[0] if isinstance(made, list) and made else None
    ref = first.get("id") if isinstance(first, dict) else None
    return ref if isinstance(ref, str) and ref else None
