"""What comes in on a leg: one stream, unwrapped, counted, with its own time line."""

from .packet import CLOCK, FRAME, Packet, payload_of, read_header

SOURCES = 32  # SSRCs a peer may use during a call; libsrtp keeps a context for each
TAKE_OVER = 0.2  # seconds a source must be silent before another is listened to
RESTART = 3000  # a jump of sequence numbers that is no loss (RFC 3550 appendix A.1)
CLOCK_JUMP = 10 * CLOCK  # time stamps this far from the clock are a new count


class Inlet:
    """Turns RTP datagrams into `Packet`s.

    A peer that restarts its stream, with another SSRC or with numbers that jump, goes
    on in the same time line: sequence numbers go on by one, time stamps by the clock.

    :param opus: payload type of Opus
    :param dtmf: payload type of telephone events, or None
    :param own: our own SSRC: what comes back with it is our own sound, and dropped
    :param source: `Packet.source` of this stream
    """

    def __init__(self, opus: int, dtmf: int | None, own: int, source: int) -> None:
        self._opus, self._dtmf, self._own, self._source = opus, dtmf, own, source
        self._known: set[int] = set()
        self.ssrc: int | None = None
        self._sequence_offset = 0
        self._timestamp_offset = 0
        self._highest: Packet | None = None
        self._first_sequence = 0
        self.jitter = 0.0  # ticks
        self.packets = self.bytes = self.refused = self.foreign = 0
        self.last_at: float | None = None
        self._reported = (0, 0)  # expected and received at the last report

    def admits(self, data: bytes, now: float) -> bool:
        """Whether a datagram, still encrypted, is worth decrypting."""
        if not 12 <= len(data) <= 1500:
            self.refused += 1
            return False
        ssrc = int.from_bytes(data[8:12], "big")
        if ssrc == self.ssrc:
            return True
        if ssrc == self._own or (
            self.last_at is not None and now - self.last_at < TAKE_OVER
        ):
            self.foreign += 1
            return False
        if ssrc not in self._known and len(self._known) >= SOURCES:
            self.foreign += 1
            return False
        return True

    def take(self, data: bytes, now: float) -> Packet | None:
        """The packet in a decrypted datagram; None when it is of no known kind."""
        payload_type, marker, sequence, timestamp, ssrc = read_header(data)
        dtmf = payload_type == self._dtmf
        payload = payload_of(data)
        if payload is None or not (dtmf or payload_type == self._opus):
            self.refused += 1
            return None
        if ssrc != self.ssrc:
            self._known.add(ssrc)
            self.ssrc = ssrc
            self._begin(sequence, timestamp, now)
        packet = self._placed(sequence, timestamp, now)
        packet.payload, packet.marker, packet.dtmf = payload, marker, dtmf
        self.packets += 1
        self.bytes += len(payload)
        self.last_at = now
        return packet

    def _placed(self, sequence: int, timestamp: int, now: float) -> Packet:
        highest = self._highest
        if highest is not None:
            step = _signed(sequence - highest.sequence - self._sequence_offset, 16)
            ticks = _signed(timestamp - highest.timestamp - self._timestamp_offset, 32)
            due = (now - highest.arrived) * CLOCK
            if abs(step) > RESTART or abs(ticks - due) > CLOCK_JUMP:
                self._begin(sequence, timestamp, now)
                highest = None
        if highest is None:
            packet = self._packet(
                sequence - self._sequence_offset,
                timestamp - self._timestamp_offset,
                now,
            )
        else:
            packet = self._packet(
                highest.sequence + step, highest.timestamp + ticks, now
            )
            if step <= 0:
                return packet
            late = (now - highest.arrived) * CLOCK - ticks
            self.jitter += (abs(late) - self.jitter) / 16
        self._highest = packet
        return packet

    def _packet(self, sequence: int, timestamp: int, now: float) -> Packet:
        return Packet(b"", sequence, timestamp, now, source=self._source)

    def _begin(self, sequence: int, timestamp: int, now: float) -> None:
        """Fit the numbers of a new count to the time line so far."""
        last = self._highest
        self._highest = None
        if last is None:
            self._sequence_offset = self._timestamp_offset = 0
            self._first_sequence = sequence
            return
        gap = max(FRAME, round((now - last.arrived) * CLOCK / FRAME) * FRAME)
        self._sequence_offset = sequence - last.sequence - 1
        self._timestamp_offset = timestamp - last.timestamp - gap

    @property
    def expected(self) -> int:
        """Packets there would be without loss."""
        if self._highest is None:
            return 0
        return self._highest.sequence - self._first_sequence + 1

    @property
    def lost(self) -> int:
        """Packets that did not come; those that came twice may hide some."""
        return max(0, self.expected - self.packets)

    @property
    def highest_on_wire(self) -> int:
        """The extended highest sequence number of a receiver report."""
        if self._highest is None:
            return 0
        return (self._highest.sequence + self._sequence_offset) & 0xFFFFFFFF

    def fraction_lost(self) -> int:
        """Of 256, since this was asked last (RFC 3550 appendix A.3)."""
        expected = self.expected - self._reported[0]
        received = self.packets - self._reported[1]
        self._reported = (self.expected, self.packets)
        if expected <= 0 or received >= expected:
            return 0
        return min(255, (expected - received) * 256 // expected)


def _signed(number: int, bits: int) -> int:
    """`number` modulo 2**bits, as near to 0 as can be."""
    half = 1 << (bits - 1)
    return (number + half) % (1 << bits) - half
