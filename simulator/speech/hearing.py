"""Recognition: utterances cut out by energy, understood by pocketsphinx."""

import asyncio
import functools
from concurrent.futures import ProcessPoolExecutor

import numpy as np

FRAME_MS = 20
LOUD = 0.006  # RMS of full scale
ONSET = 4  # loud frames in a row


class Utterances:
    """s16le mono in, utterances out; one object for one stream.

    `feed` returns a list of ("start", at) and ("end", start, end, pcm), times in
    seconds of the stream.
    """

    def __init__(self, rate: int, silence_ms: float) -> None:
        self._rate = rate
        self._size = rate * 2 * FRAME_MS // 1000
        self._silence = silence_ms
        self._rest = b""
        self._frames: list[bytes] = []
        self._loud = 0
        self._quiet_ms = 0.0
        self.seconds = 0.0
        self.start: float | None = None
        self.last_loud = 0.0

    def feed(self, pcm: bytes) -> list[tuple]:
        data = self._rest + pcm
        whole = len(data) - len(data) % self._size
        self._rest = data[whole:]
        found = []
        for at in range(0, whole, self._size):
            found += self._frame(data[at : at + self._size])
        return found

    def end(self) -> list[tuple]:
        """The utterance that is open, as if it were silent now."""
        if self.start is None:
            return []
        done = ("end", self.start, self.last_loud, b"".join(self._frames))
        self.start, self._frames, self._loud, self._quiet_ms = None, [], 0, 0.0
        return [done]

    def _frame(self, frame: bytes) -> list[tuple]:
        self.seconds += FRAME_MS / 1000
        samples = np.frombuffer(frame, "<i2").astype(np.float32) / 32768
        loud = float(np.sqrt(np.mean(samples**2))) > LOUD
        self._frames.append(frame)
        if self.start is None:
            self._loud = self._loud + 1 if loud else 0
            self._frames = self._frames[-15:]
            if self._loud < ONSET:
                return []
            self.start = self.seconds - ONSET * FRAME_MS / 1000
            self.last_loud = self.seconds
            return [("start", self.start)]
        if loud:
            self._quiet_ms, self.last_loud = 0.0, self.seconds
        else:
            self._quiet_ms += FRAME_MS
        return self.end() if self._quiet_ms >= self._silence else []


@functools.cache
def _decoder():
    from pocketsphinx import Decoder

    return Decoder(samprate=16000, loglevel="FATAL")


def _understood(pcm: bytes, rate: int) -> str:
    """In the process: what was said, "" when nothing was understood."""
    if rate != 16000:
        samples = np.frombuffer(pcm, "<i2")
        count = len(samples) * 16000 // rate
        places = np.linspace(0, len(samples) - 1, count)
        resampled = np.interp(places, np.arange(len(samples)), samples)
        pcm = resampled.astype("<i2").tobytes()
    decoder = _decoder()
    decoder.start_utt()
    decoder.process_raw(pcm, full_utt=True)
    decoder.end_utt()
    best = decoder.hyp()
    return best.hypstr if best else ""


class Recogniser:
    """A process of its own, made on first use: pocketsphinx holds Python's lock."""

    def __init__(self) -> None:
        self._pool: ProcessPoolExecutor | None = None

    async def text(self, pcm: bytes, rate: int) -> str:
        """English words in lower case."""
        if self._pool is None:
            import multiprocessing

            context = multiprocessing.get_context("spawn")
            self._pool = ProcessPoolExecutor(1, mp_context=context)
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._pool, _understood, pcm, rate)

    def close(self) -> None:
        if self._pool:
            self._pool.shutdown(wait=False, cancel_futures=True)
            self._pool = None
