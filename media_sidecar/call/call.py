"""One call: the customer at WhatsApp, who talks to them, and what is done about it.

Odoo's commands are methods here and in `legs`; what happens is told with `emit`. All
runs on the media loop; nothing here waits for a disk or for Odoo.
"""

import logging
import time
from collections.abc import Callable
from functools import partial

from ..errors import ApiError
from ..rtc.ticker import Ticker
from ..speech.errors import SpeechError
from . import quality
from .guard import Guard
from .host import Host
from .legs import Legs
from .mixer import Mixer
from .parties import MONITOR, Parties, Party
from .routes import OPERATOR, PEER, hearings
from .settings import Settings
from .stage import Stage
from .tape import Tape
from .tasks import spawn
from .transcript import Transcript

logger = logging.getLogger(__name__)


class Call:
    """`state`: "opened", "accepted", "ended"."""

    def __init__(self, ref: str, direction: str, settings: Settings, host: Host):
        self.ref = ref
        self.direction = direction
        self.settings = settings
        self.host = host
        self.talk = PEER
        self.held = False
        self.opened_at = time.monotonic()
        self.accepted_at: float | None = None
        self.ended_at: float | None = None
        self.reason = ""
        self.tasks: set = set()  # given up at the end
        self.closing: set = set()  # sockets that are closed; waited for
        self._ending = False
        self.done_ids: set[str] = set()  # of commands that must not be done twice
        self.parties = Parties()
        self.legs = Legs(self)
        self.mixer = Mixer()
        self.tape = Tape(self, settings.record)
        self.transcript = Transcript(self, settings.transcribe)
        self.tape.on_change = self.transcript.look
        self.stage = Stage(self)
        self.guard = Guard(self)
        self._music: list[bytes] | None = None
        self._handle = Ticker.of_loop().every_20ms(self._tick)
        spawn(self.tasks, self._fetch_music())

    @property
    def state(self) -> str:
        if self.ended_at is not None:
            return "ended"
        return "opened" if self.accepted_at is None else "accepted"

    @property
    def elapsed_ms(self) -> float:
        """Milliseconds since the accept; 0 before."""
        if self.accepted_at is None:
            return 0.0
        return 1000 * ((self.ended_at or time.monotonic()) - self.accepted_at)

    @property
    def recorder(self):
        """The recorder, once there is one."""
        return self.tape.recorder

    def emit(self, kind: str, **data) -> None:
        """Tell Odoo."""
        self.host.emit(self.ref, kind, data)

    def check_live(self) -> None:
        """Raise ApiError 404 when it is over."""
        if self.ended_at is not None:
            raise ApiError(404, "call_ended", "The call has ended.")

    # ---- what Odoo wants

    def accepted(self) -> None:
        """WhatsApp took the accept: sound may leave. A second time changes nothing."""
        if self.accepted_at is not None:
            return
        self.accepted_at = time.monotonic()
        self.parties.peer.leg.start_sending()
        self.reroute()
        spawn(self.tasks, self._begin())

    async def _begin(self) -> None:
        self.transcript.start()
        if not self.stage.begin():
            await self.tape.begin()

    def hold(self, on: bool) -> None:
        """Music for the customer."""
        if on != self.held:
            self.held = on
            self.emit("held", on=on, by=OPERATOR)
            self.reroute()

    def talk_with(self, whom: str) -> None:
        """Whom the operator hears: "peer", "consult" or "both"."""
        self.talk = whom
        self.reroute()

    def transfer(self, party: Party) -> None:
        """A colleague takes over; raises ApiError 422 when not connected."""
        if party is self.parties.operator:
            return
        if party.state != "connected":
            raise ApiError(422, "not_connected", "This leg is not connected.")
        self.legs.promote(party)
        self.talk = PEER
        self.hold(False)
        self.reroute()

    def set_mode(self, party: Party, mode: str) -> None:
        """What a monitor does; raises ApiError 422 for anybody else."""
        if party.role != MONITOR:
            raise ApiError(422, "no_monitor", "Only who listens in has a mode.")
        party.mode = mode
        self.reroute()

    async def play(self, prompt: dict, to: str = PEER) -> bool:
        """Play a prompt to "peer", "operator" or "both"; of both the peer counts.

        False when it was broken off, or cannot be spoken (which is told). Raises
        ApiError 404 when the call ended before it began.
        """
        try:
            packets = await self.packets(prompt)
        except SpeechError as error:
            self._tts_failed(error.data())
            return False
        self.check_live()
        peer, operator = self.parties.peer, self.parties.operator
        hearers = [peer] if to != OPERATOR else []
        if to != PEER and operator and operator.state == "connected":
            hearers.append(operator)
        playing = [party.ear.play(packets) for party in hearers]
        heard = [await each for each in playing]
        return bool(heard) and heard[0]

    def on_digit(self, digit: str) -> None:
        """A digit of the customer's."""
        if self.tape.on_digit(digit):
            self.transcript.refuse()
        else:
            self.stage.on_digit(digit)

    # ---- sound

    def reroute(self) -> None:
        """Connect everybody as the state of the call says."""
        if self.ended_at is not None:
            return
        named = self.parties.named()
        heard = hearings(self.parties.scene(self.talk, self.held))
        everybody = self.parties.all()
        for party in everybody:
            party.ear.music = None
        for name, hearing in heard.items():
            if hearing.music:
                named[name].ear.music = self._music
        self.mixer.connect(
            {
                named[name].ear: frozenset(named[ref].voice for ref in hearing.voices)
                for name, hearing in heard.items()
            },
            [party.voice for party in everybody],
        )
        heard_by_peer = heard[PEER].voices if PEER in heard else ()
        # what an operator says to a colleague is not part of the conversation
        agent = self.parties.operator if OPERATOR in heard_by_peer else None
        self.transcript.follow(self.parties.peer, agent)
        self.guard.note_alone()

    async def packets(self, prompt: dict) -> list[bytes]:
        """A prompt in this call's voice; raises SpeechError."""
        prompts, speech = self.host.prompts, self.settings.speech
        return await prompts.packets(prompt, speech, self._tts_failed)

    async def _fetch_music(self) -> None:
        try:
            self._music = await self.packets(self.settings.hold)
        except SpeechError as error:
            self._tts_failed(error.data())
            self._music = await self.packets({"music": "hold"})
        self.reroute()

    def _tts_failed(self, data: dict) -> None:
        """Something could not be spoken as wished; the call goes on."""
        self.emit("tts_failed", **data)

    def _tick(self, now: float) -> None:
        try:
            self._move(now)
            self.guard.look(now)
        except Exception:
            logger.exception("A call failed")
            self.end("error")

    def _move(self, now: float) -> None:
        """20 ms of sound for everybody."""
        everybody = self.parties.all()
        for party in everybody:
            party.voice.tick(now)
        self.mixer.tick(now)
        for party in everybody:
            party.ear.tick(now)

    # ---- the end

    def end(self, reason: str) -> None:
        """End the call; a second time changes nothing."""
        if self.ended_at is not None or self._ending:
            return
        self._ending = True
        self._try(partial(self.stage.end, reason))
        self._try(self.guard.tell_quality)
        self._try(self.tape.end)
        self.ended_at, self.reason = time.monotonic(), reason
        seconds = round(self.elapsed_ms / 1000, 1)
        self.emit("ended", reason=reason, seconds=seconds)
        self.give_up()
        self._try(self.transcript.close)
        self.host.ended(self)
        facts = {"call": self.ref, "reason": reason, "seconds": seconds}
        logger.info("Call ended", extra={"facts": facts})

    def _try(self, last: Callable[[], object]) -> None:
        """Something to be done at the end, which comes whether it fails or not."""
        try:
            last()
        except Exception:
            logger.exception("The end of a call")

    def give_up(self) -> None:
        """Stop everything; of a call that could not be opened nothing is told."""
        self.ended_at = self.ended_at or time.monotonic()
        self._handle.cancel()
        for task in list(self.tasks):
            task.cancel()
        self.legs.close_all()

    def described(self) -> dict:
        """What GET /v1/calls/{call} answers."""
        return {
            "call": self.ref,
            "direction": self.direction,
            "state": self.state,
            "reason": self.reason,
            "seconds": round(self.elapsed_ms / 1000, 1),
            "held": self.held,
            "talk": self.talk,
            "recording": self.tape.state,
            "program": self.stage.spec["kind"] if self.stage.spec else "",
            "legs": [quality.described(party) for party in self.parties.all()],
        }
