"""Sealed files, version 1: a recording encrypted in chunks, so that it can be sought.

A header of 16 bytes: `WCR1`, the chunk size (uint32, big endian), the track (one byte:
1 agent, 2 caller, 3 mix) and 7 zero bytes. Then the chunks, each as AES-256-GCM makes
it (16 bytes longer than what it holds): nonce = the track (uint32) and the chunk's
index (uint64), additional data = the header, the index (uint64) and one byte that is
1 for the last chunk. So a chunk can be read alone, and none can be left out, moved,
taken from another track or cut off at the end. Every chunk but the last is full; an
empty file is one empty chunk.

A key must seal each track once: the same nonce never covers two texts. What is sealed
again after a crash was never outside this machine.
"""

import struct
from collections.abc import Iterable, Iterator

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

MAGIC = b"WCR1"
CHUNK = 64 * 1024
TAG = 16
TRACKS = {"agent": 1, "caller": 2, "mix": 3}
_HEADER = struct.Struct(">4sIB7x")
_NONCE = struct.Struct(">IQ")


class SealBroken(Exception):
    """Bytes that are no sealed file, not whole, or not of this key."""


def header(track: str, chunk: int = CHUNK) -> bytes:
    """The first 16 bytes of a file of that track."""
    return _HEADER.pack(MAGIC, chunk, TRACKS[track])


def sealed_size(plain_size: int, chunk: int = CHUNK) -> int:
    """Bytes of the sealed file for so many plain ones."""
    return _HEADER.size + plain_size + TAG * max(1, -(-plain_size // chunk))


def seal(
    plain: Iterable[bytes], key: bytes, track: str, chunk: int = CHUNK
) -> Iterator[bytes]:
    """The sealed file, piece by piece, never more than a chunk in memory.

    :param plain: pieces of any size
    :param key: 32 bytes
    """
    top = header(track, chunk)
    aead, waiting, index = AESGCM(key), bytearray(), 0
    yield top
    for piece in plain:
        waiting += piece
        # a full chunk waits until it is known not to be the last
        while len(waiting) > chunk:
            yield _sealed(aead, top, index, bytes(waiting[:chunk]), last=False)
            del waiting[:chunk]
            index += 1
    yield _sealed(aead, top, index, bytes(waiting), last=True)


def unseal(sealed: bytes, key: bytes, track: str) -> bytes:
    """What a whole sealed file holds; raises SealBroken."""
    top = sealed[: _HEADER.size]
    try:
        magic, chunk, number = _HEADER.unpack(top)
    except struct.error as error:
        raise SealBroken("shorter than a header") from error
    if magic != MAGIC or number != TRACKS[track] or not chunk:
        raise SealBroken("not a sealed file of this track")
    aead, step = AESGCM(key), chunk + TAG
    pieces = range(_HEADER.size, max(len(sealed), _HEADER.size + 1), step)
    plain = []
    for index, start in enumerate(pieces):
        last = start + step >= len(sealed)
        nonce = _NONCE.pack(number, index)
        try:
            text = sealed[start : start + step]
            plain.append(aead.decrypt(nonce, text, _extra(top, index, last)))
        except (InvalidTag, ValueError) as error:
            raise SealBroken(f"chunk {index} does not open") from error
    return b"".join(plain)


def _sealed(aead, top, index, text, last):
    nonce = _NONCE.pack(top[8], index)
    return aead.encrypt(nonce, text, _extra(top, index, last))


def _extra(top, index, last):
    return top + struct.pack(">Q", index) + (b"\x01" if last else b"\x00")
