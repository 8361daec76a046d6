"""The live transcript of one call: both speakers, each with a stream of its own."""

import asyncio
from collections.abc import Callable

from . import local
from .turn import BYTES_MS
from .workers import Stream, Workers

PIECE_MS = 100  # of audio handed on at once
SPEAKERS = ("caller", "agent")

OnTurn = Callable[[dict], None]
OnFailed = Callable[[str, dict], None]


class Transcriber:
    """
    :param settings: TRANSCRIBE: {"engine": "local|deepgram|deepgram_flux", "language",
        "key"?, "url"?, "model"?}
    :param on_turn: called in the loop with the data of the event `turn`
    :param on_failed: called in the loop with the kind (`transcript_gap` or
        `stt_failed`) and the data of that event; both name the speaker
    """

    def __init__(
        self, settings: dict, on_turn: OnTurn, on_failed: OnFailed, workers: Workers
    ) -> None:
        self._settings = {**settings, "engine": settings.get("engine") or local.ENGINE}
        self._on_turn = on_turn
        self._on_failed = on_failed
        self._workers = workers
        self._speakers: dict[str, _Speaker] = {}
        self._failed = False
        self._closing: asyncio.Task | None = None

    def audio(self, speaker: str, pcm: bytes, start_ms: int) -> None:
        """What `speaker` ("caller" or "agent") said at `start_ms` of the call.

        :param pcm: s16le mono at 16 kHz, any length; never blocks
        """
        if self._closing:
            return
        if speaker not in self._speakers:
            if speaker not in SPEAKERS:
                raise ValueError(f"there is no speaker {speaker}")
            self._speakers[speaker] = self._open(speaker)
        self._speakers[speaker].audio(pcm, start_ms)

    def pause(self) -> None:
        """No audio for a while (a card number, hold): open turns are told."""
        for speaker in self._speakers.values():
            speaker.pause()

    async def close(self) -> None:
        """No more audio comes: until the last turns are told, half a minute at most.

        Goes on when who waits for it is cancelled: the call may be over before.
        """
        if self._closing is None:
            speakers = list(self._speakers.values())
            self._closing = self._workers.keep(_close(speakers))
        await asyncio.shield(self._closing)

    def _open(self, name: str) -> "_Speaker":
        def told(data: dict) -> None:
            kind = data.pop("kind")
            if kind == "turn":
                engine = self._settings["engine"]
                self._on_turn({"speaker": name, **data, "engine": engine})
            elif kind == "gap":
                self._on_failed("transcript_gap", {"speaker": name, **data})
            elif kind == "failed" and not self._failed:
                self._failed = True  # both streams fail alike: told once
                engine = self._settings["engine"]
                self._on_failed("stt_failed", {"engine": engine, **data})

        return _Speaker(self._workers.open(self._settings, told))


async def _close(speakers: list["_Speaker"]) -> None:
    await asyncio.gather(*(speaker.close() for speaker in speakers))


class _Speaker:
    """Gathers pieces that are worth a write."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._held = bytearray()
        self._start_ms = 0

    def audio(self, pcm: bytes, start_ms: int) -> None:
        expected = self._start_ms + len(self._held) // BYTES_MS
        if self._held and abs(start_ms - expected) > 5:
            self._flush()
        if not self._held:
            self._start_ms = start_ms
        self._held += pcm
        if len(self._held) >= PIECE_MS * BYTES_MS:
            self._flush()

    def pause(self) -> None:
        self._flush()
        self._stream.pause()

    async def close(self) -> None:
        self._flush()
        await self._stream.close()

    def _flush(self) -> None:
        if self._held:
            self._stream.audio(bytes(self._held), self._start_ms)
            self._held.clear()
