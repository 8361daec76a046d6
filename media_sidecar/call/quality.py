"""How the lines of a call are: told every 30 s and at the end."""

from .parties import Party

EVERY = 30.0  # seconds


def told(party: Party) -> dict | None:
    """The data of `quality`; None before anything came in."""
    stats = party.leg.stats()
    if not stats.packets_in:
        return None
    return {
        "leg": party.ref,
        "role": party.role,
        "rtt_ms": stats.rtt_ms,
        "jitter_ms": stats.jitter_ms,
        "loss_percent": stats.loss_percent,
        "peer_loss_percent": stats.peer_loss_percent,
    }


def described(party: Party) -> dict:
    """A leg in the answer of GET /v1/calls/{call}."""
    stats = party.leg.stats()
    return {
        "leg": party.ref,
        "role": party.role,
        "mode": party.mode,
        "state": party.state,
        "rtt_ms": stats.rtt_ms,
        "jitter_ms": stats.jitter_ms,
        "loss_percent": stats.loss_percent,
    }
