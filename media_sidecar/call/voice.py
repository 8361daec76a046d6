"""What one leg says: handed on as it came, and as sound to those who need sound."""

from collections.abc import Callable

from ..rtc.packet import Packet
from ..rtc.receive import Receiver

RATE = 16000  # Hz; WhatsApp sends no more, and recognisers want no more
FRAME_BYTES = RATE // 50 * 2  # 20 ms of mono s16le
MOST_FRAMES = 3  # that wait for a mixer before the oldest goes
NOTHING = bytes(FRAME_BYTES)

PacketTap = Callable[[Packet], None]
SoundTap = Callable[[bytes, int], None]


class Voice:
    """Fans a leg's packets out. Nothing is decoded unless `hear` or `mix` asks."""

    def __init__(self) -> None:
        self.last_at: float | None = None  # monotonic seconds of the last packet
        self.forwards: tuple[PacketTap, ...] = ()  # who hears this voice alone
        self._packet_taps: list[PacketTap] = []
        self._sound_taps: list[SoundTap] = []
        self._mixed = False
        self._waiting = bytearray()
        self._receiver: Receiver | None = None

    def on_packet(self, packet: Packet) -> None:
        """A packet of the leg at its arrival."""
        self.last_at = packet.arrived
        if packet.dtmf:
            return  # told as digits
        for tap in self._packet_taps:
            tap(packet)
        for forward in self.forwards:
            forward(packet)
        if self._receiver:
            self._receiver.push(packet)

    def tap(self, tap: PacketTap) -> Callable[[], None]:
        """Every packet as it arrives, until the returned function is called."""
        self._packet_taps.append(tap)
        return lambda: _remove(self._packet_taps, tap)

    def hear(self, tap: SoundTap) -> Callable[[], None]:
        """Sound: mono s16le at RATE and its time stamp (48 kHz), until cancelled."""
        self._sound_taps.append(tap)
        self._decode()

        def cancel() -> None:
            _remove(self._sound_taps, tap)
            self._decode()

        return cancel

    def mix(self, wanted: bool) -> None:
        """Whether `frame` will be asked for."""
        if wanted != self._mixed:
            self._mixed = wanted
            self._waiting.clear()
            self._decode()

    def _decode(self) -> None:
        wanted = self._mixed or self._sound_taps
        if wanted and not self._receiver:
            self._receiver = Receiver(self._on_sound, RATE)
        elif not wanted:
            self._receiver = None

    def _on_sound(self, pcm: bytes, timestamp: int) -> None:
        for tap in self._sound_taps:
            tap(pcm, timestamp)
        if self._mixed:
            self._waiting += pcm
            del self._waiting[: max(0, len(self._waiting) - MOST_FRAMES * FRAME_BYTES)]

    def tick(self, now: float) -> None:
        if self._receiver:
            self._receiver.tick(now)

    def frame(self) -> bytes:
        """The next 20 ms for a mixer; nothing when there is none."""
        if len(self._waiting) < FRAME_BYTES:
            return NOTHING
        pcm = bytes(self._waiting[:FRAME_BYTES])
        del self._waiting[:FRAME_BYTES]
        return pcm


def _remove(taps: list, tap) -> None:
    if tap in taps:
        taps.remove(tap)
