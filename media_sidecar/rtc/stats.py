"""How a leg is doing."""

from dataclasses import dataclass

from .inlet import Inlet
from .outlet import Outlet
from .rtcp import Reports


@dataclass(frozen=True, slots=True)
class LegStats:
    """How a leg is doing; times in seconds of the monotonic clock.

    :param rtt_ms: from the peer's reports, None before there is one
    :param jitter_ms: of what comes in
    :param loss_percent: of what comes in, over the whole call
    :param peer_loss_percent: of what we send, as the peer last reported
    :param refused: datagrams that were no media of this peer, or malformed
    :param foreign: packets of a second source while the first one speaks
    :param late: packets that were to be passed on after silence took their place
    :param unsent: packets the system did not take
    """

    rtt_ms: float | None = None
    jitter_ms: float = 0.0
    loss_percent: float = 0.0
    peer_loss_percent: float = 0.0
    packets_in: int = 0
    packets_out: int = 0
    bytes_in: int = 0
    bytes_out: int = 0
    last_packet_at: float | None = None
    refused: int = 0
    foreign: int = 0
    late: int = 0
    unsent: int = 0


def measure(inlet: Inlet, outlet: Outlet, reports: Reports, unsent: int) -> LegStats:
    """The figures of a leg's parts, in one."""
    return LegStats(
        rtt_ms=None if reports.rtt is None else round(reports.rtt * 1000, 1),
        jitter_ms=round(inlet.jitter / 48, 1),
        loss_percent=round(100 * inlet.lost / max(1, inlet.expected), 2),
        peer_loss_percent=round(reports.lost_by_peer, 1),
        packets_in=inlet.packets,
        packets_out=outlet.packets,
        bytes_in=inlet.bytes,
        bytes_out=outlet.bytes,
        last_packet_at=inlet.last_at,
        refused=inlet.refused,
        foreign=inlet.foreign,
        late=outlet.late,
        unsent=unsent,
    )
