"""One worker: its calls, its ways to Odoo, and whether it takes another call."""

import asyncio
import logging
import secrets
import shutil
import time
from pathlib import Path

from . import VERSION
from .config import Config
from .errors import ApiError
from .metrics import Metrics
from .nonces import NonceFolder
from .odoo_link import OdooLink
from .outbox import Outbox
from .registration import Registration

logger = logging.getLogger(__name__)

LATEST_LAG = 20.0  # ms: above it, calls in progress would suffer from another one


class Unit:
    """Everything a process holds. `start`, later `drain`, at the end `close`.

    `state`: "ready", "busy" (at its limit or late), "draining", "stopped".
    """

    def __init__(self, config: Config, shared: Path | None = None) -> None:
        folder = config.state_dir
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        folder.chmod(0o700)
        self.config = config
        self.id = _stable_id(folder / "id")
        self.started = time.time()
        self.metrics = Metrics()
        self.nonces = NonceFolder((shared or folder) / "nonces")
        self.link = OdooLink(config)
        self.outbox = Outbox(folder / "outbox", self.link)
        self.registration = Registration(self)
        self.calls: dict = {}
        self.draining = False
        self.stopped = False
        self._add_gauges()

    async def start(self) -> None:
        """Begin to send events and to report to Odoo."""
        self.outbox.start()
        self.registration.start()

    @property
    def lag_ms(self) -> float:
        """p99 lateness of the media loop in the last seconds."""
        return 0.0

    @property
    def state(self) -> str:
        if self.stopped:
            return "stopped"
        if self.draining:
            return "draining"
        full = len(self.calls) >= self.config.capacity
        return "busy" if full or self.lag_ms > LATEST_LAG else "ready"

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
        calls = set(self.calls) | self.outbox.calls_with("ended")
        return {
            "unit": self.id,
            "url": self.config.url,
            "capacity": self.config.capacity,
            "calls": sorted(calls),
            "lag_ms": round(self.lag_ms, 1),
            "state": self.state,
            "version": VERSION,
            "started": self.started,
            "recordings_pending": 0,
            "disk_free": shutil.disk_usage(self.config.state_dir).free,
            "stt": [],
            "tts": [],
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
        while self.calls and time.monotonic() < deadline:
            await asyncio.sleep(0.1)

    async def close(self) -> None:
        """Hand over what is left and stop."""
        await self.outbox.flush(5)
        self.stopped = True
        await self.registration.close()
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
        gauge("clock_skew_seconds", "Odoo's clock", lambda: self.link.clock_skew)
        gauge("draining", "1 while it stops", lambda: int(self.draining))


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
