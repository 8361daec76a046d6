"""`python -m media_sidecar.speech.stt.worker`: a process that understands speech.

Serves many streams over its standard input and output (see `protocol`) and ends when
its input does. What it must not hold up is in another process: the media.
"""

import contextlib
import json
import os
import signal
import sys
import threading

from . import deepgram, flux, local
from .protocol import AUDIO, CLOSE, HEAD, OPEN, PAUSE, line
from .turn import Opener, Turn

ENGINES: dict[str, Opener] = {
    local.ENGINE: local.Local,
    deepgram.ENGINE: deepgram.Deepgram,
    flux.ENGINE: flux.Flux,
}


class Output:
    """Standard output, a line at a time from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()

    def tell(self, stream: int, kind: str, **data) -> None:
        with self._lock, contextlib.suppress(OSError):
            sys.stdout.buffer.write(line(stream, kind, **data))
            sys.stdout.buffer.flush()


class Ear:
    """The listener of one stream."""

    def __init__(self, output: Output, stream: int) -> None:
        self._output = output
        self._stream = stream

    def turn(self, turn: Turn) -> None:
        self._output.tell(self._stream, "turn", **turn.data())

    def gap(self, from_ms: int, to_ms: int, reason: str) -> None:
        gap = {"from_ms": from_ms, "to_ms": to_ms, "reason": reason}
        self._output.tell(self._stream, "gap", **gap)

    def speech(self, start_ms: int | None) -> None:
        self._output.tell(self._stream, "speech", start_ms=start_ms)

    def failed(self, status: int, message: str) -> None:
        self._output.tell(self._stream, "failed", status=status, message=message)


class Worker:
    def __init__(self) -> None:
        self._output = Output()
        self._streams: dict = {}

    def run(self) -> None:
        read = sys.stdin.buffer.read
        while len(head := read(HEAD.size)) == HEAD.size:
            kind, stream, size, start_ms = HEAD.unpack(head)
            self._take(kind, stream, read(size), start_ms)

    def _take(self, kind: int, stream: int, body: bytes, start_ms: int) -> None:
        if kind == OPEN:
            settings = json.loads(body)
            opener = ENGINES[settings["engine"]]
            self._streams[stream] = opener(settings, Ear(self._output, stream))
        elif stream not in self._streams:
            return
        elif kind == AUDIO:
            self._streams[stream].audio(body, start_ms)
        elif kind == PAUSE:
            self._streams[stream].pause()
        elif kind == CLOSE:
            self._close(stream, self._streams.pop(stream))

    def _close(self, stream: int, engine) -> None:
        def close() -> None:
            engine.close()
            self._output.tell(stream, "closed")

        if isinstance(engine, local.Local):
            close()
        else:  # it waits for the vendor's last words
            threading.Thread(target=close, daemon=True).start()


def main() -> None:
    # the parent decides when it is over: a Ctrl-C in a terminal reaches both
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.nice(5)  # the media comes first
    if sys.argv[1:] == [local.ENGINE]:
        local.DECODERS.give_back(local.DECODERS.take())
    Worker().run()


if __name__ == "__main__":
    main()
