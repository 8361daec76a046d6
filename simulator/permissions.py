"""Call permissions: who may be called, what was asked, limits and streaks.

Rules per business number and user from Meta's page on user call permissions; the
lengths and numbers are switches.
"""

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .errors import GraphError
from .model import Number, Phone

if TYPE_CHECKING:
    from .world import World


@dataclass
class Permission:
    """State of one number and one user; times in epoch seconds."""

    status: str = "no_permission"  # temporary, permanent
    expires: float | None = None
    requested: list[float] = field(default_factory=list)
    open_request: str | None = None  # wamid of the request that waits for an answer
    open_since: float = 0.0
    connected: list[float] = field(default_factory=list)  # outbound, picked up
    unanswered: int = 0  # in a row
    last_inbound: float = 0.0  # opens the 24-hour window

    def valid(self) -> bool:
        if self.status == "permanent":
            return True
        return self.status == "temporary" and (self.expires or 0) > time.time()

    def as_dict(self) -> dict:
        return {
            "status": self.status if self.valid() else "no_permission",
            "expires": self.expires if self.status == "temporary" else None,
            "requested": self.requested,
            "open_request": self.open_request,
            "connected": self.connected,
            "unanswered": self.unanswered,
            "last_inbound": self.last_inbound,
        }


class Ledger:
    """All permissions, by (phone_number_id, wa_id)."""

    def __init__(self, world: "World") -> None:
        self.world = world
        self.entries: dict[tuple[str, str], Permission] = {}

    def of(self, number_id: str, wa_id: str) -> Permission:
        """The entry, made when it is not there."""
        return self.entries.setdefault((number_id, wa_id), Permission())

    def grant(
        self, number_id: str, wa_id: str, status: str, expires: float | None = None
    ) -> Permission:
        """Set a status; raises ValueError for an unknown one."""
        if status not in ("no_permission", "temporary", "permanent"):
            raise ValueError(f"unknown permission status {status}")
        entry = self.of(number_id, wa_id)
        entry.status = status
        entry.expires = None
        entry.unanswered = 0
        if status == "temporary":
            length = self.world.switches.temporary_permission
            entry.expires = expires or time.time() + length
        return entry

    def window_open(self, number: Number, phone: Phone) -> bool:
        """True within 24 hours of the user's last message or call."""
        entry = self.of(number.phone_number_id, phone.wa_id)
        return entry.last_inbound + self.world.switches.service_window > time.time()

    def touched(self, number: Number, phone: Phone) -> None:
        """The user wrote, called or accepted a call: the window opens."""
        self.of(number.phone_number_id, phone.wa_id).last_inbound = time.time()

    # -- requests --------------------------------------------------------------------
    def limits(self, number: Number) -> tuple[int, int]:
        """Requests allowed per day and per week (sandbox: 25 and 100)."""
        switches = self.world.switches
        if number.sandbox:
            return 25, 100
        return switches.requests_per_day, switches.requests_per_week

    def check_request(self, number: Number, phone: Phone) -> None:
        """Raise 138017 or 138009 when a request may not be sent now."""
        entry = self.of(number.phone_number_id, phone.wa_id)
        if entry.status == "permanent":
            raise GraphError(138017, "The user has already given permanent permission")
        daily, weekly = self.limits(number)
        if len(self.within(entry.requested, "day")) >= daily:
            raise GraphError(
                138009, f"Only {daily} call permission request(s) within 24 hours"
            )
        if len(self.within(entry.requested, "week")) >= weekly:
            raise GraphError(
                138009, f"Only {weekly} call permission request(s) within 7 days"
            )

    def within(self, times: list[float], window: str) -> list[float]:
        """Those of `times` that lie within the last day or week."""
        length = getattr(self.world.switches, window)
        limit = time.time() - length
        return [at for at in times if at > limit]

    def requested(self, number: Number, phone: Phone, wamid: str) -> None:
        """A request was sent; it replaces an older one that is still open."""
        entry = self.of(number.phone_number_id, phone.wa_id)
        entry.requested.append(time.time())
        entry.open_request = wamid
        entry.open_since = time.time()

    def request_open(self, number: Number, phone: Phone, wamid: str) -> bool:
        """False when the request expired or a newer one was answered."""
        entry = self.of(number.phone_number_id, phone.wa_id)
        fresh = entry.open_since + self.world.switches.request_expiry > time.time()
        return entry.open_request == wamid and fresh

    # -- calls -----------------------------------------------------------------------
    def call_connected(self, number: Number, phone: Phone, outbound: bool) -> None:
        """A call was picked up: limits start anew, the window opens."""
        entry = self.of(number.phone_number_id, phone.wa_id)
        entry.requested.clear()
        self.touched(number, phone)
        if outbound:
            entry.unanswered = 0
            entry.connected.append(time.time())

    def call_missed(self, number: Number, phone: Phone) -> str | None:
        """An outbound call was not picked up; returns "nudge" or "revoke" when due."""
        switches = self.world.switches
        entry = self.of(number.phone_number_id, phone.wa_id)
        entry.unanswered += 1
        nudge, revoke = switches.nudge_after, switches.revoke_after
        if number.sandbox:
            nudge, revoke = 5, 10
        if entry.unanswered >= revoke:
            entry.status, entry.expires, entry.unanswered = "no_permission", None, 0
            return "revoke"
        return "nudge" if entry.unanswered == nudge else None
