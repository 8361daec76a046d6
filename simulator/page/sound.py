"""Sound between the page and a phone's call, and the voice messages of a chat."""

from typing import TYPE_CHECKING

from aiohttp import web

from ..media import sdp_check
from ..media.leg import Leg

if TYPE_CHECKING:
    from ..world import World


def join(world: "World"):
    """POST /page/audio {call, sdp, microphone}: the page's sound joins a call.

    Takes the browser's offer, answers {"sdp"}, null when the call is over. Opus
    packets go both ways as they are; without "microphone" the page only listens and
    the call goes on speaking what it was told to.
    """

    async def run(request: web.Request) -> web.Response:
        data = await request.json()
        call = world.calls.get(str(data.get("call", "")))
        if call is None or call.leg is None or call.ended:
            # no mistake of the page: a call can be over before it is joined
            return web.json_response({"sdp": None})
        try:
            remote = sdp_check.read(data.get("sdp"), "offer", strict=False)
        except sdp_check.SdpError as error:
            raise web.HTTPBadRequest(text=str(error)) from error
        page = await Leg.open(world.media_host)
        page.speaker.live = True
        page.connect(remote, role="client")
        call.leg.listeners.append(page.speaker)
        call.leg.speaker.live = bool(data.get("microphone"))
        if call.leg.speaker.live:
            page.listeners.append(call.leg.speaker)
        page.send()
        call.add_page(page)
        return web.json_response({"sdp": page.answer()})

    return run


def media(world: "World"):
    """GET /page/media/{id}: a medium the business sent, for the chat to play."""

    async def run(request: web.Request) -> web.Response:
        found = world.media.get(request.match_info["id"])
        if found is None:
            raise web.HTTPNotFound
        kind = found["mime_type"].split(";")[0]
        return web.Response(body=found["content"], content_type=kind)

    return run
