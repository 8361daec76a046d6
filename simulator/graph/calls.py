"""POST /{PNID}/calls: connect, pre_accept, accept, reject, terminate."""

import time

from ..calls import capture
from ..calls.inbound import InboundCall
from ..calls.outbound import OutboundCall
from ..errors import GraphError, unknown_object
from ..model import Number, Phone
from .gate import MESSAGING, Query
from .recipients import resolve

# Outbound calling is not offered to business numbers of these countries.
NO_OUTBOUND = {"US", "CA", "EG", "VN", "NG"}


async def calls(query: Query) -> dict:
    """Answers {messaging_product, success} or, for connect, the new call's id."""
    query.need(MESSAGING)
    number = query.number()
    query.product()
    if number.on_sip:
        raise GraphError(131055, "The number uses SIP for calls")
    action = query.body.get("action")
    if action == "connect":
        return await _connect(query, number)
    if action not in ("pre_accept", "accept", "reject", "terminate"):
        raise GraphError(100, f"Unknown action {action!r}")
    call = query.world.calls.get(str(query.body.get("call_id", "")))
    if call is None or call.number is not number:
        raise unknown_object(str(query.body.get("call_id", "")))
    query.entry["call_id"] = call.id
    if action == "terminate":
        call.terminate()
    elif isinstance(call, InboundCall):
        _inbound(query, call, action)
    else:
        raise GraphError(100, f"{action} is for calls that a user started")
    if query.world.switches.success_only:
        return {"success": True}
    return {"messaging_product": "whatsapp", "success": True}


def _inbound(query: Query, call: InboundCall, action: str) -> None:
    if action == "reject":
        call.reject()
        return
    sdp = _session(query.body, "answer")
    if action == "pre_accept":
        call.pre_accept(sdp)
    else:
        call.recording, call.graph_url = capture.check(query.body), _base(query)
        call.accept(sdp, _opaque(query.body))


def _base(query: Query) -> str:
    return f"{query.request.scheme}://{query.request.host}"


def _session(body: dict, kind: str) -> object:
    session = body.get("session")
    if not isinstance(session, dict):
        raise GraphError(100, "session is required")
    if session.get("sdp_type") != kind:
        raise GraphError(100, f"session.sdp_type must be {kind}")
    return session.get("sdp")


def _opaque(body: dict) -> str | None:
    opaque = body.get("biz_opaque_callback_data")
    if opaque is not None and (not isinstance(opaque, str) or len(opaque) > 512):
        raise GraphError(
            100, "biz_opaque_callback_data must be a string of at most 512 characters"
        )
    return opaque


async def _connect(query: Query, number: Number) -> dict:
    world = query.world
    if not number.calling_on:
        raise GraphError(
            138000,
            "Calling is not enabled for this phone number",
            http=world.switches.calling_disabled_http,
        )
    phone = resolve(query, number, 138001)
    check_outbound(world, number, phone)
    sdp = _session(query.body, "offer")
    opaque = _opaque(query.body)
    wanted = capture.check(query.body)
    media = world.switches.media and phone.behaviour.media is not False
    call = OutboundCall(world, number, phone, media)
    call.recording, call.graph_url = wanted, _base(query)
    query.entry["call_id"] = call.id
    await call.start(sdp, opaque)
    world.connect_times.setdefault(number.phone_number_id, []).append(time.time())
    answer = {"messaging_product": "whatsapp", "calls": [{"id": call.id}]}
    if world.switches.connect_success_member:
        answer["success"] = True
    return answer


def check_outbound(world, number: Number, phone: Phone) -> None:
    """Raise the reason why this business may not call this user now."""
    switches = world.switches
    if number.country in NO_OUTBOUND:
        raise GraphError(138013, f"Not available for {number.country}")
    if number.suspended:
        raise GraphError(138014, "Calling is paused because of low call quality")
    if not number.payment_method:
        raise GraphError(131044, "No payment method on the account")
    if not phone.on_whatsapp or not phone.supports_calls:
        raise GraphError(138001, "The recipient cannot be called")
    entry = world.ledger.of(number.phone_number_id, phone.wa_id)
    if not entry.valid():
        raise GraphError(138006, "No approved call permission from the recipient")
    live = world.live_calls(number)
    if any(call.phone is phone for call in live):
        raise GraphError(138003, "A call with this user is already in progress")
    today = world.ledger.within(entry.connected, "day")
    if len(today) >= switches.connected_per_day:
        free_again = int(today[0] + switches.day)
        raise GraphError(
            138012,
            f"Limit of {switches.connected_per_day} connected calls in 24 hours. "
            f"Next call is possible after {free_again}",
            extra={"next_allowed_timestamp": free_again},
        )
    if len(live) >= switches.concurrent_calls:
        raise GraphError(138002, "Too many calls at once")
    times = world.connect_times.setdefault(number.phone_number_id, [])
    if len(world.recent(times, switches.day)) >= switches.connects_per_day:
        raise GraphError(138005, "Too many new calls in 24 hours")
