"""Events on their way to Odoo: on disk first, in order per call, until Odoo has them.

`put` returns when the event would survive `kill -9`. Each event has an id of its own by
which Odoo knows a repetition; so whichever side dies at whichever moment, nothing is
lost and nothing counts twice. Calls do not wait for each other: one that Odoo cannot
take at present is tried again later and later, the others go on.
"""

import asyncio
import contextlib
import logging
import secrets
import time
from collections import deque
from itertools import islice
from pathlib import Path

from .errors import OdooAway
from .journal import Journal
from .odoo_link import OdooLink

logger = logging.getLogger(__name__)

KEPT = 7 * 24 * 3600  # seconds an event is tried
AT_ONCE = 4  # requests under way
LARGEST_BATCH = 50  # events of one call in one request
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 60.0  # seconds between tries for one call
LONGEST_AWAY = 5.0  # seconds between tries while Odoo gives no answer at all
FORGOTTEN_AFTER = 30.0  # seconds until what Odoo has is gone from our disk


class _Lane:
    """The events of one call that Odoo does not have yet."""

    def __init__(self) -> None:
        self.events: deque[dict] = deque()
        self.busy = False
        self.batch = LARGEST_BATCH
        self.failures = 0
        self.not_before = 0.0

    def failed(self, now: float) -> None:
        self.failures += 1
        pause = FIRST_PAUSE * 2 ** min(self.failures - 1, 10)
        self.not_before = now + min(pause, LONGEST_PAUSE)


class Outbox:
    """`outbox.put(call, kind, data)`; `start()` begins to send."""

    def __init__(self, folder: Path, link: OdooLink) -> None:
        self._journal = Journal(folder)
        self._link = link
        self._lanes: dict[str, _Lane] = {}
        self._wake = asyncio.Event()
        self._tasks: set[asyncio.Task] = set()
        self._away_until = 0.0
        self._away_tries = 0
        self._taken_at: float | None = None  # of the first one still on our disk
        self._tidying = asyncio.Lock()
        self.dropped = 0
        self._load()

    def _load(self) -> None:
        entries = self._journal.read()
        if any("taken" in entry for entry in entries):
            self._taken_at = time.monotonic()
        for event in _pending(entries):
            self._lane(event["call"]).events.append(event)

    def adopt(self, folder: Path) -> None:
        """Take over the outbox of a worker that will not be started again."""
        other = Journal(folder)
        for event in _pending(other.read()):
            self._journal.append(event)
            self._lane(event["call"]).events.append(event)
        other.compact([])()  # killed before this, both have them, with the same ids

    def _lane(self, call: str) -> _Lane:
        return self._lanes.setdefault(call, _Lane())

    def put(self, call: str, kind: str, data: dict | None = None) -> str:
        """Keep an event of `call` and send it soon; returns its id."""
        event = {
            "id": secrets.token_hex(16),
            "call": call,
            "at": round(time.time(), 3),
            "kind": kind,
            "data": data or {},
        }
        self._journal.append(event)
        self._lane(call).events.append(event)
        self._wake.set()
        return event["id"]

    @property
    def size(self) -> int:
        """Events Odoo does not have yet."""
        return sum(len(lane.events) for lane in self._lanes.values())

    @property
    def age(self) -> float:
        """Seconds since the oldest of them happened."""
        ats = (lane.events[0]["at"] for lane in self._lanes.values() if lane.events)
        return max(0.0, time.time() - min(ats, default=time.time()))

    def calls_with(self, kind: str) -> set[str]:
        """Calls with an event of `kind` that Odoo does not have yet."""
        return {
            call
            for call, lane in self._lanes.items()
            if any(event["kind"] == kind for event in lane.events)
        }

    def purge(self, calls: set[str]) -> None:
        """Erase the events of these calls, here and on disk."""
        for call in calls:
            self._lanes.pop(call, None)
        self._journal.leave_out(lambda entry: entry.get("call") in calls)
        self._taken_at = float("-inf")

    def nudge(self) -> None:
        """Odoo is back: try everything now."""
        self._away_until = 0.0
        for lane in self._lanes.values():
            lane.not_before = 0.0
        self._wake.set()

    def start(self) -> None:
        self._spawn(self._run())
        self._spawn(self._keep())

    def _spawn(self, coroutine) -> asyncio.Task:
        task = asyncio.create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _run(self) -> None:
        while True:
            self._wake.clear()
            pause = self._dispatch(time.monotonic())
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._wake.wait()

    def _dispatch(self, now: float) -> float | None:
        """Start what may be sent now; seconds until the next may, None for never."""
        if now < self._away_until:
            return self._away_until - now
        under_way = sum(lane.busy for lane in self._lanes.values())
        at_once = 1 if self._away_tries else AT_ONCE
        nexts = []
        for call, lane in list(self._lanes.items()):
            if lane.busy:
                continue
            if not lane.events:
                del self._lanes[call]
            elif lane.not_before > now:
                nexts.append(lane.not_before - now)
            elif under_way < at_once:
                under_way += 1
                lane.busy = True
                self._spawn(self._send(lane))
        return min(nexts, default=None)

    async def _send(self, lane: _Lane) -> None:
        self._drop_old(lane)
        batch = list(islice(lane.events, lane.batch))
        try:
            if batch:
                status, answer = await self._link.post("events", {"events": batch})
                self._away_tries = 0
                self._answered(lane, batch, status, answer)
        except OdooAway:
            pause = min(FIRST_PAUSE * 2 ** min(self._away_tries, 10), LONGEST_AWAY)
            self._away_tries += 1
            self._away_until = time.monotonic() + pause
        except Exception:
            logger.exception("Events could not be sent")
            lane.failed(time.monotonic())
        finally:
            lane.busy = False
            self._wake.set()

    def _answered(self, lane: _Lane, batch: list, status: int, answer: dict) -> None:
        taken = set(answer.get("taken") or ()) if status == 200 else set()
        taken &= {event["id"] for event in batch}
        if taken:
            lane.events = deque(e for e in lane.events if e["id"] not in taken)
            lane.failures, lane.batch = 0, LARGEST_BATCH
            self._journal.append({"taken": sorted(taken)})
            self._taken_at = self._taken_at or time.monotonic()
            return
        facts = {"status": status, "events": len(batch), "call": batch[0]["call"]}
        logger.warning("Odoo did not take events", extra={"facts": facts})
        if status in (400, 413, 422) and len(batch) > 1:
            lane.batch = 1  # find out which one it cannot read
            return
        if status in (400, 413, 422):
            lane.events.rotate(-1)  # the others are not to suffer for it
        lane.failed(time.monotonic())

    def _drop_old(self, lane: _Lane) -> None:
        oldest = time.time() - KEPT
        while lane.events and lane.events[0]["at"] < oldest:
            event = lane.events.popleft()
            self.dropped += 1
            self._journal.append({"taken": [event["id"]]})
            facts = {"call": event["call"], "kind": event["kind"]}
            logger.error("Event dropped after a week", extra={"facts": facts})

    async def _keep(self) -> None:
        """Every second: write what a full disk refused, sync, forget what is done."""
        while True:
            await asyncio.sleep(1)
            try:
                self._journal.flush()
                async with self._tidying:
                    await asyncio.to_thread(self._journal.sync)
                await self.forget(FORGOTTEN_AFTER)
            except Exception:
                logger.exception("The outbox could not be kept")

    async def forget(self, older_than: float = 0.0) -> None:
        """Remove from the disk what Odoo took more than `older_than` seconds ago."""
        async with self._tidying:
            await self._forget(older_than)

    async def _forget(self, older_than: float) -> None:
        if self._taken_at is None or time.monotonic() - self._taken_at < older_than:
            return
        self._taken_at = None
        wanted = [event for lane in self._lanes.values() for event in lane.events]
        try:
            await asyncio.to_thread(self._journal.compact(wanted))
        except OSError as error:  # full: the old files stay, nothing is lost
            logger.error("Outbox not tidied", extra={"facts": {"errno": error.errno}})
            self._taken_at = time.monotonic()

    async def flush(self, seconds: float) -> bool:
        """Wait until Odoo has everything, `seconds` at most; False when it has not."""
        self.nudge()
        deadline = time.monotonic() + seconds
        while self.size and time.monotonic() < deadline:
            await asyncio.sleep(0.05)
        return not self.size

    async def close(self) -> None:
        """Stop sending; what is left goes on with the next process."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._journal.close()


def _pending(entries: list[dict]) -> list[dict]:
    """The events among these lines that Odoo does not have, each once."""
    events: dict[str, dict] = {}
    for entry in entries:
        if "id" in entry:
            events[entry["id"]] = entry
        for event in entry.get("taken", ()):
            events.pop(event, None)
    return list(events.values())
