"""Looks after a call: who has fallen silent, how the lines are, whether it must end."""

import time

from . import quality, watchdog
from .parties import MONITOR, Party
from .routes import PEER

EVERY = 0.25  # seconds between two looks
CONNECTING = 30.0  # seconds a browser may take
BACK = 0.5  # seconds: a lost browser whose last packet is younger is back


class Guard:
    """`look` on every tick; it looks when it is time. Ends are in `watchdog`."""

    def __init__(self, call) -> None:
        self._call = call
        self._due = 0.0
        self._quality_due = time.monotonic() + quality.EVERY
        self._silent_told = False
        self._alone_since: float | None = None

    def look(self, now: float) -> None:
        """See to the call, when it is time again."""
        if now < self._due:
            return
        self._due = now + EVERY
        now = time.monotonic()
        for party in self._call.parties.all():
            if party.role != PEER:
                self._look_at_browser(party, now)
        look = self._state_of_things(now)
        self._tell_silence(watchdog.silence(look))
        if now >= self._quality_due:
            self._quality_due = now + quality.EVERY
            self.tell_quality()
        reason = watchdog.verdict(look, self._call.settings.watch)
        if reason:
            self._call.end(reason)

    def note_alone(self) -> None:
        """Who is in the call has changed: remember since when nobody is."""
        operator = self._call.parties.operator
        someone = operator and operator.state == "connected"
        if someone or self._call.stage.running or self._call.accepted_at is None:
            self._alone_since = None
        elif self._alone_since is None:
            self._alone_since = time.monotonic()

    def _look_at_browser(self, party: Party, now: float) -> None:
        last, legs = party.voice.last_at, self._call.legs
        if party.state == "new" and now - party.opened_at > CONNECTING:
            legs.leave(party, "timeout")
        elif last is None or party.role == MONITOR:
            return  # who only listens need not send; the leg's state tells
        elif party.state == "connected" and now - last > watchdog.LOST:
            legs.lost(party, "silent")
        elif party.state == "lost" and now - last < BACK:
            if party.leg.state == "connected":
                legs.connected(party)

    def _tell_silence(self, seconds: float) -> None:
        silent = seconds > watchdog.SILENT
        if silent and not self._silent_told:
            self._call.emit("peer_silent", seconds=round(seconds))
        self._silent_told = silent

    def _state_of_things(self, now: float) -> watchdog.Look:
        call, parties = self._call, self._call.parties
        operator, arriving = parties.operator, parties.arriving
        there = operator is not None and operator.state == "connected"
        return watchdog.Look(
            now=now,
            opened_at=call.opened_at,
            accepted_at=call.accepted_at,
            heard_at=parties.peer.voice.last_at if parties.peer else None,
            line_lives=parties.peer is not None
            and parties.peer.leg.state == "connected",
            alone_since=self._alone_since,
            arriving_since=arriving.opened_at if arriving else None,
            talking=there and not call.held,
            odoo_silent=call.host.odoo_silent(),
        )

    def tell_quality(self) -> None:
        """How each line has been so far."""
        for party in self._call.parties.all():
            data = quality.told(party)
            if data and party.state != "new":
                self._call.emit("quality", **data)
