"""One media leg: ICE-lite, DTLS-SRTP and RTP with Opus and telephone events.

It uses aiortc's DTLS transport and RTP classes but not its peer connection, which
can neither be ICE-lite, nor hold its media back until `accept`, nor pass digits on.
The private names of aiortc that it touches are all in this file.
"""

import asyncio
import contextlib
import logging
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from aiortc import clock, rtp
from aiortc.rtcdtlstransport import (
    RTCCertificate,
    RTCDtlsFingerprint,
    RTCDtlsParameters,
    RTCDtlsTransport,
)
from aiortc.rtcrtpreceiver import StreamStatistics

from . import describe, dtmf, sound
from .heard import Heard
from .ice_lite import IceLite
from .sdp_check import Remote
from .speaker import Speaker

logger = logging.getLogger(__name__)

REPORT_EVERY = 1.0  # seconds between RTCP reports
CNAME = b"WhatsAppAudioStream1"


@dataclass
class Counters:
    """RTP and RTCP both ways, seen from the phone; times in epoch seconds."""

    rtp_in: int = 0
    bytes_in: int = 0
    lost_in: int = 0
    jitter_in_ms: float = 0.0
    rtcp_in: int = 0
    rtp_out: int = 0
    bytes_out: int = 0
    rtcp_out: int = 0
    first_in_at: float | None = None
    last_in_at: float | None = None
    last_rtcp_in_at: float | None = None
    first_out_at: float | None = None
    sources_in: list[int] = field(default_factory=list)
    payload_types_in: dict[int, int] = field(default_factory=dict)


class _Dtls(RTCDtlsTransport):
    """aiortc's DTLS transport that hands every packet to its leg."""

    def __init__(self, leg: "Leg", certificate: RTCCertificate) -> None:
        super().__init__(leg.ice, [certificate])
        self._leg = leg

    async def _handle_rtp_data(self, data: bytes, arrival_time_ms: int) -> None:
        with contextlib.suppress(ValueError):
            self._leg.on_rtp(rtp.RtpPacket.parse(data))

    async def _handle_rtcp_data(self, data: bytes) -> None:
        with contextlib.suppress(ValueError):
            self._leg.on_rtcp(rtp.RtcpPacket.parse(data))


class Leg:
    """The phone's end of a call's media.

    Use `open`, then `offer` and `connect` (WhatsApp offered) or `answer` with
    `connect` before it (the business offered). Sound leaves only after `send`.
    """

    def __init__(self, ice: IceLite) -> None:
        self.ice = ice
        self.certificate = RTCCertificate.generateCertificate()
        self.dtls = _Dtls(self, self.certificate)
        self.ssrc = random.randrange(1, 1 << 32)
        self.counters = Counters()
        self.speaker = Speaker()
        self.heard = Heard()
        self.said: Heard | None = None  # kept where WhatsApp records the call
        self.digits = dtmf.DigitReader()
        self.remote: Remote | None = None
        self.on_first_rtp: Callable[[], None] | None = None
        self.on_digit: Callable[[dict], None] | None = None
        self.on_connected: Callable[[], None] | None = None
        self.listeners: list[Speaker] = []
        self._tasks: set[asyncio.Task] = set()
        self._streams: dict[int, StreamStatistics] = {}
        self._sender_reports: dict[int, tuple[int, float]] = {}
        self._sending = False
        self._closed = False
        self._sequence = random.randrange(1 << 15)
        self._origin = random.randrange(1 << 31)
        self._timestamp = self._origin

    @classmethod
    async def open(cls, host: str = "127.0.0.1") -> "Leg":
        """Make a leg on a free UDP port of `host`."""
        return cls(await IceLite.open(host))

    @property
    def fingerprint(self) -> str:
        """The certificate's SHA-256, upper-case hex pairs with colons."""
        return self.certificate.getFingerprints()[0].value

    @property
    def connected(self) -> bool:
        return self.dtls is not None and self.dtls.state == "connected"

    def offer(self) -> str:
        """SDP of an offer as WhatsApp sends it (shape of a live capture)."""
        return describe.describe(self, setup="actpass")

    def answer(self, setup: str = "active") -> str:
        """SDP of an answer to the offer given to `connect`."""
        return describe.describe(self, setup=setup, remote=self.remote)

    def connect(self, remote: Remote, role: str) -> None:
        """Start ICE and DTLS with the business; `role` is "client" or "server"."""
        if self.remote is not None:
            return
        self.remote = remote
        self.digits.clock_rate = remote.dtmf_rate
        self.ice.set_remote(remote.ufrag)
        self._spawn(self._handshake(remote, role))

    async def _handshake(self, remote: Remote, role: str) -> None:
        await self.ice.usable.wait()
        self.dtls._set_role(role)
        await self.dtls.start(
            RTCDtlsParameters(
                fingerprints=[RTCDtlsFingerprint("sha-256", remote.fingerprint)],
                role=role,
            )
        )
        if self.connected:
            if self.on_connected:
                self.on_connected()
            self._spawn(self._report())
            if self._sending:
                self._spawn(self._send())

    def _spawn(self, coroutine) -> None:
        task = asyncio.create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def send(self) -> None:
        """Send sound from now on, or as soon as DTLS is up."""
        if not self._sending:
            self._sending = True
            if self.connected:
                self._spawn(self._send())

    async def _send(self) -> None:
        loop = asyncio.get_running_loop()
        due = loop.time()
        marker = True
        with contextlib.suppress(ConnectionError):
            while not self._closed:
                await self._send_frame(marker)
                marker = False
                due += 0.02
                # After a stall (a busy machine) go on from now: a burst of old
                # packets would only fill the other side's jitter buffer.
                if due < loop.time() - 0.2:
                    due = loop.time()
                await asyncio.sleep(max(0, due - loop.time()))

    async def _send_frame(self, marker: bool) -> None:
        digits = self.speaker.next_digit()
        payload = self.speaker.next()
        self._timestamp = (self._timestamp + sound.FRAME) % (1 << 32)
        if self.said is not None:
            self.said.add(self._timestamp, time.time(), payload)
        if not digits and not self._event_open:
            await self._packet(self.remote.opus_pt, payload, self._timestamp, marker)
            return
        for data, first in digits:
            if first:
                self._event_timestamp = self._timestamp
            self._event_open = not data[1] & 0x80
            await self._packet(
                self.remote.dtmf_pt or 126, data, self._event_timestamp, first
            )

    _event_open = False
    _event_timestamp = 0

    async def _packet(
        self, payload_type: int, payload: bytes, timestamp: int, marker: bool
    ) -> None:
        packet = rtp.RtpPacket(
            payload_type, int(marker), self._sequence, timestamp, self.ssrc, payload
        )
        self._sequence = (self._sequence + 1) % (1 << 16)
        await self.dtls._send_rtp(packet.serialize())
        counters = self.counters
        counters.rtp_out += 1
        counters.bytes_out += len(payload)
        counters.first_out_at = counters.first_out_at or time.time()

    def on_rtp(self, packet: rtp.RtpPacket) -> None:
        """Take one packet of the business."""
        now = time.time()
        counters = self.counters
        counters.rtp_in += 1
        counters.bytes_in += len(packet.payload)
        counters.last_in_at = now
        kinds = counters.payload_types_in
        kinds[packet.payload_type] = kinds.get(packet.payload_type, 0) + 1
        if packet.ssrc not in self._streams:
            self._streams[packet.ssrc] = StreamStatistics(sound.RATE)
            counters.sources_in.append(packet.ssrc)
        self._streams[packet.ssrc].add(packet)
        if counters.first_in_at is None:
            counters.first_in_at = now
            if self.on_first_rtp:
                self.on_first_rtp()
        if packet.payload_type == self.remote.opus_pt:
            self.heard.add(packet.timestamp, now, packet.payload)
            for speaker in self.listeners:
                speaker.feed(packet.payload)
        elif packet.payload_type in (self.remote.dtmf_pt, 126):
            digit = self.digits.feed(packet.ssrc, packet.timestamp, packet.payload)
            if digit and self.on_digit:
                self.on_digit(digit)

    def on_rtcp(self, packets: list[rtp.AnyRtcpPacket]) -> None:
        """Take a compound RTCP packet of the business."""
        self.counters.rtcp_in += 1
        self.counters.last_rtcp_in_at = time.time()
        for packet in packets:
            if isinstance(packet, rtp.RtcpSrPacket):
                middle = (packet.sender_info.ntp_timestamp >> 16) & 0xFFFFFFFF
                self._sender_reports[packet.ssrc] = (middle, time.time())

    async def _report(self) -> None:
        """Send RTCP reports, from which a browser learns round trip and loss."""
        with contextlib.suppress(ConnectionError):
            while not self._closed:
                await asyncio.sleep(REPORT_EVERY)
                await self.dtls._send_rtp(bytes(self._sender_report()))
                self.counters.rtcp_out += 1

    def _sender_report(self) -> bytes:
        blocks = []
        for ssrc, stream in self._streams.items():
            middle, at = self._sender_reports.get(ssrc, (0, 0.0))
            delay = min(65535.0, max(0.0, time.time() - at)) if middle else 0
            blocks.append(
                rtp.RtcpReceiverInfo(
                    ssrc=ssrc,
                    fraction_lost=stream.fraction_lost,
                    packets_lost=stream.packets_lost,
                    highest_sequence=stream.cycles + stream.max_seq,
                    jitter=stream.jitter,
                    lsr=middle,
                    dlsr=int(delay * 65536),
                )
            )
            self.counters.lost_in = stream.packets_lost
            self.counters.jitter_in_ms = round(stream.jitter / 48, 1)
        if not self.counters.rtp_out:
            report = rtp.RtcpRrPacket(ssrc=self.ssrc, reports=blocks)
        else:
            report = rtp.RtcpSrPacket(
                ssrc=self.ssrc,
                sender_info=rtp.RtcpSenderInfo(
                    ntp_timestamp=clock.current_ntp_time(),
                    rtp_timestamp=self._timestamp,
                    packet_count=self.counters.rtp_out,
                    octet_count=self.counters.bytes_out,
                ),
                reports=blocks,
            )
        name = rtp.RtcpSdesPacket([rtp.RtcpSourceInfo(self.ssrc, [(1, CNAME)])])
        return bytes(report) + bytes(name)

    async def close(self) -> None:
        """Say BYE, stop every task and free the port. May be called twice."""
        if self._closed:
            return
        self._closed = True
        if self.connected:
            with contextlib.suppress(ConnectionError):
                await self.dtls._send_rtp(bytes(rtp.RtcpByePacket([self.ssrc])))
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.dtls.stop()
        self.ice.close()
        # Ended calls are kept for what they heard: the keys and the context of
        # OpenSSL, the most of a leg, are not needed for that.
        self.dtls = self.certificate = None
        self.listeners.clear()
        self.speaker.stop()
