"""Callers and operators who talk all the time, on a loop of their own.

They are legs of the sidecar's own kind, because these cost little: what is measured
is the other side. Their packets are spread over the 20 ms as those of real calls are.
"""

import asyncio
import time

from benchmarks.media import speech
from media_sidecar.rtc.leg import IceOptions, Leg

STEPS = 10  # moments within 20 ms at which some of them send
PATIENCE = 20


class Talker:
    """One WebRTC end that says speech and counts what it hears."""

    def __init__(self, leg: Leg) -> None:
        self.leg = leg
        self.heard = 0
        self.connected = asyncio.Event()
        self._said = 0
        leg.on_packet = self._on_packet
        leg.on_state = self._on_state

    @classmethod
    async def open(cls, kind: str) -> "Talker":
        return cls(await Leg.open(kind, IceOptions(bind=("127.0.0.1",))))

    def _on_packet(self, _packet) -> None:
        self.heard += 1

    def _on_state(self, state: str) -> None:
        if state == "connected":
            self.connected.set()

    async def take(self, answer: str) -> None:
        """The other side's answer; returns when media can flow."""
        await self.leg.set_answer(answer)
        await asyncio.wait_for(self.connected.wait(), PATIENCE)

    def say(self) -> None:
        packets = speech.packets()
        self.leg.start_sending()
        self.leg.send(packets[self._said % len(packets)])
        self._said += 1


class Crowd:
    """All talkers; `talk()` lets them speak for some seconds."""

    def __init__(self) -> None:
        self.talkers: list[Talker] = []

    async def add(self, kind: str) -> Talker:
        self.talkers.append(await Talker.open(kind))
        return self.talkers[-1]

    async def talk(self, seconds: float) -> float:
        """Everybody says 50 packets a second; returns the share that was heard."""
        loop = asyncio.get_running_loop()
        before = sum(talker.heard for talker in self.talkers)
        started = due = loop.time()
        groups = [self.talkers[step::STEPS] for step in range(STEPS)]
        said = 0
        while due - started < seconds:
            for group in groups:
                for talker in group:
                    talker.say()
                said += len(group)
                due += 0.02 / STEPS
                await asyncio.sleep(max(0.0, due - loop.time()))
        await asyncio.sleep(0.2)
        heard = sum(talker.heard for talker in self.talkers) - before
        return heard / max(1, said)

    async def close(self) -> None:
        await asyncio.gather(*(talker.leg.close() for talker in self.talkers))
        self.talkers.clear()


async def settled(condition, what: str, patience: float = PATIENCE) -> None:
    """Wait until `condition()`; raises TimeoutError with `what`."""
    end = time.monotonic() + patience
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError(what)
        await asyncio.sleep(0.05)
