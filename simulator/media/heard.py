"""What a phone heard: Opus packets with their times, decoded only when asked for."""

from dataclasses import dataclass, field

import numpy as np

from . import sound

AUDIBLE = 300  # RMS of 20 ms of int16 that counts as a sound, about -41 dBFS


@dataclass
class Heard:
    """Packets of one call in order of arrival.

    ``packets`` holds (RTP time stamp, arrival in epoch seconds, payload). Keeping
    Opus instead of sound costs 3 kB a second and no time while a call lives.
    """

    limit_s: float = 3600.0
    packets: list[tuple[int, float, bytes]] = field(default_factory=list)

    def add(self, timestamp: int, at: float, payload: bytes) -> None:
        """Keep a packet, up to `limit_s` seconds of sound."""
        if payload and len(self.packets) < self.limit_s * 50:
            self.packets.append((timestamp, at, payload))

    def _placed(self) -> tuple[list[int], list[bytes]]:
        """Offsets in samples from the first packet, ordered, without doubles."""
        origin = self.packets[0][0]
        seen: dict[int, bytes] = {}
        for timestamp, _, payload in self.packets:
            delta = (timestamp - origin + 0x80000000) % 0x100000000 - 0x80000000
            seen.setdefault(delta, payload)
        first = min(seen)
        offsets = sorted(seen)
        return [offset - first for offset in offsets], [seen[o] for o in offsets]

    def pcm(self) -> np.ndarray:
        """Mono int16 at 48 kHz; lost or unsent packets are silence in their place."""
        if not self.packets:
            return np.zeros(0, np.int16)
        offsets, payloads = self._placed()
        decoded = sound.decode(payloads)
        # Two clock jumps of a sender must not make a file of hours.
        longest = int(self.limit_s * sound.RATE)
        out = np.zeros(min(offsets[-1], longest) + sound.FRAME, np.int16)
        for index, offset in enumerate(offsets):
            part = decoded[index * sound.FRAME : (index + 1) * sound.FRAME]
            out[offset : offset + len(part)] = part[: len(out) - offset]
        return out

    def wav(self) -> bytes:
        """A WAV file of everything heard, from the first packet on."""
        return sound.to_wav(self.pcm())

    def analyse(self) -> dict:
        """Seconds, level, strongest tone and when sound began (epoch seconds)."""
        if not self.packets:
            return {"seconds": 0.0, "packets": 0}
        pcm = self.pcm()
        frames = pcm[: len(pcm) // sound.FRAME * sound.FRAME].reshape(-1, sound.FRAME)
        levels = np.sqrt(np.mean(frames.astype(np.float64) ** 2, axis=1))
        audible = np.flatnonzero(levels > AUDIBLE)
        started = self.packets[0][1]
        first = int(audible[0]) if len(audible) else None
        return {
            "seconds": round(len(pcm) / sound.RATE, 3),
            "packets": len(self.packets),
            "first_packet_at": started,
            "first_sound_at": None if first is None else started + first * 0.02,
            "audible_seconds": round(len(audible) * 0.02, 2),
            "level_dbfs": round(float(_dbfs(levels[audible])), 1)
            if len(audible)
            else None,
            "tone_hz": strongest_tone(pcm[audible[0] * sound.FRAME :])
            if len(audible)
            else None,
        }


def _dbfs(levels: np.ndarray) -> float:
    return 20 * np.log10(np.mean(levels) / 32768)


def strongest_tone(pcm: np.ndarray) -> float | None:
    """Frequency in Hz of the strongest line of up to 4 s of sound."""
    part = pcm[: sound.RATE * 4].astype(np.float64)
    if len(part) < sound.FRAME:
        return None
    spectrum = np.abs(np.fft.rfft(part * np.hanning(len(part))))
    return round(float(np.argmax(spectrum)) * sound.RATE / len(part), 1)
