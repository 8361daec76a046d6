"""Packets in, sound out: reordered, in time, with what is lost made good.

aiortc's jitter buffer holds sound back by 80 ms, and by 280 ms from the first lost
packet on. This one waits as long as the network's jitter asks for, 20 to 120 ms, and
never longer; what has not come by then is taken from the next packet's repetition of
it (in-band FEC), or made up by libopus.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from .opus import Decoder, OpusError
from .packet import CLOCK, FRAME, Packet, opus_duration

LEAST, MOST = 0.02, 0.12  # seconds of waiting
# With loss about, the packet after the lost one has to be waited for.
WITH_LOSS = 0.03
LOSSY = 10.0  # seconds that a loss is remembered
HELD = 50  # packets at most
# How much is made up: libopus fades out within 100 ms, then silence keeps the time
# line going for who listens (a transcriber ends a sentence by it), then nothing.
CONCEALED, SILENT = 5, 100  # packets of 20 ms
WINDOW = 5.0  # seconds over which the fastest packet sets the clock
JUMP = 1.0  # seconds by which a packet's clock may differ before we start anew
BEHIND = 25  # packets in a row, over half a second, that are all too late: same


@dataclass(slots=True)
class ReceiveStats:
    """Packets of 20 ms by what became of them."""

    decoded: int = 0
    repaired: int = 0  # taken from the packet after
    concealed: int = 0
    silent: int = 0
    late: int = 0
    double: int = 0
    broken: int = 0
    restarts: int = 0


class Receiver:
    """Turns one stream's packets into PCM.

    :param sink: called with mono s16le of 20 ms (or what a packet holds) and its time
        stamp in ticks of 48 kHz
    :param rate: of the PCM, 16000 or 48000

    Call `push` for each packet and `tick` every 20 ms with the same clock.
    """

    def __init__(self, sink: Callable[[bytes, int], None], rate: int = 16000) -> None:
        self._sink, self._rate = sink, rate
        self._decoder = Decoder(rate)
        self._held: dict[int, Packet] = {}
        self._next: int | None = None  # time stamp that is played next
        self._last_sequence = self._highest = 0
        self._digit = -1  # sequence number of the last digit's packet
        self._missing = 0  # packets made up since the last real one
        self._base = 0.0  # arrival minus time stamp of the fastest packets, seconds
        self._window: deque[tuple[float, float]] = deque()  # (arrived, transit), min
        self._behind: deque[float] = deque(maxlen=BEHIND)
        self._spread: deque[float] = deque(maxlen=250)  # lateness, seconds
        self._lossy_until = 0.0
        self._ticks = 0
        self.target = LEAST
        self.stats = ReceiveStats()

    def push(self, packet: Packet) -> None:
        """Take a packet at its arrival."""
        if packet.sequence > self._highest + 1 and self._next is not None:
            self._lossy_until = packet.arrived + LOSSY
        self._highest = max(self._highest, packet.sequence)
        if packet.dtmf:
            self._digit = packet.sequence
            return
        if not opus_duration(packet.payload):
            self.stats.broken += 1
            return
        transit = packet.arrived - packet.timestamp / CLOCK
        if self._next is None:
            self._start(packet, transit)
        elif self._jumped(packet, transit):
            self._restart(packet, transit)
        elif packet.timestamp < self._next and self._too_late(packet, transit):
            return
        if packet.timestamp in self._held:
            self.stats.double += 1
            return
        self._behind.clear()
        self._learn(packet.arrived, transit)
        self._held[packet.timestamp] = packet
        if len(self._held) > HELD:
            self._play(min(self._held))

    def _start(self, packet: Packet, transit: float) -> None:
        self._next = packet.timestamp
        self._last_sequence = packet.sequence - 1
        self._missing = 0
        self._base = transit
        self._window.clear()
        self._behind.clear()

    def _restart(self, packet: Packet, transit: float) -> None:
        """The peer's clock jumped: what is held is played, then it goes on there."""
        while self._held:
            self._play(min(self._held))
        self.stats.restarts += 1
        self._start(packet, transit)

    def _jumped(self, packet: Packet, transit: float) -> bool:
        """Whether a packet is from another time: ahead of its own, or long behind it
        and yet not too late."""
        ahead = self._base - transit
        return ahead > JUMP or (-ahead > JUMP and packet.timestamp >= self._next)

    def _too_late(self, packet: Packet, transit: float) -> bool:
        """Drop a packet whose time is over; not when all have been so for a while:
        then the peer's clock went back, and theirs is the time."""
        self._behind.append(packet.arrived)
        if len(self._behind) == BEHIND and packet.arrived - self._behind[0] > 0.4:
            self._restart(packet, transit)
            return False
        self.stats.late += 1
        self._learn(packet.arrived, transit)
        return True

    def _learn(self, arrived: float, transit: float) -> None:
        """Follow the fastest packet of the last seconds, and the others' lateness."""
        window = self._window
        while window and window[-1][1] >= transit:
            window.pop()
        window.append((arrived, transit))
        while arrived - window[0][0] > WINDOW:
            window.popleft()
        self._base = window[0][1]
        self._spread.append(transit - self._base)

    def _adapt(self, now: float) -> None:
        ordered = sorted(self._spread)
        spread = ordered[int(len(ordered) * 0.97)] if ordered else 0.0
        least = WITH_LOSS if now < self._lossy_until else LEAST
        self.target = min(MOST, max(least, spread + 0.005))

    def tick(self, now: float) -> None:
        """Play what is due at `now`."""
        if self._next is None:
            return
        self._ticks += 1
        if self._ticks % 5 == 0:
            self._adapt(now)
        due = (now - self._base - self.target) * CLOCK
        while self._next is not None and self._next <= due:
            if self._next in self._held:
                self._play(self._next)
            else:
                self._fill()

    def _play(self, timestamp: int) -> None:
        packet = self._held.pop(timestamp)
        self._next = timestamp + opus_duration(packet.payload)
        self._last_sequence = packet.sequence
        self._missing = 0
        # Packets that overlap this one: only a peer out of its mind sends such.
        for stale in [other for other in self._held if other < self._next]:
            del self._held[stale]
            self.stats.late += 1
        try:
            pcm = self._decoder.decode(packet.payload)
        except OpusError:
            self.stats.broken += 1
            pcm = bytes(2 * (self._next - timestamp) * self._rate // CLOCK)
        else:
            self.stats.decoded += 1
        self._sink(pcm, timestamp)

    def _fill(self) -> None:
        """Something in place of the 20 ms at `_next`, for which nothing came."""
        timestamp = self._next
        following = min(self._held) if self._held else None
        duration = FRAME
        if following is not None:
            duration = min(FRAME, following - timestamp)
        samples = duration * self._rate // CLOCK
        self._missing += 1
        lost = following is None or (
            self._held[following].sequence - 1 not in (self._last_sequence, self._digit)
        )
        try:
            if lost and following == timestamp + FRAME:
                pcm = self._decoder.repair(self._held[following].payload, samples)
                self.stats.repaired += 1
            elif self._missing <= CONCEALED and samples * 400 % self._rate == 0:
                pcm = self._decoder.conceal(samples)
                self.stats.concealed += 1
            else:
                pcm = bytes(2 * samples)
                self.stats.silent += 1
        except OpusError:
            pcm = bytes(2 * samples)
            self.stats.silent += 1
        self._next = timestamp + duration
        if following is None and self._missing > SILENT:
            self._next = None
        self._sink(pcm, timestamp)
