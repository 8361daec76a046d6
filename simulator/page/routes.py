"""Serves the phone page, its events, and the sound between page and call."""

import asyncio
import json
from pathlib import Path

from aiohttp import web

from ..graph.server import WORLD
from ..media import sdp_check
from ..media.leg import Leg

STATIC = Path(__file__).parent / "static"
routes = web.RouteTableDef()


@routes.get("/")
async def index(request: web.Request) -> web.StreamResponse:
    return web.FileResponse(STATIC / "index.html")


@routes.get("/page/events")
async def events(request: web.Request) -> web.StreamResponse:
    """Server-sent events of the hub."""
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
    await response.prepare(request)
    hub = request.app[WORLD].hub
    queue = hub.listen()
    try:
        while True:
            try:
                event = await asyncio.wait_for(queue.get(), 10)
                data = f"data: {json.dumps(event)}\n\n"
            except TimeoutError:
                data = ": still here\n\n"
            await response.write(data.encode())
    except ConnectionError:
        return response
    finally:
        hub.leave(queue)


@routes.post("/page/audio")
async def audio(request: web.Request) -> web.Response:
    """Join the page's microphone and speaker to a call {call, sdp} -> {sdp}."""
    world, data = request.app[WORLD], await request.json()
    call = world.calls.get(data["call"])
    if call is None or call.leg is None or call.ended:
        raise web.HTTPNotFound
    try:
        remote = sdp_check.read(data["sdp"], "offer", strict=False)
    except sdp_check.SdpError as error:
        raise web.HTTPBadRequest(text=str(error)) from error
    leg = await Leg.open(world.media_host)
    leg.connect(remote, "client")
    answer = leg.answer("active")
    # the page hears what the call's leg hears, the call says what the page says
    leg.speaker.live = True
    call.leg.listeners.append(leg.speaker)
    if data.get("microphone", True):
        call.leg.speaker.live = True
        leg.listeners.append(call.leg.speaker)
    leg.send()
    world.spawn(_until_ended(call, leg))
    return web.json_response({"sdp": answer})


async def _until_ended(call, leg: Leg) -> None:
    while not call.ended:
        await asyncio.sleep(0.2)
    await leg.close()


def add_routes(app: web.Application) -> None:
    """Put the page's paths into an aiohttp application."""
    app.add_routes(routes)
    app.router.add_static("/page/static", STATIC)
