"""A call from the business to a phone (business-initiated calls)."""

import time

from ..chat import nudge, send_permission_reply
from ..errors import GraphError
from ..media import describe, sdp_check
from ..webhooks import bodies
from .call import Call


class OutboundCall(Call):
    """NEW, RINGING, ACCEPTED, ENDED; the SDP answer comes before the pick-up."""

    inbound = False

    async def start(self, sdp: object, opaque: str | None) -> None:
        """Take the business's offer and ring the phone; raises GraphError."""
        try:
            remote = sdp_check.read(sdp, "offer", self.world.switches.strict_sdp)
        except sdp_check.SdpError as error:
            code = self.world.switches.sdp_error_code
            raise GraphError(code, str(error)) from error
        self.register()
        self.business_sdp = sdp
        self.opaque = opaque
        switches, wa_id = self.world.switches, self.phone.wa_id
        setup = switches.answer_setup
        if self.world.faults.one("actpass", ("connect",), wa_id):
            setup = "actpass"
        await self.open_media()
        if self.leg:
            self.leg.connect(remote, "server" if setup == "passive" else "client")
            self.own_sdp = self.leg.answer(setup)
        else:
            self.own_sdp = describe.canned_answer(remote, setup)
        self.state = "dialing"
        delay = switches.connect_delay
        if self.world.faults.one("connect_before_reply", ("connect",), wa_id):
            self._connected()
            for delivery in self.world.sender.deliveries[-2:]:
                if delivery.call_id == self.id:
                    await delivery.done.wait()
        else:
            self.after(delay, self._connected)
        self.after(delay + switches.ring_timeout_outbound, self.ring_out)
        self.tell()

    def _connected(self) -> None:
        self.mark("connect_webhook")
        if not self.world.faults.one("no_connect", ("connect",), self.phone.wa_id):
            self.send("calls", bodies.connect(self, self.world.switches), "connect")
        if self.phone.online:
            self.after(self.world.switches.ringing_delay, self._ring)

    def _ring(self) -> None:
        if self.state != "dialing":
            return
        self.state = "ringing"
        self.mark("ringing")
        if not self.world.faults.one("no_ringing", ("RINGING",), self.phone.wa_id):
            self._status("RINGING")
        behaviour = self.phone.behaviour
        if behaviour.reject_after is not None:
            self.after(behaviour.reject_after, self.reject)
        elif behaviour.answer_after is not None:
            self.after(behaviour.answer_after, self.answer)
        self.tell()

    def answer(self) -> None:
        """The customer picks up."""
        if self.state not in ("dialing", "ringing"):
            return
        self.begin()
        wa_id = self.phone.wa_id
        late = self.world.faults.one("accepted_after_media", ("ACCEPTED",), wa_id)
        if self.world.faults.one("no_accepted", ("ACCEPTED",), wa_id):
            return
        if late:
            self.after(
                late.values.get("seconds", 1.0), lambda: self._status("ACCEPTED")
            )
        else:
            self._status("ACCEPTED")

    def reject(self) -> None:
        """The customer declines."""
        if self.state not in ("dialing", "ringing"):
            return
        self.mark("rejected")
        self._status("REJECTED")
        self.end("phone", self.world.switches.rejected_status)

    def terminate(self) -> None:
        """The business hangs up or cancels; raises GraphError when it is over."""
        if self.ended:
            raise GraphError(
                self.world.switches.ended_call_code,
                "The call has already ended",
                message="(#100) Call is already in progress, completed or failed",
            )
        self.end("business")

    def _status(self, word: str) -> None:
        at = self.answered_at if word == "ACCEPTED" else time.time()
        value = bodies.status(self, word, at or time.time(), self.world.switches)
        self.send("calls", value, word)

    def after_end(self) -> None:
        if self.answered_at is not None or self.ended_by == "business":
            return
        due = self.world.ledger.call_missed(self.number, self.phone)
        if due == "nudge":
            nudge(self.world, self.number, self.phone)
        if due == "revoke":
            send_permission_reply(
                self.world,
                self.number,
                self.phone,
                {"response": "reject", "source": "automatic"},
            )
