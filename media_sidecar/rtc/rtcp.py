"""Sender and receiver reports: what each side knows of loss, jitter and round trip."""

from aiortc import clock, rtp

from .inlet import Inlet
from .outlet import Outlet
from .packet import CLOCK

EVERY = 2.0  # seconds between two reports
CNAME = b"sidecar"


class Reports:
    """Writes and reads the RTCP of one leg."""

    def __init__(self, inlet: Inlet, outlet: Outlet) -> None:
        self._inlet, self._outlet = inlet, outlet
        self._sender_report: tuple[int, float] | None = None  # of the peer, and when
        self.rtt: float | None = None  # seconds
        self.lost_by_peer = 0.0  # percent of our packets that did not arrive there
        self.bye = False

    def write(self, now: float) -> bytes:
        """A compound packet with what is known now."""
        blocks = self._blocks(now)
        outlet = self._outlet
        if outlet.sent_at is None:
            report = rtp.RtcpRrPacket(ssrc=outlet.ssrc, reports=blocks)
        else:
            since = round((now - outlet.sent_at) * CLOCK)
            report = rtp.RtcpSrPacket(
                ssrc=outlet.ssrc,
                sender_info=rtp.RtcpSenderInfo(
                    ntp_timestamp=clock.current_ntp_time(),
                    rtp_timestamp=(outlet.timestamp + since) & 0xFFFFFFFF,
                    packet_count=outlet.packets & 0xFFFFFFFF,
                    octet_count=outlet.bytes & 0xFFFFFFFF,
                ),
                reports=blocks,
            )
        name = rtp.RtcpSdesPacket([rtp.RtcpSourceInfo(outlet.ssrc, [(1, CNAME)])])
        return bytes(report) + bytes(name)

    def _blocks(self, now: float) -> list[rtp.RtcpReceiverInfo]:
        inlet = self._inlet
        if inlet.ssrc is None:
            return []
        middle, at = self._sender_report or (0, now)
        # a tick that is made up for says an earlier time than the report had
        since = min(max(0, round((now - at) * 65536)), 0xFFFFFFFF)
        return [
            rtp.RtcpReceiverInfo(
                ssrc=inlet.ssrc,
                fraction_lost=inlet.fraction_lost(),
                packets_lost=min(inlet.lost, 0x7FFFFF),
                highest_sequence=inlet.highest_on_wire,
                jitter=min(round(inlet.jitter), 0xFFFFFFFF),
                lsr=middle,
                dlsr=since if middle else 0,
            )
        ]

    def goodbye(self) -> bytes:
        """BYE, with the empty report that has to come before it."""
        ssrc = self._outlet.ssrc
        return bytes(rtp.RtcpRrPacket(ssrc=ssrc)) + bytes(rtp.RtcpByePacket([ssrc]))

    def read(self, data: bytes, now: float) -> None:
        """Take the peer's; raises ValueError when it is malformed."""
        for packet in rtp.RtcpPacket.parse(data):
            if isinstance(packet, rtp.RtcpSrPacket):
                middle = (packet.sender_info.ntp_timestamp >> 16) & 0xFFFFFFFF
                self._sender_report = (middle, now)
            if isinstance(packet, rtp.RtcpByePacket):
                self.bye = True
            for block in getattr(packet, "reports", ()):
                if block.ssrc == self._outlet.ssrc:
                    self._heard_back(block)

    def _heard_back(self, block: rtp.RtcpReceiverInfo) -> None:
        self.lost_by_peer = block.fraction_lost * 100 / 256
        if block.lsr:
            middle = (clock.current_ntp_time() >> 16) & 0xFFFFFFFF
            rtt = ((middle - block.lsr - block.dlsr) & 0xFFFFFFFF) / 65536
            # Fractions below a tick of 1/65536 s may come out negative.
            self.rtt = rtt if rtt < 60 else 0.0


def is_rtcp(data: bytes) -> bool:
    """Whether a datagram with RTP's first byte is RTCP (RFC 5761)."""
    return len(data) > 7 and 191 < data[1] < 224
