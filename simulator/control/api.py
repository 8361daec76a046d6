"""/control/…: phones, permissions, faults, settings, requests, webhooks."""

import json

from aiohttp import web

from .. import chat
from ..graph.server import WORLD
from ..media import sound
from ..model import Behaviour, ConfigError, make, make_phone
from . import calls as call_routes

routes = web.RouteTableDef()
TIMEOUT_ANSWERS = (KeyError, ValueError, TypeError, ConfigError, sound.SoundError)


async def body_of(request: web.Request) -> dict:
    """The JSON object of a request; {} without a body; raises 400."""
    raw = await request.read()
    try:
        data = json.loads(raw) if raw else {}
    except ValueError as error:
        raise refuse(f"not JSON: {error}") from error
    if not isinstance(data, dict):
        raise refuse("a JSON object is expected")
    return data


def refuse(text: str) -> web.HTTPBadRequest:
    return web.HTTPBadRequest(
        text=json.dumps({"error": text}), content_type="application/json"
    )


@web.middleware
async def readable_errors(request: web.Request, handler):
    """Wrong members of a control request are the caller's mistake: 400 and why."""
    if not request.path.startswith("/control/"):
        return await handler(request)
    try:
        return await handler(request)
    except TIMEOUT_ANSWERS as error:
        raise refuse(f"{type(error).__name__}: {error}") from error


def phone_view(world, phone) -> dict:
    return {
        "wa_id": phone.wa_id,
        "bsuid": phone.bsuid,
        "name": phone.name,
        "country": phone.country,
        "online": phone.online,
        "behaviour": vars(phone.behaviour),
        "chat": phone.chat,
        "permissions": {
            number_id: world.ledger.of(number_id, phone.wa_id).as_dict()
            for number_id in world.numbers
        },
    }


@routes.get("/control/phones")
async def get_phones(request: web.Request) -> web.Response:
    world = request.app[WORLD]
    return web.json_response([phone_view(world, p) for p in world.phones.values()])


@routes.get("/control/phones/{wa_id}")
async def get_phone(request: web.Request) -> web.Response:
    world = request.app[WORLD]
    phone = world.find_phone(request.match_info["wa_id"])
    if phone is None:
        raise web.HTTPNotFound
    return web.json_response(phone_view(world, phone))


@routes.post("/control/phones/{wa_id}")
async def post_phone(request: web.Request) -> web.Response:
    """Make a phone or change one; "behaviour" is merged, null resets a member."""
    world, data = request.app[WORLD], await body_of(request)
    wa_id = request.match_info["wa_id"]
    behaviour = data.pop("behaviour", {})
    known = Behaviour.__dataclass_fields__.keys()
    for name in list(data):
        if name in known:
            behaviour[name] = data.pop(name)
    phone = world.find_phone(wa_id)
    if phone is None:
        made = {"wa_id": wa_id, "bsuid": f"XX.9{wa_id}", "name": f"+{wa_id}", **data}
        phone = make_phone(made)
        world.phones[phone.wa_id] = phone
    else:
        for name, value in data.items():
            if name not in type(phone).__dataclass_fields__:
                raise ValueError(f"a phone has no {name}")
            setattr(phone, name, value)
    if behaviour is None:
        phone.behaviour = Behaviour()
    else:
        phone.behaviour = make(
            Behaviour, {**vars(phone.behaviour), **behaviour}, "behaviour"
        )
    world.hub.send("phone", {"wa_id": phone.wa_id})
    return web.json_response(phone_view(world, phone))


@routes.post("/control/phones/{wa_id}/messages")
async def post_message(request: web.Request) -> web.Response:
    """The customer writes {to, text}."""
    world, data = request.app[WORLD], await body_of(request)
    phone = world.find_phone(request.match_info["wa_id"])
    number = world.find_number(str(data.get("to", "")))
    if phone is None or number is None:
        raise refuse("unknown phone or number")
    entry = chat.customer_wrote(world, number, phone, str(data.get("text", "")))
    return web.json_response(entry)


@routes.post("/control/phones/{wa_id}/permission")
async def post_reply(request: web.Request) -> web.Response:
    """Answer a permission request {to, id, reply: accept|permanent|decline}."""
    world, data = request.app[WORLD], await body_of(request)
    phone = world.find_phone(request.match_info["wa_id"])
    number = world.find_number(str(data.get("to", "")))
    if phone is None or number is None:
        raise refuse("unknown phone or number")
    wamid = (
        data.get("id")
        or world.ledger.of(number.phone_number_id, phone.wa_id).open_request
    )
    ok = chat.answer_request(world, number, phone, wamid, data.get("reply", "accept"))
    return web.json_response({"ok": ok})


@routes.post("/control/permissions")
async def post_permission(request: web.Request) -> web.Response:
    """Set a permission without telling the business {number, wa_id, status}."""
    world, data = request.app[WORLD], await body_of(request)
    number = world.find_number(str(data["number"]))
    phone = world.find_phone(str(data["wa_id"]))
    if phone is None or number is None:
        raise refuse("unknown phone or number")
    entry = world.ledger.grant(
        number.phone_number_id, phone.wa_id, data["status"], data.get("expires")
    )
    return web.json_response(entry.as_dict())


@routes.get("/control/numbers")
async def get_numbers(request: web.Request) -> web.Response:
    world = request.app[WORLD]
    return web.json_response(
        [
            {
                "phone_number_id": n.phone_number_id,
                "wa_id": n.wa_id,
                "display": n.display,
                "name": n.name,
                "calling": n.calling,
            }
            for n in world.numbers.values()
        ]
    )


@routes.post("/control/numbers/{number}")
async def post_number(request: web.Request) -> web.Response:
    """Change a number, e.g. {"suspended": true} or {"country": "US"}."""
    world, data = request.app[WORLD], await body_of(request)
    number = world.find_number(request.match_info["number"])
    if number is None:
        raise web.HTTPNotFound
    for name, value in data.items():
        if name not in type(number).__dataclass_fields__:
            raise ValueError(f"a number has no {name}")
        setattr(number, name, set(value) if isinstance(value, list) else value)
    return web.json_response({"ok": True})


@routes.get("/control/requests")
async def get_requests(request: web.Request) -> web.Response:
    """What Graph received, in order; ?since=<epoch seconds>&edge=&action=."""
    world, query = request.app[WORLD], request.query
    since = float(query.get("since", 0))
    found = [
        entry
        for entry in world.requests
        if entry["at"] >= since
        and query.get("edge") in (None, entry["edge"])
        and query.get("action") in (None, entry["action"])
    ]
    return web.json_response(found)


@routes.get("/control/webhooks")
async def get_webhooks(request: web.Request) -> web.Response:
    """What was sent, with each try and its answer; ?full=1 adds the bodies."""
    world, full = request.app[WORLD], "full" in request.query
    return web.json_response([d.as_dict(full) for d in world.sender.deliveries])


@routes.post("/control/webhooks")
async def post_webhook(request: web.Request) -> web.Response:
    """Send a given body as an app {app_id, body|text, signature?, url?}."""
    from ..webhooks import bodies
    from ..webhooks.sender import sign

    world, data = request.app[WORLD], await body_of(request)
    app = world.apps[str(data["app_id"])]
    body = data.get("body", data.get("text", ""))
    raw = body.encode() if isinstance(body, str) else bodies.serialise(body)
    signature = data.get("signature", sign(app.app_secret, raw))
    delivery = world.sender.raw(app, raw, signature, data.get("url") or app.webhook)
    await delivery.done.wait()
    return web.json_response(delivery.as_dict())


@routes.post("/control/handshake")
async def post_handshake(request: web.Request) -> web.Response:
    """Verify an app's address as when it is saved at Meta {app_id}."""
    world, data = request.app[WORLD], await body_of(request)
    app = world.apps[str(data["app_id"])]
    token = data.get("verify_token", app.verify_token)
    return web.json_response({"ok": await world.sender.handshake(app.webhook, token)})


@routes.post("/control/faults")
async def post_fault(request: web.Request) -> web.Response:
    """Order a fault {kind, on?, count?, wa_id?, …}; see faults.py."""
    fault = request.app[WORLD].faults.add(await body_of(request))
    return web.json_response(fault.as_dict())


@routes.get("/control/faults")
async def get_faults(request: web.Request) -> web.Response:
    return web.json_response([f.as_dict() for f in request.app[WORLD].faults.orders])


@routes.delete("/control/faults")
async def delete_faults(request: web.Request) -> web.Response:
    request.app[WORLD].faults.clear()
    return web.json_response({"ok": True})


@routes.get("/control/settings")
async def get_settings(request: web.Request) -> web.Response:
    return web.json_response(request.app[WORLD].switches.as_dict())


@routes.post("/control/settings")
async def post_settings(request: web.Request) -> web.Response:
    """Change timers and switches; see switches.py."""
    switches = request.app[WORLD].switches
    switches.change(await body_of(request))
    return web.json_response(switches.as_dict())


@routes.post("/control/reset")
async def post_reset(request: web.Request) -> web.Response:
    """Forget calls, requests, faults; {"everything": true}: changed settings too."""
    data = await body_of(request)
    await request.app[WORLD].reset(bool(data.get("everything")))
    return web.json_response({"ok": True})


def add_routes(app: web.Application) -> None:
    """Put the control paths into an aiohttp application."""
    app.add_routes(routes)
    app.add_routes(call_routes.routes)
