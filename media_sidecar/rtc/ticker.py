"""The one timer of a media process, every 20 ms, and how late it runs."""

import asyncio
import contextlib
import logging
import weakref
from collections import deque
from collections.abc import Callable

from .packet import TICK

logger = logging.getLogger(__name__)

# After a stall the missed ticks are made up for, up to 100 ms: what is longer is a
# gap, because a burst of packets would only fill the peer's jitter buffer.
CATCH_UP = 5

_tickers: "weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, Ticker]" = (
    weakref.WeakKeyDictionary()
)


class LoopLag:
    """How late the loop came to its ticks, over the last 10 s."""

    def __init__(self) -> None:
        self._late: deque[float] = deque(maxlen=500)

    def add(self, seconds: float) -> None:
        self._late.append(seconds)

    def p99(self) -> float:
        """Milliseconds; 0 before the first tick."""
        if not self._late:
            return 0.0
        ordered = sorted(self._late)
        return 1000 * ordered[int(len(ordered) * 0.99)]


class Handle:
    """A callback that is called until `cancel`."""

    __slots__ = ("_ticker", "callback")

    def __init__(self, ticker: "Ticker", callback: Callable[[float], None]) -> None:
        self._ticker = ticker
        self.callback = callback

    def cancel(self) -> None:
        """Call it no more; may be called twice and from the callback itself."""
        self._ticker.drop(self)


class Ticker:
    """Calls back every 20 ms with the time: one timer for all calls of a loop.

    Use `Ticker.of_loop().every_20ms(callback)`. A callback that raises is logged and
    goes on being called; it does not keep the others from their turn.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._handles: dict[Handle, None] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._due = 0.0
        self.lag = LoopLag()

    @classmethod
    def of_loop(cls) -> "Ticker":
        """The ticker of the running loop."""
        loop = asyncio.get_running_loop()
        if loop not in _tickers:
            _tickers[loop] = cls(loop)
        return _tickers[loop]

    def every_20ms(self, callback: Callable[[float], None]) -> Handle:
        """Call `callback(now)`, seconds of the loop's clock, until `cancel`."""
        handle = Handle(self, callback)
        self._handles[handle] = None
        if self._timer is None:
            self._due = self._loop.time() + TICK
            self._timer = self._loop.call_at(self._due, self._tick)
        return handle

    def drop(self, handle: Handle) -> None:
        self._handles.pop(handle, None)
        if not self._handles and self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _tick(self) -> None:
        now = self._loop.time()
        self.lag.add(max(0.0, now - self._due))
        behind = int((now - self._due) / TICK)
        for missed in range(min(behind, CATCH_UP), -1, -1):
            self._call(now - missed * TICK)
        self._due += (behind + 1) * TICK
        if self._handles:
            self._timer = self._loop.call_at(self._due, self._tick)
        else:
            self._timer = None

    def _call(self, now: float) -> None:
        for handle in list(self._handles):
            if handle not in self._handles:
                continue
            try:
                handle.callback(now)
            except Exception:
                with contextlib.suppress(Exception):
                    logger.exception("a callback of the ticker failed")
