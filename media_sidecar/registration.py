"""The heartbeat: every 5 s Odoo hears that the unit lives, and what it does.

The answer brings what Odoo wants of a unit that missed something: the key for its
recordings and the calls that are over.
"""

import asyncio
import contextlib
import logging
import time

from .errors import OdooAway

logger = logging.getLogger(__name__)

EVERY = 5.0  # seconds
FIRST_WORDS = 2.0  # seconds the first heartbeat waits for events left by a crash
SKEW_WORTH_A_WARNING = 30.0  # seconds; at 60 requests are refused


class Registration:
    """`state`: "starting", "up", "away" (no answer) or "refused" (with an error)."""

    def __init__(self, unit) -> None:
        self._unit = unit
        self._soon = asyncio.Event()
        self._task: asyncio.Task | None = None
        self.state = "starting"
        self.public_key = ""
        self.on_unknown_calls = None  # called with Odoo's list of ended calls

    def start(self) -> None:
        self._task = asyncio.create_task(self._run())

    def soon(self) -> None:
        """Report now: something changed that Odoo should not wait for."""
        self._soon.set()

    async def _run(self) -> None:
        # What happened before a crash is told before the heartbeat that lacks its
        # calls: Odoo would end them for a worse reason.
        await self._unit.outbox.flush(FIRST_WORDS)
        while True:
            self._soon.clear()
            try:
                await self.hello()
            except Exception:
                # a fault in one call must not end the others, for want of a heartbeat
                logger.exception("A heartbeat failed")
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(EVERY):
                    await self._soon.wait()

    async def hello(self) -> None:
        """Report once."""
        try:
            status, answer = await self._unit.link.post("hello", self._unit.report())
        except OdooAway:
            self._become("away", 0)
            return
        if status != 200:
            self._become("refused", status)
            return
        self._note_skew(answer.get("time"))
        self.public_key = str(answer.get("public_key") or "")
        if self.state != "up":
            self._unit.outbox.nudge()
        self._become("up", status)
        unknown = answer.get("unknown_calls")
        if unknown and isinstance(unknown, list) and self.on_unknown_calls:
            self.on_unknown_calls([call for call in unknown if isinstance(call, str)])

    def _note_skew(self, theirs) -> None:
        if not isinstance(theirs, int | float):
            return
        skew = self._unit.link.clock_skew = theirs - time.time()
        if abs(skew) > SKEW_WORTH_A_WARNING:
            facts = {"seconds": round(skew)}
            logger.warning("Odoo's clock differs from ours", extra={"facts": facts})

    def _become(self, state: str, status: int) -> None:
        if state == self.state:
            return
        self.state = state
        facts = {"state": state, "status": status}
        if state == "refused":
            facts["clock_skew"] = round(self._unit.link.clock_skew)
        level = logging.INFO if state == "up" else logging.WARNING
        logger.log(level, "Odoo", extra={"facts": facts})

    async def close(self) -> None:
        """Say goodbye: Odoo need not wait for the heartbeat to stay away."""
        if self._task:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(3):
                    await self.hello()
