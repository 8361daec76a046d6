"""A recording's folder below STATE_DIR/recordings: what lies in it, and whose it is.

| file | from | until |
| --- | --- | --- |
| `lock` | the beginning | the end; who works on the recording holds it (flock) |
| `recording.json` | the beginning | the end: what it is, no word of what was said |
| `key` | the beginning | Odoo has all of it: K, wrapped by this machine's key |
| `journal` | the beginning | the tracks are sealed |
| `agent.wcr`, `caller.wcr`, `mix.wcr` | the call's end | Odoo has all of them |
| `finished.json` | the tracks are sealed | the end: sizes, checksums, peaks |
| `refused.json` | Odoo refused it | the end: since when, see `refused` |
| `erased` | consent was refused, or a purge | Odoo was told |

Several workers share the folders. A lock dies with its process, so a folder whose lock
is free belongs to nobody: whoever takes the lock finishes it.
"""

import fcntl
import json
import os
import re
import shutil
from pathlib import Path

from media_sidecar.recording import keys

_UID = re.compile(r"[0-9a-f]{32}")
# why it was erased
DISCARDED, PURGED = "discarded", "purged"
GONE = ".gone"


class Folder:
    """One recording. The lock is held from `lock()` to `release()`.

    :ivar uid: 32 hex digits
    :ivar path: of the folder
    """

    def __init__(self, recordings: Path, uid: str):
        if not _UID.fullmatch(uid):
            raise ValueError("the uid of a recording has 32 hex digits")
        self.uid = uid
        self.path = recordings / uid
        self.lock_file = None

    def __truediv__(self, name: str) -> Path:
        return self.path / name

    def make(self):
        """A new one, locked. Raises FileExistsError, OSError."""
        self.path.mkdir(mode=0o700)
        self.lock()

    def lock(self) -> bool:
        """Whether the folder is ours now: no other process works on it."""
        try:
            file = os.open(self / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except FileNotFoundError:
            return False
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(file)
            return False
        if not self.path.exists():  # its last holder removed it meanwhile
            os.close(file)
            return False
        self.lock_file = file
        return True

    def release(self):
        if self.lock_file is not None:
            os.close(self.lock_file)
            self.lock_file = None

    def read(self, name: str) -> dict | None:
        """A JSON file of the folder; None when it is not there or not whole."""
        try:
            return json.loads((self / name).read_text())
        except (FileNotFoundError, ValueError):
            return None

    def write(self, name: str, content: dict):
        """A JSON file, whole or not at all, also when the power goes."""
        fresh = self / f".{name}"
        with open(fresh, "w") as file:
            json.dump(content, file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(fresh, self / name)
        self.sync()

    def sync(self):
        """The names in the folder survive a loss of power."""
        directory = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)

    def erase(self, why: str):
        """Destroy the key, then the sound; what remains says only that there was one.

        Safe while another process writes here: what it writes nobody can read.
        """
        keys.destroy(self / "key")
        try:
            self.write("erased", {"why": why})
        except OSError:
            (self / "erased").touch()  # a full disk still has room for a name
        kept = {"lock", "recording.json", "erased"}
        for file in self.path.iterdir():
            if file.name not in kept:
                file.unlink(missing_ok=True)

    def erased(self) -> str:
        """Why it was erased, "" when it was not."""
        if not (self / "erased").exists():
            return ""
        return (self.read("erased") or {}).get("why", PURGED)

    def remove(self):
        """All of it, the key first; the lock stays with who holds it.

        Under another name, or who looks meanwhile would take up the half that is left.
        """
        keys.destroy(self / "key")
        gone = self.path.with_name(f".{self.uid}{GONE}")
        try:
            self.path.rename(gone)
        except OSError:  # one of an earlier start lies there, or somebody was faster
            gone = self.path
        shutil.rmtree(gone, ignore_errors=True)


def sweep(recordings: Path) -> None:
    """Remove what was being removed when a process was killed."""
    for gone in recordings.glob(f".*{GONE}"):
        shutil.rmtree(gone, ignore_errors=True)


def folders(recordings: Path) -> list[Folder]:
    """All that lie there, the oldest first."""
    found = [
        Folder(recordings, path.name)
        for path in recordings.iterdir()
        if _UID.fullmatch(path.name)
    ]
    return sorted(found, key=lambda folder: _age(folder.path))


def _age(path):
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return 0
