"""Secrets at rest: tokens and keys encrypted with a key outside the database.

A ciphertext is "<key id>:<base64 of nonce and AES-256-GCM output>". The key comes
from, in this order: the environment variable WHATSAPP_CALLING_KEY, the file named
by WHATSAPP_CALLING_KEY_FILE, a file of ours in the data directory, made on first
use. Several keys (commas or lines between them): the first encrypts, all decrypt;
so a key is changed by putting the new one in front. Several hosts need the
environment, since each would make a file of its own.

A database dump holds ciphertexts and, with the file store, nothing of the data
directory's root: neither gives a token away.
"""

import base64
import binascii
import contextlib
import hashlib
import logging
import os
import re
import secrets
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

try:
    import fcntl
except ImportError:  # not on Windows
    fcntl = None

_logger = logging.getLogger(__name__)

ENVIRONMENT = "WHATSAPP_CALLING_KEY"
ENVIRONMENT_FILE = "WHATSAPP_CALLING_KEY_FILE"
FILE_NAME = "whatsapp_calling.key"
_SHORTEST = 16
_NONCE = 12
_CIPHERTEXT = re.compile(r"([0-9a-f]{12}):([A-Za-z0-9_-]+={0,2})")
_PURPOSE = b"whatsapp_calling secrets v1"


class CryptoError(Exception):
    """A secret cannot be encrypted or decrypted; the text is for administrators."""


class KeyMissing(CryptoError):
    """The key of a ciphertext is not among those given.

    :ivar key_id: which one, "" when it is not known
    """

    def __init__(self, key_id, message=None):
        super().__init__(
            message
            or f"The encryption key {key_id} is missing: put it back into "
            f"{ENVIRONMENT}, or enter the secret again."
        )
        self.key_id = key_id


class KeyUnusable(CryptoError):
    """A key is given, but it cannot be used: unreadable, empty or too short."""


class Malformed(CryptoError):
    """A stored value is no ciphertext of ours, or it was altered."""


def encrypt(text: str, data_dir: str | os.PathLike) -> str:
    """`text` encrypted with the first key.

    :param data_dir: Odoo's data directory; the key file is made there if no key is
        given otherwise
    :raises KeyUnusable: a key is given but cannot be used
    """
    key_id, key = _keys(data_dir, create=True)[0]
    nonce = secrets.token_bytes(_NONCE)
    sealed = nonce + AESGCM(key).encrypt(nonce, text.encode(), key_id.encode())
    return f"{key_id}:{base64.urlsafe_b64encode(sealed).decode()}"


def decrypt(value: str, data_dir: str | os.PathLike) -> str:
    """The text in the ciphertext `value`. Never makes a key.

    :raises KeyMissing: its key is not there
    :raises KeyUnusable: a key is given but cannot be used
    :raises Malformed: no ciphertext of ours, or altered
    """
    match = _CIPHERTEXT.fullmatch(value or "")
    if not match:
        raise Malformed("The stored secret is not an encrypted one: enter it again.")
    key_id, sealed = match.groups()
    keys = dict(_keys(data_dir, create=False))
    if key_id not in keys:
        raise KeyMissing(key_id)
    try:
        sealed = base64.b64decode(sealed, altchars=b"-_", validate=True)
        nonce, content = sealed[:_NONCE], sealed[_NONCE:]
        return AESGCM(keys[key_id]).decrypt(nonce, content, key_id.encode()).decode()
    except (binascii.Error, InvalidTag, ValueError):
        raise Malformed("The stored secret was damaged: enter it again.") from None


def is_current(value: str, data_dir: str | os.PathLike) -> bool:
    """Whether `value` is encrypted with the first key; if not, a rotation has to
    encrypt it again before its key may go."""
    keys = _keys(data_dir, create=False)
    return bool(keys) and (value or "").startswith(f"{keys[0][0]}:")


def key_id_of(value: str) -> str:
    """Id of the key that a ciphertext needs, "" when it is none of ours."""
    match = _CIPHERTEXT.fullmatch(value or "")
    return match.group(1) if match else ""


def key_sources(data_dir: str | os.PathLike) -> list[tuple[str, str]]:
    """(id, where it stands) of each key at hand, the one that encrypts first.

    :raises KeyUnusable: a key is given but cannot be used
    """
    own = Path(data_dir) / FILE_NAME
    texts, source = _given_texts()
    found = [(text, source) for text in texts]
    if own.exists():
        found += [(text, str(own)) for text in _split(_read(own), own)]
    sources = {}
    for text, where in found:
        sources.setdefault(_derive(text)[0], where)
    return [(key_id, sources[key_id]) for key_id in key_ids(data_dir)]


def may_add_key(data_dir: str | os.PathLike) -> bool:
    """Whether `add_key` can make one: the environment is not ours to change."""
    return not _given_texts()[0]


def add_key(data_dir: str | os.PathLike) -> str:
    """Put a new key in front of those in our own file; its id.

    The others stay, since ciphertexts of other databases of this server may need
    them. The file is replaced in one step: a kill leaves the old or the new one.

    :raises KeyUnusable: the keys come from the environment, or cannot be written
    """
    if not may_add_key(data_dir):
        raise KeyUnusable(f"The keys come from {_given_texts()[1]}: change it there.")
    own = Path(data_dir) / FILE_NAME
    own.parent.mkdir(parents=True, exist_ok=True)
    text = secrets.token_urlsafe(32)
    with _alone(own):
        texts = _split(_read(own), own) if own.exists() else []
        aside = _aside(own)
        try:
            _write_new(aside, text, *texts)
            aside.replace(own)
        except OSError as error:
            raise KeyUnusable(f"{own} cannot be written: {error}") from None
        finally:
            aside.unlink(missing_ok=True)
    return _derive(text)[0]


@contextlib.contextmanager
def _alone(path: Path):
    """One process at a time changes the file, or one would lose the other's key."""
    if fcntl is None:
        yield
        return
    with path.with_name(f".{path.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def key_ids(data_dir: str | os.PathLike) -> list[str]:
    """Ids of the keys at hand, the one that encrypts first; [] when none yet."""
    return [key_id for key_id, _key in _keys(data_dir, create=False)]


def _keys(data_dir, create) -> list[tuple[str, bytes]]:
    """(id, key) of every key. The file in the data directory still decrypts after
    a key was put into the environment, so that moving to it loses nothing."""
    texts, source = _given_texts()
    own = Path(data_dir) / FILE_NAME
    if not texts and create and not own.exists():
        _create(own)
    if own.exists():
        _keep_private(own)
        texts += _split(_read(own), own)
    for text in texts:
        if len(text) < _SHORTEST:
            raise KeyUnusable(
                f"A key in {source or own} is shorter than {_SHORTEST} characters."
            )
    return list(dict(map(_derive, texts)).items())


def _given_texts() -> tuple[list[str], str]:
    """Keys of the environment and where they stand. A variable that is set but
    empty is a mistake: to fall back on a file would hide it."""
    if ENVIRONMENT in os.environ:
        return _split(os.environ[ENVIRONMENT], ENVIRONMENT), ENVIRONMENT
    if ENVIRONMENT_FILE in os.environ:
        path = os.environ[ENVIRONMENT_FILE]
        return _split(_read(Path(path)), path), path
    return [], ""


def _split(content, source) -> list[str]:
    texts = [text.strip() for text in re.split(r"[,\r\n]", content)]
    texts = [text for text in texts if text]
    if not texts:
        raise KeyUnusable(f"{source} holds no key.")
    return texts


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise KeyUnusable(f"The key file {path} cannot be read: {error}") from None


def _derive(text) -> tuple[str, bytes]:
    """Id and 32 bytes from any strong text (HKDF, not a password hash: keys are
    to be random). The id is a hash of the key and tells nothing about it."""
    hkdf = HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=_PURPOSE)
    key = hkdf.derive(text.encode())
    return hashlib.sha256(_PURPOSE + key).hexdigest()[:12], key


def _keep_private(path: Path) -> None:
    """Takes the key file from others, e.g. after it was put back from a backup."""
    if path.stat().st_mode & 0o077:
        _logger.warning("%s was open to other users: now 0600", path)
        try:
            path.chmod(0o600)
        except OSError:
            _logger.error("%s is open to other users and not ours", path)


def _create(path: Path) -> None:
    """Makes the key file, readable for its owner only. Written aside and linked to
    its name: of several processes at once one wins, and none ever reads half a
    key."""
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = _aside(path)
    try:
        _write_new(aside, secrets.token_urlsafe(32))
        os.link(aside, path)
        _logger.info("New encryption key in %s: back it up", path)
    except FileExistsError:
        _logger.info("Another process made %s first: its key counts", path)
    except OSError as error:
        raise KeyUnusable(f"The key file {path} cannot be made: {error}") from None
    finally:
        aside.unlink(missing_ok=True)


def _aside(path: Path) -> Path:
    return path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(8)}")


def _write_new(path: Path, *texts: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.writelines(f"{text}\n" for text in texts)
        file.flush()
        os.fsync(file.fileno())
