"""The media process' side of the workers: it writes to pipes and never waits for one.

Engines without a key have a process (they hold Python's lock), vendors' sockets
another. A worker that dies is started again; what was not understood is told as a gap.
"""

import asyncio
import itertools
import json
import logging
import sys
import time
from collections.abc import Callable, Coroutine
from pathlib import Path

from . import deepgram, flux, local
from .protocol import AUDIO, CLOSE, OPEN, PAUSE, frame
from .turn import BYTES_MS

logger = logging.getLogger(__name__)

ROOT = Path(__file__).resolve().parents[3]  # where `media_sidecar` is found
VENDORS = (deepgram.ENGINE, flux.ENGINE)
ENGINES = (local.ENGINE, *VENDORS)
MOST_UNREAD = 1 << 20  # bytes in the pipe to a worker, about 30 s of one speaker
MOST_STARTS, PERIOD = 5, 60.0  # starts in so many seconds; then it gives up
LAST_WORDS = 30.0  # seconds a stream waits at its end; nobody waits for it
BEHIND = "Speech recognition on the sidecar could not keep up."
DIED = "Speech recognition on the sidecar stopped and was started again."
GAVE_UP = "Speech recognition on the sidecar stops again and again; see its log."

Told = Callable[[dict], None]


class Stream:
    """One speaker in one worker. All methods return at once, but `close`."""

    def __init__(self, worker: "Worker", number: int, settings: dict, told: Told):
        self._worker = worker
        self._number = number
        self.settings = settings
        self._told = told
        self._closed = asyncio.get_running_loop().create_future()
        self._speech_ms: int | None = None  # an utterance that is open
        self._end_ms: int | None = None  # of the audio the worker got
        self._lost_from: int | None = None
        self._why = ""

    def audio(self, pcm: bytes, start_ms: int) -> None:
        """s16le, 16 kHz; dropped, and told as a gap, when the worker is behind."""
        if not self._worker.write(frame(AUDIO, self._number, pcm, start_ms)):
            if self._lost_from is None:
                self._lost_from = start_ms
                self._why = self._why or BEHIND
        elif self._lost_from is not None:
            self._tell_lost(start_ms)
        self._end_ms = start_ms + len(pcm) // BYTES_MS

    def pause(self) -> None:
        """Nothing comes for a while: the turn that is open is told."""
        self._worker.write(frame(PAUSE, self._number))

    async def close(self) -> None:
        """Until the last turn is told, half a minute at most."""
        if self._worker.write(frame(CLOSE, self._number)):
            try:
                async with asyncio.timeout(LAST_WORDS):
                    await asyncio.shield(self._closed)
            except TimeoutError:
                self._lost_from, self._why = self._open_from(), BEHIND
        self._worker.forget(self._number)
        if self._lost_from is not None and self._end_ms is not None:
            self._tell_lost(self._end_ms)

    def tell(self, data: dict) -> None:
        """Take what the worker says of this stream."""
        kind = data["kind"]
        if kind == "closed":
            if not self._closed.done():
                self._closed.set_result(None)
            return
        if kind in ("speech", "turn"):
            self._speech_ms = data["start_ms"] if kind == "speech" else None
        self._told(data)

    def died(self) -> None:
        """The worker is gone, and what it had not told yet."""
        if self._lost_from is None:
            self._lost_from = self._open_from()
            self._why = DIED
        self._speech_ms = None
        if not self._closed.done() and self._worker.gave_up:
            self._closed.set_result(None)

    def _open_from(self) -> int | None:
        return self._end_ms if self._speech_ms is None else self._speech_ms

    def _tell_lost(self, to_ms: int) -> None:
        from_ms, self._lost_from = self._lost_from, None
        if to_ms > from_ms:
            gap = {"from_ms": from_ms, "to_ms": to_ms, "reason": self._why}
            self._told({"kind": "gap", **gap})
        self._why = ""


class Worker:
    """A process and the streams it serves; begins with the first of them."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.gave_up = False
        self._process: asyncio.subprocess.Process | None = None
        self._task: asyncio.Task | None = None
        self._streams: dict[int, Stream] = {}
        self._numbers = itertools.count(1)
        self._starts: list[float] = []
        self._held = b""  # written before the process was there

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    def start(self) -> None:
        """Begin now, so that the first call does not wait for a model."""
        if self._task is None:
            self._task = asyncio.create_task(self._run())

    def open(self, settings: dict, told: Told) -> Stream:
        """A stream for one speaker. The process may still be on its way."""
        self.start()
        number = next(self._numbers)
        stream = Stream(self, number, settings, told)
        self._streams[number] = stream
        if self.gave_up:
            told({"kind": "failed", "status": 0, "message": GAVE_UP})
        elif self._process:
            self.write(frame(OPEN, number, json.dumps(settings).encode()))
        return stream

    def write(self, data: bytes) -> bool:
        """Give it to the process; False when there is none or it is behind."""
        process = self._process
        if process is None and not self.gave_up:
            if len(self._held) + len(data) > MOST_UNREAD:
                return False
            self._held += data
            return True
        if process is None or process.returncode is not None:
            return False
        pipe = process.stdin.transport
        if pipe.is_closing() or pipe.get_write_buffer_size() > MOST_UNREAD:
            return False
        process.stdin.write(data)
        return True

    def forget(self, number: int) -> None:
        self._streams.pop(number, None)

    async def close(self) -> None:
        """Stop the process."""
        if self._task:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        while not self.gave_up:
            try:
                await self._serve()
            except (OSError, ValueError) as error:  # cannot start, or talks nonsense
                logger.error("The speech worker %s: %s", self.name, error)
            finally:
                await self._stop()
            now = time.monotonic()
            self._starts = [at for at in self._starts if now - at < PERIOD] + [now]
            self.gave_up = len(self._starts) >= MOST_STARTS
            logger.warning("The speech worker %s ended by itself", self.name)
            for stream in list(self._streams.values()):
                stream.died()
                if self.gave_up:
                    failed = {"kind": "failed", "status": 0, "message": GAVE_UP}
                    stream.tell(failed)

    async def _serve(self) -> None:
        pipe = asyncio.subprocess.PIPE
        module = f"{__package__}.worker"
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", module, self.name),
            stdin=pipe,
            stdout=pipe,
            cwd=ROOT,
        )
        self._process = process
        for number, stream in self._streams.items():
            self.write(frame(OPEN, number, json.dumps(stream.settings).encode()))
        process.stdin.write(self._held)
        self._held = b""
        while text := await process.stdout.readline():
            data = json.loads(text)
            if stream := self._streams.get(data.pop("stream")):
                stream.tell(data)

    async def _stop(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        if process.returncode is None:
            process.stdin.close()
            process.kill()
        await process.wait()


class Workers:
    """All workers of a media process; an engine's worker begins when it is needed."""

    def __init__(self) -> None:
        self._workers: dict[str, Worker] = {}
        self._tasks: set[asyncio.Task] = set()

    def worker(self, engine: str) -> Worker:
        """The one that serves `engine`; raises ValueError when nobody does."""
        if engine not in ENGINES:
            raise ValueError(f"There is no speech-to-text engine {engine}.")
        name = local.ENGINE if engine == local.ENGINE else "vendors"
        if name not in self._workers:
            self._workers[name] = Worker(name)
        return self._workers[name]

    def open(self, settings: dict, told: Told) -> Stream:
        """See `Worker.open`."""
        return self.worker(settings.get("engine") or local.ENGINE).open(settings, told)

    def keep(self, coroutine: Coroutine) -> asyncio.Task:
        """A task that nobody else holds."""
        task = asyncio.create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def close(self) -> None:
        """Stop them all; what calls are still to be told of comes first."""
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for worker in self._workers.values():
            await worker.close()
        self._workers.clear()
