"""What speech-to-text gives, and the one interface of its engines."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Protocol

RATE = 16000  # of all audio here: int16 mono, little-endian
BYTES_MS = RATE * 2 // 1000  # bytes of one millisecond


@dataclass(slots=True)
class Turn:
    """What somebody said in one go.

    Times are milliseconds of the call (the clock of the `start_ms` that came with the
    audio). `confidence` is 0 to 1, None from an engine whose figure means nothing.
    """

    text: str
    start_ms: int
    end_ms: int
    confidence: float | None = None

    def data(self) -> dict:
        return {k: v for k, v in asdict(self).items() if v is not None}


class Listener(Protocol):
    """Whom an engine tells; from any thread of its own."""

    def turn(self, turn: Turn) -> None:
        """Somebody finished a turn."""

    def gap(self, from_ms: int, to_ms: int, reason: str) -> None:
        """What was said there is not in the transcript, and why."""

    def speech(self, start_ms: int | None) -> None:
        """Somebody began to speak there; None: it was no speech after all."""

    def failed(self, status: int, message: str) -> None:
        """The engine gave up for good; the gap that follows is told as well."""


class Engine(Protocol):
    """One speaker's ear. Made by `open(settings, listener)` of its file."""

    def audio(self, pcm: bytes, start_ms: int) -> None:
        """Take s16le at 16 kHz; never blocks. A jump of `start_ms` is a pause."""

    def pause(self) -> None:
        """Nothing comes for a while: tell the turn that is open."""

    def close(self) -> None:
        """No more comes: tell what is left, then stop. Blocks some seconds at most."""


Opener = Callable[[dict, Listener], Engine]
