"""Digits as RTP telephone events (RFC 4733), read and written.

WhatsApp sends them as `telephone-event/8000` with the sound's sequence numbers and
time stamps, and durations in units of 1/8000 s (calling documentation, DTMF).
"""

import struct
from collections import deque
from collections.abc import Callable, Iterator

DIGITS = "0123456789*#ABCD"
LENGTH = 8  # ticks of 20 ms that a sent digit lasts
PAUSE = 4  # and between two
LOST_END = 0.2  # seconds without an update after which an event is over
_EVENT = struct.Struct("!BBH")
_VOLUME = 10  # -10 dBm0


class DigitReader:
    """Tells each digit once, when it is over.

    :param on_digit: called with the digit and its milliseconds
    :param rate: clock of the durations in Hz
    """

    def __init__(self, on_digit: Callable[[str, int], None], rate: int = 8000) -> None:
        self.on_digit = on_digit
        self.rate = rate
        self._open: tuple[int, str, int] | None = None  # time stamp, digit, units
        self._updated = 0.0
        self._told: deque[int] = deque(maxlen=32)

    def feed(self, timestamp: int, payload: bytes, now: float) -> None:
        """Take one packet; `timestamp` is the same in all packets of an event."""
        if len(payload) < 4 or payload[0] >= len(DIGITS) or timestamp in self._told:
            return
        event, flags, units = _EVENT.unpack_from(payload)
        if self._open and self._open[0] != timestamp:
            if timestamp < self._open[0]:
                return  # what is left of a digit whose end was given up
            self.finish()
        known = self._open[2] if self._open else 0
        self._open = (timestamp, DIGITS[event], max(known, units))
        self._updated = now
        if flags & 0x80:
            self.finish()

    def tick(self, now: float) -> None:
        """Tell a digit whose end packets were all lost."""
        if self._open and now - self._updated > LOST_END:
            self.finish()

    def finish(self) -> None:
        """The open digit, if any, is over."""
        if self._open is None:
            return
        timestamp, digit, units = self._open
        self._open = None
        self._told.append(timestamp)
        self.on_digit(digit, round(units * 1000 / self.rate))


def payloads(digit: str, rate: int = 8000) -> Iterator[tuple[bytes, ...]]:
    """For each 20 ms of one digit the packets to send; at the end three at once.

    Raises ValueError when `digit` is not one of 0-9 * # A-D.
    """
    event = DIGITS.index(digit.upper())
    unit = rate // 50
    for step in range(1, LENGTH):
        yield (_EVENT.pack(event, _VOLUME, step * unit),)
    yield (_EVENT.pack(event, 0x80 | _VOLUME, LENGTH * unit),) * 3


class Dialler:
    """Sends digits in a leg's stream, one after the other, in place of sound.

    :param outlet: the stream, an `outlet.Outlet`
    """

    def __init__(self, outlet, rate: int) -> None:
        self._outlet, self._rate = outlet, rate
        self._steps: deque[tuple[bytes, ...]] = deque()
        self._event: int | None = None

    @property
    def busy(self) -> bool:
        return bool(self._steps)

    def dial(self, digits: str) -> None:
        """Send `digits` after those that are under way; raises ValueError."""
        steps: list[tuple[bytes, ...]] = []
        for digit in digits:
            steps += [*payloads(digit, self._rate), *[()] * PAUSE]
        self._steps.extend(steps)

    def tick(self, now: float) -> list[bytes]:
        """What leaves in these 20 ms."""
        step = self._steps.popleft()
        if not step:
            self._event = None
            return []
        first = self._event is None
        if first:
            self._event = self._outlet.begin_event(now)
        return [
            self._outlet.event(payload, self._event, first and not number, now)
            for number, payload in enumerate(step)
        ]
