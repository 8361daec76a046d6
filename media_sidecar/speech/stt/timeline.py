"""From a recogniser's clock, which counts the audio it got, to the call's clock."""

from bisect import bisect_right


class Timeline:
    """Remembers where the audio of a stream lies in the call; all in milliseconds."""

    def __init__(self) -> None:
        self._stream: list[float] = []
        self._call: list[float] = []
        self.sent = 0.0  # of the stream

    def add(self, duration: float, start_ms: float) -> None:
        """The next `duration` of the stream is the call's from `start_ms` on."""
        expected = self._call[-1] + self.sent - self._stream[-1] if self._call else None
        if expected is None or abs(expected - start_ms) > 5:
            self._stream.append(self.sent)
            self._call.append(start_ms)
        self.sent += duration

    def fill(self, duration: float) -> None:
        """The next `duration` of the stream was made up and is not of the call."""
        self.sent += duration

    def call_ms(self, stream_ms: float) -> int:
        """Where a moment of the stream is in the call."""
        index = bisect_right(self._stream, stream_ms) - 1
        if index < 0:
            return round(self._call[0]) if self._call else round(stream_ms)
        at = self._call[index] + stream_ms - self._stream[index]
        return round(at)
