"""Tells listeners (phone pages, tests) what happens, as it happens."""

import asyncio
import time
from typing import Any

QUEUE_LIMIT = 5000


class Hub:
    """Events go to every listener's queue; a full queue loses the event."""

    def __init__(self) -> None:
        self._listeners: set[asyncio.Queue] = set()

    def listen(self) -> asyncio.Queue:
        """A queue of events {"type", "at", …} from now on."""
        queue: asyncio.Queue = asyncio.Queue(QUEUE_LIMIT)
        self._listeners.add(queue)
        return queue

    def leave(self, queue: asyncio.Queue) -> None:
        """Stop listening."""
        self._listeners.discard(queue)

    def send(self, kind: str, data: dict[str, Any]) -> None:
        """Tell everyone. `data` must be fit for JSON."""
        if not self._listeners:
            return
        event = {"type": kind, "at": time.time(), **data}
        for queue in self._listeners:
            if not queue.full():
                queue.put_nowait(event)
