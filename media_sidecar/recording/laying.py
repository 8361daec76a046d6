"""One track of a journal as a row of Opus packets without holes, from zero to the end.

What came out of order is put in order. A short hole is a loss or a pause of somebody
who says nothing (DTX): the decoder is asked to conceal it. A long one is silence. So
every player shows the right duration and both tracks keep step, whatever was lost.
"""

import heapq
from collections.abc import Iterable, Iterator
from pathlib import Path

from media_sidecar.recording import journal
from media_sidecar.recording.ogg import PRE_SKIP
from media_sidecar.recording.opus_packet import FRAME, RATE, SHORTEST, fill, samples

# No packet overtakes another by more (a bound of memory, far above any network's).
REORDER = 2 * RATE
# A sender that says nothing still sends a packet every 400 ms.
SHORT = RATE // 2
FADE = 3 * FRAME
# Packets may run so far ahead of their place before one is left out; pauses give the
# time back.
OVERLAP = RATE // 5
# Holes from here on are told as gaps.
GAP = RATE


def span(path: Path, key: bytes) -> tuple[int, list[tuple[int, int]], bool]:
    """Length in samples, the pauses, and whether the recording was stopped in order."""
    end, pauses, since, stopped = 0, [], None, False
    for entries in journal.read(path, key):
        for track, position, data in entries:
            end = max(end, position)
            if track != journal.MARK:
                continue
            if data == journal.PAUSED and since is None:
                since = position
            elif data == journal.RESUMED and since is not None:
                pauses.append((since, position))
                since = None
            elif data == journal.STOPPED:
                stopped, end = True, position
    if since is not None:
        pauses.append((since, end))
    return end, pauses, stopped


class Layer:
    """Lays one track; iterate `packets()` once, then read `gaps`.

    :param track: its number in the journal
    :param length: samples the track shall last
    :param pauses: from, to in samples; told as gaps however short
    """

    def __init__(self, path: Path, key: bytes, track: int, length: int, pauses=()):
        self._entries = (
            (position, data)
            for entries in journal.read(path, key)
            for number, position, data in entries
            if number == track
        )
        self._length = length
        self._gaps = list(pauses)

    def packets(self) -> Iterator[bytes]:
        end, before, previous = 0, -1, b""
        for position, payload in _in_order(self._entries):
            lasts = samples(payload)
            late = position <= before or position < end - OVERLAP
            if late or not lasts or position >= self._length:
                continue
            if position - end >= SHORTEST:
                for packet in self._hole(end, position, previous):
                    end += samples(packet)
                    yield packet
            yield payload
            end, before, previous = end + lasts, position, payload
        # a file is trimmed to its length, so there must be a little more than that
        if (rest := self._length + PRE_SKIP - end) > 0:
            whole = -(-rest // FRAME) * FRAME
            yield from self._hole(end, end + whole, previous)

    @property
    def gaps(self) -> list[tuple[int, int]]:
        """From, to in samples: pauses, and where nothing came for a second and more."""
        merged = []
        for since, until in sorted(self._gaps):
            if merged and since <= merged[-1][1]:
                merged[-1] = (merged[-1][0], max(until, merged[-1][1]))
            else:
                merged.append((since, until))
        return [(since, min(until, self._length)) for since, until in merged]

    def _hole(self, since, until, previous):
        if until - since >= GAP:
            self._gaps.append((since, until))
        length = until - since
        if length <= SHORT or not previous:
            return fill(length, previous)
        faded = fill(FADE, previous)
        return faded + fill(length - sum(map(samples, faded)))


def _in_order(entries: Iterable[tuple[int, bytes]]) -> Iterator[tuple[int, bytes]]:
    waiting, newest = [], 0
    for count, (position, payload) in enumerate(entries):
        heapq.heappush(waiting, (position, count, payload))
        newest = max(newest, position)
        while waiting[0][0] < newest - REORDER:
            position, _count, payload = heapq.heappop(waiting)
            yield position, payload
    while waiting:
        position, _count, payload = heapq.heappop(waiting)
        yield position, payload
