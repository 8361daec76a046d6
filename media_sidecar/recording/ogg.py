"""Ogg Opus files (RFC 3533, RFC 7845): pages made here, one per second.

That is the most RFC 7845 recommends, and each page costs 27 bytes: of speech at 20 kbps
a minute stays below 150 KB of 1,024 bytes. What a crash may cost does not depend on
it: these files are made when the call is over.

Granule positions count 48 kHz samples with the pre-skip. They rise by what the packets
of a page last and by nothing else, as RFC 7845 demands: whoever has a hole to bridge
writes packets into it.
"""

import struct
from collections.abc import Iterable, Iterator

from media_sidecar.recording.opus_packet import RATE, samples

# What a decoder lags behind the encoder (libopus: 6.5 ms). Skipped, the first sample
# that is heard is the first that was said.
PRE_SKIP = 312
PAGE = RATE  # samples
VENDOR = b"whatsapp_calling media_sidecar"
_PAGE = struct.Struct("<4sBBqIIIB")
_CONTINUED, _FIRST, _LAST = 1, 2, 4
_MOST_SEGMENTS = 255


def opus_file(
    packets: Iterable[bytes], length: int | None = None, serial: int = 1
) -> Iterator[bytes]:
    """The pages of a mono file.

    :param packets: each a whole Opus packet of less than 64 KiB
    :param length: samples of sound; the end is trimmed to it, None keeps all. There
        must be packets for `PRE_SKIP` samples more.
    """
    pages = _Pages(serial)
    yield pages.page([_head()], granule=0, kind=_FIRST)
    yield pages.page([_tags()], granule=0)
    waiting, segments, since, granule = [], 0, 0, 0
    for packet in packets:
        need = len(packet) // 255 + 1
        if waiting and (since >= PAGE or segments + need > _MOST_SEGMENTS):
            yield pages.page(waiting, granule)
            waiting, segments, since = [], 0, 0
        waiting.append(packet)
        segments += need
        since += samples(packet)
        granule += samples(packet)
    end = granule if length is None else min(granule, length + PRE_SKIP)
    yield pages.page(waiting, end, kind=_LAST)


class _Pages:
    def __init__(self, serial):
        self._serial = serial
        self._number = 0

    def page(self, packets, granule, kind=0):
        lacing = bytearray()
        for packet in packets:
            full, rest = divmod(len(packet), 255)
            lacing += b"\xff" * full + bytes([rest])
        head = (b"OggS", 0, kind, granule, self._serial, self._number, 0, len(lacing))
        page = bytearray(_PAGE.pack(*head) + lacing + b"".join(packets))
        struct.pack_into("<I", page, 22, crc(page))
        self._number += 1
        return bytes(page)


def _head():
    return struct.pack("<8sBBHIhB", b"OpusHead", 1, 1, PRE_SKIP, RATE, 0, 0)


def _tags():
    return b"OpusTags" + struct.pack("<I", len(VENDOR)) + VENDOR + bytes(4)


def _table():
    table = []
    for byte in range(256):
        value = byte << 24
        for _bit in range(8):
            value = (value << 1) ^ (0x04C11DB7 if value & 0x80000000 else 0)
        table.append(value & 0xFFFFFFFF)
    return table


_TABLE = _table()


def crc(page: bytes) -> int:
    """Ogg's checksum, of a page whose own field is zero."""
    value = 0
    for byte in page:
        value = (value << 8) & 0xFFFFFFFF ^ _TABLE[value >> 24 ^ byte]
    return value
