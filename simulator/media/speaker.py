"""What a phone says, 20 ms at a time: sounds in a queue, a live source, digits."""

from collections import deque
from collections.abc import Iterable

from . import dtmf, sound

LIVE_LIMIT = 10  # packets of a live source held back at most, 200 ms


class Speaker:
    """Hands out one packet every 20 ms: digits first, then live, then sounds.

    `next` never ends: between sounds it gives silence, because a real phone sends
    all the time too.
    """

    def __init__(self) -> None:
        self._sounds: deque[tuple[sound.Packets, bool]] = deque()
        self._position = 0
        self._live: deque[bytes] = deque()
        self._digits: deque[tuple[bytes, bool] | None] = deque()
        self.live = False
        self.muted = False

    @property
    def playing(self) -> bool:
        """True while a sound or digits are left to be sent."""
        return bool(self._sounds or self._digits)

    def play(self, packets: sound.Packets, loop: bool = False) -> None:
        """Queue a sound behind the others; a loop ends when another is queued."""
        if self._sounds and self._sounds[-1][1]:
            self.stop()
        if packets:
            self._sounds.append((packets, loop))

    def play_first(self, packets: sound.Packets) -> None:
        """Say something before everything that waits; what was begun starts anew."""
        self._sounds.appendleft((packets, False))
        self._position = 0

    def stop(self) -> None:
        """Forget all sounds."""
        self._sounds.clear()
        self._position = 0

    def press(self, digits: str, duration_ms: int = 160, gap_ms: int = 80) -> None:
        """Queue DTMF digits; raises ValueError for anything that is no digit."""
        steps = []
        for digit in digits:
            steps += dtmf.payloads(digit, duration_ms)
            steps += [None] * max(1, gap_ms // 20)
        self._digits.extend(steps)

    def feed(self, payload: bytes) -> None:
        """Take one packet of a live source (a person's microphone)."""
        if len(self._live) >= LIVE_LIMIT:
            self._live.popleft()
        self._live.append(payload)

    def next_digit(self) -> Iterable[tuple[bytes, bool]]:
        """Digit packets due now; the three end packets come at once (RFC 4733)."""
        if not self._digits:
            return ()
        first = self._digits.popleft()
        if first is None:
            return ()
        due = [first]
        while self._digits and _is_end(self._digits[0]) and _is_end(due[-1]):
            due.append(self._digits.popleft())
        return due

    def next(self) -> bytes:
        """The sound of the next 20 ms as one Opus packet."""
        if self.live:
            packet = self._live.popleft() if self._live else None
            return sound.silence() if self.muted or packet is None else packet
        while self._sounds:
            packets, loop = self._sounds[0]
            if self._position < len(packets):
                packet = packets[self._position]
                self._position += 1
                return sound.silence() if self.muted else packet
            self._position = 0
            if not loop:
                self._sounds.popleft()
        return sound.silence()


def _is_end(step: tuple[bytes, bool] | None) -> bool:
    return step is not None and bool(step[0][1] & 0x80)
