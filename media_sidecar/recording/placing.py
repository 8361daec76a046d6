"""Where the packets of a stream stand on the common time line of a recording.

Within a stream RTP's timestamps are right: they know of losses and pauses, and nothing
of jitter. Between streams they mean nothing (each begins anywhere and may jump), so a
stream is tied to the clock by when its packets arrive: by the quickest of them, since
no packet arrives before it was sent.

All numbers are samples of 48 kHz from the recording's zero.
"""

SECOND = 48000
# what a stream must be late for a whole second before it is moved: jitter is shorter,
# a burst after a stall is over in less
LATE = SECOND // 10


class Placer:
    """One stream. Timestamps that jump (a new source, a clock set) begin it anew."""

    def __init__(self):
        self._shift = None  # position = timestamp + shift
        self._before = (0, 0)  # timestamp and arrival of the packet before
        self._window = (0, None)  # since when, and the least delay since then

    def place(self, timestamp: int, arrived: int) -> int:
        if self._shift is None or self._jumped(timestamp, arrived):
            self._shift = arrived - timestamp
            self._window = (arrived, None)
        self._before = (timestamp, arrived)
        delay = arrived - (timestamp + self._shift)
        if delay < 0:  # quicker than the quickest so far
            self._shift += delay
            delay = 0
        self._watch(arrived, delay)
        return timestamp + self._shift

    def _jumped(self, timestamp, arrived):
        by_stamp = timestamp - self._before[0]
        by_clock = arrived - self._before[1]
        return abs(by_stamp) > SECOND and abs(by_stamp - by_clock) > SECOND

    def _watch(self, arrived, delay):
        """Move a stream that stays late: its clock is slow, or stood still a while."""
        since, least = self._window
        least = delay if least is None else min(least, delay)
        if arrived - since < SECOND:
            self._window = (since, least)
            return
        if least > LATE:
            self._shift += least
        self._window = (arrived, None)
