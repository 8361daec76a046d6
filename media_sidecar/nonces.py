"""The nonces of the last minutes, shared by all workers and kept over a restart.

One empty file per nonce, made with O_EXCL: of two workers one makes it. (A memory of
each process would let a request to one worker be sent again to the next, or after a
crash to the same one.) The folder is the signed minute, so old ones go as a whole.
"""

import contextlib
import os
import shutil
import threading
import time
from pathlib import Path

from .auth import LEEWAY

MINUTE = 60
KEPT_MINUTES = 2 * LEEWAY // MINUTE + 1  # a clock may run ahead as well as behind


class NonceFolder:
    """`auth.Nonces` on disk; when the disk is full, in memory."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._memory: dict[str, int] = {}
        self._made: set[int] = set()

    def take(self, nonce: str, timestamp: int) -> bool:
        """Remember `nonce` (hex digits only); False when it was known."""
        minute = timestamp // MINUTE
        if nonce in self._memory:
            return False
        try:
            if minute not in self._made:
                # up to a thousand files: not on the media loop
                threading.Thread(target=self.forget, args=(time.time(),)).start()
                (self.folder / str(minute)).mkdir(parents=True, exist_ok=True)
                self._made.add(minute)
            path = self.folder / str(minute) / nonce
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        except FileExistsError:
            return False
        except OSError:  # full: known to this process at least
            self._memory[nonce] = timestamp
        return True

    def forget(self, now: float) -> None:
        """Drop what no signature of today could use."""
        oldest = int(now) // MINUTE - KEPT_MINUTES
        for minute in [minute for minute in self._made.copy() if minute < oldest]:
            self._made.discard(minute)
        for nonce, timestamp in list(self._memory.items()):
            if timestamp // MINUTE < oldest:
                self._memory.pop(nonce, None)
        with contextlib.suppress(OSError):
            for folder in self.folder.iterdir():
                if folder.name.isdecimal() and int(folder.name) < oldest:
                    shutil.rmtree(folder, ignore_errors=True)
