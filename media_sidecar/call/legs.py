"""A call's legs: opened, connected, lost and back, let go.

A lost operator is not taken out: the same browser may come back, or another one that
asks for the place gets it once it is connected.
"""

import logging

from ..errors import ApiError
from ..rtc.leg import Leg
from .parties import MONITOR, Party
from .routes import CONSULT, OPERATOR, PEER
from .tasks import spawn

logger = logging.getLogger(__name__)

HIDDEN = "•"  # for a digit typed while the recording is paused: a card number's
DIGIT_MS = 160  # how long a digit of ours lasts


class Legs:
    """Of one call; who has which place is in `call.parties`."""

    def __init__(self, call) -> None:
        self._call = call
        self._parties = call.parties

    async def open_peer(self, offer: str | None) -> str:
        """WhatsApp's leg; its SDP. Raises SdpRefused, OSError."""
        leg = await Leg.open("whatsapp", self._call.host.ice)
        party = Party(PEER, PEER, leg)
        try:
            party.sdp = await (leg.answer(offer) if offer else leg.offer())
            self._call.check_live()
        except BaseException:
            await leg.close()
            raise
        self._join(party)
        return party.sdp

    async def set_answer(self, answer: str) -> None:
        """WhatsApp's answer to our offer. Raises SdpRefused, ApiError 422."""
        if self._call.direction != "outbound":
            raise ApiError(422, "not_outbound", "WhatsApp made the offer of this call.")
        await self._parties.peer.leg.set_answer(answer)

    async def add(self, ref: str, role: str, mode: str, offer: str) -> str:
        """A browser; our SDP. Raises SdpRefused, OSError."""
        leg = await Leg.open("browser", self._call.host.ice)
        party = Party(ref, role, leg, mode if role == MONITOR else "talk")
        try:
            party.sdp = await leg.answer(offer)
            self._call.check_live()
        except BaseException:
            await leg.close()
            raise
        leg.start_sending()
        for before in self._join(party):
            self._say_goodbye(before)
        return party.sdp

    def _join(self, party: Party) -> list[Party]:
        leg = party.leg
        leg.on_state = lambda state: self._on_state(party, state)
        leg.on_digit = lambda digit, ms: self._on_digit(party, digit, ms)
        return self._parties.add(party)

    def _on_state(self, party: Party, state: str) -> None:
        if party not in self._parties.all():
            return
        if state == "connected":
            self.connected(party)
        elif party.role == PEER:
            self._call.emit("peer_lost", reason=state)
            if state in ("failed", "closed"):
                self._call.end("peer")
        elif state == "disconnected":
            self.lost(party, state)
        else:
            self.leave(party, state)

    def connected(self, party: Party) -> None:
        """It is there, or there again."""
        if party.state == "connected":
            return
        party.state = "connected"
        if party.role == PEER:
            self._call.emit("peer_connected")
        else:
            if party is self._parties.arriving:
                self.promote(party)
                self._call.stage.end(OPERATOR)  # whoever answered steps back
            self._call.emit("leg_connected", **party.facts())
        self._call.reroute()

    def promote(self, party: Party) -> None:
        """Somebody becomes the operator; the one before is let go."""
        before = self._parties.promote(party)
        if before:
            self._say_goodbye(before)

    def lost(self, party: Party, reason: str) -> None:
        """Nothing comes from a browser; it may come back."""
        if party.state == "connected":
            party.state = "lost"
            self._call.emit("leg_lost", **party.facts(), reason=reason)
            self._call.reroute()

    def leave(self, party: Party, reason: str) -> None:
        """A browser is gone for good."""
        self._parties.drop(party)
        if party.state != "lost":
            self._call.emit("leg_lost", **party.facts(), reason=reason)
        self._close(party)
        self._call.reroute()

    def let_go(self, party: Party) -> None:
        """Odoo has no more use for a browser."""
        self._parties.drop(party)
        self._say_goodbye(party)
        self._call.reroute()

    def _say_goodbye(self, party: Party) -> None:
        self._call.emit("leg_closed", **party.facts())
        self._close(party)

    def _close(self, party: Party) -> None:
        party.leg.on_state = party.leg.on_digit = None
        party.ear.stop()
        # not among the tasks that the call's end gives up: its sockets would stay
        spawn(self._call.closing, party.leg.close())

    def close_all(self) -> None:
        """The call is over."""
        for party in self._parties.all():
            self._close(party)

    def _on_digit(self, party: Party, digit: str, milliseconds: int) -> None:
        call = self._call
        if party.role == PEER:
            self._tell_digit(digit, milliseconds, PEER)
            call.on_digit(digit)
        elif party is self._parties.operator and not call.held and call.talk != CONSULT:
            self.send_digits(digit)

    def send_digits(self, digits: str) -> None:
        """To WhatsApp; raises ApiError 422 when it cannot take any."""
        try:
            self._parties.peer.leg.send_digits(digits)
        except ValueError as error:
            text = f"Digits cannot be sent: {error}."
            raise ApiError(422, "no_digits", text) from error
        for digit in digits:
            self._tell_digit(digit, DIGIT_MS, OPERATOR)

    def _tell_digit(self, digit: str, milliseconds: int, who: str) -> None:
        shown = HIDDEN if self._call.tape.state == "paused" else digit
        data = {"digit": shown, "duration_ms": milliseconds, "from": who}
        self._call.emit("dtmf", **data)
