"""HTTP for providers: one session per thread, and what each failure means.

The question that matters is not only what failed but whether the request may
have been carried out all the same (ProviderError.certain): a second `connect`
is a second call.
"""

import json
import logging
import ssl
import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import requests
from urllib3.exceptions import NewConnectionError, ReadTimeoutError

from .base import Credentials, ProviderError

_logger = logging.getLogger(__name__)
_ANSWER_LIMIT = 2 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Upload:
    """A body of parts instead of JSON.

    :ivar file: (name, content, media type) of the part "file"
    """

    fields: dict
    file: tuple[str, bytes, str] = field(repr=False)

    def members(self) -> dict:
        """Arguments of requests for it."""
        return {"data": self.fields, "files": {"file": self.file}}


class Bearer(requests.auth.AuthBase):
    """The token as `auth`: a mere header would be replaced by a line for that
    host in somebody's ~/.netrc."""

    def __init__(self, token):
        self.token = token

    def __call__(self, request):
        request.headers["Authorization"] = f"Bearer {self.token}"
        return request


class Transport:
    """Sends requests over kept-alive connections, from any thread."""

    def __init__(self):
        # requests.Session is not made for use by several threads at once.
        self._local = threading.local()

    def _session(self) -> requests.Session:
        if not hasattr(self._local, "session"):
            self._local.session = requests.Session()
            self._local.session.headers["User-Agent"] = "whatsapp_calling"
        return self._local.session

    def request(
        self,
        credentials: Credentials,
        method,
        url,
        *,
        auth,
        params=None,
        body=None,
        limit=_ANSWER_LIMIT,
    ) -> tuple[int, dict, bytes]:
        """HTTP status, headers (case-insensitive) and body of the answer.

        :param limit: bytes after which the body is read no further: one that is
            longer comes back longer than `limit`, and broken
        :raises ProviderError: when no whole answer came
        """
        started = time.monotonic()
        answered = False
        try:
            # No redirects: they would carry a POST elsewhere, as a GET.
            with self._session().request(
                method,
                url,
                params=params,
                auth=auth,
                timeout=credentials.timeout,
                allow_redirects=False,
                stream=True,
                **(body.members() if isinstance(body, Upload) else {"json": body}),
            ) as response:
                answered = True
                content = _content(response, limit)
        except requests.RequestException as error:
            failure = _failure(error)
            failure.certain = failure.certain and not answered
            _logger.info("%s %s: %s", method, _path(url), failure.kind)
        else:
            took = (time.monotonic() - started) * 1000
            status = response.status_code
            _logger.info("%s %s: %s in %d ms", method, _path(url), status, took)
            return status, response.headers, content
        # Outside the except block: the original error, with the URL and its
        # appsecret_proof in the text, is not to appear in any traceback.
        raise failure


def _path(url) -> str:
    return "/" + url.split("://", 1)[-1].partition("/")[2].partition("?")[0]


def _content(response, limit) -> bytes:
    content = bytearray()
    for chunk in response.iter_content(65536):
        content += chunk
        if len(content) > limit:
            break
    return bytes(content)


def _failure(error: requests.RequestException) -> ProviderError:
    """What a failed request means. Sent or not is what decides `certain`."""
    if isinstance(error, requests.ConnectTimeout):
        return ProviderError(
            "The provider could not be reached in time.", kind="timeout", certain=True
        )
    if isinstance(error, requests.ReadTimeout) or _caused_by(error, ReadTimeoutError):
        return ProviderError(
            "The provider did not answer in time.", kind="timeout", certain=False
        )
    if isinstance(error, requests.exceptions.SSLError):
        # Sending starts after the handshake, which is where TLS fails. Only an
        # end of the connection may also come later.
        return ProviderError(
            "No secure connection to the provider: its certificate was not accepted.",
            kind="unreachable",
            certain=not _caused_by(error, (ssl.SSLEOFError, ssl.SSLZeroReturnError)),
        )
    if isinstance(error, requests.exceptions.ProxyError) or _caused_by(
        error, NewConnectionError
    ):
        return ProviderError(
            "The provider cannot be reached: no connection.",
            kind="unreachable",
            certain=True,
        )
    if isinstance(error, ValueError) and not isinstance(error, requests.HTTPError):
        # InvalidURL, MissingSchema, InvalidHeader, …: nothing was sent.
        return ProviderError(
            "The address of the provider is not usable.",
            kind="unreachable",
            certain=True,
        )
    if isinstance(error, requests.exceptions.ChunkedEncodingError):
        return ProviderError(
            "The provider's answer broke off.", kind="nonsense", certain=False
        )
    return ProviderError(
        "The connection to the provider broke off.", kind="unreachable", certain=False
    )


def _caused_by(error, kind) -> bool:
    """Whether urllib3's `kind` is behind a requests error (it hides in args,
    `reason` of a MaxRetryError, and the chain of causes)."""
    seen, todo = set(), [error]
    while todo:
        each = todo.pop()
        if not isinstance(each, BaseException) or id(each) in seen:
            continue
        if isinstance(each, kind):
            return True
        seen.add(id(each))
        todo += [getattr(each, "reason", None), each.__cause__, each.__context__]
        todo += each.args
    return False


def json_object(content: bytes) -> dict | None:
    """The JSON object in `content`, None when it is something else."""
    try:
        data = json.loads(content.decode("utf-8"))
    except (ValueError, RecursionError):
        return None
    return data if isinstance(data, dict) else None


def retry_after(headers) -> float | None:
    """Seconds of a Retry-After header, which holds seconds or an HTTP date."""
    value = (headers.get("Retry-After") or "").strip()
    if value.isascii() and value.isdigit() and len(value) < 9:
        return float(value)
    moment = _moment(value)
    return moment and max(0.0, (moment - datetime.now(UTC)).total_seconds())


def served_at(headers) -> float | None:
    """The provider's clock when it answered: epoch seconds of the Date header."""
    moment = _moment((headers.get("Date") or "").strip())
    return moment and moment.timestamp()


def _moment(value) -> datetime | None:
    try:
        moment = parsedate_to_datetime(value)
    except (TypeError, ValueError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
