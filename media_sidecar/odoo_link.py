"""Requests to Odoo: signed, with a time limit, one session per process."""

import json
import logging
import time
from email.utils import parsedate_to_datetime

import aiohttp
from yarl import URL

from . import auth
from .config import Config
from .errors import OdooAway

logger = logging.getLogger(__name__)

SECONDS = 10.0  # for one request and its answer
LARGEST_ANSWER = 256 * 1024


class OdooLink:
    """`await link.post("hello", {...})` -> (status, the answer's JSON).

    Paths are relative to `<odoo>/whatsapp_calling/media/<ref>/`. Every attempt is
    signed anew. Raises OdooAway when there is no answer at all; any answer, an error
    too, is returned. Never log a body: it may hold what was said.
    """

    def __init__(self, config: Config) -> None:
        self._config = config
        self._base = f"{config.odoo_url}/whatsapp_calling/media/{config.ref}/"
        self._session: aiohttp.ClientSession | None = None
        self.answered_at: float | None = None  # time.monotonic() of the last 200
        self.clock_skew = 0.0  # seconds Odoo's clock is ahead of ours
        self.on_answer = None  # called with (path's first word, status or 0)

    async def post(self, path: str, body: dict | bytes) -> tuple[int, dict]:
        """POST a JSON document, or raw bytes."""
        return await self.request("POST", path, body)

    async def put(self, path: str, body: bytes) -> tuple[int, dict]:
        """PUT raw bytes; `path` may have a query."""
        return await self.request("PUT", path, body)

    async def request(
        self, method: str, path: str, body: dict | bytes, seconds: float = SECONDS
    ) -> tuple[int, dict]:
        """One signed request; the answer's JSON object, {} when it is none."""
        is_json = isinstance(body, dict)
        data = json.dumps(body).encode() if is_json else body
        url = URL(self._base + path, encoded=True)
        config = self._config
        headers = auth.sign(config.ref, config.secret, method, url.raw_path_qs, data)
        headers["Content-Type"] = (
            "application/json" if is_json else "application/octet-stream"
        )
        if config.odoo_database:
            headers["X-Odoo-Database"] = config.odoo_database
        status = 0
        try:
            async with self._open().request(
                method,
                url,
                data=data,
                headers=headers,
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(total=seconds),
            ) as answer:
                content = await _read(answer)
                status = answer.status
                self._note(answer)
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise OdooAway(type(error).__name__) from error
        finally:
            if self.on_answer:
                self.on_answer(path.split("/")[0].split("?")[0], status)
        return status, _object(content)

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession()
        return self._session

    def _note(self, answer: aiohttp.ClientResponse) -> None:
        if answer.status == 200:
            self.answered_at = time.monotonic()
        try:
            theirs = parsedate_to_datetime(answer.headers["Date"]).timestamp()
        except (KeyError, ValueError):
            return
        self.clock_skew = theirs + 0.5 - time.time()

    def silent_for(self, now: float) -> float:
        """Seconds of time.monotonic() since Odoo last said 200; 0 before the first."""
        return now - self.answered_at if self.answered_at else 0.0

    async def close(self) -> None:
        if self._session:
            await self._session.close()
            self._session = None


async def _read(answer: aiohttp.ClientResponse) -> bytes:
    """The body, cut off at LARGEST_ANSWER bytes."""
    content = b""
    async for chunk in answer.content.iter_chunked(64 * 1024):
        content += chunk
        if len(content) > LARGEST_ANSWER:
            break
    return content[:LARGEST_ANSWER]


def _object(content: bytes) -> dict:
    try:
        value = json.loads(content)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
