"""/control/calls…: place calls from phones and act in them."""

import asyncio
import json

from aiohttp import web

from ..calls.call import load_sound
from ..calls.inbound import InboundCall
from ..errors import GraphError
from ..graph.server import WORLD
from ..model import make_phone

routes = web.RouteTableDef()
SOUND = ("say", "wav", "wav_base64", "tone", "loop")


def _refuse(text: str, status: type = web.HTTPBadRequest):
    return status(text=json.dumps({"error": text}), content_type="application/json")


async def _body(request: web.Request) -> dict:
    raw = await request.read()
    return json.loads(raw) if raw else {}


async def place(world, data: dict) -> InboundCall:
    """A phone calls a number; raises ValueError when WhatsApp would not place it."""
    number = world.find_number(str(data.get("to", "")))
    if number is None:
        raise ValueError("`to` names no business number")
    name = str(data.get("from", ""))
    phone = world.find_phone(name)
    if phone is None and name.lstrip("+").isdigit():
        digits = name.lstrip("+")
        phone = make_phone({"wa_id": digits, "bsuid": f"XX.9{digits}", "name": name})
        world.phones[digits] = phone
    if phone is None:
        raise ValueError("`from` names no phone")
    if not number.calling_on or number.inbound_paused or number.on_sip:
        raise ValueError("the business takes no calls")
    if phone.wa_id in number.blocked:
        raise ValueError("the business has blocked this phone")
    if any(call.phone is phone for call in world.live_calls(number)):
        raise ValueError("this phone is in a call with the business already")
    if len(world.live_calls(number)) >= world.switches.concurrent_calls:
        raise ValueError("too many calls at once")
    call = InboundCall(world, number, phone, media=data.get("media", True))
    call.deeplink_payload = data.get("deeplink_payload")
    call.cta_payload = data.get("cta_payload")
    call.sound = {name: data[name] for name in SOUND if name in data}
    await load_sound(call.sound)  # a wrong sound is said now, not in the call
    await call.start()
    return call


@routes.post("/control/calls")
async def post_call(request: web.Request) -> web.Response:
    """A phone calls {from, to, say|wav|wav_base64|tone, loop?, media?, payloads}."""
    call = await place(request.app[WORLD], await _body(request))
    return web.json_response(call.as_dict())


@routes.post("/control/burst")
async def post_burst(request: web.Request) -> web.Response:
    """Many phones call {count, within_s, to, media: false, first?}; waits for all."""
    world, data = request.app[WORLD], await _body(request)
    count = int(data.get("count", 50))
    within = float(data.get("within_s", 0))
    to = str(data.get("to") or next(iter(world.numbers)))
    first = int(data.get("first", 436700000000))

    async def one(index: int):
        await asyncio.sleep(within * index / count)
        return await place(
            world,
            {"from": str(first + index), "to": to, "media": data.get("media", False)},
        )

    calls = await asyncio.gather(*(one(index) for index in range(count)))
    waiting = [
        delivery.done.wait()
        for delivery in world.sender.deliveries
        if delivery.call_id in {call.id for call in calls}
    ]
    await asyncio.gather(*waiting)
    return web.json_response([call.id for call in calls])


@routes.get("/control/calls")
async def get_calls(request: web.Request) -> web.Response:
    """Every call, oldest first; ?live=1 only those that have not ended."""
    calls = request.app[WORLD].calls.values()
    live = "live" in request.query
    return web.json_response([c.as_dict() for c in calls if not (live and c.ended)])


def _call(request: web.Request):
    call = request.app[WORLD].calls.get(request.match_info["id"])
    if call is None:
        raise _refuse("unknown call", web.HTTPNotFound)
    return call


# a wacid may hold slashes: the ids are matched greedily, the edges go first
CALL = "/control/calls/{id:.+}"


@routes.get(CALL + "/heard.wav")
async def get_heard(request: web.Request) -> web.Response:
    """What the phone heard, mono 48 kHz."""
    call = _call(request)
    if call.leg is None:
        raise _refuse("the call has no media", web.HTTPNotFound)
    wav = await asyncio.to_thread(call.leg.heard.wav)
    return web.Response(body=wav, content_type="audio/wav")


@routes.get(CALL + "/heard")
async def get_analysis(request: web.Request) -> web.Response:
    """What the phone heard in figures: seconds, level, strongest tone."""
    call = _call(request)
    if call.leg is None:
        raise _refuse("the call has no media", web.HTTPNotFound)
    return web.json_response(await asyncio.to_thread(call.leg.heard.analyse))


@routes.get(CALL + "/sdp")
async def get_sdp(request: web.Request) -> web.Response:
    """WhatsApp's SDP and the one the business sent."""
    call = _call(request)
    return web.json_response({"own": call.own_sdp, "business": call.business_sdp})


@routes.get(CALL)
async def get_call(request: web.Request) -> web.Response:
    return web.json_response(_call(request).as_dict())


@routes.post(CALL + "/{action:hangup|answer|reject|dtmf|say|mute}")
async def post_action(request: web.Request) -> web.Response:
    """What the person at the phone does in a call."""
    call, data = _call(request), await _body(request)
    action = request.match_info["action"]
    try:
        if action == "hangup":
            call.end("phone")
        elif action == "answer":
            call.answer()
        elif action == "reject":
            call.reject() if not call.inbound else call.end("phone")
        elif action == "dtmf":
            call.leg.speaker.press(str(data["digits"]))
        elif action == "mute":
            call.leg.speaker.muted = bool(data.get("muted", True))
            call.tell()
        else:
            await call.play(data)
    except (GraphError, AttributeError) as error:
        raise _refuse(str(error)) from error
    return web.json_response(call.as_dict())
