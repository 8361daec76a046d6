"""Append-only files that a killed process leaves readable to the last line.

Each entry is one `write()` of one line, `<crc32> <json>\\n`. What the system has
accepted survives the death of the process at once; `sync` (every second, on another
thread) makes it survive a power cut. SQLite was tried in thought and left: its commit
and its checkpoints wait for the disk on the caller's thread, which is the media loop,
and keep deleted text in free pages.

Entries that are done are forgotten by `compact`: a new file takes over, what is still
wanted of the old ones is written once more, and those are removed.
"""

import json
import logging
import os
import zlib
from collections.abc import Callable, Iterable
from pathlib import Path

logger = logging.getLogger(__name__)


class Journal:
    """Numbered files of lines in `folder` (mode 0700, files 0600)."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        for partial in folder.glob("*.new"):  # killed while it was written
            partial.unlink(missing_ok=True)
        self._number = max(map(_number, self._files()), default=0) + 1
        self._file = -1
        self._size = 0
        self._dirty = False
        self._unwritten: list[bytes] = []

    def read(self) -> list[dict]:
        """All whole entries of earlier processes, in order; a torn one is left out."""
        entries = []
        for path in self._files():
            for line in path.read_bytes().splitlines():
                entry = _parse(line)
                if entry is not None:
                    entries.append(entry)
        return entries

    def append(self, entry: dict) -> bool:
        """Write `entry` (tens of microseconds); False when the disk does not take it.

        What was not taken is kept in memory and written with the next ones.
        """
        self._unwritten.append(_line(entry))
        return self.flush()

    def leave_out(self, unwanted: Callable[[dict], bool]) -> None:
        """Do not write what the disk did not take yet and nobody wants any more."""
        self._unwritten = [
            line for line in self._unwritten if not unwanted(_parse(line[:-1]) or {})
        ]

    def flush(self) -> bool:
        """Write what the disk did not take before."""
        while self._unwritten:
            if not self._write(self._unwritten[0]):
                return False
            del self._unwritten[0]
        return True

    def _write(self, line: bytes) -> bool:
        try:
            if self._file < 0:
                self._open()
            written = os.write(self._file, line)
            if written == len(line):
                self._size += written
                self._dirty = True
                return True
            os.ftruncate(self._file, self._size)  # half a line helps nobody
        except OSError as error:
            logger.error("Outbox not written", extra={"facts": {"errno": error.errno}})
        return False

    def _open(self) -> None:
        path = self.folder / f"{self._number:08d}.log"
        flags = os.O_CREAT | os.O_APPEND | os.O_WRONLY
        self._file = os.open(path, flags, 0o600)
        self._size = os.fstat(self._file).st_size

    def sync(self) -> None:
        """Have all that was written on the disk. May run on another thread."""
        if self._dirty and self._file >= 0:
            self._dirty = False
            os.fdatasync(self._file)

    def compact(self, wanted: Iterable[dict]) -> Callable[[], None]:
        """Begin a new file; the returned function then cleans the older ones.

        It may run on another thread. `wanted` are the entries still needed. A process
        killed in between leaves some twice, with the same ids, and loses none.
        """
        olds = self._files()
        if self._file >= 0:
            os.close(self._file)
            self._file = -1
        # between the two numbers is room for what is written once more
        self._number += 2
        wanted = list(wanted)
        target = self.folder / f"{self._number - 1:08d}.log"

        def clean() -> None:
            if wanted:
                _write_whole(target, b"".join(map(_line, wanted)))
            for path in olds:
                path.unlink(missing_ok=True)

        return clean

    def _files(self) -> list[Path]:
        found = (path for path in self.folder.glob("*.log") if path.stem.isdecimal())
        return sorted(found, key=_number)

    def close(self) -> None:
        self.flush()
        if self._file >= 0:
            self.sync()
            os.close(self._file)
            self._file = -1


def _number(path: Path) -> int:
    return int(path.stem)


def _line(entry: dict) -> bytes:
    text = json.dumps(entry, ensure_ascii=False, separators=(",", ":")).encode()
    return b"%08x %s\n" % (zlib.crc32(text), text)


def _parse(line: bytes) -> dict | None:
    checksum, _, text = line.partition(b" ")
    try:
        if int(checksum, 16) != zlib.crc32(text):
            return None
        return json.loads(text)
    except ValueError:
        return None


def _write_whole(target: Path, content: bytes) -> None:
    """`target` with `content`, on the disk before it has its name."""
    partial = target.with_suffix(".new")
    file = os.open(partial, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600)
    try:
        while content:
            content = content[os.write(file, content) :]
        os.fsync(file)
    except OSError:
        partial.unlink(missing_ok=True)  # a full disk has better uses for its room
        raise
    finally:
        os.close(file)
    partial.rename(target)
