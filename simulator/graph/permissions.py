"""GET /{PNID}/call_permissions: may this user be called, and be asked?"""

import time

from ..errors import GraphError
from .gate import MESSAGING, Query

OPENAPI_WORDS = {
    "no_permission": "denied",
    "temporary": "granted",
    "permanent": "granted",
}


async def call_permissions(query: Query) -> dict:
    """Answers {messaging_product, permission, actions} with limits in use."""
    query.need(MESSAGING)
    number, world = query.number(), query.world
    switches = world.switches
    times = world.query_times.setdefault(number.phone_number_id, [])
    if len(world.recent(times, 1.0)) >= switches.permission_queries_per_second:
        raise GraphError(613, "Too many requests for call permissions")
    times.append(time.time())
    if not number.calling_on:
        raise GraphError(
            138000,
            "Calling is not enabled for this phone number",
            http=switches.calling_disabled_http,
        )
    params = query.request.query
    wanted = params.get("user_wa_id") or params.get("recipient")
    if not wanted:
        raise GraphError(100, "user_wa_id or recipient is required")
    phone = world.find_phone(wanted)
    callable_ = phone is not None and phone.on_whatsapp and phone.supports_calls
    if not callable_:
        # WhatsApp does not tell who is not on WhatsApp
        return _answer(switches, "no_permission", None, [], False)
    entry = world.ledger.of(number.phone_number_id, phone.wa_id)
    status = entry.status if entry.valid() else "no_permission"
    daily, weekly = world.ledger.limits(number)
    asked_today = world.ledger.within(entry.requested, "day")
    asked_week = world.ledger.within(entry.requested, "week")
    called = world.ledger.within(entry.connected, "day")
    limits = [
        (
            "send_call_permission_request",
            [
                ("PT24H", daily, asked_today, switches.day),
                ("P7D", weekly, asked_week, switches.week),
            ],
            status != "permanent",
        ),
        (
            "start_call",
            [("PT24H", switches.connected_per_day, called, switches.day)],
            status != "no_permission",
        ),
    ]
    return _answer(switches, status, entry.expires, limits, True)


def _answer(
    switches, status: str, expires: float | None, limits: list, known: bool
) -> dict:
    if switches.permission_words == "openapi":
        status_word = OPENAPI_WORDS[status]
    else:
        status_word = status
    permission: dict = {"status": status_word}
    if status == "temporary" and expires:
        permission[switches.expiry_key] = int(expires)
    actions = []
    if not known:
        limits = [
            ("send_call_permission_request", [], False),
            ("start_call", [], False),
        ]
    for name, periods, allowed in limits:
        rows = []
        for period, most, used, length in periods:
            row = {
                "time_period": period,
                "max_allowed": most,
                "current_usage": len(used),
            }
            if len(used) >= most:
                allowed = False
                row["limit_expiration_time"] = int(used[0] + length)
            rows.append(row)
        actions.append(
            {"action_name": name, "can_perform_action": allowed, "limits": rows}
        )
    return {
        "messaging_product": "whatsapp",
        "permission": permission,
        "actions": actions,
    }
