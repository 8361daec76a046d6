"""Sealed recordings: AES-256-GCM in chunks, so that any range is read by itself.

    header   16 bytes: b"WCR1", chunk size (uint32), track (uint8), 7 zero bytes
    chunk i  AES-256-GCM(key, nonce = uint32 track + uint64 i, data = header +
             uint64 i + 1 byte: 1 in the last chunk, else 0)

Numbers are big endian. All chunks but the last hold `chunk size` bytes of plain text
and 16 more each. A chunk that was moved, altered or cut off is refused; so is a file
whose end is missing, because its last chunk does not say that it is the last.

The sidecar writes such a file (media_sidecar/recording) with a key of its own per call,
and hands the key over sealed for this Odoo (`unseal_key`, `seal_key`).
"""

import base64
import binascii
import secrets
import struct

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.x25519 import (
    X25519PrivateKey,
    X25519PublicKey,
)
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

MAGIC = b"WCR1"
HEADER = struct.Struct(">4sIB7x")
CHUNK = 65536  # bytes of plain text
LARGEST_CHUNK = 1 << 20
TAG = 16  # bytes that sealing adds to a chunk
TRACKS = {"agent": 1, "caller": 2, "mix": 3}
KEY_SIZE = 32
_KEY_PURPOSE = b"whatsapp_calling recording key v1"
_ONCE = bytes(12)  # a nonce for a key that seals one thing only


class SealedFileError(Exception):
    """A file or key cannot be opened: damaged, cut off, or of another key."""


def new_key() -> bytes:
    """A key for the recordings of one call: 32 bytes."""
    return secrets.token_bytes(KEY_SIZE)


def seal(plain: bytes, key: bytes, track: str, chunk: int = CHUNK) -> bytes:
    """`plain` as a sealed file.

    :param track: "agent", "caller" or "mix"
    """
    header = HEADER.pack(MAGIC, chunk, TRACKS[track])
    pieces = [plain[at : at + chunk] for at in range(0, len(plain), chunk)] or [b""]
    cipher, last = AESGCM(key), len(pieces) - 1
    return header + b"".join(
        cipher.encrypt(_nonce(header, i), piece, _bound(header, i, i == last))
        for i, piece in enumerate(pieces)
    )


class SealedFile:
    """A sealed file whose plain text is read in parts.

    :param file: binary file, open for reading; it is sought in
    :param size: of the sealed file, bytes
    :param key: 32 bytes
    :ivar plain_size: bytes of plain text
    :ivar track: "agent", "caller" or "mix"
    :raises SealedFileError: it is no sealed file
    """

    def __init__(self, file, size, key):
        self._file = file
        self._cipher = AESGCM(key)
        file.seek(0)
        self._header = file.read(HEADER.size)
        self._chunk, self.track = _read_header(self._header)
        body = size - HEADER.size
        self._count = -(-body // (self._chunk + TAG))
        self.plain_size = body - self._count * TAG
        if self._count < 1 or self.plain_size < 0:
            raise SealedFileError("The recording is cut off.")

    def pieces(self, start=0, end=None):
        """Yield the plain text of the bytes [start, end) in pieces of a chunk at most.

        :param end: beyond the last byte; None: all that is left
        :raises SealedFileError: a chunk is damaged, or the key is another one's
        """
        end = self.plain_size if end is None else min(end, self.plain_size)
        at = start
        while at < end:
            index, skip = divmod(at, self._chunk)
            piece = self._open_chunk(index)[skip : skip + end - at]
            if not piece:
                raise SealedFileError("The recording is cut off.")
            yield piece
            at += len(piece)

    def verify(self):
        """Open every chunk. :raises SealedFileError: one does not open"""
        for index in range(self._count):
            self._open_chunk(index)

    def _open_chunk(self, index):
        self._file.seek(HEADER.size + index * (self._chunk + TAG))
        sealed = self._file.read(self._chunk + TAG)
        bound = _bound(self._header, index, index == self._count - 1)
        try:
            return self._cipher.decrypt(_nonce(self._header, index), sealed, bound)
        except (InvalidTag, ValueError):
            raise SealedFileError(
                "The recording is damaged, or its key is another one's."
            ) from None


def _read_header(header):
    try:
        magic, chunk, track = HEADER.unpack(header)
    except struct.error:
        raise SealedFileError("The recording is cut off.") from None
    names = {number: name for name, number in TRACKS.items()}
    if magic != MAGIC or track not in names or not 0 < chunk <= LARGEST_CHUNK:
        raise SealedFileError("This is no sealed recording.")
    return chunk, names[track]


def _nonce(header, index):
    return struct.pack(">IQ", header[8], index)


def _bound(header, index, last):
    return header + struct.pack(">Q", index) + (b"\x01" if last else b"\x00")


# ---- the key of a recording, on its way from the sidecar


def new_key_pair() -> tuple[str, str]:
    """(private, public): base64 of 32 bytes each, X25519."""
    private = X25519PrivateKey.generate()
    return _text(private.private_bytes_raw()), _text(
        private.public_key().public_bytes_raw()
    )


def seal_key(key: bytes, public: str, uid: str) -> str:
    """`key` so that only the owner of `public`'s private key reads it.

    :param uid: of the recording, which the key is bound to
    """
    ephemeral = X25519PrivateKey.generate()
    mine = ephemeral.public_key().public_bytes_raw()
    theirs = _bytes(public)
    shared = ephemeral.exchange(X25519PublicKey.from_public_bytes(theirs))
    wrapped = AESGCM(_wrapping(shared, mine, theirs)).encrypt(_ONCE, key, uid.encode())
    return _text(mine + wrapped)


def unseal_key(sealed: str, private: str, uid: str) -> bytes:
    """The key in `sealed`.

    :param private: base64 of our X25519 private key
    :raises SealedFileError: sealed for somebody else, for another recording, altered
    """
    own = X25519PrivateKey.from_private_bytes(_bytes(private))
    content = _bytes(sealed)
    theirs, wrapped = content[:KEY_SIZE], content[KEY_SIZE:]
    try:
        shared = own.exchange(X25519PublicKey.from_public_bytes(theirs))
        wrapping = _wrapping(shared, theirs, own.public_key().public_bytes_raw())
        key = AESGCM(wrapping).decrypt(_ONCE, wrapped, uid.encode())
    except (InvalidTag, ValueError):
        raise SealedFileError(
            "The key of the recording was sealed for another Odoo or another recording."
        ) from None
    if len(key) != KEY_SIZE:
        raise SealedFileError("The key of the recording is no key.")
    return key


def _wrapping(shared, ephemeral, recipient):
    hkdf = HKDF(
        hashes.SHA256(), KEY_SIZE, salt=ephemeral + recipient, info=_KEY_PURPOSE
    )
    return hkdf.derive(shared)


def _text(content):
    return base64.b64encode(content).decode()


def _bytes(text):
    try:
        return base64.b64decode(text or "", validate=True)
    except (binascii.Error, ValueError, TypeError):
        raise SealedFileError("The key of the recording is no base64.") from None
