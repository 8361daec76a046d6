"""Faults to order: what goes wrong, where, and for how many times."""

import itertools
from dataclasses import dataclass, field

from .speech.desk import FAULTS as SPEECH

# What can go wrong with a webhook.
WEBHOOK = (
    "duplicate",  # sent again `times` times, `gap` seconds apart
    "delay",  # sent `seconds` later
    "drop",  # never sent
    "hold",  # sent only after the next webhook of the same app: order swapped
    "batch",  # waits for `size` of them (at most `seconds`), then one POST
    "missing",  # `members` left out: contacts, numbers, direction or a dotted path
    "patch",  # `values`: {dotted path: value}
    "wrong_signature",
    "no_signature",
    "swap_from_to",
    "upper_case",  # event and status in upper case
    "lower_case",
    "not_json",  # rightly signed, but cut in the middle
)
# What can go wrong with a request to Graph.
GRAPH = (
    "http",  # answers `status` with Graph's error `code`; `headers` added
    "timeout",  # answers after `seconds` (30), or never
    "slow",  # does it, and answers `seconds` later
    "refuse",  # the connection is cut without an answer
    "nonsense",  # 200 and HTML
)
# What is different about a call.
CALL = (
    "actpass",  # setup:actpass in the answer of an outbound call
    "connect_before_reply",  # connect webhook delivered before the API's answer
    "terminate_before_connect",  # the user hangs up at once; connect comes after
    "accepted_after_media",  # ACCEPTED only `seconds` (1) after the phone's sound
    "no_ringing",  # no RINGING
    "no_accepted",  # no ACCEPTED
    "no_connect",  # no connect webhook
    "no_terminate",
    "fail",  # terminate FAILED with `code` `seconds` (0.5) after the answer
)

KINDS = WEBHOOK + GRAPH + CALL + SPEECH


@dataclass
class Fault:
    """One order. `on` names events, actions or endpoints; empty means all."""

    kind: str
    on: tuple[str, ...] = ()
    count: int = 1  # how many times; 0 for ever
    wa_id: str | None = None
    values: dict = field(default_factory=dict)
    id: int = field(default_factory=itertools.count(1).__next__)
    used: int = 0

    def as_dict(self) -> dict:
        return {
            "id": self.id,
            "kind": self.kind,
            "on": list(self.on),
            "count": self.count,
            "wa_id": self.wa_id,
            "used": self.used,
            **self.values,
        }


class Faults:
    """The orders in force."""

    def __init__(self) -> None:
        self.orders: list[Fault] = []

    def add(self, data: dict) -> Fault:
        """Take an order from JSON; raises ValueError when it makes no sense."""
        data = dict(data)
        kind = data.pop("kind", None)
        if kind not in KINDS:
            raise ValueError(f"unknown kind {kind}; known: {', '.join(KINDS)}")
        on = data.pop("on", [])
        if not isinstance(on, list | str):
            raise ValueError("on must be a text or a list of texts")
        count = data.pop("count", 1)
        if not isinstance(count, int) or isinstance(count, bool) or count < 0:
            raise ValueError("count must be a whole number; 0 means for ever")
        fault = Fault(
            kind,
            tuple([on] if isinstance(on, str) else on),
            count,
            data.pop("wa_id", None),
            data,
        )
        self.orders.append(fault)
        return fault

    def take(
        self, kinds: tuple[str, ...], names: tuple[str, ...], wa_id: str | None = None
    ) -> list[Fault]:
        """Use up one of each order that concerns any of `names`."""
        taken = []
        for fault in self.orders:
            if (
                fault.kind in kinds
                and (not fault.on or set(fault.on) & set(names))
                and (fault.wa_id is None or fault.wa_id == wa_id)
                and (not fault.count or fault.used < fault.count)
            ):
                fault.used += 1
                taken.append(fault)
        return taken

    def one(
        self, kind: str, names: tuple[str, ...] = (), wa_id: str | None = None
    ) -> Fault | None:
        """The first order of this kind that concerns us, used up; or None."""
        for fault in self.orders:
            if (
                fault.kind == kind
                and (not fault.on or set(fault.on) & set(names))
                and (fault.wa_id is None or fault.wa_id == wa_id)
                and (not fault.count or fault.used < fault.count)
            ):
                fault.used += 1
                return fault
        return None

    def clear(self, number: int | None = None) -> None:
        """Cancel one order or all."""
        self.orders = [f for f in self.orders if number is not None and f.id != number]
