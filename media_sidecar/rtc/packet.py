"""One RTP packet as the rest of the sidecar sees it, and its header on the wire."""

import struct
from dataclasses import dataclass

CLOCK = 48000  # Hz; the RTP clock of Opus whatever its bandwidth (RFC 7587)
FRAME = 960  # ticks of 20 ms, the only packet time WhatsApp uses
TICK = FRAME / CLOCK  # seconds

# Stands in a place where nothing is said: CELT, full band, 20 ms, mono, all zero.
SILENCE = b"\xf8\xff\xfe"

_HEADER = struct.Struct("!BBHII")
_WORDS = struct.Struct("!HH")

# milliseconds of one frame by the configuration in an Opus packet's first byte
# (RFC 6716 table 2)
_FRAME_MS = (10, 20, 40, 60) * 3 + (10, 20) * 2 + (2.5, 5, 10, 20) * 4


@dataclass(slots=True)
class Packet:
    """A received packet.

    :param payload: Opus, or a telephone event when `dtmf`
    :param sequence: RTP sequence number, unwrapped: grows for as long as the leg lives
    :param timestamp: in ticks of 48 kHz, unwrapped; one time line for the whole leg,
        whatever the peer does with its sources and clocks
    :param arrived: seconds of the monotonic clock
    :param source: which leg's stream this is; packets of different sources have
        nothing to do with each other
    """

    payload: bytes
    sequence: int
    timestamp: int
    arrived: float
    marker: bool = False
    dtmf: bool = False
    source: int = 0


def write_header(
    payload_type: int, marker: bool, sequence: int, timestamp: int, ssrc: int
) -> bytes:
    """The 12 bytes in front of a payload; wraps sequence and time stamp."""
    return _HEADER.pack(
        0x80,
        payload_type | 0x80 if marker else payload_type,
        sequence & 0xFFFF,
        timestamp & 0xFFFFFFFF,
        ssrc,
    )


def read_header(data: bytes) -> tuple[int, bool, int, int, int]:
    """(payload type, marker, sequence, time stamp, SSRC); needs 12 bytes."""
    _, second, sequence, timestamp, ssrc = _HEADER.unpack_from(data)
    return second & 0x7F, second > 0x7F, sequence, timestamp, ssrc


def payload_of(data: bytes) -> bytes | None:
    """What an RTP packet carries, without header, extensions and padding.

    None when the lengths in it do not fit.
    """
    first = data[0]
    start = 12 + 4 * (first & 0x0F)
    end = len(data)
    if first & 0x10:
        if end < start + 4:
            return None
        start += 4 + 4 * _WORDS.unpack_from(data, start)[1]
    if first & 0x20:
        if not 0 < data[-1] <= end - start:
            return None
        end -= data[-1]
    return data[start:end] if start <= end else None


def opus_duration(payload: bytes) -> int:
    """Ticks of 48 kHz that an Opus packet lasts; 0 when it is none (RFC 6716)."""
    if not payload:
        return 0
    code = payload[0] & 3
    if code < 2:
        frames = code + 1
    elif code == 2:
        frames = 2
    else:
        frames = payload[1] & 0x3F if len(payload) > 1 else 0
    ticks = int(frames * _FRAME_MS[payload[0] >> 3] * 48)
    return ticks if ticks <= 5760 else 0
