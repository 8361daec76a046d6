"""What goes out on a leg: one stream, whoever speaks in it.

The customer hears music, an announcement, the operator, another operator. On the wire
that is one source whose sequence numbers go on by one and whose time stamps never
fall back, or the peer's jitter buffer would throw the rest away.
"""

import secrets

from .packet import CLOCK, FRAME, SILENCE, TICK, Packet, write_header

# A caller of `send` is late by less than this without a gap in the time stamps.
SLACK = 3 * FRAME
# Silence comes when one of our own packets, sent every 20 ms, is missing; in place of
# what is passed on not so soon: it would tear holes into the speech of an operator
# whose network stutters.
MISSED = 2 * TICK
PATIENCE = 0.4
# Packets of a source that come after silence took their place are dropped; but a
# source that stays behind has set its clock back, and is fitted in anew.
BEHIND = 50


class Outlet:
    """Numbers packets for one peer; gives the bytes to encrypt.

    :param opus: payload type of Opus
    :param dtmf: payload type of telephone events, or None when the peer knows none
    """

    def __init__(self, opus: int, dtmf: int | None, ssrc: int) -> None:
        self._opus, self._dtmf, self.ssrc = opus, dtmf, ssrc
        self.sequence = secrets.randbelow(1 << 15)
        self.timestamp = secrets.randbelow(1 << 31)
        self._duration = 0  # of the last packet, in ticks
        self.sent_at: float | None = None
        self._stamped_at = 0.0  # when `timestamp` was the present
        self._source: int | None = None  # of the last forwarded packet
        self._between = True  # something else was sent since
        self._silent = False  # the last packet was silence
        self._sequence_offset = self._timestamp_offset = 0
        self._least = 0  # sequence number of the source from which on it is forwarded
        self._behind = 0
        self.packets = self.bytes = self.late = 0

    def send(self, payload: bytes, duration: int, marker: bool, now: float) -> bytes:
        """A packet of our own; a gap in the clock becomes one in the time stamps."""
        self._between, self._silent = True, False
        timestamp = self._next(now)
        marker = marker or timestamp > self.timestamp + self._duration
        self._duration, self._stamped_at = duration, now
        return self._numbered(self._opus, payload, timestamp, marker, now)

    def forward(self, packet: Packet, now: float) -> bytes | None:
        """A packet of another leg with its spacing; None when its time is over."""
        if packet.dtmf and self._dtmf is None:
            return None
        marker = packet.marker
        if packet.source != self._source:
            self._join(packet, self._next(now))
            marker = True
        elif self._between:
            timestamp = packet.timestamp + self._timestamp_offset
            if packet.sequence < self._least:
                return None
            if timestamp < self.timestamp + self._duration:
                self._behind += 1
                self.late += 1
                if self._behind < BEHIND:
                    return None
                timestamp = self._next(now)
            self._join(packet, timestamp)
        elif packet.sequence < self._least:
            return None
        payload_type = self._dtmf if packet.dtmf else self._opus
        sequence = packet.sequence + self._sequence_offset
        timestamp = packet.timestamp + self._timestamp_offset
        self.packets += 1
        self.bytes += len(packet.payload)
        if sequence > self.sequence:
            self.sequence = sequence
            if timestamp > self.timestamp or self.sent_at is None:
                self.timestamp, self._stamped_at = timestamp, now
            self._duration = FRAME
        self.sent_at = now
        return (
            write_header(payload_type, marker, sequence, timestamp, self.ssrc)
            + packet.payload
        )

    def event(self, payload: bytes, timestamp: int, marker: bool, now: float) -> bytes:
        """A packet of a telephone event that began at `timestamp`."""
        self._between, self._silent = True, False
        if marker:
            self._stamped_at = now
        self._duration = _frames(now - self._stamped_at) + FRAME
        return self._numbered(self._dtmf, payload, timestamp, marker, now)

    def begin_event(self, now: float) -> int:
        """The time stamp of a telephone event that begins now."""
        return self._next(now)

    def silence(self, now: float) -> bytes | None:
        """20 ms of nothing when it is time for it, else None."""
        if self.sent_at is not None:
            wait = MISSED if self._between else PATIENCE
            wait = TICK if self._silent else wait
            if now - self.sent_at < wait - TICK / 4:  # a tick is not that punctual
                return None
        data = self.send(SILENCE, FRAME, False, now)
        self._silent = True
        return data

    def _next(self, now: float) -> int:
        """The time stamp of what is said now."""
        following = self.timestamp + self._duration
        if self.sent_at is None:
            return following
        clock = self.timestamp + _frames(now - self._stamped_at)
        return clock if clock > following + SLACK else following

    def _join(self, packet: Packet, timestamp: int) -> None:
        """Let `packet` be the next one, at `timestamp`."""
        self._source, self._between, self._silent = packet.source, False, False
        self._behind = 0
        self._least = packet.sequence
        self._sequence_offset = self.sequence + 1 - packet.sequence
        self._timestamp_offset = timestamp - packet.timestamp

    def _numbered(
        self, payload_type: int, payload: bytes, timestamp: int, marker: bool, now
    ) -> bytes:
        self.sequence += 1
        self.timestamp = timestamp
        self.sent_at = now
        self.packets += 1
        self.bytes += len(payload)
        header = write_header(payload_type, marker, self.sequence, timestamp, self.ssrc)
        return header + payload


def _frames(seconds: float) -> int:
    """Ticks, in whole packets."""
    return round(seconds * CLOCK / FRAME) * FRAME
