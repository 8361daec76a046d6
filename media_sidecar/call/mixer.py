"""Several voices in one: decoded, added, encoded, only while more than one is heard."""

from collections.abc import Iterable

import numpy as np

from ..rtc.opus import Encoder
from .ear import Ear
from .voice import RATE, Voice

Voices = frozenset[Voice]


class _Blend:
    """The sum of some voices and those who hear just that; encoded once for them."""

    def __init__(self) -> None:
        self.encoder = Encoder(RATE)
        self.ears: set[Ear] = set()


class Mixer:
    """`connect` says who hears what; `tick` every 20 ms."""

    def __init__(self) -> None:
        self._voices: set[Voice] = set()
        self._blends: dict[Voices, _Blend] = {}

    def connect(self, heard: dict[Ear, Voices], everybody: Iterable[Voice]) -> None:
        """One voice is passed on as it is; two and more are mixed.

        :param everybody: all voices there are, to be let go where nobody hears them
        """
        for voice in everybody:
            voice.forwards = tuple(
                ear.forward for ear, voices in heard.items() if voices == {voice}
            )
        wanted: dict[Voices, set[Ear]] = {}
        for ear, voices in heard.items():
            if len(voices) > 1:
                wanted.setdefault(voices, set()).add(ear)
        # an encoder goes on where a blend goes on: its predictions fit
        self._blends = {
            voices: self._blends.get(voices) or _Blend() for voices in wanted
        }
        for voices, blend in self._blends.items():
            blend.ears = wanted[voices]
        self._voices = set().union(*wanted)
        for voice in everybody:
            voice.mix(voice in self._voices)

    def tick(self, _now: float) -> None:
        """Send 20 ms to everybody who hears several."""
        if not self._blends:
            return
        frames = {
            voice: np.frombuffer(voice.frame(), "<i2").astype(np.int32)
            for voice in self._voices
        }
        for voices, blend in self._blends.items():
            total = sum(frames[voice] for voice in voices)
            pcm = np.clip(total, -32768, 32767).astype("<i2").tobytes()
            payload = blend.encoder.encode(pcm)
            for ear in blend.ears:
                ear.mixed(payload)
