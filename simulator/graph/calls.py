"""POST /{number}/calls and GET /{number}/call_permissions."""

import time

from ..calls.call import Call
from ..calls.inbound import InboundCall
from ..calls.outbound import OutboundCall
from ..errors import GraphError, unknown_object
from ..model import Number, Phone
from ..world import World
from .server import MESSAGING, Request

# countries of business numbers from which WhatsApp places no calls (availability)
NO_OUTBOUND = {"US", "CA", "EG", "VN", "NG"}
OPAQUE_LIMIT = 512


async def post_calls(request: Request) -> dict:
    """Carry out connect, pre_accept, accept, reject or terminate."""
    number = request.number(MESSAGING)
    if request.body.get("messaging_product") != "whatsapp":
        raise GraphError(131008, "The parameter messaging_product is required")
    action = request.text("action")
    if number.on_sip:
        raise GraphError(131055, "The number uses SIP")
    if not number.calling_on:
        raise GraphError(138000, http=request.world.switches.calling_disabled_http)
    if action == "connect":
        return await _connect(request, number)
    if action not in ("pre_accept", "accept", "reject", "terminate"):
        raise GraphError(100, f"The action {action} is not known")
    call = _call(request, number)
    if action in ("pre_accept", "accept") and not isinstance(call, InboundCall):
        raise GraphError(100, "The call is not user-initiated")
    if action == "pre_accept":
        call.pre_accept(_sdp(request, "answer"))
    elif action == "accept":
        if not number.payment_method:
            raise GraphError(131044)
        call.accept(_sdp(request, "answer"), _opaque(request))
    elif action == "reject":
        if not isinstance(call, InboundCall):
            raise GraphError(100, "The call is not user-initiated")
        call.reject()
    else:
        call.terminate()
    if request.world.switches.success_only:
        return {"success": True}
    return {"messaging_product": "whatsapp", "success": True}


def _call(request: Request, number: Number) -> Call:
    call_id = request.text("call_id")
    call = request.world.calls.get(call_id)
    if call is None or call.number is not number:
        raise unknown_object(call_id)
    return call


def _sdp(request: Request, kind: str) -> object:
    session = request.body.get("session")
    if not isinstance(session, dict):
        raise GraphError(131008, "The parameter session is required")
    if session.get("sdp_type") != kind:
        raise GraphError(100, f"session.sdp_type must be {kind}")
    return session.get("sdp")


def _opaque(request: Request) -> str | None:
    if "biz_opaque_callback_data" not in request.body:
        return None
    return request.text("biz_opaque_callback_data", limit=OPAQUE_LIMIT)


async def _connect(request: Request, number: Number) -> dict:
    world = request.world
    phone = request.phone()
    sdp, opaque = _sdp(request, "offer"), _opaque(request)
    _may_connect(world, number, phone)
    call = OutboundCall(world, number, phone, media=_has_media(sdp))
    await call.start(sdp, opaque)
    world.connect_times.setdefault(number.phone_number_id, []).append(time.time())
    data = {"messaging_product": "whatsapp", "calls": [{"id": call.id}]}
    if world.switches.connect_success_member:
        data["success"] = True
    return data


def _has_media(sdp: object) -> bool:
    """An offer without a real candidate comes from a test without media."""
    return isinstance(sdp, str) and "a=x-signalling-only" not in sdp


def _may_connect(world: World, number: Number, phone: Phone | None) -> None:
    """The checks of a new call, in the order of the fact sheet."""
    if number.country in NO_OUTBOUND:
        raise GraphError(138013)
    if number.suspended:
        raise GraphError(138014)
    if phone is None or not phone.on_whatsapp or not phone.supports_calls:
        raise GraphError(138006 if phone is None else 138001)
    if number.sandbox and phone.wa_id not in number.allowed:
        raise GraphError(131030)
    entry = world.ledger.of(number.phone_number_id, phone.wa_id)
    if not entry.valid():
        raise GraphError(138006, "Ask the user for permission to call first")
    if any(call.phone is phone for call in world.live_calls(number)):
        raise GraphError(138003, "The user and the business are in a call already")
    connected = world.ledger.within(entry.connected, "day")
    if len(connected) >= world.switches.connected_per_day:
        allowed_at = int(connected[0] + world.switches.day)
        raise GraphError(
            138012,
            f"The next call is possible at {allowed_at}",
            extra={"next_allowed_time": allowed_at},
        )
    if len(world.live_calls(number)) >= world.switches.concurrent_calls:
        raise GraphError(138002)
    times = world.connect_times.setdefault(number.phone_number_id, [])
    recent = world.recent(times, world.switches.day)
    if len(recent) >= world.switches.connects_per_day:
        raise GraphError(138005)


async def get_permissions(request: Request) -> dict:
    """The state of a permission and what may be done."""
    number, world = request.number(MESSAGING), request.world
    if not number.calling_on:
        raise GraphError(138000, http=world.switches.calling_disabled_http)
    times = world.query_times.setdefault(number.phone_number_id, [])
    if len(world.recent(times, 1.0)) >= world.switches.permission_queries_per_second:
        raise GraphError(613)
    times.append(time.time())
    query = request.http.query
    name = query.get("user_wa_id") or query.get("recipient")
    if not name:
        raise GraphError(131008, "The parameter user_wa_id is required")
    phone = world.find_phone(name)
    return _permission_view(world, number, phone)


def _permission_view(world: World, number: Number, phone: Phone | None) -> dict:
    entry = world.ledger.of(number.phone_number_id, phone.wa_id if phone else "")
    status = entry.status if entry.valid() else "no_permission"
    permission: dict = {"status": status}
    if status == "temporary":
        permission[world.switches.expiry_key] = int(entry.expires)
    if world.switches.permission_words == "openapi":
        permission["status"] = "denied" if status == "no_permission" else "granted"
    daily, weekly = world.ledger.limits(number)
    asked_day = len(world.ledger.within(entry.requested, "day"))
    asked_week = len(world.ledger.within(entry.requested, "week"))
    called = len(world.ledger.within(entry.connected, "day"))
    per_day = world.switches.connected_per_day
    return {
        "messaging_product": "whatsapp",
        "permission": permission,
        "actions": [
            {
                "action_name": "send_call_permission_request",
                "can_perform_action": status != "permanent"
                and asked_day < daily
                and asked_week < weekly,
                "limits": [
                    _limit("PT24H", daily, asked_day),
                    _limit("P7D", weekly, asked_week),
                ],
            },
            {
                "action_name": "start_call",
                "can_perform_action": status != "no_permission" and called < per_day,
                "limits": [_limit("PT24H", per_day, called)],
            },
        ],
    }


def _limit(period: str, allowed: int, used: int) -> dict:
    return {"time_period": period, "max_allowed": allowed, "current_usage": used}
