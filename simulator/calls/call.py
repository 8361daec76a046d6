"""What both kinds of call share: state, times, media, the end and its webhook."""

import asyncio
import logging
import time
from typing import TYPE_CHECKING

from .. import ids
from ..errors import webhook_error
from ..media import sound
from ..media.heard import Heard
from ..media.leg import Leg
from ..model import Number, Phone
from ..webhooks import bodies
from . import capture

if TYPE_CHECKING:
    from ..world import World

logger = logging.getLogger(__name__)


class Call:
    """One call between a business number and a phone.

    ``times`` holds epoch seconds of each transition. With ``media`` False the call
    is signalling only: its SDP is valid but nobody is behind it.
    """

    inbound: bool

    def __init__(
        self, world: "World", number: Number, phone: Phone, media: bool = True
    ) -> None:
        self.world = world
        self.number = number
        self.phone = phone
        self.media = media
        self.id = ids.wacid(phone.wa_id, number.wa_id, self.inbound)
        self.state = "new"
        self.times: dict[str, float] = {"created": time.time()}
        self.own_sdp = ""
        self.business_sdp: str | None = None
        self.opaque: str | None = None
        self.deeplink_payload: str | None = None
        self.cta_payload: str | None = None
        self.answered_at: float | None = None
        self.end_status = "COMPLETED"
        self.ended_by: str | None = None
        self.errors: list[dict] = []
        self.leg: Leg | None = None
        self.sound: dict = {}
        self.recording: dict = {}  # what WhatsApp itself makes: see capture.py
        self.graph_url = ""  # where Graph was asked for it
        self.announced: str | None = None  # in which language
        self.transcript: list[dict] | None = None  # segments ordered by a test
        self._prepared: asyncio.Task | None = None
        self._page: Leg | None = None
        self._timers: list[asyncio.TimerHandle] = []

    @property
    def direction(self) -> str:
        return "USER_INITIATED" if self.inbound else "BUSINESS_INITIATED"

    @property
    def ended(self) -> bool:
        return self.state == "ended"

    def register(self) -> None:
        """From now on the call is known, and the pair is in a call."""
        self.world.calls[self.id] = self

    async def open_media(self) -> None:
        """Bind the phone's media; nothing is sent before the answer."""
        if not self.media:
            return
        self.leg = await Leg.open(self.world.media_host)
        self.leg.heard.limit_s = self.world.switches.keep_heard
        self.leg.on_first_rtp = self.on_first_media
        self.leg.on_connected = lambda: self.mark("media_connected")
        self.leg.on_digit = lambda _digit: self.tell()
        self._prepared = self.world.spawn(self._prepare())

    def on_first_media(self) -> None:
        """The business sent its first packet."""
        self.mark("first_media")

    def mark(self, name: str) -> None:
        """Keep when something happened, the first time only."""
        self.times.setdefault(name, time.time())

    def tell(self) -> None:
        """Tell phone pages and tests."""
        self.world.hub.send("call", {"call": self.as_dict()})

    def after(self, seconds: float, action) -> None:
        """A timer that dies with the call."""
        self._timers.append(self.world.later(seconds, action))

    def ring_out(self) -> None:
        """It has rung long enough; a call that was answered goes on."""
        if self.state != "accepted":
            self.end("timeout")

    def begin(self) -> None:
        """Both sides talk from now on."""
        self.state = "accepted"
        self.answered_at = time.time()
        self.mark("accepted")
        self.world.ledger.call_connected(self.number, self.phone, not self.inbound)
        if self.recording:
            self.world.spawn(capture.announce(self))
        if self.leg:
            if self.recording:
                self.leg.said = Heard(self.world.switches.keep_heard)
            # sound leaves at once: it waits in the speaker since the first ring
            self.leg.send()
            self.after(self.world.switches.no_media_start, self._check_start)
        behaviour = self.phone.behaviour
        if behaviour.hang_up_after is not None:
            self.after(behaviour.hang_up_after, lambda: self.end("phone"))
        fault = self.world.faults.one("fail", (self.id,), self.phone.wa_id)
        if fault:
            code = fault.values.get("code", 138020)
            self.after(
                fault.values.get("seconds", 0.5), lambda: self.fail(code, "ordered")
            )
        self.tell()

    async def _prepare(self) -> sound.Packets:
        """Make ready what the call, else the phone, was told to play."""
        wanted = {k: v for k, v in self.sound.items() if v is not None}
        if not {"say", "wav", "wav_base64", "tone"} & wanted.keys():
            wanted = self.phone.behaviour.sound
        try:
            packets = await sound.load(wanted)
        except sound.SoundError as error:
            logger.warning("call %s: %s", self.id, error)
            return ()
        self.leg.speaker.play(packets, bool(wanted.get("loop")))
        return packets

    async def play(self, wanted: dict) -> None:
        """Play {say|wav|wav_base64|tone, loop}; raises sound.SoundError."""
        packets = await sound.load(wanted)
        if packets and self.leg:
            self.leg.speaker.play(packets, bool(wanted.get("loop")))

    def add_page(self, page: Leg) -> None:
        """A browser hears, and may speak for, the phone; it ends with the call.

        It takes the place of the one before: two microphones would be one garble.
        """
        old, self._page = self._page, page
        if old and old is not page:
            old.listeners.clear()
            self.leg.listeners[:] = [s for s in self.leg.listeners if s != old.speaker]
            self.world.spawn(old.close())

    def _check_start(self) -> None:
        # WhatsApp ends a call that gets no media for 20 s at its start (FAQ)
        if not self.ended and not self.leg.counters.rtp_in:
            self.fail(138021, "No media received from the business")
        elif not self.ended:
            self._watch_middle()

    def _watch_middle(self) -> None:
        limit = self.world.switches.no_media_mid
        counters = self.leg.counters
        last = max(counters.last_in_at or 0, counters.last_rtcp_in_at or 0)
        left = last + limit - time.time()
        if self.ended:
            return
        if left <= 0:
            self.fail(138021, "No media received from the business")
        else:
            self.after(max(0.2, left), self._watch_middle)

    def fail(self, code: int, details: str) -> None:
        """End as FAILED with an error, as in a captured call."""
        if not self.ended:
            self.errors = [webhook_error(code, details)]
            self.end("network", "FAILED")

    def end(self, by: str, status: str | None = None) -> None:
        """End the call; `by`: phone, business, timeout, network. Twice is once."""
        if self.ended:
            return
        self.state = "ended"
        self.ended_by = by
        self.mark("ended")
        for timer in self._timers:
            timer.cancel()
        if status:
            self.end_status = status
        elif self.answered_at is None:
            self.end_status = self.unanswered_status()
        self.after_end()
        self.world.spawn(self._close_media())
        self.world.later(self.world.switches.terminate_delay, self.send_terminate)
        if self.recording and self.answered_at is not None:
            delay = self.world.switches.capture_delay
            self.world.later(delay, lambda: capture.hand_out(self))
        self.tell()

    def unanswered_status(self) -> str:
        """The status of a call that nobody answered: sources disagree."""
        switches = self.world.switches
        return switches.unanswered_status

    def after_end(self) -> None:
        """What the end means for permissions."""

    def send_terminate(self) -> None:
        """The terminate webhook."""
        if self.world.faults.one("no_terminate", (self.id,), self.phone.wa_id):
            return
        self.send("calls", bodies.terminate(self, self.world.switches), "terminate")

    def send(self, field: str, value: dict, *names: str):
        """Send a webhook about this call."""
        return self.world.sender.send(
            self.number, field, value, names, self.id, self.phone.wa_id
        )

    async def _close_media(self) -> None:
        for leg in (self._page, self.leg):
            if leg:
                await leg.close()

    async def release(self) -> None:
        """Free everything without a webhook (reset, stop)."""
        self.state = "ended"
        for timer in self._timers:
            timer.cancel()
        await self._close_media()

    def as_dict(self) -> dict:
        """The call as the control API shows it."""
        data = {
            "id": self.id,
            "wacid": self.id,
            "direction": "inbound" if self.inbound else "outbound",
            "state": self.state,
            "as_of": time.time_ns() // 1000,
            "business": self.number.wa_id,
            "phone_number_id": self.number.phone_number_id,
            "business_name": self.number.name,
            "wa_id": self.phone.wa_id,
            "name": self.phone.name,
            "times": self.times,
            "answered_at": self.answered_at,
            "ended_by": self.ended_by,
            "end_status": self.end_status if self.ended else None,
            "errors": self.errors,
            "opaque": self.opaque,
            "media": self.media,
            "recording": self.recording,
            "announced": self.announced,
        }
        if self.leg:
            data["rtp"] = vars(self.leg.counters)
            data["dtmf"] = self.leg.digits.text
            data["dtmf_events"] = self.leg.digits.digits
            data["connected"] = self.leg.connected
            data["muted"] = self.leg.speaker.muted
        return data
