"""Delay and loss of received sound on a simulated clock: ours and aiortc's buffer.

Both get the same packets at the same moments. Nothing runs in real time, so what else
the machine does is in none of these figures.
"""

import itertools
import random

from aiortc.jitterbuffer import JitterBuffer
from aiortc.rtp import RtpPacket

from benchmarks.figures import percentile
from benchmarks.media import speech
from benchmarks.rows import Row
from media_sidecar.rtc.packet import FRAME, TICK, Packet
from media_sidecar.rtc.receive import Receiver

PACKETS = 30_000  # ten minutes
BURST = 3  # packets a burst has on average
UNDER_WAY = 0.02  # seconds
SEED = 20

# (name, percent, mean length of a loss, limits of delay in ms and of loss in percent)
NETWORKS = (
    ("no loss", 0, 1, 60, None),
    ("1 % lost", 1, 1, 80, 1),
    ("1 % lost in bursts", 1, BURST, 80, 1),
    ("3 % lost", 3, 1, 120, 3),
    ("3 % lost in bursts", 3, BURST, 120, 3),
)


def lost(percent, length):
    """Whether each packet is lost: `percent` of all, `length` in a row on average."""
    chance = random.Random(SEED)
    begin = percent / (100 - percent) / length
    gone = False
    for _ in range(PACKETS):
        gone = chance.random() < (1 - 1 / length if gone and length > 1 else begin)
        yield gone


def ours(losses):
    """(delays in ms, packets that were neither received in time nor repaired)."""
    delays, clock, arrived = [], [0.0], {}

    def sink(_pcm, timestamp):
        if timestamp in arrived:
            delays.append(1000 * (clock[0] - arrived.pop(timestamp)))

    receiver = Receiver(sink, 16000)
    said = itertools.cycle(speech.packets())
    # ticks come between the packets, at a moment that drifts through all of the 20 ms
    drift = TICK / PACKETS
    for number, (payload, gone) in enumerate(zip(said, losses, strict=False)):
        at = 100 + number * TICK + UNDER_WAY
        if not gone:
            arrived[number * FRAME] = clock[0] = at
            receiver.push(Packet(payload, number, number * FRAME, at))
        clock[0] = at + number * drift
        receiver.tick(clock[0])
    stats = receiver.stats
    return delays, PACKETS - stats.decoded - stats.repaired


def aiortcs(losses):
    """The same of aiortc's receiver, which puts its packets into such a buffer."""
    buffer, delays, arrived = JitterBuffer(capacity=16, prefetch=4), [], {}
    for number, gone in enumerate(losses):
        if gone:
            continue
        at = 100 + number * TICK + UNDER_WAY
        timestamp = number * FRAME
        arrived[timestamp] = at
        packet = RtpPacket(
            payload_type=111,
            sequence_number=number % 65536,
            timestamp=timestamp,
            payload=b"\0",
        )
        packet._data = b"\0"
        _, frame = buffer.add(packet)
        if frame is not None:
            delays.append(1000 * (at - arrived[frame.timestamp]))
    return delays, PACKETS - len(delays)


def delay():
    """p95 from arrival to sound."""
    for name, percent, length, limit, _ in NETWORKS:
        yield Row(
            f"sound received: delay added, {name}, p95",
            percentile(ours(lost(percent, length))[0], 95),
            limit,
            reference=percentile(aiortcs(lost(percent, length))[0], 95),
        )


def missing():
    """Sound that had to be made up, of all that was said."""
    for name, percent, length, _, limit in NETWORKS:
        if limit:
            yield Row(
                f"sound received: not delivered, {name}",
                100 * ours(lost(percent, length))[1] / PACKETS,
                limit,
                unit="%",
                reference=100 * aiortcs(lost(percent, length))[1] / PACKETS,
            )
