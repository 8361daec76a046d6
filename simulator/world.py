"""Everything the simulator knows, in memory, and how to find it."""

import asyncio
import copy
import time
from collections.abc import Callable, Coroutine
from typing import Any

from .errors import unknown_object
from .faults import Faults
from .hub import Hub
from .model import App, Number, Phone, Waba
from .permissions import Ledger
from .speech.desk import SpeechDesk
from .speech.hearing import Recogniser
from .switches import Switches
from .webhooks.sender import Sender

REQUESTS_KEPT = 20000


class World:
    """One simulated WhatsApp.

    ``media_host`` is the address WhatsApp's media binds to; on loopback nothing
    leaves the machine.
    """

    def __init__(self, config: dict, media_host: str = "127.0.0.1") -> None:
        self.config = config
        self.media_host = media_host
        self.hub = Hub()
        self.switches = Switches()
        self.sender = Sender(self)
        self.recogniser = Recogniser()
        self._tasks: set[asyncio.Task] = set()
        self._timers: set[asyncio.TimerHandle] = set()
        self.load()

    def load(self) -> None:
        """Set everything to what the configuration says."""
        config = copy.deepcopy(self.config)
        self.apps: dict[str, App] = {a.app_id: a for a in config["apps"]}
        self.wabas: dict[str, Waba] = {w.waba_id: w for w in config["wabas"]}
        self.numbers: dict[str, Number] = {
            n.phone_number_id: n for n in config["numbers"]
        }
        self.phones: dict[str, Phone] = {p.wa_id: p for p in config["phones"]}
        self.switches = Switches()
        self.switches.change(config["settings"])
        self.faults = Faults()
        self.calls: dict[str, Any] = {}
        self.requests: list[dict] = []
        self.media: dict[str, dict] = {}
        self.speech = SpeechDesk(self)
        self.message_times: dict[tuple[str, str], list[float]] = {}
        self.number_times: dict[str, list[float]] = {}
        self.query_times: dict[str, list[float]] = {}
        self.connect_times: dict[str, list[float]] = {}
        self.ledger = Ledger(self)
        for item in config["permissions"]:
            self.ledger.grant(item["number"], item["wa_id"], item["status"])

    # -- finding -------------------------------------------------------------------
    def number(self, number_id: str) -> Number:
        """A business number; raises the error of an unknown object."""
        if number_id not in self.numbers:
            raise unknown_object(number_id)
        return self.numbers[number_id]

    def find_number(self, text: str) -> Number | None:
        """A business number by its id or digits."""
        digits = text.lstrip("+").replace(" ", "")
        for number in self.numbers.values():
            if digits in (number.phone_number_id, number.wa_id):
                return number
        return None

    def find_phone(self, text: str) -> Phone | None:
        """A phone by digits (with or without "+") or by BSUID."""
        if text in self.phones:
            return self.phones[text]
        digits = "".join(c for c in text if c.isdigit())
        if text.lstrip("+")[:1].isdigit() and digits in self.phones:
            return self.phones[digits]
        for phone in self.phones.values():
            if text in (phone.bsuid, phone.parent_bsuid) and text:
                return phone
        return None

    def live_calls(self, number: Number | None = None) -> list:
        """Calls that have not ended, of one number or of all."""
        return [
            call
            for call in self.calls.values()
            if not call.ended and (number is None or call.number is number)
        ]

    # -- time ----------------------------------------------------------------------
    def spawn(self, coroutine: Coroutine) -> asyncio.Task:
        """Run in the background, held until done."""
        task = asyncio.create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def later(self, delay: float, action: Callable[[], Any]) -> asyncio.TimerHandle:
        """Call `action` after `delay` seconds; a coroutine it returns is run."""

        def fire() -> None:
            self._timers.discard(handle)
            result = action()
            if asyncio.iscoroutine(result):
                self.spawn(result)

        handle = asyncio.get_running_loop().call_later(delay, fire)
        self._timers.add(handle)
        return handle

    def record_request(self, entry: dict) -> None:
        """Keep what Graph received."""
        self.requests.append(entry)
        if len(self.requests) > REQUESTS_KEPT:
            del self.requests[: REQUESTS_KEPT // 10]

    @staticmethod
    def recent(times: list[float], window: float) -> list[float]:
        """Drop what is older than `window` seconds from `times`; returns it."""
        limit = time.time() - window
        while times and times[0] <= limit:
            times.pop(0)
        return times

    async def close(self) -> None:
        """Stop timers, calls, deliveries and tasks."""
        for handle in list(self._timers):
            handle.cancel()
        self._timers.clear()
        for call in list(self.calls.values()):
            await call.release()
        await self.sender.close()
        self.recogniser.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def reset(self, everything: bool = False) -> None:
        """Forget calls, requests, faults; with `everything` also changed settings."""
        for handle in list(self._timers):
            handle.cancel()
        self._timers.clear()
        for call in list(self.calls.values()):
            await call.release()
        self.sender.forget()
        kept = (self.apps, self.wabas, self.numbers, self.phones, self.switches)
        self.load()
        if not everything:
            self.apps, self.wabas, self.numbers, self.phones, self.switches = kept
            for phone in self.phones.values():
                phone.chat.clear()
        self.hub.send("reset", {})
