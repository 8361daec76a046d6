"""The one thread of a process that touches the disk for all recordings that run.

Whoever records only appends to a deque; here the deques are emptied every FLUSH
seconds. So a disk that stands still delays no sound, and a process that is killed
loses what came since the last turn: less than 0.5 s. A turn in which slow syncs took
SYNCING seconds leaves the others to the next one.
"""

import logging
import threading
import time
from typing import Protocol

FLUSH = 0.2
SYNCING = 0.1

logger = logging.getLogger(__name__)


class Written(Protocol):
    """What is written: `work()` raises nothing and says whether there is more."""

    def work(self) -> bool: ...


class Writer:
    """:param flush: seconds between two turns"""

    def __init__(self, flush: float = FLUSH) -> None:
        self._flush = flush
        self._all: list[Written] = []
        self._door = threading.Lock()
        self._wake = threading.Event()
        self._thread: threading.Thread | None = None
        self._began = 0.0

    def add(self, written: Written) -> None:
        """Call its `work()` now and every FLUSH seconds until it returns False."""
        with self._door:
            self._all.append(written)
            if not self._thread:
                # a daemon: nothing on the way out may wait for a disk that hangs
                self._thread = threading.Thread(
                    target=self._run, name="recordings", daemon=True
                )
                self._thread.start()
        self.wake()

    def wake(self) -> None:
        """Work now, for what cannot wait for the next turn."""
        self._wake.set()

    def may_sync(self) -> bool:
        """Whether there is time for it in this turn; asked by who works."""
        return time.monotonic() - self._began < SYNCING

    def _run(self) -> None:
        while True:
            with self._door:
                turn = list(self._all)
            self._began = time.monotonic()
            over = [written for written in turn if not self._worked(written)]
            with self._door:
                self._all = [written for written in self._all if written not in over]
                idle = not self._all
            self._wake.wait(None if idle else self._flush)
            self._wake.clear()

    def _worked(self, written: Written) -> bool:
        try:
            return written.work()
        except Exception:
            # one recording that fails must not end those of other calls
            logger.exception("a recording could not be written")
            return False
