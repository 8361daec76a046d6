"""Every way in which a call may be left alone, and the end it comes to.

Seconds are the call's own settings (SETTINGS.watchdog) unless a constant is named.
However a call ends, `ended {reason}` goes to Odoo, which then sends the provider's
`terminate`; from an Odoo that is away it goes when it is back, and WhatsApp has by then
ended the call itself, 20 s after our last packet.

| what happened | noticed by | at once | end |
|---|---|---|---|
| Odoo ends it | DELETE, or `unknown_calls` of a heartbeat | | `odoo` |
| WhatsApp closes DTLS, or ICE fails | the leg's state | `peer_lost` | `peer` |
| no packet of WhatsApp, and its line is dead | SILENT s | `peer_silent` | `no_media`, after no_media s |
| no packet of WhatsApp, but its line lives (it answers ICE) | SILENT s | `peer_silent` | `no_media`, after PATIENT times no_media s |
| operator's tab closed, crashed, offline | the leg's state, or no packet for LOST s | music, `leg_lost` | `no_operator`, after reattach s |
| accepted, and no operator comes | no operator, no program | | `no_operator`, after reattach s |
| Odoo gives no answer | heartbeats | | `no_odoo`, after no_odoo s, unless customer and operator talk |
| opened, and never accepted | UNANSWERED s | | `no_odoo` |
| too long | max_seconds | | `max_seconds` |
| the sidecar is being stopped | SIGTERM, DRAIN_SECONDS later | no new calls | `draining` |
| a fault of ours | an exception | | `error` |
| the sidecar is killed | Odoo: its heartbeat is missing, or lacks the call | | Odoo ends it |

A conversation goes on while Odoo is away: both can hang up, which the legs tell.
"""  # noqa: E501 - a table

from dataclasses import dataclass

from .settings import Watch

SILENT = 5.0  # seconds without a packet of WhatsApp until it is told
PATIENT = 10  # who is there and silent, muted perhaps, gets so much longer
LOST = 2.0  # seconds without a packet of an operator's browser, which sends always
UNANSWERED = 180.0  # seconds; WhatsApp rings for a minute or so
ARRIVING = 10.0  # seconds an operator who is connecting is waited for, when time is up


@dataclass(frozen=True)
class Look:
    """How the call is; times in monotonic seconds.

    :param heard_at: last packet of WhatsApp; None before the first
    :param alone_since: since when there is no operator and no program; None with one
    :param arriving_since: since when an operator connects; None when none does
    :param line_lives: WhatsApp's side answers, with sound or without
    :param talking: customer and operator hear each other
    :param odoo_silent: seconds since Odoo last answered
    """

    now: float
    opened_at: float
    accepted_at: float | None
    heard_at: float | None
    alone_since: float | None
    arriving_since: float | None
    line_lives: bool
    talking: bool
    odoo_silent: float


def silence(look: Look) -> float:
    """Seconds since WhatsApp's last packet, counted from the accept on."""
    if look.accepted_at is None:
        return 0.0
    return look.now - max(look.accepted_at, look.heard_at or 0.0)


def verdict(look: Look, watch: Watch) -> str:
    """The reason to end the call now; "" when there is none."""
    if look.accepted_at is None:
        if look.now - look.opened_at > UNANSWERED:
            return "no_odoo"
        return "no_odoo" if look.odoo_silent > watch.no_odoo else ""
    if look.now - look.accepted_at > watch.max_seconds:
        return "max_seconds"
    if silence(look) > watch.no_media * (PATIENT if look.line_lives else 1):
        return "no_media"
    if look.odoo_silent > watch.no_odoo and not look.talking:
        return "no_odoo"
    if look.alone_since is None or look.now - look.alone_since <= watch.reattach:
        return ""
    arriving = look.arriving_since
    if arriving is not None and look.now - arriving < ARRIVING:
        return ""
    return "no_operator"
