"""DTMF as RTP telephone events (RFC 4733), both ways.

On WhatsApp digits travel in RTP only, as ``telephone-event/8000``, with time stamps
and sequence numbers shared with the sound and durations in units of 1/8000 s
(user-initiated calls, section on DTMF).
"""

import struct
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

DIGITS = "0123456789*#ABCD"
UNITS_PER_PACKET = 160  # 20 ms at 8000 Hz
VOLUME = 10  # -10 dBm0


@dataclass
class DigitReader:
    """Collects the digits of a stream; an event is one (source, time stamp)."""

    clock_rate: int = 8000
    digits: list[dict] = field(default_factory=list)
    _events: dict[tuple[int, int], dict] = field(default_factory=dict)

    def feed(self, ssrc: int, timestamp: int, payload: bytes) -> dict | None:
        """Take one packet; returns the digit's record when it is a new one."""
        if len(payload) < 4 or payload[0] >= len(DIGITS):
            return None
        event, flags, duration = struct.unpack("!BBH", payload[:4])
        known = self._events.get((ssrc, timestamp))
        record = known or {"digit": DIGITS[event], "at": time.time(), "ended": False}
        record["duration_ms"] = round(duration * 1000 / self.clock_rate)
        record["volume_dbm0"] = -(flags & 0x3F)
        record["ended"] = record["ended"] or bool(flags & 0x80)
        if known is None:
            self._events[ssrc, timestamp] = record
            self.digits.append(record)
            return record
        return None

    @property
    def text(self) -> str:
        """The digits as one text, e.g. "12#"."""
        return "".join(record["digit"] for record in self.digits)


def payloads(digit: str, duration_ms: int = 160) -> Iterator[tuple[bytes, bool]]:
    """Yield (payload, marker) of one digit's packets, the end three times.

    Raises ValueError when `digit` is not one of 0-9 * # A-D.
    """
    event = DIGITS.index(digit.upper())
    steps = max(1, duration_ms // 20)
    for step in range(1, steps + 1):
        units = step * UNITS_PER_PACKET
        yield struct.pack("!BBH", event, VOLUME, units), step == 1
    for _ in range(3):
        total = steps * UNITS_PER_PACKET
        yield struct.pack("!BBH", event, 0x80 | VOLUME, total), False
