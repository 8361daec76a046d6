"""The prompts' cache on disk: one file each, named by a hash of what makes the sound.

A file is b"WCP1", the number of packets (uint32) and for each its length (uint16) and
its bytes, all big-endian. A damaged file is made anew. Files unused for 30 days go, and
the ones unused for longest when all are over 64 MiB.
"""

import contextlib
import hashlib
import json
import os
import struct
import time
from pathlib import Path

from . import music
from .languages import normal

MAGIC = b"WCP1"
LARGEST = 64 * 1024 * 1024  # bytes, about 7 hours of speech
UNUSED = 30 * 86400  # seconds
VERSION = 1  # of the encoder's settings


def key_of(prompt: dict, speech: dict) -> str:
    """The name of a prompt: all that changes its sound, but for the vendor's key."""
    settings = speech.get("tts") or {}
    parts: list = [VERSION]
    if "text" in prompt:
        voice = prompt.get("voice") or settings.get("voice") or ""
        engine = settings.get("engine") or "local"
        parts += [prompt["text"], normal(prompt.get("language")), voice, engine]
        # who speaks it too: companies share the files, and each names its own vendor
        parts += [settings.get("model") or "", settings.get("url") or ""]
    else:
        parts += [music.VERSION, prompt.get("music"), prompt.get("tone")]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


class PromptFiles:
    """The folder. Its methods block: call them from a thread."""

    def __init__(self, folder: Path, largest: int = LARGEST) -> None:
        self._folder = folder
        self._largest = largest

    def load(self, key: str) -> list[bytes] | None:
        """The packets, or None when there is no (whole) file."""
        path = self._folder / key
        try:
            packets = _unpack(path.read_bytes())
            os.utime(path)
        except OSError:
            return None
        except (ValueError, struct.error):
            path.unlink(missing_ok=True)
            return None
        return packets

    def save(self, key: str, packets: list[bytes]) -> None:
        """Keep them; other processes see the whole file or none. Raises OSError."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        partly = self._folder / f".{key}.{os.getpid()}"
        try:
            with open(os.open(partly, os.O_CREAT | os.O_WRONLY, 0o600), "wb") as file:
                file.write(_pack(packets))
            partly.rename(self._folder / key)
        finally:
            partly.unlink(missing_ok=True)
        self._tidy()

    def _tidy(self) -> None:
        files = []
        for path in self._folder.iterdir():
            with contextlib.suppress(FileNotFoundError):
                files.append((path.stat(), path))
        files.sort(key=lambda item: item[0].st_mtime)
        total = sum(stat.st_size for stat, _path in files)
        for stat, path in files:
            if total <= self._largest and stat.st_mtime > time.time() - UNUSED:
                break
            path.unlink(missing_ok=True)
            total -= stat.st_size


def _pack(packets: list[bytes]) -> bytes:
    parts = [MAGIC, struct.pack(">I", len(packets))]
    for packet in packets:
        parts += [struct.pack(">H", len(packet)), packet]
    return b"".join(parts)


def _unpack(data: bytes) -> list[bytes]:
    if data[:4] != MAGIC:
        raise ValueError("no prompt")
    (count,) = struct.unpack_from(">I", data, 4)
    packets, at = [], 8
    for _number in range(count):
        (size,) = struct.unpack_from(">H", data, at)
        packet = data[at + 2 : at + 2 + size]
        if len(packet) != size:
            raise ValueError("cut off")
        packets.append(packet)
        at += 2 + size
    return packets
