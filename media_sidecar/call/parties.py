"""Who is in a call: the customer, the operator, a colleague, those who listen in."""

import time
from dataclasses import dataclass, field

from ..rtc.leg import Leg
from .ear import Ear
from .routes import CONSULT, OPERATOR, PEER, Scene
from .voice import Voice

MONITOR = "monitor"


@dataclass(eq=False)
class Party:
    """One leg and what it is for.

    :param ref: Odoo's name of the leg; "peer" for WhatsApp's
    :param mode: "talk"; of a monitor "listen", "whisper" or "join"
    :ivar state: "new", "connected" or "lost" (and perhaps back)
    """

    ref: str
    role: str
    leg: Leg
    mode: str = "talk"
    sdp: str = field(default="", repr=False)
    state: str = "new"
    opened_at: float = field(default_factory=time.monotonic)

    def __post_init__(self) -> None:
        self.voice = Voice()
        self.ear = Ear(self.leg)
        self.leg.on_packet = self.voice.on_packet

    def facts(self) -> dict:
        """For events."""
        return {"leg": self.ref, "role": self.role}


class Parties:
    """`arriving` is an operator who is not connected yet: who takes the place then."""

    def __init__(self) -> None:
        self.peer: Party | None = None
        self.operator: Party | None = None
        self.arriving: Party | None = None
        self.consult: Party | None = None
        self.monitors: dict[str, Party] = {}
        self.had_operator = False

    def all(self) -> list[Party]:
        """Everybody, connected or not."""
        places = (self.peer, self.operator, self.arriving, self.consult)
        return [party for party in places if party] + list(self.monitors.values())

    def find(self, ref: str) -> Party | None:
        """Somebody with a browser, by Odoo's name."""
        found = (p for p in self.all() if p.ref == ref and p is not self.peer)
        return next(found, None)

    def add(self, party: Party) -> list[Party]:
        """Give somebody a place; returns those who had it."""
        if party.role == MONITOR:
            self.monitors[party.ref] = party
            return []
        place = {PEER: "peer", CONSULT: "consult"}.get(party.role, "arriving")
        before = getattr(self, place)
        setattr(self, place, party)
        return [before] if before else []

    def promote(self, party: Party) -> Party | None:
        """Make somebody the operator; returns the one before."""
        self.drop(party)
        before, self.operator = self.operator, party
        party.role, party.mode = OPERATOR, "talk"
        self.had_operator = True
        return before

    def drop(self, party: Party) -> None:
        """Take somebody out."""
        self.monitors.pop(party.ref, None)
        for place in ("operator", "arriving", "consult"):
            if getattr(self, place) is party:
                setattr(self, place, None)

    def named(self) -> dict[str, Party]:
        """Everybody connected by the names of `routes`."""
        places = {PEER: self.peer, OPERATOR: self.operator, CONSULT: self.consult}
        everybody = places | self.monitors
        return {
            name: party
            for name, party in everybody.items()
            if party and party.state == "connected"
        }

    def scene(self, talk: str, held: bool) -> Scene:
        """Input of `routes`."""
        named = self.named()
        return Scene(
            present=frozenset(named) & {PEER, OPERATOR, CONSULT},
            monitors={
                name: party.mode
                for name, party in named.items()
                if party.role == MONITOR
            },
            talk=talk,
            held=held,
            had_operator=self.had_operator,
        )
