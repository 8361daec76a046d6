"""One call: the customer at WhatsApp, who talks to them, and what is done about it.

Odoo's commands are methods (async where a leg is opened); what happens is told with
`emit`. All runs on the media loop; nothing here waits for a disk or for Odoo.
"""

import logging
import time

from ..errors import ApiError
from ..rtc.leg import Leg
from ..rtc.ticker import Ticker
from ..speech.errors import SpeechError
from . import quality, watchdog
from .host import Host
from .mixer import Mixer
from .parties import MONITOR, Parties, Party
from .routes import CONSULT, OPERATOR, PEER, hearings
from .settings import Settings
from .stage import Stage
from .tape import Tape
from .tasks import spawn
from .transcript import Transcript

logger = logging.getLogger(__name__)

LOOK_EVERY = 0.25  # seconds between two looks of the watchdog
CONNECTING = 30.0  # seconds a browser may take
HIDDEN = "•"  # for a digit typed while the recording is paused: a card number's


class Call:
    """`state`: "opened", "accepted", "ended"."""

    def __init__(self, ref: str, direction: str, settings: Settings, host: Host):
        self.ref = ref
        self.direction = direction
        self.settings = settings
        self.host = host
        self.parties = Parties()
        self.talk = PEER
        self.held = False
        self.opened_at = time.monotonic()
        self.accepted_at: float | None = None
        self.ended_at: float | None = None
        self.reason = ""
        self.tasks: set = set()
        self.mixer = Mixer()
        self.tape = Tape(self, settings.record)
        self.transcript = Transcript(self, settings.transcribe)
        self.stage = Stage(self)
        self.done_ids: set[str] = set()  # of commands that must not be done twice
        self._music: list[bytes] | None = None
        self._alone_since: float | None = None
        self._silent_told = False
        self._look_at = 0.0
        self._quality_at = time.monotonic() + quality.EVERY
        self._handle = Ticker.of_loop().every_20ms(self._tick)
        spawn(self.tasks, self._fetch_music())

    # ---- what happens

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

    # ---- legs

    async def open_peer(self, offer: str | None) -> str:
        """WhatsApp's leg; its SDP. Raises SdpRefused, OSError."""
        leg = await Leg.open("whatsapp", self.host.ice)
        party = Party(PEER, PEER, leg)
        try:
            party.sdp = await (leg.answer(offer) if offer else leg.offer())
        except BaseException:
            await leg.close()
            raise
        self._join(party)
        return party.sdp

    async def set_answer(self, answer: str) -> None:
        """WhatsApp's answer to our offer. Raises SdpRefused."""
        if self.direction != "outbound":
            raise ApiError(422, "not_outbound", "WhatsApp made the offer of this call.")
        await self.parties.peer.leg.set_answer(answer)

    async def add_leg(self, ref: str, role: str, mode: str, offer: str) -> str:
        """A browser; our SDP. Raises SdpRefused, OSError."""
        leg = await Leg.open("browser", self.host.ice)
        party = Party(ref, role, leg, mode if role == MONITOR else "talk")
        try:
            party.sdp = await leg.answer(offer)
            self.check_live()
        except BaseException:
            await leg.close()
            raise
        leg.start_sending()
        for before in self._join(party):
            self._let_go(before)
        return party.sdp

    def _join(self, party: Party) -> list[Party]:
        leg = party.leg
        leg.on_state = lambda state: self._on_state(party, state)
        leg.on_digit = lambda digit, ms: self._on_digit(party, digit, ms)
        before = self.parties.add(party)
        if leg.state == "connected":
            self._on_state(party, "connected")
        return before

    def check_live(self) -> None:
        if self.ended_at is not None:
            raise ApiError(404, "call_ended", "The call has ended.")

    def _on_state(self, party: Party, state: str) -> None:
        if self.ended_at is not None or party not in self.parties.all():
            return
        if state == "connected":
            self._connected(party)
        elif party.role == PEER:
            self.emit("peer_lost", reason=state)
            if state in ("failed", "closed"):
                self.end("peer")
        elif state == "disconnected":
            self._lost(party, state)
        else:
            self.leave(party, state)

    def _connected(self, party: Party) -> None:
        if party.state == "connected":
            return
        party.state = "connected"
        if party.role == PEER:
            self.emit("peer_connected")
        else:
            if party is self.parties.arriving:
                before = self.parties.promote(party)
                if before:
                    self._let_go(before, OPERATOR)
            self.emit("leg_connected", **party.facts())
        self.reroute()

    def _lost(self, party: Party, reason: str) -> None:
        """Nothing comes from a browser; it may come back."""
        if party.state == "connected":
            party.state = "lost"
            self.emit("leg_lost", **party.facts(), reason=reason)
            self.reroute()

    def leave(self, party: Party, reason: str) -> None:
        """A browser is gone for good."""
        was_lost = party.state == "lost"
        self.parties.drop(party)
        if not was_lost:
            self.emit("leg_lost", **party.facts(), reason=reason)
        self._close_leg(party)
        self.reroute()

    def let_go(self, party: Party) -> None:
        """Odoo has no more use for a browser."""
        self.parties.drop(party)
        self._let_go(party)
        self.reroute()

    def _let_go(self, party: Party, role: str = "") -> None:
        self.emit("leg_closed", leg=party.ref, role=role or party.role)
        self._close_leg(party)

    def _close_leg(self, party: Party) -> None:
        party.leg.on_state = party.leg.on_digit = None
        party.ear.stop()
        spawn(self.tasks, party.leg.close())

    def _on_digit(self, party: Party, digit: str, milliseconds: int) -> None:
        if party.role == PEER:
            self._told_digit(digit, milliseconds, "peer")
            if not self.tape.on_digit(digit):
                self.stage.on_digit(digit)
            elif self.tape.state == "discarded":
                self.transcript.refuse()
        elif party is self.parties.operator and not self.held and self.talk != CONSULT:
            self.send_digits(digit)

    def _told_digit(self, digit: str, milliseconds: int, who: str) -> None:
        shown = HIDDEN if self.tape.state == "paused" else digit
        self.emit("dtmf", digit=shown, duration_ms=milliseconds, **{"from": who})

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
        if not await self.stage.begin():
            await self.tape.begin()

    def hold(self, on: bool) -> None:
        """Music for the customer."""
        if on != self.held:
            self.held = on
            self.emit("held", on=on, by="operator")
            self.reroute()

    def talk_with(self, whom: str) -> None:
        """Whom the operator hears: "peer", "consult" or "both"."""
        self.talk = whom
        self.reroute()

    def transfer(self, party: Party) -> None:
        """A colleague takes over."""
        if party is self.parties.operator:
            return
        if party.state != "connected":
            raise ApiError(422, "not_connected", "This leg is not connected.")
        before = self.parties.promote(party)
        if before:
            self._let_go(before)
        self.talk = PEER
        self.hold(False)
        self.reroute()

    def set_mode(self, party: Party, mode: str) -> None:
        """What a monitor does."""
        if party.role != MONITOR:
            raise ApiError(422, "no_monitor", "Only who listens in has a mode.")
        party.mode = mode
        self.reroute()

    def send_digits(self, digits: str) -> None:
        """To WhatsApp; raises ApiError 422 when it cannot take any."""
        try:
            self.parties.peer.leg.send_digits(digits)
        except ValueError as error:
            raise ApiError(422, "no_digits", f"{error}.".capitalize()) from error
        for digit in digits:
            self._told_digit(digit, 160, OPERATOR)

    async def play(self, prompt: dict, to: str = PEER) -> bool:
        """Play a prompt to "peer", "operator" or "both".

        False when it was broken off, or cannot be spoken (which is told).
        """
        try:
            packets = await self.packets(prompt)
        except SpeechError as error:
            self._tts_failed(error.data())
            return False
        self.check_live()
        wanted = {PEER: [PEER], OPERATOR: [OPERATOR]}.get(to, [PEER, OPERATOR])
        places = {PEER: self.parties.peer, OPERATOR: self.parties.operator}
        playing = [
            places[name].ear.play(packets)
            for name in wanted
            if places[name] and (name == PEER or places[name].state == "connected")
        ]
        return all([await each for each in playing])

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
        self.transcript.follow(self.parties.peer, self.parties.operator)
        self._note_alone()

    async def _fetch_music(self) -> None:
        try:
            self._music = await self.packets(self.settings.hold)
        except SpeechError as error:
            self._tts_failed(error.data())
            self._music = await self.packets({"music": "hold"})
        self.reroute()

    async def packets(self, prompt: dict) -> list[bytes]:
        """A prompt in this call's voice; raises SpeechError."""
        prompts, speech = self.host.prompts, self.settings.speech
        return await prompts.packets(prompt, speech, self._tts_failed)

    def _tts_failed(self, data: dict) -> None:
        """Something could not be spoken as wished; the call goes on."""
        self.emit("tts_failed", **data)

    def _note_alone(self) -> None:
        operator = self.parties.operator
        someone = (operator and operator.state == "connected") or self.stage.running
        if someone or self.accepted_at is None:
            self._alone_since = None
        elif self._alone_since is None:
            self._alone_since = time.monotonic()

    def _tick(self, now: float) -> None:
        everybody = self.parties.all()
        for party in everybody:
            party.voice.tick(now)
        self.mixer.tick(now)
        for party in everybody:
            party.ear.tick(now)
        if now >= self._look_at:
            self._look_at = now + LOOK_EVERY
            self._look(time.monotonic())

    # ---- the end

    def _look(self, now: float) -> None:
        for party in self.parties.all():
            if party.role != PEER:
                self._look_at_browser(party, now)
        look = self._state_of_things(now)
        silence = watchdog.silence(look)
        if silence > watchdog.SILENT and not self._silent_told:
            self.emit("peer_silent", seconds=round(silence))
        self._silent_told = silence > watchdog.SILENT
        if now >= self._quality_at:
            self._quality_at = now + quality.EVERY
            self._tell_quality()
        reason = watchdog.verdict(look, self.settings.watch)
        if reason:
            self.end(reason)

    def _look_at_browser(self, party: Party, now: float) -> None:
        last = party.voice.last_at
        if party.state == "new" and now - party.opened_at > CONNECTING:
            self.leave(party, "timeout")
        elif last is not None and party.state == "connected":
            if now - last > watchdog.LOST:
                self._lost(party, "silent")
        elif last is not None and party.state == "lost" and now - last < 0.5:
            if party.leg.state == "connected":
                self._connected(party)

    def _state_of_things(self, now: float) -> watchdog.Look:
        arriving = self.parties.arriving
        peer, operator = self.parties.peer, self.parties.operator
        heard_at = peer.voice.last_at if peer else None
        talking = operator is not None and operator.state == "connected"
        return watchdog.Look(
            now=now,
            opened_at=self.opened_at,
            accepted_at=self.accepted_at,
            heard_at=heard_at,
            alone_since=self._alone_since,
            arriving_since=arriving.opened_at if arriving else None,
            talking=talking and not self.held,
            odoo_silent=self.host.odoo_silent(),
        )

    def _tell_quality(self) -> None:
        for party in self.parties.all():
            data = quality.told(party)
            if data and party.state != "new":
                self.emit("quality", **data)

    def described(self) -> dict:
        """What GET /v1/calls/{call} answers."""
        seconds = round(self.elapsed_ms / 1000, 1)
        legs = [quality.described(party) for party in self.parties.all()]
        program = self.stage.spec["kind"] if self.stage.spec else ""
        return {
            "call": self.ref,
            "direction": self.direction,
            "state": self.state,
            "reason": self.reason,
            "seconds": seconds,
            "held": self.held,
            "talk": self.talk,
            "recording": self.tape.state,
            "program": program,
            "legs": legs,
        }

    def give_up(self) -> None:
        """It could not be opened: nothing of it is told."""
        self.ended_at = time.monotonic()
        self._handle.cancel()
        for task in list(self.tasks):
            task.cancel()
        for party in self.parties.all():
            self._close_leg(party)

    def end(self, reason: str) -> None:
        """End the call; a second time changes nothing."""
        if self.ended_at is not None:
            return
        self.stage.end(reason)
        self._tell_quality()
        self.tape.end()
        seconds = round(self.elapsed_ms / 1000, 1)
        self.ended_at, self.reason = time.monotonic(), reason
        self._handle.cancel()
        self.transcript.close()
        self.emit("ended", reason=reason, seconds=seconds)
        for task in list(self.tasks):
            task.cancel()
        for party in self.parties.all():
            self._close_leg(party)
        self.host.ended(self)
        facts = {"call": self.ref, "reason": reason, "seconds": seconds}
        logger.info("Call ended", extra={"facts": facts})
