"""Bends webhook bodies: members left out, swapped, patched, in other case."""

from typing import Any

GROUPS = {
    "numbers": (
        "contacts.*.wa_id",
        "calls.*.from",
        "calls.*.to",
        "messages.*.from",
        "statuses.*.recipient_id",
    ),
    "bsuids": (
        "contacts.*.user_id",
        "calls.*.from_user_id",
        "calls.*.to_user_id",
        "messages.*.from_user_id",
        "statuses.*.recipient_user_id",
    ),
    "contacts": ("contacts",),
    "direction": ("calls.*.direction",),
    "session": ("calls.*.session",),
    "timestamp": ("calls.*.timestamp", "statuses.*.timestamp"),
    "opaque": (
        "calls.*.biz_opaque_callback_data",
        "statuses.*.biz_opaque_callback_data",
    ),
}


def values(body: dict) -> list[dict]:
    """Every ``value`` of a body."""
    return [
        change["value"]
        for entry in body.get("entry", [])
        for change in entry.get("changes", [])
    ]


def remove(body: dict, members: list[str]) -> None:
    """Leave out members: group names or dotted paths below ``value``."""
    for name in members:
        for path in GROUPS.get(name, (name,)):
            for value in values(body):
                _walk(value, path.split("."), None, removing=True)


def patch(body: dict, changes: dict[str, Any]) -> None:
    """Set members by dotted path below ``value``; ``*`` is every list entry."""
    for path, new in changes.items():
        for value in values(body):
            _walk(value, path.split("."), new, removing=False)


def _walk(node: Any, path: list[str], new: Any, removing: bool) -> None:
    head, rest = path[0], path[1:]
    if isinstance(node, list):
        chosen = node if head == "*" else node[int(head) : int(head) + 1]
        for child in chosen:
            _walk(child, rest, new, removing)
    elif isinstance(node, dict):
        if rest:
            if head in node or not removing:
                _walk(node.setdefault(head, {}), rest, new, removing)
        elif removing:
            node.pop(head, None)
        else:
            node[head] = new


def swap_from_to(body: dict) -> None:
    """Some of Meta's samples of outbound calls have from and to swapped."""
    for value in values(body):
        for call in value.get("calls", []):
            old = {name: call.pop(name) for name in ("from", "to") if name in call}
            if "from" in old:
                call["to"] = old["from"]
            if "to" in old:
                call["from"] = old["to"]


def change_case(body: dict, upper: bool) -> None:
    """Event, status and direction words in upper or lower case."""
    turn = str.upper if upper else str.lower
    for value in values(body):
        for part in value.get("calls", []) + value.get("statuses", []):
            for name in ("event", "status", "direction", "type"):
                if isinstance(part.get(name), str):
                    part[name] = turn(part[name])
