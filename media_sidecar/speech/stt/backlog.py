"""Audio a vendor has not answered for yet, so that a new connection goes on with it."""

import threading
from collections import deque

from .turn import BYTES_MS

LONGEST = 15000  # ms kept: what a broken connection may cost at most is what is older


class Backlog:
    """Pieces of audio in order, each with its place in the call (milliseconds).

    Filled by one thread, read by another.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._pieces: deque[tuple[bytes, int]] = deque()
        self._length = 0
        self._next = 0  # of the pieces, the first that this connection did not get
        self._dropped_to = 0
        self.settled = 0  # the vendor has answered for all before this
        self.end = 0

    def add(self, pcm: bytes, start_ms: int) -> None:
        with self._lock:
            self._pieces.append((pcm, start_ms))
            self._length += len(pcm) // BYTES_MS
            self.end = max(self.end, start_ms + len(pcm) // BYTES_MS)
            while self._length > LONGEST:
                pcm, start_ms = self._pieces.popleft()
                self._length -= len(pcm) // BYTES_MS
                self._next = max(0, self._next - 1)
                self._dropped_to = start_ms + len(pcm) // BYTES_MS

    def unsent(self) -> tuple[bytes, int] | None:
        """The next piece for this connection, or None."""
        with self._lock:
            if self._next >= len(self._pieces):
                return None
            self._next += 1
            return self._pieces[self._next - 1]

    def settle(self, call_ms: int) -> None:
        """All before `call_ms` is answered for."""
        with self._lock:
            self.settled = max(self.settled, min(call_ms, self.end))
            while self._next and self._pieces:
                pcm, start_ms = self._pieces[0]
                if start_ms + len(pcm) // BYTES_MS > self.settled:
                    break
                self._pieces.popleft()
                self._next -= 1
                self._length -= len(pcm) // BYTES_MS

    def rewind(self) -> tuple[int, int] | None:
        """A new connection gets all that is here; returns what is lost before it."""
        with self._lock:
            self._next = 0
            lost = None
            if self._dropped_to > self.settled:
                lost = (self.settled, self._dropped_to)
                self.settled = self._dropped_to
            return lost
