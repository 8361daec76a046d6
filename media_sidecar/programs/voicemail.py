"""Voicemail: a greeting, a tone, and the caller's message.

It ends by silence, by a key, at a limit, or when the caller hangs up. Nothing is
recorded before the tone, and nothing at all when the caller refuses it.
"""

import asyncio
import time

from ..speech.stt.endpointer import FRAME_BYTES, Endpointer

LOOK_EVERY = 0.1  # seconds between two looks at the clock
FIRST_WORDS = 8.0  # seconds a caller has to begin, if silence ends it sooner
END = "program"  # the reason the call ends with


class Voicemail:
    """See `call.stage` for what a program may use.

    :param spec: {"greeting"?: PROMPT, "tone"?: bool, "max_seconds"?: 120,
        "silence_seconds"?: 5, "end_key"?: "#"}

    Tells `voicemail_started`, and once `voicemail_recorded` {"duration_ms",
    "ended_by": "silence|key|limit|hang_up"}. `duration_ms` is from the tone to the last
    word, 0 when nobody said anything.
    """

    def __init__(self, call, spec: dict) -> None:
        self._call = call
        self._greeting = spec.get("greeting")
        self._tone = spec.get("tone", True)
        self._longest = float(spec.get("max_seconds") or 120)
        self._silence = float(spec.get("silence_seconds") or 5)
        self._end_key = spec.get("end_key")
        self._message = _Message()
        self._ended_by = ""
        self._told = False

    async def run(self) -> None:
        """Until the message is over; then the call ends."""
        call = self._call
        call.emit("voicemail_started")
        ends = [call.stage.digits(self._on_digit)]
        try:
            if not await self._greeted():
                return
            call.stage.record()
            ends.append(call.stage.sound(self._message.feed))
            self._message.begin()
            while not self._is_over():
                await asyncio.sleep(LOOK_EVERY)
            self._tell(self._ended_by)
        finally:
            for end in ends:
                end()
        call.end(END)

    def stop(self, reason: str) -> None:
        """The call ends under it, or an operator takes it: then there is no message."""
        if reason == "operator":
            self._told = True
            self._call.parties.peer.ear.stop()
            self._call.tape.discard("taken_over")
        self._tell("hang_up")

    async def _greeted(self) -> bool:
        """All that comes before the message; False when it may not be recorded."""
        call = self._call
        if self._greeting and not self._refused():
            await call.play(self._greeting)
        if not await call.stage.announce():
            call.end(END)
            return False
        if self._tone:
            await call.play({"tone": "beep"})
        if self._refused():
            call.end(END)
            return False
        return True

    def _refused(self) -> bool:
        return self._call.tape.state == "discarded"

    def _on_digit(self, digit: str) -> None:
        if digit != self._end_key:
            return
        if self._message.begun_at is None:
            self._call.parties.peer.ear.stop()  # on to the tone, for who knows it
        else:
            self._ended_by = "key"

    def _is_over(self) -> bool:
        message = self._message
        seconds = time.monotonic() - message.begun_at
        if self._refused():
            self._told = True  # there is no message
        elif seconds >= self._longest:
            self._ended_by = self._ended_by or "limit"
        elif message.quiet_for() >= self._patience():
            self._ended_by = self._ended_by or "silence"
        return self._told or bool(self._ended_by)

    def _patience(self) -> float:
        if self._message.last_word_at is None:
            return max(self._silence, FIRST_WORDS)
        return self._silence

    def _tell(self, ended_by: str) -> None:
        if not self._told:
            self._told = True
            length = self._message.length_ms()
            data = {"duration_ms": length, "ended_by": ended_by}
            self._call.emit("voicemail_recorded", **data)


class _Message:
    """When something was said; seconds of the monotonic clock."""

    def __init__(self) -> None:
        self._endpointer = Endpointer()
        self._rest = b""
        self.begun_at: float | None = None
        self.last_word_at: float | None = None

    def begin(self) -> None:
        self.begun_at = time.monotonic()

    def feed(self, pcm: bytes, _timestamp: int) -> None:
        """The caller's sound, s16le at 16 kHz."""
        data = self._rest + pcm
        whole = len(data) - len(data) % FRAME_BYTES
        self._rest = data[whole:]
        for at in range(0, whole, FRAME_BYTES):
            self._endpointer.feed(data[at : at + FRAME_BYTES])
            if self._endpointer.speaking and not self._endpointer.quiet_ms:
                self.last_word_at = time.monotonic()

    def quiet_for(self) -> float:
        return time.monotonic() - (self.last_word_at or self.begun_at)

    def length_ms(self) -> int:
        if self.begun_at is None or self.last_word_at is None:
            return 0
        return round(1000 * (self.last_word_at - self.begun_at))
