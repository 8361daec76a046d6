"""Meta's answer about a customer's call permission, in neutral words."""

from . import reading

_STATES = {"TEMPORARY": "temporary", "PERMANENT": "permanent"}


def permission_state(data: dict) -> dict:
    """What an answer of call_permissions says.

    :return: {"state": "none"|"temporary"|"permanent", "expires_at": float|None,
        "can_call": bool|None, "can_request": bool|None, "limits": [{"action",
        "period", "max", "used", "until": float|None}]}; None = not said. Unknown
        states are no permission: better ask once more than call unasked.
        "none" is also what a number that cannot be called gets.
    """
    ignored = []
    permission = reading.obj(data, "permission", ignored)
    actions = [
        action
        for action in reading.items(data, "actions", ignored)
        if isinstance(action, dict)
    ]
    can = {
        reading.text(action, "action_name", ignored): action.get("can_perform_action")
        for action in actions
    }
    return {
        "state": _STATES.get(reading.word(permission, "status", ignored), "none"),
        # Two names for one thing in Meta's documentation.
        "expires_at": reading.epoch(permission, "expiration_time", ignored)
        or reading.epoch(permission, "expiration", ignored),
        "can_call": _yes_or_no(can.get("start_call")),
        "can_request": _yes_or_no(can.get("send_call_permission_request")),
        "limits": [limit for action in actions for limit in _limits(action)],
    }


def _yes_or_no(value) -> bool | None:
    return value if isinstance(value, bool) else None


def _limits(action) -> list[dict]:
    ignored = []
    return [
        {
            "action": reading.text(action, "action_name", ignored),
            "period": reading.text(limit, "time_period", ignored),
            "max": reading.integer(limit, "max_allowed", ignored),
            "used": reading.integer(limit, "current_usage", ignored),
            # Only there when the limit is exhausted.
            "until": reading.epoch(limit, "limit_expiration_time", ignored),
        }
        for limit in reading.items(action, "limits", ignored)
        if isinstance(limit, dict)
    ]
