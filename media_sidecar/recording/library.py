"""All recordings of a sidecar: begun for calls, finished, handed over, erased.

The state is the folders themselves, so a restart goes on where it was, and whichever
worker finds a recording that nobody works on takes it up. Disk work is done in threads
and a process, never on the media loop.
"""

import asyncio
import contextlib
import logging
import os
import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path

from media_sidecar.errors import OdooAway
from media_sidecar.recording import keys, refused
from media_sidecar.recording.folder import PURGED, Folder, folders, sweep
from media_sidecar.recording.recorder import LEAST_FREE, Recorder
from media_sidecar.recording.upload import Link, NotTaken, hand_over
from media_sidecar.recording.writer import FLUSH, Writer

logger = logging.getLogger(__name__)

# Seconds between two looks for what another worker left behind.
LOOK = 15.0
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 300.0
CANNOT_BE_FINISHED = 3


class Library:
    """`await start()`, a `recorder()` for each call, `await close()`.

    :param state_dir: shared by the workers of this machine
    :param link: to Odoo
    :param flush: seconds between two writes of a running recording
    :param on_refused: called with (call, status) once for each recording that Odoo
        refused for so long that it is not tried any more; see `refused`
    """

    def __init__(
        self,
        state_dir: Path,
        link: Link,
        *,
        clock: Callable[[], float] = time.monotonic,
        flush: float = FLUSH,
        least_free: int = LEAST_FREE,
        on_refused: Callable[[str, int], None] | None = None,
    ) -> None:
        self.path = Path(state_dir) / "recordings"
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.pending = 0  # recordings that Odoo does not have yet
        self._local_key = keys.LocalKey(self.path / "local.key")
        self._link = link
        self._clock = clock
        self._writer = Writer(flush)
        self._least_free = least_free
        self._live: dict[str, Recorder] = {}
        self._on_refused = on_refused
        self._aside: set[str] = set()  # uids of what Odoo refused for too long
        self._pauses: dict[str, tuple[float, float]] = {}  # uid: until when, how long
        self._lanes: list[_Lane] = []
        self._loop: asyncio.AbstractEventLoop | None = None

    async def start(self) -> None:
        """Take up what lies there, and go on doing so."""
        self._loop = asyncio.get_running_loop()
        await asyncio.to_thread(sweep, self.path)
        self._lanes = [_Lane(self._finish_all), _Lane(self._deliver_all)]

    async def close(self) -> None:
        """Stop working; what is not handed over yet waits for the next start."""
        for lane in self._lanes:
            await lane.close()
        self._lanes = []

    def recorder(
        self,
        call: str,
        record: dict,
        kind: str = "call",
        on_failed: Callable[[str], None] | None = None,
    ) -> Recorder:
        """The recorder of `record["recording"]`; a second time it is the same one.

        :param on_failed: called on the loop with a reason, once: nothing more is
            recorded, the call goes on
        """
        uid = record["recording"]
        if uid in self._live:
            return self._live[uid]

        def failed(reason):
            if on_failed:
                self._loop.call_soon_threadsafe(on_failed, reason)

        def closed(recorder):
            with contextlib.suppress(RuntimeError):  # the loop is over: next start
                self._loop.call_soon_threadsafe(self._closed, recorder)

        self._live[uid] = recorder = Recorder(
            Folder(self.path, uid),
            record,
            self._clock,
            call=call,
            kind=kind,
            local_key=self._local_key,
            writer=self._writer,
            on_failed=failed,
            on_closed=closed,
            least_free=self._least_free,
        )
        return recorder

    async def purge(self, calls: list[str]) -> int:
        """Erase whatever is left of these calls; how many recordings that were."""
        for recorder in [*self._live.values()]:
            if recorder.call in calls:
                recorder.purge()
        count = await asyncio.to_thread(self._purge, set(calls))
        self._wake()
        return count

    @property
    def refused(self) -> int:
        """Recordings that wait for a person: Odoo does not take them."""
        return len(self._aside)

    def disk_free(self) -> int:
        """Bytes."""
        return shutil.disk_usage(self.path).free

    def _purge(self, calls):
        count = 0
        for folder in folders(self.path):
            about = folder.read("recording.json") or {}
            if about.get("call") in calls and not folder.erased():
                with contextlib.suppress(FileNotFoundError):  # handed over meanwhile
                    folder.erase(PURGED)
                    count += 1
        return count

    def _closed(self, recorder):
        self._live.pop(recorder.folder.uid, None)
        self._wake()

    def _wake(self):
        for lane in self._lanes:
            lane.wake()

    async def _finish_all(self):
        for folder, ready in await asyncio.to_thread(self._found):
            if self._due(folder) and not ready:
                await self._with_lock(folder, self._finish)

    async def _deliver_all(self):
        found = await asyncio.to_thread(self._found)
        self.pending = len(found)
        for folder, ready in found:
            if not self._due(folder) or not ready:
                continue
            if not await self._with_lock(folder, self._deliver):
                return  # Odoo is away for the others too
        left = await asyncio.to_thread(self._found)
        self.pending = len(left)
        self._aside &= {folder.uid for folder, _ready in left}

    def _found(self):
        """Those that no call of ours writes to, and whether Odoo is next."""
        return [
            (each, bool(each.erased()) or (each / "finished.json").exists())
            for each in folders(self.path)
            if each.uid not in self._live
        ]

    def _due(self, folder):
        if folder.uid in self._aside and not folder.erased():
            return False
        until, _pause = self._pauses.get(folder.uid, (0, 0))
        return time.monotonic() >= until

    async def _with_lock(self, folder, work):
        """Do it if no other process is at it; False when Odoo is away."""
        if not await asyncio.to_thread(folder.lock):
            return True
        try:
            await work(folder)
            self._pauses.pop(folder.uid, None)
        except OdooAway:
            self._wait(folder)
            return False
        except (NotTaken, OSError) as error:
            logger.warning("recording %s waits: %s", folder.uid, error)
            self._wait(folder)
        finally:
            folder.release()
        return True

    def _wait(self, folder):
        _until, pause = self._pauses.get(folder.uid, (0, FIRST_PAUSE / 2))
        pause = min(2 * pause, LONGEST_PAUSE)
        self._pauses[folder.uid] = (time.monotonic() + pause, pause)
        self._loop.call_later(pause, self._wake)

    async def _finish(self, folder):
        if not await asyncio.to_thread(folder.read, "recording.json"):
            await asyncio.to_thread(folder.remove)  # killed before anything was kept
            return
        code = await _run_finishing(folder)
        if code == CANNOT_BE_FINISHED:
            nothing = {"tracks": [], "recovered": True}
            await asyncio.to_thread(folder.write, "finished.json", nothing)
        elif code:
            raise OSError(f"finishing ended with {code}")
        self._wake()

    async def _deliver(self, folder):
        try:
            await hand_over(folder, self._link)
        except NotTaken as error:
            if refused.for_good(error.status):
                await self._refused(folder, error.status)
            raise

    async def _refused(self, folder, status):
        over, fresh = await asyncio.to_thread(refused.note, folder, status)
        if over:
            self._aside.add(folder.uid)
        if fresh and self._on_refused:
            about = await asyncio.to_thread(folder.read, "recording.json")
            self._on_refused(about["call"], status)


class _Lane:
    """A task that works when woken, and every LOOK seconds."""

    def __init__(self, work):
        self._work = work
        self._woken = asyncio.Event()
        self._task = asyncio.create_task(self._run())

    def wake(self):
        self._woken.set()

    async def close(self):
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task

    async def _run(self):
        while True:
            self._woken.clear()
            try:
                await self._work()
            except Exception:
                logger.exception("recordings: a turn failed")
            # not wait_for: it loses a cancellation that comes with the event
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LOOK):
                    await self._woken.wait()


async def _run_finishing(folder):
    """The process' return code. It shares the folder's lock, should we die first."""
    root = str(Path(__file__).parents[2])
    path = os.pathsep.join(filter(None, [root, os.environ.get("PYTHONPATH")]))
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "media_sidecar.recording.finishing", folder.path),
        pass_fds=[folder.lock_file],
        env=os.environ | {"PYTHONPATH": path},
    )
    try:
        return await process.wait()
    except asyncio.CancelledError:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
        raise
