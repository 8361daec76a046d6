"""The calls of a unit: opened once however often they are asked for, found, ended."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable

from ..errors import ApiError
from .call import Call
from .host import Host
from .parties import Party
from .settings import read

REMEMBERED = 600.0  # seconds an ended call is told from one that never was
MOST_REMEMBERED = 1000
LAST_WORDS = 11.0  # seconds a transcriber may take for the last turns, and some


class Calls:
    """`open`, `get`, `end_all`. A repeated command gets the answer of the first."""

    def __init__(self, host: Host, on_ended: Callable[[Call], None]) -> None:
        self._host = host
        self._on_ended = on_ended
        host.ended = self._ended
        self.live: dict[str, Call] = {}
        self._opening: dict[str, asyncio.Task] = {}
        self._legs: dict[tuple[str, str], asyncio.Task] = {}
        self._over: OrderedDict[str, tuple[float, dict]] = OrderedDict()
        self._closing: set[asyncio.Task] = set()

    def __len__(self) -> int:
        return len(self.live)

    def count_legs(self) -> int:
        """Legs of all calls."""
        return sum(len(call.parties.all()) for call in self.live.values())

    def known(self, ref: str) -> bool:
        """It is live, or being opened."""
        return ref in self._opening

    async def open(self, body: dict) -> dict:
        """Open what POST /v1/calls describes; its answer."""
        ref = body["call"]
        if ref in self._over:
            raise ApiError(404, "call_ended", "The call has ended.")
        if ref not in self._opening:
            self._opening[ref] = asyncio.create_task(self._open(ref, body))
        return await asyncio.shield(self._opening[ref])

    async def _open(self, ref: str, body: dict) -> dict:
        inbound = body["direction"] == "inbound"
        offer = body.get("offer")
        call = None
        try:
            if inbound and not offer:
                raise ApiError(400, "bad_request", "body.offer is missing.")
            settings = read(body.get("settings"))
            call = self.live[ref] = Call(ref, body["direction"], settings, self._host)
            if body.get("program"):
                call.stage.ask(body["program"])
            answer = {"sdp": await call.legs.open_peer(offer if inbound else None)}
            if body.get("operator"):
                wanted = {"role": "operator", **body["operator"]}
                answer["operator_sdp"] = (await self.add_leg(call, wanted))["sdp"]
            return answer
        except BaseException as error:
            self._opening.pop(ref, None)
            if call:
                self.live.pop(ref, None)
                call.give_up()
                self._close(call)
            raise _plain(error) from error

    async def add_leg(self, call: Call, body: dict) -> dict:
        """What POST …/legs describes; its answer."""
        key = (call.ref, body["leg"])
        if key not in self._legs:
            adding = call.legs.add(
                body["leg"], body["role"], body.get("mode", "talk"), body["offer"]
            )
            self._legs[key] = asyncio.create_task(adding)
        try:
            return {"sdp": await asyncio.shield(self._legs[key])}
        except BaseException as error:
            self._legs.pop(key, None)
            raise _plain(error) from error

    def get(self, ref: str) -> Call:
        """A live call; raises ApiError 404."""
        if ref in self.live:
            return self.live[ref]
        if ref in self._over:
            raise ApiError(404, "call_ended", "The call has ended.")
        raise ApiError(404, "unknown_call", "There is no such call here.")

    def over(self, ref: str) -> dict | None:
        """How a call that has ended of late was; nothing else of it is kept."""
        return self._over[ref][1] if ref in self._over else None

    def leg(self, call: Call, ref: str) -> Party:
        """Somebody's browser; raises ApiError 404."""
        party = call.parties.find(ref)
        if party is None:
            raise ApiError(404, "unknown_leg", "There is no such leg in this call.")
        return party

    def had_leg(self, call: Call, ref: str) -> bool:
        """It was in the call at some time."""
        return (call.ref, ref) in self._legs

    def end_all(self, reason: str) -> None:
        """End every call."""
        for call in list(self.live.values()):
            call.end(reason)

    def purge(self, refs: set[str]) -> None:
        """Forget what ended calls leave in memory."""
        for ref in refs:
            self._over.pop(ref, None)

    def _ended(self, call: Call) -> None:
        self.live.pop(call.ref, None)
        self._opening.pop(call.ref, None)
        for key in [key for key in self._legs if key[0] == call.ref]:
            del self._legs[key]
        self._close(call)
        now = time.monotonic()
        self._over[call.ref] = (now, call.described())
        while self._over:
            at, _ = next(iter(self._over.values()))
            if now - at < REMEMBERED and len(self._over) <= MOST_REMEMBERED:
                break
            self._over.popitem(last=False)
        self._on_ended(call)

    def _close(self, call: Call) -> None:
        """Remember what a call that is over still does."""
        for task in call.tasks | call.closing:
            self._closing.add(task)
            task.add_done_callback(self._closing.discard)

    async def close(self) -> None:
        """Wait until every leg has said goodbye and every last turn is told."""
        if self._closing:
            await asyncio.wait(self._closing, timeout=LAST_WORDS)


def _plain(error: BaseException) -> BaseException:
    """What the API says of a leg that could not be opened."""
    if isinstance(error, OSError):
        return ApiError(503, "busy", "There is no free UDP port for another leg.")
    return error
