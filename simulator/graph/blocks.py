"""GET, POST and DELETE /{PNID}/block_users."""

from ..errors import GraphError
from .gate import MESSAGING, Query

LIMIT = 1000  # users of one request


async def block_users(query: Query) -> dict:
    """POST and DELETE answer added_users or removed_users, and failed_users."""
    query.need(MESSAGING)
    number = query.number()
    if query.request.method == "GET":
        limit = int(query.request.query.get("limit", 100))
        start = int(query.request.query.get("after", 0) or 0)
        users = sorted(number.blocked)
        page = users[start : start + limit]
        paging = {"cursors": {"before": str(start), "after": str(start + len(page))}}
        rows = [{"messaging_product": "whatsapp", "wa_id": user} for user in page]
        return {"data": rows, "paging": paging}
    query.product()
    users = query.body.get("block_users")
    if not isinstance(users, list) or not users or len(users) > LIMIT:
        raise GraphError(100, f"block_users must hold 1 to {LIMIT} users")
    adding = query.request.method == "POST"
    done, failed = [], []
    for user in users:
        wanted = str((user.get("user") or user.get("user_id")) if user else "")
        phone = query.world.find_phone(wanted)
        problem = _problem(query, number, phone, wanted, adding)
        if problem:
            error = {**problem, "error_data": {"details": problem["message"]}}
            failed.append({"input": wanted, "wa_id": wanted, "errors": [error]})
            continue
        (number.blocked.add if adding else number.blocked.discard)(phone.wa_id)
        done.append({"input": wanted, "wa_id": phone.wa_id})
    answer = {"messaging_product": "whatsapp", "block_users": {}}
    if done:
        answer["block_users"]["added_users" if adding else "removed_users"] = done
    if failed:
        answer["block_users"]["failed_users"] = failed
        answer["errors"] = GraphError(139100, "Some users failed").body()["error"]
    query.world.hub.send("block", {"number": number.phone_number_id})
    return answer


def _problem(query: Query, number, phone, wanted: str, adding: bool) -> dict | None:
    if query.world.find_number(wanted) is number:
        return {"message": "Recipient cannot be sender", "code": 131021}
    if phone is None:
        return {"message": "Message undeliverable", "code": 131026}
    if adding and not query.world.ledger.window_open(number, phone):
        # only users who wrote within 24 hours can be blocked
        return {"message": "Re-engagement message", "code": 131047}
    if adding and len(number.blocked) >= query.world.switches.block_list:
        return {"message": "Block list limit reached", "code": 139101}
    return None
