"""Speech-to-text without a key: pocketsphinx, US English.

It holds Python's lock while it works, so it runs in a worker process (`worker`), never
beside the media. It understands clear English sentences; for customers a vendor is
better, and for other languages there is no model in its package.
"""

from collections import deque

from ..languages import is_english
from .endpointer import FRAME_BYTES, FRAME_MS, Endpointer
from .turn import BYTES_MS, Listener, Turn

ENGINE = "local"
AT_ONCE = 2  # speakers understood while they speak; more are when they end
JUMP_MS = 120  # of `start_ms`: more is a pause
ENGLISH_ONLY = (
    "The local engine understands English only. Choose Deepgram for calls in other "
    "languages."
)


class Decoders:
    """Decoders of this process: loading one takes 0.3 s and 60 to 100 MB."""

    def __init__(self) -> None:
        self._free: list = []
        self._made = 0

    def take(self, spare: bool = False):
        """A decoder, or None when all are in use; `spare` always gets one."""
        if self._free:
            return self._free.pop()
        if self._made >= AT_ONCE and not spare:
            return None
        from pocketsphinx import Decoder

        self._made += 1
        return Decoder(samprate=16000, loglevel="FATAL")

    def give_back(self, decoder) -> None:
        if self._made > AT_ONCE and len(self._free) >= AT_ONCE:
            self._made -= 1
            return
        self._free.append(decoder)


DECODERS = Decoders()


class Local:
    """One speaker; see `turn.Engine`. Works in the thread that calls it."""

    def __init__(self, settings: dict, listener: Listener) -> None:
        self._listener = listener
        self._endpointer = Endpointer()
        self._rest = b""
        self._next_ms: int | None = None  # where the next sample lies in the call
        self._decoder = None
        self._waiting: deque[bytes] = deque()  # frames no decoder has heard yet
        self._start_ms = 0
        self._silent = not is_english(settings.get("language"))
        if self._silent:
            listener.failed(0, ENGLISH_ONLY)

    def audio(self, pcm: bytes, start_ms: int) -> None:
        if self._silent:
            if self._next_ms is None:
                self._start_ms = start_ms
            self._next_ms = start_ms + len(pcm) // BYTES_MS
            return
        if self._next_ms is None or abs(start_ms - self._next_ms) > JUMP_MS:
            self.pause()
            self._next_ms = start_ms
        data = self._rest + pcm
        whole = len(data) - len(data) % FRAME_BYTES
        self._rest = data[whole:]
        for at in range(0, whole, FRAME_BYTES):
            self._frame(data[at : at + FRAME_BYTES])

    def _frame(self, frame: bytes) -> None:
        self._next_ms += FRAME_MS
        what = self._endpointer.feed(frame)
        if what == "start":
            frames = list(self._endpointer.before)
            self._start_ms = self._next_ms - FRAME_MS * min(6, len(frames))
            self._listener.speech(self._start_ms)
            self._waiting.extend(frames)
        elif what:
            self._waiting.append(frame)
        if self._waiting:
            self._understand()
        if what == "end":
            self._finish()

    def _understand(self) -> None:
        if self._decoder is None:
            self._decoder = DECODERS.take()
            if self._decoder is None:
                return
            self._decoder.start_utt()
        if len(self._waiting) < 5 and self._endpointer.speaking:
            return  # 100 ms at a time
        self._decoder.process_raw(b"".join(self._waiting))
        self._waiting.clear()

    def _finish(self) -> None:
        decoder = self._decoder
        if decoder is None:
            if not self._waiting:
                return
            decoder = DECODERS.take(spare=True)
            decoder.start_utt()
        if self._waiting:
            decoder.process_raw(b"".join(self._waiting))
            self._waiting.clear()
        decoder.end_utt()
        best = decoder.hyp()
        self._decoder = None
        DECODERS.give_back(decoder)
        end = self._next_ms - self._endpointer.quiet_ms
        if best and best.hypstr.strip():
            # its probability says nothing: 0.02 for a sentence without a fault
            self._listener.turn(Turn(best.hypstr.strip(), self._start_ms, end))
        else:
            self._listener.speech(None)

    def pause(self) -> None:
        """End the utterance that is open."""
        if self._endpointer.speaking:
            self._endpointer.reset()
            self._finish()
        self._rest = b""

    def close(self) -> None:
        self.pause()
        if self._silent and self._next_ms is not None:
            self._listener.gap(self._start_ms, self._next_ms, ENGLISH_ONLY)
