"""One WebSocket of Deepgram: what its two APIs have in common."""

import asyncio
import contextlib
import json
import time
from typing import TYPE_CHECKING

from aiohttp import WSMsgType, web

from .desk import Connection
from .hearing import Utterances

if TYPE_CHECKING:
    from ..world import World

ENCODINGS = ("linear16",)


class Refused(Exception):
    """The handshake is answered with an HTTP error."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message


def wanted(query: dict, known: set[str], name: str, words: tuple[str, ...]) -> str:
    """A parameter that must be one of `words`; raises Refused."""
    unknown = sorted(set(query) - known)
    if unknown:
        raise bad_query(f"unknown query parameter `{unknown[0]}`")
    if query.get(name) not in words:
        raise bad_query(f"`{name}` must be one of {', '.join(words)}")
    return query[name]


def number(query: dict, name: str, default: float, least: float, most: float) -> float:
    """A parameter that must be a number in a range; raises Refused."""
    text = query.get(name)
    try:
        value = default if text is None else float(text)
    except ValueError:
        raise bad_query(f"`{name}` must be a number") from None
    if not least <= value <= most:
        raise bad_query(f"`{name}` must be between {least:g} and {most:g}")
    return value


def bad_query(said: str) -> Refused:
    return Refused(400, "Bad Request", f"Invalid query string: {said}")


class Stream:
    """A connection of a client; a subclass is one of the two APIs."""

    vendor = ""

    def __init__(self, world: "World", request: web.Request) -> None:
        self.world = world
        self.desk = world.speech
        self.request = request
        self.query = dict(request.query)
        self.log: Connection = self.desk.open(self.vendor, self.query)
        self.socket = web.WebSocketResponse()
        self._stalled = False
        self._heard_at = time.monotonic()
        self._faults: list = []

    # -- what a subclass says ----------------------------------------------------------
    def check(self) -> Utterances:
        """Check the query; raises Refused."""
        raise NotImplementedError

    async def opened(self) -> None:
        """After the handshake."""

    async def sound(self, found: list[tuple]) -> None:
        """After audio, with what `Utterances.feed` found in it."""
        raise NotImplementedError

    async def text(self, data: dict) -> bool:
        """A text message; True when the stream is over."""
        raise NotImplementedError

    # -- the connection ----------------------------------------------------------------
    async def serve(self) -> web.StreamResponse:
        try:
            self._check_key()
            self.utterances = self.check()
        except Refused as refused:
            return self._refuse(refused)
        kinds = ("speech_close", "speech_stall", "speech_error")
        self._faults = [o for kind in kinds if (o := self.desk.fault(kind, self.log))]
        self.socket.headers["dg-request-id"] = self.log.id
        await self.socket.prepare(self.request)
        self.log.status = 101
        self.desk.tell(self.log)
        watch = asyncio.create_task(self._watch())
        try:
            await self.opened()
            await self._listen()
        finally:
            watch.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await watch
            self.log.close_code = self.log.close_code or self.socket.close_code or 1006
            self.log.ended = time.time()
            self.desk.tell(self.log)
        return self.socket

    def _check_key(self) -> None:
        order = self.desk.fault("speech_refuse", self.log)
        if order:
            status = int(order.values.get("status", 429))
            codes = {401: "INVALID_AUTH", 402: "ASR_PAYMENT_REQUIRED"}
            code = codes.get(status, "TOO_MANY_REQUESTS")
            default = "Too many requests. Please try again later"
            raise Refused(status, code, order.values.get("message", default))
        header = self.request.headers.get("Authorization", "")
        scheme, _space, key = header.partition(" ")
        good = self.desk.good_key(self.vendor, key)
        if scheme not in ("Token", "Bearer") or not good:
            raise Refused(401, "INVALID_AUTH", "Invalid credentials.")

    def _refuse(self, refused: Refused) -> web.Response:
        self.log.status, self.log.ended = refused.status, time.time()
        self.desk.tell(self.log)
        body = {
            "err_code": refused.code,
            "err_msg": refused.message,
            "request_id": self.log.id,
        }
        headers = {"dg-error": refused.message, "dg-request-id": self.log.id}
        return web.json_response(body, status=refused.status, headers=headers)

    async def _listen(self) -> None:
        async for message in self.socket:
            self._heard_at = time.monotonic()
            if message.type == WSMsgType.BINARY:
                await self._audio(message.data)
            elif message.type == WSMsgType.TEXT:
                data = _object(message.data)
                self.log.messages.append(str(data.get("type")))
                if not self._stalled and await self.text(data):
                    await self.close(1000, "")
            if self.socket.closed:
                return

    async def _audio(self, data: bytes) -> None:
        if len(data) % 2 or data[:4] in (b"OggS", b"RIFF") or data[:2] == b'{"':
            await self.close(1008, "DATA-0000")
            return
        found = self.utterances.feed(data)
        self.log.audio_seconds = round(self.utterances.seconds, 3)
        for order in list(self._faults):
            if self.utterances.seconds >= float(order.values.get("after", 1)):
                self._faults.remove(order)
                await self._go_wrong(order)
                if self.socket.closed:
                    return
        if not self._stalled:
            await self.sound(found)

    async def _go_wrong(self, order) -> None:
        if order.kind == "speech_stall":
            self._stalled = True
        elif order.kind == "speech_close":
            code = int(order.values.get("code", 1011))
            await self.close(code, order.values.get("reason", "NET-0000"))
        else:
            await self.error(
                order.values.get("code", "INTERNAL_SERVER_ERROR"),
                order.values.get("description", "An internal error occurred."),
            )

    async def error(self, code: str, description: str) -> None:
        """A fatal error message, then the close."""
        await self.send({"type": "Error", "code": code, "description": description})
        await self.close(1011, "NET-0000")

    async def _watch(self) -> None:
        """Close a connection on which nothing comes for ten seconds."""
        while not self.socket.closed:
            idle = self.world.switches.speech_idle
            left = self._heard_at + idle - time.monotonic()
            if left <= 0:
                if not self._stalled:
                    await self.close(1011, "NET-0001")
                return
            await asyncio.sleep(left)

    async def close(self, code: int, reason: str) -> None:
        self.log.close_code = code
        await self.socket.close(code=code, message=reason.encode())

    async def send(self, data: dict) -> None:
        if not self.socket.closed and not self._stalled:
            with contextlib.suppress(ConnectionError):
                await self.socket.send_json(data)

    async def understood(self, pcm: bytes) -> list[str]:
        """The pieces of a turn: the next of the script, or what is recognised."""
        pieces = self.desk.next_script()
        if pieces is None:
            rate = int(self.query.get("sample_rate", 16000))
            text = await self.world.recogniser.text(pcm, rate)
            pieces = [text] if text else []
        if pieces:
            self.log.turns.append(" ".join(pieces))
        return pieces


def words_of(text: str, start: float, end: float) -> list[dict]:
    """The words of a text, spread evenly over its time."""
    words = text.split()
    step = (end - start) / max(1, len(words))
    return [
        {
            "word": word.strip(".,?!").lower(),
            "start": round(start + index * step, 3),
            "end": round(start + (index + 1) * step, 3),
            "confidence": 0.98,
            "punctuated_word": word,
        }
        for index, word in enumerate(words)
    ]


def _object(text: str) -> dict:
    try:
        data = json.loads(text)
    except ValueError:
        return {}
    return data if isinstance(data, dict) else {}
