"""Where programs run: voicemail, later an assistant. One has the call at a time.

A program is made with (call, spec) and has `async run()`. It uses

- `await call.play(prompt)`: True when it was heard to the end
- `call.stage.announce()`: the recording's announcement, if it has one; False: refused
- `call.stage.record()`: begin the recording, as a voicemail; `call.recorder`
- `call.stage.digits(on_digit)` and `call.stage.sound(on_sound)`: what comes from the
  customer; each returns a function that ends it. Sound is mono s16le at 16 kHz
- `call.emit(kind, **data)`, `call.end("program")` when it is done
- `stop(reason)`, called once when the call ends under it ("peer", "odoo", ...) or an
  operator takes it ("operator"); `run` is cancelled after that
"""

import asyncio
import logging
from collections.abc import Callable

from ..errors import ApiError
from .tasks import spawn

logger = logging.getLogger(__name__)


class Stage:
    """`spec` is what Odoo asked for; it begins with the accept."""

    def __init__(self, call) -> None:
        self._call = call
        self.spec: dict | None = None
        self.program = None
        self._task: asyncio.Task | None = None
        self._on_digits: list[Callable[[str], None]] = []

    @property
    def running(self) -> bool:
        """A program has the call, or will have it with the accept."""
        return self.spec is not None

    def ask(self, spec: dict) -> None:
        """Run `spec` from the accept on; the same kind again changes nothing."""
        if self.spec:
            if self.spec["kind"] != spec["kind"]:
                raise ApiError(422, "program_runs", "Another program has this call.")
            return
        if spec["kind"] not in self._call.host.programs:
            raise ApiError(422, "no_program", "This sidecar has no such program.")
        self.spec = spec
        # of a call that was opened for people, and was to be recorded for none
        self._call.tape.record = self._call.tape.record or spec.get("record")
        self._call.transcript.want(spec.get("transcribe"))
        if self._call.accepted_at is not None:
            self._start()
        self._call.reroute()

    def begin(self) -> bool:
        """With the accept: whether a program has the call."""
        if self.spec and not self._task:
            self._start()
        return self.spec is not None

    def _start(self) -> None:
        self.program = self._call.host.programs[self.spec["kind"]](
            self._call, self.spec
        )
        self._task = spawn(self._call.tasks, self._run())

    async def _run(self) -> None:
        order = (self._call.tape.record or {}).get("order", "before")
        try:
            if order == "before":
                await self._call.tape.announce()
            await self.program.run()
        except ApiError:
            pass  # the call ended
        except Exception:
            logger.exception("A program failed")
            self._call.end("error")
        else:
            self.spec = None
            self._call.reroute()

    async def announce(self) -> bool:
        """The announcement, unless it was played before; False when refused."""
        return await self._call.tape.announce()

    def record(self) -> None:
        """Begin the recording, as a voicemail."""
        self._call.tape.start("voicemail")

    def digits(self, on_digit: Callable[[str], None]) -> Callable[[], None]:
        """The customer's digits, until the returned function is called."""
        self._on_digits.append(on_digit)
        return lambda: on_digit in self._on_digits and self._on_digits.remove(on_digit)

    def sound(self, on_sound: Callable[[bytes, int], None]) -> Callable[[], None]:
        """The customer's sound and its time stamps (48 kHz), until cancelled."""
        return self._call.parties.peer.voice.hear(on_sound)

    def on_digit(self, digit: str) -> None:
        for on_digit in list(self._on_digits):
            on_digit(digit)

    def end(self, reason: str) -> None:
        """The call ends, or an operator takes it: the program may say what it has."""
        program, self.program, self.spec = self.program, None, None
        if program:
            program.stop(reason)
        if self._task and self._task is not asyncio.current_task():
            self._task.cancel()
