"""One end of a call's media: towards WhatsApp, or towards somebody's browser."""

import asyncio
import contextlib
import itertools
import logging
import secrets
import time
from collections.abc import Callable
from dataclasses import replace

import pylibsrtp

from . import dtmf, rtcp, sdp
from .ice import IceOptions
from .inlet import Inlet
from .outlet import Outlet
from .packet import FRAME, SILENCE, Packet
from .private import Agent, Dtls
from .sdp import Remote, SdpRefused
from .stats import LegStats, measure
from .ticker import Ticker
from .wire import Wire

logger = logging.getLogger(__name__)

CONNECTING = 30.0  # seconds ICE and DTLS may take together
# Without any packet, STUN included, for this long a peer counts as gone. Browsers
# check the connection every 2.5 s; WhatsApp only answers, and we ask every 4 to 6 s.
GONE = {"browser": 4.0, "whatsapp": 10.0}
WHATSAPP_DTMF = 126  # payload type of telephone events
PAYLOAD = 1200  # bytes a sent packet may have

_sources = itertools.count(1)

__all__ = ["IceOptions", "Leg", "LegStats", "SdpRefused"]


class Leg:
    """A WebRTC peer of ours with one stream each way.

    Use `open`, then `answer(offer)`, or `offer` and `set_answer`. ICE and DTLS come up
    by themselves; `on_state` tells. Nothing is sent before `start_sending`; from then
    on something is sent always, silence if need be.

    Callbacks are plain attributes, called on the loop: `on_packet(Packet)` for each
    packet at its arrival, `on_digit(digit, milliseconds)`, `on_state(state)` with
    "connected", "disconnected" (nothing comes any more; "connected" may follow),
    "failed" or "closed", and `on_sent(payload, timestamp)` for each Opus packet that
    left, whoever's it was, with the time stamp it has on the wire (32 bits).
    """

    def __init__(self, kind: str, ice: IceOptions) -> None:
        self.kind = kind
        self.state = "new"
        self.on_packet: Callable[[Packet], None] | None = None
        self.on_digit: Callable[[str, int], None] | None = None
        self.on_state: Callable[[str], None] | None = None
        self.on_sent: Callable[[bytes, int], None] | None = None
        self._ice = ice
        self._agent = Agent(ice, self._on_media, self._on_dtls, self._on_lost)
        self._wire = Wire(self._agent.transmit)
        self._dtls = Dtls(self._wire)
        self._ssrc = 1 + secrets.randbelow(0xFFFFFFFE)
        self._remote: Remote | None = None
        self._source = next(_sources)
        self._inlet: Inlet | None = None
        self._outlet: Outlet | None = None
        self._reports: rtcp.Reports | None = None
        self._digits: dtmf.DigitReader | None = None
        self._dialler: dtmf.Dialler | None = None
        self._sending = False
        self._task: asyncio.Task | None = None
        self._handle = None
        self._heard_at = 0.0
        self._report_at = 0.0
        self._protect = self._unprotect = None

    @classmethod
    async def open(cls, kind: str, ice: IceOptions | None = None) -> "Leg":
        """Bind the sockets of a leg; `kind` is "whatsapp" or "browser".

        Raises OSError when no UDP port is free.
        """
        leg = cls(kind, ice or IceOptions())
        try:
            await leg._agent.gather_candidates()
        except BaseException:
            await leg.close()
            raise
        return leg

    async def answer(self, offer: str) -> str:
        """Our answer to the peer's offer; raises SdpRefused."""
        if self._remote is not None:
            raise SdpRefused("Another offer was answered before")
        remote = sdp.read(offer, "offer")
        self._agent.ice_controlling = remote.lite
        # RFC 8842: who answers is the client wherever it may choose.
        client = remote.setup != "active"
        text = self._describe("active" if client else "passive", remote)
        await self._begin(remote, "client" if client else "server")
        return text

    async def offer(self) -> str:
        """Our offer; `set_answer` comes next."""
        self._agent.ice_controlling = True
        return self._describe("actpass", None)

    async def set_answer(self, answer: str) -> None:
        """Take the peer's answer to our offer; raises SdpRefused.

        The same again changes nothing: WhatsApp repeats its webhooks.
        """
        remote = sdp.read(answer, "answer")
        if self._remote is not None:
            if (remote.ufrag, remote.fingerprint) == (
                self._remote.ufrag,
                self._remote.fingerprint,
            ):
                return
            raise SdpRefused("Another answer was taken before")
        await self._begin(remote, "server" if remote.setup == "active" else "client")

    def _describe(self, setup: str, remote: Remote | None) -> str:
        return sdp.write(
            candidates=self._ice.told(self._agent.local_candidates),
            ufrag=self._agent.local_username,
            password=self._agent.local_password,
            fingerprint=self._dtls.fingerprint,
            ssrc=self._ssrc,
            setup=setup,
            remote=remote,
        )

    async def _begin(self, remote: Remote, role: str) -> None:
        if self.kind == "whatsapp" and remote.dtmf is None:
            # On calls we place Meta assumes 126 and 8000 Hz, whatever was agreed
            remote = replace(remote, dtmf=WHATSAPP_DTMF, dtmf_rate=8000)
        self._remote = remote
        self._inlet = Inlet(remote.opus, remote.dtmf, self._ssrc, self._source)
        self._outlet = Outlet(remote.opus, remote.dtmf, self._ssrc)
        self._reports = rtcp.Reports(self._inlet, self._outlet)
        self._dialler = dtmf.Dialler(self._outlet, remote.dtmf_rate)
        self._digits = dtmf.DigitReader(self._tell_digit, remote.dtmf_rate)
        self._agent.remote_is_lite = remote.lite
        self._agent.remote_username = remote.ufrag
        self._agent.remote_password = remote.password
        for candidate in remote.candidates:
            await self._agent.add_remote_candidate(candidate)
        self._task = asyncio.create_task(self._connect(role))

    async def _connect(self, role: str) -> None:
        try:
            async with asyncio.timeout(CONNECTING):
                await self._agent.connect()
                done = await self._dtls.shake_hands(role, self._remote.fingerprint)
        except (TimeoutError, ConnectionError):
            done = False
        if not done:
            self._set_state("failed")
            return
        self._dtls.on("statechange", self._on_dtls_state)
        self._protect, self._unprotect = self._dtls.protect, self._dtls.unprotect
        self._heard_at = time.monotonic()
        self._handle = Ticker.of_loop().every_20ms(self._tick)
        self._set_state("connected")

    def _set_state(self, state: str) -> None:
        if state == self.state or self.state in ("failed", "closed"):
            return
        self.state = state
        if self.on_state:
            self.on_state(state)

    def _on_dtls(self, data: bytes) -> None:
        self._wire.feed(data)

    def _on_lost(self) -> None:
        self._silence()
        self._set_state("failed")

    def _on_dtls_state(self) -> None:
        if self._dtls.state == "closed":
            self._silence()
            self._set_state("closed")

    def _on_media(self, data: bytes) -> None:
        if self._unprotect is None:
            return
        now = time.monotonic()
        if rtcp.is_rtcp(data):
            self._on_rtcp(data, now)
            return
        if not self._inlet.admits(data, now):
            return
        try:
            packet = self._inlet.take(self._unprotect(data), now)
        except pylibsrtp.Error:
            self._inlet.refused += 1
            return
        if packet is None:
            return
        self._heard_at = now
        if packet.dtmf:
            self._digits.feed(packet.timestamp, packet.payload, now)
        if self.on_packet:
            self.on_packet(packet)

    def _on_rtcp(self, data: bytes, now: float) -> None:
        try:
            self._reports.read(self._dtls.unprotect_rtcp(data), now)
        except (pylibsrtp.Error, ValueError):
            self._inlet.refused += 1
        else:
            self._heard_at = now

    def _tell_digit(self, digit: str, milliseconds: int) -> None:
        if self.on_digit:
            self.on_digit(digit, milliseconds)

    def start_sending(self) -> None:
        """Let media out, as soon as the leg is connected."""
        self._sending = True

    @property
    def sending(self) -> bool:
        """Whether what is sent leaves now."""
        return self._sending and self._protect is not None

    def send(self, payload: bytes, duration: int = FRAME, marker: bool = False) -> bool:
        """Send one Opus packet of `duration` ticks (48 kHz) now.

        False, and nothing, before `start_sending` and "connected", after the end, and
        while digits are sent.
        """
        if not self.sending or self._dialler.busy or len(payload) > PAYLOAD:
            return False
        now = time.monotonic()
        data = self._outlet.send(payload, duration, marker, now)
        return self._transmit(data, payload)

    def forward(self, packet: Packet) -> bool:
        """Pass on a packet of another leg, with the spacing it came with."""
        if not self.sending or self._dialler.busy or len(packet.payload) > PAYLOAD:
            return False
        data = self._outlet.forward(packet, time.monotonic())
        sound = b"" if packet.dtmf else packet.payload
        return data is not None and self._transmit(data, sound)

    def send_digits(self, digits: str) -> None:
        """Send telephone events, 160 ms each; sound gives way to them.

        Raises ValueError on a character that is no digit, or when the peer did not
        agree to telephone events.
        """
        if self._remote is None or self._remote.dtmf is None:
            raise ValueError("the other side takes no digits (telephone-event)")
        self._dialler.dial(digits)

    def _transmit(self, data: bytes, sound: bytes = b"") -> bool:
        try:
            self._agent.transmit(self._protect(data))
        except (ConnectionError, pylibsrtp.Error):
            return False
        if sound and self.on_sent:
            self.on_sent(sound, int.from_bytes(data[4:8], "big"))
        return True

    def _tick(self, now: float) -> None:
        self._digits.tick(now)
        if self._sending:
            if self._dialler.busy:
                for data in self._dialler.tick(now):
                    self._transmit(data)
            else:
                data = self._outlet.silence(now)
                if data:
                    self._transmit(data, SILENCE)
            if now >= self._report_at:
                self._report_at = now + rtcp.EVERY
                self._send_rtcp(self._reports.write(now))
        heard = max(self._heard_at, self._agent.last_check_at)
        gone = now - heard > GONE[self.kind]
        self._set_state("disconnected" if gone else "connected")

    def _send_rtcp(self, data: bytes) -> None:
        with contextlib.suppress(ConnectionError, pylibsrtp.Error):
            self._agent.transmit(self._dtls.protect_rtcp(data))

    def stats(self) -> LegStats:
        """Counts and quality so far."""
        if self._inlet is None:
            return LegStats()
        return measure(self._inlet, self._outlet, self._reports, self._agent.unsent)

    def _silence(self) -> None:
        """Nothing leaves and nothing is taken from now on."""
        self._protect = self._unprotect = None
        if self._handle:
            self._handle.cancel()
            self._handle = None

    async def close(self) -> None:
        """Say goodbye and free the ports. May be called twice."""
        if self.sending:
            self._send_rtcp(self._reports.goodbye())
        self._silence()
        self._set_state("closed")
        self.on_packet = self.on_digit = self.on_sent = None
        if self._task and self._task is not asyncio.current_task():
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None
        self._wire.still()
        with contextlib.suppress(ConnectionError):
            await self._dtls.stop()
        self._wire.feed(None)
        await self._agent.close()
