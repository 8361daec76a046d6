"""The file a recording is written to while the call lasts: encrypted, append-only.

A header of 16 bytes (`WCJ1`, 12 zero bytes), then records, each written by one
`os.write`: the length of what follows (uint32, big endian) and AES-256-GCM of the
record's entries under the recording's key (nonce: 0x80000000, which no sealed file
has, and the record's index as uint64; additional data: header and index). A process
that is killed leaves whole records and at most a torn one at the end, which is dropped.

An entry is a track (one byte: 1 agent, 2 caller, 0 a mark), a position in samples
of 48 kHz from the recording's zero (int64), a length (uint16) and so many bytes: an
Opus packet as it came, or a mark's name. Entries stand in the order they came in, not
in the order of their positions.
"""

import os
import struct
from collections.abc import Iterator
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

HEADER = b"WCJ1" + bytes(12)
MARK = 0
# marks: sound is left out between the first two; `now` says how far the clock was
PAUSED, RESUMED, NOW, STOPPED = b"paused", b"resumed", b"now", b"stopped"
_ENTRY = struct.Struct(">BqH")
_LENGTH = struct.Struct(">I")
_NONCE = struct.Struct(">IQ")
_JOURNAL = 0x80000000

Entry = tuple[int, int, bytes]


class Journal:
    """Writes one. Every method may raise OSError: a full disk, a broken one."""

    def __init__(self, path: Path, key: bytes):
        self._aead = AESGCM(key)
        self._index = 0
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC
        self._file = os.open(path, flags, 0o600)
        _write(self._file, HEADER)

    def append(self, entries: list[Entry]):
        """One record on its way to the disk: a kill after this loses none of it."""
        plain = b"".join(
            _ENTRY.pack(track, position, len(data)) + data
            for track, position, data in entries
        )
        text = self._aead.encrypt(*_sealing(self._index, plain))
        self._index += 1
        _write(self._file, _LENGTH.pack(len(text)) + text)

    def sync(self):
        """Survive a loss of power too."""
        os.fdatasync(self._file)

    def close(self):
        os.close(self._file)


def read(path: Path, key: bytes) -> Iterator[list[Entry]]:
    """The entries of each whole record; what a crash tore off is left out."""
    aead, index = AESGCM(key), 0
    with path.open("rb") as file:
        if file.read(len(HEADER)) != HEADER:
            return
        while len(head := file.read(_LENGTH.size)) == _LENGTH.size:
            text = file.read(_LENGTH.unpack(head)[0])
            nonce, _plain, extra = _sealing(index, b"")
            try:
                plain = aead.decrypt(nonce, text, extra)
            except (InvalidTag, ValueError):
                return
            yield list(_entries(plain))
            index += 1


def _entries(plain):
    place = 0
    while place < len(plain):
        track, position, length = _ENTRY.unpack_from(plain, place)
        place += _ENTRY.size
        yield track, position, plain[place : place + length]
        place += length


def _sealing(index, plain):
    """What AES-GCM is given: nonce, text, additional data."""
    return _NONCE.pack(_JOURNAL, index), plain, HEADER + struct.pack(">Q", index)


def _write(file, data):
    """All of it, or OSError: a disk that fills up takes a part first."""
    while data:
        data = data[os.write(file, data) :]
