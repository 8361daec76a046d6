"""Who can read a recording, and how its key travels.

Each recording has a random key K of 32 bytes. Two copies of it are written when the
recording begins, and K itself never is:

- for Odoo: K sealed to Odoo's public key (X25519, HKDF-SHA256, AES-256-GCM). The
  ephemeral private half is forgotten at once, so nobody here can open this copy again:
  only Odoo, whose private key never leaves it.
- for us: K wrapped by the *local key*, 32 random bytes in `local.key` (0600, made on
  first use) in the folder of the recordings, shared by the workers of one machine. It
  exists for one reason: after a crash or a restart somebody must finish, mix and
  upload what lies there. It lies beside the recording and is destroyed (overwritten,
  then removed) when Odoo has confirmed every track, when consent is refused and on a
  purge. From then on this machine can read nothing of the recording, also not from a
  copy of the upload that somebody kept.

So a recording that waits to be handed over can be read by whoever can read both files:
the sidecar's user and root. Whoever takes the disk or a backup without `local.key`
reads nothing. What was handed over can be read in Odoo only.
"""

import os
import secrets
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.x25519 import (
    X25519PrivateKey,
    X25519PublicKey,
)
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

KEY_SIZE = 32
PURPOSE = b"whatsapp_calling recording key v1"
_NONCE = 12


class KeyLost(Exception):
    """The local key is not the one a recording was wrapped with."""


def seal_key(key, recipient, uid, ephemeral=None):
    """K for Odoo: the ephemeral public key (32 bytes), then K encrypted (48 bytes).

    :param bytes recipient: Odoo's X25519 public key, raw
    :param str uid: the recording's; the copy opens for no other
    :param ephemeral: a private key, given by tests only; one key seals one K
    """
    ephemeral = ephemeral or X25519PrivateKey.generate()
    public = ephemeral.public_key().public_bytes_raw()
    shared = ephemeral.exchange(X25519PublicKey.from_public_bytes(recipient))
    hkdf = HKDF(
        algorithm=hashes.SHA256(),
        length=KEY_SIZE,
        salt=public + recipient,
        info=PURPOSE,
    )
    # a nonce of zeros: this key encrypts nothing else, ever
    return public + AESGCM(hkdf.derive(shared)).encrypt(
        bytes(_NONCE), key, uid.encode()
    )


class LocalKey:
    """The key of this machine; `path` is made on first use, by one of the workers."""

    def __init__(self, path: Path):
        self._aead = AESGCM(_read_or_make(path))

    def wrap(self, key: bytes, uid: str) -> bytes:
        nonce = secrets.token_bytes(_NONCE)
        return nonce + self._aead.encrypt(nonce, key, uid.encode())

    def unwrap(self, wrapped: bytes, uid: str) -> bytes:
        """K again; raises KeyLost."""
        try:
            nonce, text = wrapped[:_NONCE], wrapped[_NONCE:]
            return self._aead.decrypt(nonce, text, uid.encode())
        except (InvalidTag, ValueError) as error:
            raise KeyLost("the local key is not the one of this recording") from error


def destroy(path: Path):
    """Overwrite a wrapped key, then remove it; without it the rest is noise.

    A file system that copies on write may keep the old block until it is used again;
    what it keeps is wrapped by the local key.
    """
    try:
        with open(path, "r+b", buffering=0) as file:
            file.write(secrets.token_bytes(os.fstat(file.fileno()).st_size))
            os.fsync(file.fileno())
    except FileNotFoundError:
        return
    except OSError:
        pass  # a disk that refuses the write must not keep us from removing it
    path.unlink(missing_ok=True)


def _read_or_make(path):
    try:
        key = path.read_bytes()
    except FileNotFoundError:
        key = _make(path)
    if len(key) != KEY_SIZE:
        raise KeyLost(f"{path} does not hold a key of {KEY_SIZE} bytes")
    return key


def _make(path):
    """A new key, whole or not at all; of two workers that make one the first wins."""
    fresh = path.with_name(f"{path.name}.{os.getpid()}")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        os.write(descriptor, secrets.token_bytes(KEY_SIZE))
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    try:
        os.link(fresh, path)
    except FileExistsError:
        pass
    finally:
        fresh.unlink()
    return path.read_bytes()
