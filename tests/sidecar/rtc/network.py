"""A network that loses, delays and reorders by a seed, on a clock the test turns."""

import heapq
import random
from dataclasses import dataclass, field

from media_sidecar.rtc.packet import FRAME, TICK, Packet
from media_sidecar.rtc.receive import Receiver


def independent(percent, seed=1):
    """Loses each packet with the same chance."""
    chance = random.Random(seed)
    while True:
        yield chance.random() * 100 < percent


def bursts(percent, seed=1, length=3):
    """Loses `length` packets in a row on average (Gilbert), `percent` of all."""
    chance = random.Random(seed)
    begin = percent / (100 - percent) / length
    lost = False
    while True:
        lost = chance.random() < (1 - 1 / length if lost else begin)
        yield lost


@dataclass
class Heard:
    """What a receiver gave: (when, time stamp, PCM), and delays in ms by time stamp."""

    sounds: list = field(default_factory=list)
    sent: list = field(default_factory=list)
    arrived: dict = field(default_factory=dict)

    def delays(self):
        """Milliseconds from a packet's arrival to its sound."""
        return sorted(
            1000 * (when - self.arrived[timestamp])
            for when, timestamp, _ in self.sounds
            if timestamp in self.arrived
        )

    def percentile(self, percent):
        delays = self.delays()
        return delays[min(len(delays) - 1, int(len(delays) * percent / 100))]


def run(payloads, losses=None, delay=lambda n: 0.02, phase=0.007, rate=16000):
    """Send `payloads` every 20 ms through the network into a `Receiver`.

    :param losses: an iterator of whether the next packet is lost
    :param delay: seconds packet n is under way
    :param phase: seconds by which ticks come after the sender's
    :return: (receiver, Heard)
    """
    heard, clock = Heard(), [0.0]
    receiver = Receiver(
        lambda pcm, timestamp: heard.sounds.append((clock[0], timestamp, pcm)), rate
    )
    arrivals = []
    for number, payload in enumerate(payloads):
        heard.sent.append(number * FRAME)
        if losses and next(losses):
            continue
        at = 10 + number * TICK + delay(number)
        packet = Packet(payload, 1000 + number, number * FRAME, at)
        heapq.heappush(arrivals, (at, number, packet))
        heard.arrived[number * FRAME] = at
    ticks = 0
    end = 10 + len(payloads) * TICK + 1
    while 10 + phase + ticks * TICK < end:
        now = 10 + phase + ticks * TICK
        while arrivals and arrivals[0][0] <= now:
            at, _, packet = heapq.heappop(arrivals)
            clock[0] = at
            receiver.push(packet)
        clock[0] = now
        receiver.tick(now)
        ticks += 1
    return receiver, heard
