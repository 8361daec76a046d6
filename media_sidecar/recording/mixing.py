"""Tracks decoded, looked at and mixed, second by second: no more is in memory.

pcm: int16 mono, RATE Hz. WhatsApp asks for 16 kHz, so nothing is lost by it.
"""

from collections.abc import Iterable, Iterator

import numpy

from media_sidecar.recording.ogg import PRE_SKIP
from media_sidecar.recording.opus_packet import RATE as OPUS_RATE
from media_sidecar.recording.opus_packet import frame_samples, samples
from media_sidecar.rtc.opus import Decoder, Encoder, OpusError

RATE = 16000
BITRATE = 24000
BLOCK = RATE  # a second
# Frames of the mix. The decoder's delay is taken from the front of every track.
_FRAME = RATE // 50
_SKIP = PRE_SKIP * RATE // OPUS_RATE
PEAKS = 10  # per second
MOST_PEAKS = 6000  # of one track; ten minutes. A screen shows fewer.


def decoded(packets: Iterable[bytes], length: int) -> Iterator[numpy.ndarray]:
    """Blocks of a second, the last shorter; `length` samples of RATE together.

    A packet that no decoder takes is concealed for as long as it says it lasts.
    """
    decoder, waiting, skip, left = Decoder(RATE), bytearray(), 2 * _SKIP, length
    for packet, following in _pairs(packets):
        waiting += _sound(decoder, packet, following)
        cut = min(skip, len(waiting))
        del waiting[:cut]
        skip -= cut
        while len(waiting) >= 2 * BLOCK and left > BLOCK:
            yield numpy.frombuffer(bytes(waiting[: 2 * BLOCK]), "<i2")
            del waiting[: 2 * BLOCK]
            left -= BLOCK
    rest = numpy.frombuffer(bytes(waiting[: 2 * left]), "<i2")
    if len(rest):
        yield rest


class Peaks:
    """The loudest of every tenth of a second, 0 to 255; of a long call of more."""

    def __init__(self) -> None:
        self._all: list[int] = []
        self.samples = 0

    @property
    def values(self) -> list[int]:
        """At most MOST_PEAKS, evenly over the whole time."""
        step = -(-len(self._all) // MOST_PEAKS) or 1
        starts = range(0, len(self._all), step)
        return [max(self._all[start : start + step]) for start in starts]

    def watch(self, blocks: Iterable[numpy.ndarray]) -> Iterator[numpy.ndarray]:
        """The same blocks; afterwards `values` and how many `samples` there were."""
        step = RATE // PEAKS
        for block in blocks:
            self.samples += len(block)
            whole = numpy.zeros(-(-len(block) // step) * step, numpy.int32)
            whole[: len(block)] = numpy.abs(block.astype(numpy.int32))
            peaks = whole.reshape(-1, step).max(axis=1)
            self._all += (numpy.minimum(peaks, 32767) >> 7).tolist()
            yield block


def mixed(*tracks: Iterable[numpy.ndarray]) -> Iterator[numpy.ndarray]:
    """Tracks of the same length, heard together; what is too loud is cut off."""
    for blocks in zip(*tracks, strict=True):
        total = sum(block.astype(numpy.int32) for block in blocks)
        yield numpy.clip(total, -32768, 32767).astype("<i2")


def encoded(blocks: Iterable[numpy.ndarray]) -> Iterator[bytes]:
    """Opus packets of 20 ms, and one more for what the decoder lags behind."""
    encoder, waiting = Encoder(RATE, BITRATE), bytearray()
    for block in blocks:
        waiting += block.tobytes()
        while len(waiting) >= 2 * _FRAME:
            yield encoder.encode(bytes(waiting[: 2 * _FRAME]))
            del waiting[: 2 * _FRAME]
    waiting += bytes(2 * _SKIP)
    waiting += bytes(-len(waiting) % (2 * _FRAME))
    for start in range(0, len(waiting), 2 * _FRAME):
        yield encoder.encode(bytes(waiting[start : start + 2 * _FRAME]))


def _pairs(packets):
    """Each packet with the one that follows."""
    before = None
    for packet in packets:
        if before is not None:
            yield before, packet
        before = packet
    if before is not None:
        yield before, b""


def _sound(decoder, packet, following):
    try:
        if len(packet) == 1 and len(following) > 1:
            # lost, but the next packet may repeat it
            return decoder.repair(
                following, frame_samples(packet) // (OPUS_RATE // RATE)
            )
        return decoder.decode(packet)
    except OpusError:
        return decoder.conceal(samples(packet) // (OPUS_RATE // RATE))
