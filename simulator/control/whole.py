"""Control of the whole: requests, webhooks, faults, settings, numbers, reset."""

import asyncio
import json
from dataclasses import asdict, fields

from aiohttp import WSMsgType, web

from ..graph.settings import announce, check
from ..model import Number
from ..webhooks import bodies
from ..webhooks.delivery import sign
from .tools import answer, body_of, number_of, world_of

NUMBER_FIELDS = {f.name for f in fields(Number)} - {
    "phone_number_id",
    "waba_id",
    "calling",
}


async def requests(request: web.Request) -> web.Response:
    """GET /control/requests[?since=][&endpoint=][&action=]: what Graph received."""
    entries = world_of(request).requests
    since = float(request.query.get("since", 0))
    rows = [entry for entry in entries if entry["at"] >= since]
    for name in ("endpoint", "action", "method", "object", "call_id"):
        if wanted := request.query.get(name):
            rows = [row for row in rows if row.get(name) == wanted]
    return answer(rows)


async def webhooks(request: web.Request) -> web.Response:
    """GET /control/webhooks[?since=][&name=][&call_id=][&bodies=1]."""
    rows = world_of(request).sender.deliveries
    since = float(request.query.get("since", 0))
    rows = [row for row in rows if row.created >= since]
    if name := request.query.get("name"):
        rows = [row for row in rows if name in row.names]
    if call_id := request.query.get("call_id"):
        rows = [row for row in rows if row.call_id == call_id]
    return answer([row.as_dict(bool(request.query.get("bodies"))) for row in rows])


async def send_webhook(request: web.Request) -> web.Response:
    """POST /control/webhooks {app_id, body|raw, url, signature, wait}.

    Sends a body signed as that app; "signature": null sends none, a text that one.
    """
    world, data = world_of(request), await body_of(request)
    app_id = str(data.get("app_id") or next(iter(world.apps)))
    if app_id not in world.apps:
        raise LookupError(f"no app {app_id}")
    app = world.apps[app_id]
    raw = (
        str(data["raw"]).encode()
        if "raw" in data
        else bodies.serialise(data["body"], world.switches.escape_slashes)
    )
    signature = data.get("signature", sign(app.app_secret, raw))
    delivery = world.sender.raw(app, raw, signature, data.get("url") or app.webhook)
    if data.get("wait", True):
        await delivery.done.wait()
    return answer(delivery.as_dict())


async def settled(request: web.Request) -> web.Response:
    """POST /control/webhooks/wait {timeout}: until every webhook was tried once."""
    world, data = world_of(request), await body_of(request)
    waiting = [d.done.wait() for d in world.sender.deliveries if not d.done.is_set()]
    if waiting:
        async with asyncio.timeout(float(data.get("timeout", 10))):
            await asyncio.gather(*waiting)
    return answer({"waited_for": len(waiting)})


async def get_faults(request: web.Request) -> web.Response:
    """GET /control/faults."""
    return answer([order.as_dict() for order in world_of(request).faults.orders])


async def add_faults(request: web.Request) -> web.Response:
    """POST /control/faults {kind, on, count, …} or a list of them."""
    raw = json.loads(await request.read())
    world = world_of(request)
    orders = [
        world.faults.add(item) for item in (raw if isinstance(raw, list) else [raw])
    ]
    rows = [order.as_dict() for order in orders]
    return answer(rows if isinstance(raw, list) else rows[0], 201)


async def clear_faults(request: web.Request) -> web.Response:
    """DELETE /control/faults[/{id}]."""
    number = request.match_info.get("id")
    world_of(request).faults.clear(int(number) if number else None)
    return answer({"ok": True})


async def get_settings(request: web.Request) -> web.Response:
    """GET /control/settings: every timer and switch."""
    return answer(world_of(request).switches.as_dict())


async def set_settings(request: web.Request) -> web.Response:
    """POST /control/settings {name: value}."""
    switches = world_of(request).switches
    switches.change(await body_of(request))
    return answer(switches.as_dict())


async def reset(request: web.Request) -> web.Response:
    """POST /control/reset [{"everything": true}]."""
    data = await body_of(request)
    await world_of(request).reset(bool(data.get("everything")))
    return answer({"ok": True})


def _number(number: Number) -> dict:
    data = asdict(number)
    return {k: sorted(v) if isinstance(v, set) else v for k, v in data.items()}


async def numbers(request: web.Request) -> web.Response:
    """GET /control/numbers."""
    return answer([_number(n) for n in world_of(request).numbers.values()])


async def set_number(request: web.Request) -> web.Response:
    """POST /control/numbers/{number} {calling: {…}, suspended, country, …}."""
    world, data = world_of(request), await body_of(request)
    number = number_of(world, dict(request.match_info), "number")
    calling = data.pop("calling", None)
    unknown = set(data) - NUMBER_FIELDS
    if unknown:
        raise ValueError(f"unknown: {', '.join(sorted(unknown))}")
    for name, value in data.items():
        setattr(number, name, set(value) if isinstance(value, list) else value)
    if calling is not None:
        check(calling)
        number.calling |= calling
        announce(world, number)
    world.hub.send("number", {"number": _number(number)})
    return answer(_number(number))


async def events(request: web.Request) -> web.WebSocketResponse:
    """GET /control/events: WebSocket of everything that happens."""
    socket = web.WebSocketResponse(heartbeat=20)
    await socket.prepare(request)
    hub = world_of(request).hub
    queue = hub.listen()

    async def pump() -> None:
        while True:
            event = await queue.get()
            await socket.send_str(json.dumps(event, ensure_ascii=False, default=str))

    task = asyncio.create_task(pump())
    try:
        async for message in socket:
            if message.type == WSMsgType.ERROR:
                break
    finally:
        task.cancel()
        hub.leave(queue)
    return socket


ROUTES = [
    ("GET", "requests", requests),
    ("GET", "webhooks", webhooks),
    ("POST", "webhooks", send_webhook),
    ("POST", "webhooks/wait", settled),
    ("GET", "faults", get_faults),
    ("POST", "faults", add_faults),
    ("DELETE", "faults", clear_faults),
    ("DELETE", "faults/{id}", clear_faults),
    ("GET", "settings", get_settings),
    ("POST", "settings", set_settings),
    ("POST", "reset", reset),
    ("GET", "numbers", numbers),
    ("POST", "numbers/{number}", set_number),
    ("GET", "events", events),
]
