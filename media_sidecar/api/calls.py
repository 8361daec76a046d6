"""What Odoo asks of calls: handlers take (unit, request, body), answer JSON."""

from aiohttp import web

from ..call.call import Call
from ..call.tasks import spawn
from ..errors import ApiError

DONE = {"ok": True}


def _call(unit, request: web.Request) -> Call:
    return unit.calls.get(request.match_info["call"])


async def open_call(unit, _request, body: dict) -> dict:
    if not unit.calls.known(body["call"]) and not unit.calls.over(body["call"]):
        unit.check_ready()
        unit.metrics.calls.labels(body["direction"]).inc()
    return await unit.calls.open(body)


async def remote(unit, request, body: dict) -> dict:
    await _call(unit, request).legs.set_answer(body["answer"])
    return DONE


async def accepted(unit, request, _body: dict) -> dict:
    _call(unit, request).accepted()
    return DONE


async def add_leg(unit, request, body: dict) -> dict:
    return await unit.calls.add_leg(_call(unit, request), body)


async def leg_mode(unit, request, body: dict) -> dict:
    call = _call(unit, request)
    call.set_mode(unit.calls.leg(call, request.match_info["leg"]), body["mode"])
    return DONE


async def close_leg(unit, request, _body: dict) -> dict:
    call, ref = _call(unit, request), request.match_info["leg"]
    if call.parties.find(ref):
        call.legs.let_go(unit.calls.leg(call, ref))
    elif not unit.calls.had_leg(call, ref):
        raise ApiError(404, "unknown_leg", "There is no such leg in this call.")
    return DONE


async def hold(unit, request, body: dict) -> dict:
    _call(unit, request).hold(body["on"])
    return DONE


async def talk(unit, request, body: dict) -> dict:
    _call(unit, request).talk_with(body["with"])
    return DONE


async def transfer(unit, request, body: dict) -> dict:
    call = _call(unit, request)
    call.transfer(unit.calls.leg(call, body["leg"]))
    return DONE


async def recording(unit, request, body: dict) -> dict:
    call = _call(unit, request)
    tape, action = call.tape, body["action"]
    if body.get("record") and not tape.record:
        tape.record = body["record"]
    if tape.record is None:
        raise ApiError(422, "no_recording", "This call has no recording.")
    if action == "start":
        if call.accepted_at is None:
            raise ApiError(422, "not_accepted", "The call is not answered yet.")
        spawn(call.tasks, tape.begin())
    elif action == "discard":
        tape.discard()
        call.transcript.refuse()
    else:
        {"pause": tape.pause, "resume": tape.resume, "stop": tape.stop}[action]()
    return DONE


async def dtmf(unit, request, body: dict) -> dict:
    call = _call(unit, request)
    if _first_time(call, body):
        call.legs.send_digits(body["digits"])
    return DONE


async def play(unit, request, body: dict) -> dict:
    call = _call(unit, request)
    if _first_time(call, body):
        spawn(call.tasks, _play(call, body))
    return DONE


async def _play(call: Call, body: dict) -> None:
    try:
        await call.play(body["prompt"], body.get("to", "peer"))
    except ApiError:
        pass  # the call ended


def _first_time(call: Call, body: dict) -> bool:
    """False for an `id` that was done before."""
    done = body.get("id")
    if not done:
        return True
    if done in call.done_ids:
        return False
    call.done_ids.add(done)
    return True


async def program(unit, request, body: dict) -> dict:
    _call(unit, request).stage.ask(body)
    return DONE


async def state(unit, request, _body: dict) -> dict:
    ref = request.match_info["call"]
    return unit.calls.over(ref) or unit.calls.get(ref).described()


async def close(unit, request, _body: dict) -> dict:
    ref = request.match_info["call"]
    if not unit.calls.over(ref):
        unit.calls.get(ref).end("odoo")
    return DONE


async def purge(unit, _request, body: dict) -> dict:
    await unit.purge(set(body["calls"]))
    return DONE


HANDLERS = {
    "open": open_call,
    "remote": remote,
    "accepted": accepted,
    "leg": add_leg,
    "leg_mode": leg_mode,
    "leg_close": close_leg,
    "hold": hold,
    "talk": talk,
    "transfer": transfer,
    "recording": recording,
    "dtmf": dtmf,
    "play": play,
    "program": program,
    "state": state,
    "close": close,
    "purge": purge,
}
