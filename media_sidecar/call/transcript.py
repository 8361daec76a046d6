"""A call's live transcript: sound to the transcriber, its turns to Odoo.

Nothing is listened to before the recording's announcement, while it is paused, or after
it was stopped or refused: what may not be kept as sound may not be kept as text.
"""

from .parties import Party
from .tasks import spawn

RESYNC = 500  # ms by which a voice's own clock may leave the call's
TIMES = ("start_ms", "end_ms", "from_ms", "to_ms")
LISTENING = ("off", "on", "failed")  # states of a recording


class Transcript:
    """`start` with the accept, `follow` whoever speaks, `close` at the end."""

    def __init__(self, call, settings: dict | None) -> None:
        self._call = call
        self._settings = settings
        self._transcriber = None
        self._cancels: dict[Party, object] = {}
        self._offsets: dict[str, float] = {}  # ms of the call minus ms of the stream
        self.refused = False

    def want(self, settings: dict | None) -> None:
        """A program wants a transcript of a call that was to have none."""
        self._settings = self._settings or settings
        if self._call.accepted_at is not None:
            self.start()

    def start(self) -> None:
        """From the accept on; does nothing without settings."""
        call, make = self._call, self._call.host.transcriber
        if not self._settings or not make or self._transcriber or self.refused:
            return
        self._transcriber = make(self._settings, self._on_turn, self._on_failed)
        call.reroute()

    def follow(self, caller: Party | None, agent: Party | None) -> None:
        """These two are heard from now on."""
        if not self._transcriber:
            return
        wanted = {caller: "caller", agent: "agent"}
        wanted.pop(None, None)
        for party in [party for party in self._cancels if party not in wanted]:
            self._cancels.pop(party)()
        for party, speaker in wanted.items():
            if party not in self._cancels:
                self._offsets.pop(speaker, None)
                tap = self._tap(speaker)
                self._cancels[party] = party.voice.hear(tap)

    def _tap(self, speaker: str):
        def tap(pcm: bytes, timestamp: int) -> None:
            now = self._call.elapsed_ms
            theirs = timestamp / 48
            offset = self._offsets.get(speaker)
            if offset is None or abs(now - theirs - offset) > RESYNC:
                offset = self._offsets[speaker] = now - theirs
            if self._allowed():
                self._transcriber.audio(speaker, pcm, max(0, round(theirs + offset)))

        return tap

    def _allowed(self) -> bool:
        return self._call.tape.state in LISTENING or (
            self._call.tape.state == "waiting" and not self._call.tape.announces
        )

    def _on_turn(self, turn: dict) -> None:
        if not self.refused:
            self._call.emit("turn", **self._in_recording(turn))

    def _on_failed(self, kind: str, data: dict) -> None:
        """`kind`: "stt_failed" or "transcript_gap"."""
        self._call.emit(kind, **self._in_recording(data))

    def _in_recording(self, data: dict) -> dict:
        """With times of the recording, where the sound of these words is."""
        zero = round(self._call.tape.zero_ms)
        times = (name for name in data if name in TIMES)
        return data | {name: max(0, data[name] - zero) for name in times}

    def look(self) -> None:
        """The recording's state has changed."""
        if self._transcriber and not self._allowed():
            self._transcriber.pause()

    def refuse(self) -> None:
        """The customer does not want it."""
        self.refused = True
        self.close()

    def close(self) -> None:
        """The call is over; what was said last may still become a turn."""
        for cancel in self._cancels.values():
            cancel()
        self._cancels.clear()
        if self._transcriber:
            spawn(self._call.closing, self._transcriber.close())
            self._transcriber = None
