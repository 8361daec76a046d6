"""A call from a phone to the business (user-initiated calls)."""

from ..chat import send_permission_reply
from ..errors import GraphError
from ..media import describe, sdp_check
from ..webhooks import bodies
from .call import Call


class InboundCall(Call):
    """NEW, RINGING, [PRE_ACCEPTED], ACCEPTED, ENDED."""

    inbound = True

    async def start(self) -> None:
        """Offer the call to the business and ring."""
        self.register()
        await self.open_media()
        self.own_sdp = self.leg.offer() if self.leg else describe.canned_offer()
        if self.world.switches.upper_case_fingerprint:
            self.own_sdp = self.own_sdp.replace("sha-256", "SHA-256")
        self.state = "ringing"
        self.mark("connect_webhook")
        self.world.ledger.touched(self.number, self.phone)
        if self.world.faults.one(
            "terminate_before_connect", ("connect",), self.phone.wa_id
        ):
            self.end("phone")
            self.world.later(0.5, self._offer)
            return
        self._offer()
        self.after(self.world.switches.ring_timeout_inbound, self.ring_out)
        behaviour = self.phone.behaviour
        if behaviour.reject_after is not None:
            self.after(behaviour.reject_after, lambda: self.end("phone"))
        self.tell()

    def _offer(self) -> None:
        if not self.world.faults.one("no_connect", ("connect",), self.phone.wa_id):
            self.send("calls", bodies.connect(self, self.world.switches), "connect")

    def pre_accept(self, sdp: object) -> None:
        """Set media up while the phone still rings; raises GraphError."""
        self._require("ringing")
        self._take_sdp(sdp)
        self.state = "pre_accepted"
        self.mark("pre_accepted")
        self.tell()

    def accept(self, sdp: object, opaque: str | None) -> None:
        """Answer; the SDP must be that of pre_accept. Raises GraphError."""
        by_media = self.state == "accepted" and "accept" not in self.times
        if not by_media:
            self._require("ringing", "pre_accepted")
        if self.state != "ringing" and sdp != self.business_sdp:
            raise GraphError(
                self.world.switches.sdp_error_code,
                "The SDP of accept must be the same as the SDP of pre_accept",
            )
        if self.state == "ringing":
            self._take_sdp(sdp)
        if opaque is not None:
            self.opaque = opaque
        self.mark("accept")
        if not by_media:
            self.begin()

    def reject(self) -> None:
        """Decline; raises GraphError when there is nothing left to decline."""
        self._require("ringing", "pre_accepted")
        self.end("business", self.world.switches.rejected_status)

    def terminate(self) -> None:
        """Hang up; raises GraphError when it is over."""
        self._require("ringing", "pre_accepted", "accepted")
        self.end("business")

    def _take_sdp(self, sdp: object) -> None:
        try:
            remote = sdp_check.read(sdp, "answer", self.world.switches.strict_sdp)
        except sdp_check.SdpError as error:
            code = self.world.switches.sdp_error_code
            raise GraphError(code, str(error)) from error
        self.business_sdp = sdp
        if self.leg:
            # the business is the DTLS client (setup:active in its answer)
            self.leg.connect(remote, role="server")

    def on_first_media(self) -> None:
        super().on_first_media()
        # the phone takes the call for answered on the first of accept and media
        early = self.state == "pre_accepted"
        if early and self.world.switches.early_media_answers:
            self.begin()

    def _require(self, *states: str) -> None:
        if self.state not in states:
            word = "ended" if self.ended else "already in progress"
            raise GraphError(
                self.world.switches.ended_call_code,
                f"The call is {word}: it is in progress, completed or failed",
                message="(#100) Call is already in progress, completed or failed",
            )

    def after_end(self) -> None:
        allowed = self.number.calling.get("callback_permission_status") == "ENABLED"
        if allowed and not self.phone.companion:
            self.world.later(
                self.world.switches.automatic_permission_delay, self._grant
            )

    def _grant(self) -> None:
        """Whoever calls may be called back, where the number's setting says so."""
        entry = self.world.ledger.of(self.number.phone_number_id, self.phone.wa_id)
        if entry.valid():
            return
        entry = self.world.ledger.grant(
            self.number.phone_number_id, self.phone.wa_id, "temporary"
        )
        send_permission_reply(
            self.world,
            self.number,
            self.phone,
            {
                "response": "accept",
                "permanent": False,
                "expires": entry.expires,
                "source": "automatic",
                "context": self.id,
            },
        )
