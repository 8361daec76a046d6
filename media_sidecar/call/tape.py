"""A call's recording: announced first, refused by a key, paused, stopped, discarded.

The recorder writes; here is decided when. Its zero is the accept, so that a moment of
the call is the same moment of the recording and of the transcript. That of a voicemail
is its tone.
"""

import contextlib
import time

from ..speech.errors import SpeechError

# How long after the announcement the key still refuses. Later it may be an answer to
# something else; the operator has a button for who changes their mind.
REFUSABLE = 30.0


class Tape:
    """`state`: "off", "waiting" (for its announcement), "on", "paused", "stopped",
    "discarded" or "failed"."""

    def __init__(self, call, record: dict | None) -> None:
        self._call = call
        self.record = record
        self.recorder = None
        self.state = "off"
        self.zero_ms = 0.0  # when the recording's time begins, in that of the call
        self.on_change = None  # called after each change of `state`
        self._refusable_until: float | None = None
        self._cancels: list = []

    @property
    def announces(self) -> bool:
        """Something is played before it."""
        return bool((self.record or {}).get("announce"))

    async def announce(self) -> bool:
        """Play the announcement, if there is one; False when it was refused."""
        prompt = (self.record or {}).get("announce")
        if self.state != "off" or not self.record:
            return self.state != "discarded"
        self._become("waiting")
        if prompt:
            self._refusable_until = float("inf")
            with contextlib.suppress(SpeechError):  # told when it is played
                await self._call.packets(prompt)
            heard = False
            if self.state == "waiting":  # it may have been refused meanwhile
                heard = await self._call.play(prompt, to="both")
            self._refusable_until = time.monotonic() + REFUSABLE
            if self.state == "waiting" and not heard:
                self._failed("not_announced")  # without it nothing is recorded
            elif self.state == "waiting":
                language = prompt.get("language") or self._call.settings.language
                self._call.emit("announcement_played", language=language)
        return self.state == "waiting"

    async def begin(self) -> None:
        """Announce, then record."""
        if await self.announce():
            self.start()

    def start(self, kind: str = "call") -> None:
        """Record from now on; `kind` is "call" or "voicemail"."""
        if not self.record or self.recorder or self.state not in ("off", "waiting"):
            return
        call = self._call
        library = call.host.library
        if library is None:
            self._failed("not_available")
            return
        try:
            self.recorder = library.recorder(call.ref, self.record, kind, self._failed)
        except (KeyError, ValueError):  # no key of ours could be made of Odoo's
            self._failed("key_error")
            return
        if kind == "call":
            self.recorder.start(call.accepted_at)
        else:
            self.zero_ms = call.elapsed_ms
            self.recorder.start()
        peer = call.parties.peer
        self._cancels.append(peer.voice.tap(self.recorder.caller))
        peer.leg.on_sent = self.recorder.agent
        tracks = [name for name in ("agent", "caller") if self.record.get(name)]
        self._become("on")
        call.emit("recording_started", tracks=tracks)

    def pause(self) -> None:
        """Keep nothing: card numbers."""
        if self.state == "on":
            self.recorder.pause()
            self._tell("paused", "operator")

    def resume(self) -> None:
        if self.state == "paused":
            self.recorder.resume()
            self._become("on")
            self._call.emit("recording_resumed", **self._offset("operator"))

    def stop(self, reason: str = "operator") -> None:
        """Keep what there is; hand it over."""
        if self.state in ("on", "paused", "failed") and self.recorder:
            self._detach()
            self.recorder.stop()
            if self.state != "failed":
                self._tell("stopped", reason)
        elif self.state in ("off", "waiting"):
            self._become("stopped")

    def discard(self, reason: str = "operator") -> None:
        """Keep nothing of the whole call."""
        if self.state == "discarded" or not self.record:
            return
        offset = self._offset(reason)
        self._detach()
        if self.recorder is None and self._call.host.library:
            # never begun: Odoo learns that it is not to wait for it
            record = self.record
            self.recorder = self._call.host.library.recorder(self._call.ref, record)
        if self.recorder:
            self.recorder.discard()
        self._become("discarded")
        self._call.emit("recording_discarded", **offset)

    def on_digit(self, digit: str) -> bool:
        """Whether the digit was the refusal."""
        key = (self.record or {}).get("refuse_key")
        until = self._refusable_until
        if not key or digit != key or until is None or time.monotonic() > until:
            return False
        if self.state == "discarded":
            return False
        self._call.emit("consent_refused", key=key)
        if self.state == "waiting":
            for party in self._call.parties.all():
                party.ear.stop()  # nobody needs the rest of the announcement
        self.discard("consent_refused")
        return True

    def end(self) -> None:
        """The call is over."""
        if self.state in ("on", "paused", "failed"):
            self.stop("end")

    def _failed(self, reason: str) -> None:
        if self.state in ("discarded", "stopped"):
            return
        self._become("failed")
        self._call.emit("recording_failed", reason=reason)

    def _detach(self) -> None:
        for cancel in self._cancels:
            cancel()
        self._cancels.clear()
        if self._call.parties.peer:
            self._call.parties.peer.leg.on_sent = None

    def _tell(self, state: str, reason: str) -> None:
        offset = self._offset(reason)
        self._become(state)
        self._call.emit(f"recording_{state}", **offset)

    def _offset(self, reason: str) -> dict:
        offset = self.recorder.offset_ms if self.recorder else 0
        return {"offset_ms": offset, "reason": reason}

    def _become(self, state: str) -> None:
        self.state = state
        if self.on_change:
            self.on_change()
