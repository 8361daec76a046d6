"""One worker: its calls, its ways to Odoo, and whether it takes another call."""

import asyncio
import logging
import secrets
import time
from pathlib import Path

from . import VERSION, memory
from .call.call import Call
from .call.calls import Calls
from .call.host import Host
from .config import Config
from .errors import ApiError
from .metrics import Metrics
from .nonces import NonceFolder
from .odoo_link import OdooLink
from .outbox import Outbox
from .programs import PROGRAMS
from .recording.library import Library
from .registration import Registration
from .rtc import private
from .rtc.ice import IceOptions
from .rtc.ticker import Ticker
from .speech import Speech

logger = logging.getLogger(__name__)


class Unit:
    """Everything a process holds. `start`, later `drain`, at the end `close`.

    `state`: "ready", "busy" (at its limit or late), "draining", "stopped".
    """

    def __init__(self, config: Config, shared: Path | None = None) -> None:
        folder, shared = config.state_dir, shared or config.state_dir
        shared.mkdir(parents=True, exist_ok=True, mode=0o700)
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        folder.chmod(0o700)
        self.config = config
        self.id = _stable_id(folder / "id")
        self.started = time.time()
        self.metrics = Metrics()
        self.nonces = NonceFolder(shared / "nonces")
        self.link = OdooLink(config)
        self.outbox = Outbox(folder / "outbox", self.link)
        self.registration = Registration(self)
        self.registration.on_unknown_calls = self._end_unknown
        self.speech = Speech(shared)
        self.library = Library(shared, self.link, on_refused=self._on_refused)
        self.calls = Calls(self._host(), self._on_ended)
        self.draining = False
        self.stopped = False
        self._giving_back: asyncio.Task | None = None
        self._add_gauges()

    def _host(self) -> Host:
        return Host(
            emit=self._emit,
            odoo_silent=lambda: self.link.silent_for(time.monotonic()),
            ended=self._on_ended,
            prompts=self.speech.prompts,
            library=self.library,
            transcriber=self.speech.transcriber,
            programs=dict(PROGRAMS),
            ice=_ice(self.config),
        )

    async def start(self) -> None:
        """Begin to take calls, to send events and to report to Odoo.

        Raises OSError when the installed libraries are not those it was made for.
        """
        missing = private.self_check()
        if missing:
            raise OSError("; ".join(missing))
        private.certificate()  # 1 ms that the first call need not wait for
        # all the time: lateness is to be known before the first call
        self._watched = Ticker.of_loop().every_20ms(lambda now: None)
        self._giving_back = asyncio.create_task(memory.give_back())
        self._adopt()
        self.outbox.start()
        await self.library.start()
        self.registration.start()
        self.speech.start()

    def _adopt(self) -> None:
        """The first worker sends what workers left that are no longer wanted."""
        if self.config.state_dir.name != "unit-0":
            return
        for folder in sorted(self.config.state_dir.parent.glob("unit-*")):
            number = folder.name.partition("-")[2]
            if number.isdecimal() and int(number) >= self.config.workers:
                self.outbox.adopt(folder / "outbox")

    @property
    def lag_ms(self) -> float:
        """p99 lateness of the media loop in the last seconds."""
        return Ticker.of_loop().lag.p99()

    def _emit(self, call: str, kind: str, data: dict) -> None:
        self.metrics.events.labels(kind).inc()
        self.outbox.put(call, kind, data)

    def _on_ended(self, call: Call) -> None:
        self.metrics.ended.labels(call.reason).inc()

    def _on_refused(self, call: str, status: int) -> None:
        """Odoo does not take a recording, and never will by itself."""
        self._emit(call, "recording_failed", {"reason": f"Odoo answered {status}"})

    def _end_unknown(self, refs: list[str]) -> None:
        """Odoo has ended these, and its word was lost."""
        for ref in refs:
            if ref in self.calls.live:
                self.calls.get(ref).end("odoo")

    async def purge(self, refs: set[str]) -> None:
        """Erase what is left of these calls, here and on disk."""
        await self.library.purge(sorted(refs))
        self.outbox.purge(refs)
        self.calls.purge(refs)
        await self.outbox.forget()

    @property
    def state(self) -> str:
        if self.stopped:
            return "stopped"
        if self.draining:
            return "draining"
        full = len(self.calls) >= self.config.capacity
        # calls in progress would suffer from another one
        return "busy" if full or self.lag_ms > self.config.lag_limit_ms else "ready"

    def check_ready(self) -> None:
        """Raise ApiError 503 when no further call is taken."""
        state = self.state
        if state == "ready":
            return
        reasons = {
            "draining": "This sidecar is being stopped and takes no new calls.",
            "stopped": "This sidecar is stopped.",
        }
        busy = f"This sidecar has {len(self.calls)} calls and is {self.lag_ms:.0f} ms"
        message = reasons.get(state) or f"{busy} late: it takes no more."
        raise ApiError(503, state, message)

    def report(self) -> dict:
        """The body of `hello`."""
        # A call whose end Odoo does not know yet is not "lost".
        calls = set(self.calls.live) | self.outbox.calls_with("ended")
        return {
            "unit": self.id,
            "url": self.config.url,
            "capacity": self.config.capacity,
            "calls": sorted(calls),
            "lag_ms": round(self.lag_ms, 1),
            "state": self.state,
            "version": VERSION,
            "started": self.started,
            "recordings_pending": self.library.pending,
            "disk_free": self.library.disk_free(),
            **self.speech.engines(),
        }

    def health(self) -> dict:
        """The answer of /health."""
        return {
            "status": self.state,
            "calls": len(self.calls),
            "capacity": self.config.capacity,
            "lag_ms": round(self.lag_ms, 1),
            "version": VERSION,
            "odoo": self.registration.state,
            "clock_skew": round(self.link.clock_skew),
        }

    async def drain(self) -> None:
        """Take no more calls; return when none is left, or after `drain_seconds`."""
        self.draining = True
        logger.info("Draining", extra={"facts": {"calls": len(self.calls)}})
        self.registration.soon()
        deadline = time.monotonic() + self.config.drain_seconds
        while len(self.calls) and time.monotonic() < deadline:
            await asyncio.sleep(0.1)

    async def close(self) -> None:
        """Hand over what is left and stop."""
        self.calls.end_all("draining")
        await self.calls.close()
        await self.speech.close()  # last turns are told
        await self.outbox.flush(5)
        self.stopped = True
        if self._giving_back:
            self._giving_back.cancel()
        await self.registration.close()
        await self.library.close()
        await self.outbox.close()
        await self.link.close()

    def _add_gauges(self) -> None:
        gauge = self.metrics.gauge
        gauge("calls_live", "Calls now", lambda: len(self.calls))
        gauge("capacity", "Calls at most", lambda: self.config.capacity)
        gauge("loop_lag_p99_ms", "Lateness of the media loop", lambda: self.lag_ms)
        gauge("outbox_events", "Events Odoo does not have", lambda: self.outbox.size)
        gauge("outbox_age_seconds", "Age of the oldest", lambda: self.outbox.age)
        gauge("outbox_dropped", "Given up after a week", lambda: self.outbox.dropped)
        gauge("recordings_pending", "To hand over", lambda: self.library.pending)
        gauge("recordings_refused", "Odoo takes them not", lambda: self.library.refused)
        gauge("disk_free_bytes", "Room for them", self.library.disk_free)
        gauge("clock_skew_seconds", "Odoo's clock", lambda: self.link.clock_skew)
        gauge("odoo_up", "1 when it answers", lambda: self.registration.state == "up")
        gauge("legs_live", "Legs now", self.calls.count_legs)
        gauge("draining", "1 while it stops", lambda: int(self.draining))


def _ice(config: Config) -> IceOptions:
    turn = None
    if config.turn:
        turn = (*config.turn, config.turn_username, config.turn_password)
    return IceOptions(
        public=config.public_addresses,
        ports=config.udp_ports,
        stun=config.stun,
        turn=turn,
    )


def _stable_id(path: Path) -> str:
    """32 hex digits that stay over restarts."""
    try:
        return path.read_text()
    except FileNotFoundError:
        value = secrets.token_hex(16)
        partial = path.with_suffix(".new")
        partial.write_text(value)
        partial.rename(path)
        return value
