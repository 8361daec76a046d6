"""Between DTLS and the leg: datagrams in a queue, and lost flights sent again."""

import asyncio
import contextlib
from collections.abc import Callable

QUEUE = 32  # DTLS datagrams that wait for the handshake
# OpenSSL repeats a lost flight after 1, 3 and 7 s; the first words would be gone.
AGAIN = (0.06, 0.12, 0.24, 0.48)


class Wire:
    """What a DTLS transport has for an ICE transport: a queue in, a function out.

    :param transmit: sends a datagram; may raise ConnectionError
    """

    role = "controlling"

    def __init__(self, transmit: Callable[[bytes], None]) -> None:
        self._transmit = transmit
        self._queue: asyncio.Queue[bytes | None] = asyncio.Queue(QUEUE)
        self._repeats: list[asyncio.TimerHandle] = []

    def feed(self, data: bytes | None) -> None:
        """Take a datagram of the peer; None: there will be no more."""
        self.still()
        if data is None and self._queue.full():
            self._queue.get_nowait()
        with contextlib.suppress(asyncio.QueueFull):
            self._queue.put_nowait(data)

    async def _recv(self) -> bytes:
        data = await self._queue.get()
        if data is None:
            raise ConnectionError("the leg was closed")
        return data

    async def _send(self, data: bytes) -> None:
        self._transmit(data)

    def repeat(self, data: bytes) -> None:
        """Send `data` again a few times unless something comes from the peer."""
        self.still()
        loop = asyncio.get_running_loop()
        self._repeats = [loop.call_later(t, self._once_more, data) for t in AGAIN]

    def still(self) -> None:
        """Repeat nothing."""
        for timer in self._repeats:
            timer.cancel()
        self._repeats.clear()

    def _once_more(self, data: bytes) -> None:
        with contextlib.suppress(ConnectionError):
            self._transmit(data)
