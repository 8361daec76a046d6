"""What one leg hears: a prompt before music, music before voices.

Silence is the leg's own: it sends some whenever nobody here sends anything.
"""

import asyncio
from collections.abc import Sequence

from ..rtc.leg import Leg
from ..rtc.packet import Packet


class Ear:
    """Sends to one leg, one packet of 20 ms at a time."""

    def __init__(self, leg: Leg) -> None:
        self._leg = leg
        self.music: Sequence[bytes] | None = None  # repeated for as long as it is set
        self._music_at = 0
        self._prompt: Sequence[bytes] = ()
        self._prompt_at = 0
        self._played: asyncio.Future | None = None

    @property
    def playing(self) -> bool:
        """A prompt is played."""
        return self._played is not None

    def play(self, packets: Sequence[bytes]) -> asyncio.Future:
        """Play 20 ms packets once instead of all else; done when they are out.

        Another prompt takes the place of one that is played. It begins when the leg
        may send.
        """
        self.stop()
        self._prompt, self._prompt_at = packets, 0
        self._played = asyncio.get_running_loop().create_future()
        return self._played

    def stop(self) -> None:
        """Break a prompt off."""
        if self._played and not self._played.done():
            self._played.set_result(False)
        self._played, self._prompt = None, ()

    def forward(self, packet: Packet) -> None:
        """A packet of the one voice that is heard."""
        if self._played is None and not self.music:
            self._leg.forward(packet)

    def mixed(self, payload: bytes) -> None:
        """20 ms of several voices."""
        if self._played is None and not self.music:
            self._leg.send(payload)

    def tick(self, _now: float) -> None:
        """Every 20 ms: what is played goes on."""
        if self._played is not None:
            self._tick_prompt()
        elif self.music:
            self._leg.send(self.music[self._music_at % len(self.music)])
            self._music_at += 1

    def _tick_prompt(self) -> None:
        if not self._leg.sending:
            return
        if self._prompt_at < len(self._prompt):
            self._leg.send(self._prompt[self._prompt_at])
            self._prompt_at += 1
        if self._prompt_at >= len(self._prompt):
            played, self._played = self._played, None
            self._prompt = ()
            if not played.done():
                played.set_result(True)
