"""Somebody at the other end of a leg: says a tone, and tells which tones arrive."""

import asyncio
import time

import numpy as np

from media_sidecar.rtc.leg import Leg
from media_sidecar.rtc.opus import Encoder
from media_sidecar.rtc.receive import Receiver
from media_sidecar.rtc.ticker import Ticker

RATE = 16000
PATIENCE = 20.0  # seconds a condition is waited for
HEARD = 0.3  # seconds of sound that are looked at
SHARE = 0.05  # of the strongest tone's power that another one needs to count
FRAME = RATE // 50


class FarEnd:
    """Real ICE, DTLS, SRTP and Opus, on this machine."""

    def __init__(self, leg: Leg, hertz: float) -> None:
        self.leg = leg
        self.hertz = hertz
        self.packets = []
        self.digits = []
        self.music: set[bytes] = set()  # packets of the music on hold
        self._encoder = Encoder(RATE)
        self._said = 0
        self._receiver = Receiver(self._on_sound, RATE)
        self._pcm = np.zeros(0, np.int16)
        self._handle = Ticker.of_loop().every_20ms(self._tick)
        leg.on_packet = self._on_packet
        leg.on_digit = lambda digit, ms: self.digits.append(digit)

    @classmethod
    async def open(cls, hertz: float) -> "FarEnd":
        return cls(await Leg.open("browser"), hertz)

    async def offer(self) -> str:
        return await self.leg.offer()

    async def take(self, answer: str) -> None:
        await self.leg.set_answer(answer)
        if self.hertz:
            self.leg.start_sending()

    async def answer(self, offer: str) -> str:
        text = await self.leg.answer(offer)
        if self.hertz:
            self.leg.start_sending()
        return text

    def _on_packet(self, packet) -> None:
        self.packets.append(packet)
        self._receiver.push(packet)

    def _on_sound(self, pcm: bytes, _timestamp: int) -> None:
        heard = np.frombuffer(pcm, "<i2")
        self._pcm = np.concatenate([self._pcm, heard])[-2 * RATE :]

    def _tick(self, now: float) -> None:
        self._receiver.tick(now)
        if self.hertz:
            at = self._said + np.arange(FRAME)
            self._said += FRAME
            pcm = (8000 * np.sin(2 * np.pi * self.hertz * at / RATE)).astype("<i2")
            self.leg.send(self._encoder.encode(pcm.tobytes()))

    def forget(self) -> None:
        """Only what comes from now on is heard."""
        self._pcm = np.zeros(0, np.int16)

    def tones(self) -> set[int]:
        """The tones in what was heard last, of those the tests use; {} for silence."""
        pcm = self._pcm[-int(HEARD * RATE) :].astype(float)
        if len(pcm) < HEARD * RATE or np.sqrt(np.mean(pcm**2)) < 50:
            return set()
        power = np.abs(np.fft.rfft(pcm * np.hanning(len(pcm)))) ** 2
        hertz = np.arange(len(power)) * RATE / len(pcm)
        strongest = power.max()
        found = set()
        for tone in (440, 660, 880, 1100, 1320):
            near = power[np.abs(hertz - tone) < 12].max()
            if near > SHARE * strongest:
                found.add(tone)
        return found or {0}  # something else: music, a voice

    async def hears(self, *tones: int) -> None:
        """Wait until exactly these tones arrive; () for silence."""
        await until(lambda: self.tones() == set(tones), f"{self.hertz} hears {tones}")

    async def hears_music(self) -> None:
        """Wait until ten packets in a row are those of the hold music."""

        def music() -> bool:
            last = [packet.payload for packet in self.packets[-10:]]
            return len(last) == 10 and self.music.issuperset(last)

        await until(music, "music")

    async def connected(self) -> None:
        await until(lambda: self.leg.state == "connected", "connected")

    async def close(self) -> None:
        self._handle.cancel()
        await self.leg.close()

    def vanish(self) -> None:
        """Be gone as a killed browser: nothing more is sent, no goodbye."""
        self._handle.cancel()
        for protocol in self.leg._agent._protocols:
            protocol.transport = _Cut(protocol.transport)
            protocol.transmit = protocol.transport.sendto
            protocol.datagram_received = lambda data, addr: None


class _Cut:
    """A socket whose cable was pulled."""

    def __init__(self, transport) -> None:
        self._transport = transport

    def sendto(self, data, addr) -> None:
        pass

    def __getattr__(self, name):
        return getattr(self._transport, name)


async def until(condition, what: str = "", patience: float = PATIENCE):
    """Wait for `condition()`; its value."""
    deadline = time.monotonic() + patience
    while not (value := condition()):
        assert time.monotonic() < deadline, f"not in {patience} s: {what}"
        await asyncio.sleep(0.01)
    return value
