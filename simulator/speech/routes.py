"""Which path of the speech vendors leads to what."""

from typing import TYPE_CHECKING

from aiohttp import web

from . import elevenlabs
from .deepgram import Deepgram
from .flux import Flux

if TYPE_CHECKING:
    from ..world import World


def add(app: web.Application, world: "World") -> None:
    """Add them: Deepgram's `/v1/listen`, `/v2/listen`; ElevenLabs' text-to-speech."""

    def stream(kind):
        async def run(request: web.Request) -> web.StreamResponse:
            return await kind(world, request).serve()

        return run

    async def speak(request: web.Request) -> web.StreamResponse:
        return await elevenlabs.speak(world, request)

    async def projects(request: web.Request) -> web.Response:
        """What Deepgram's console asks first: whether the key is good, and for what."""
        scheme, _space, key = request.headers.get("Authorization", "").partition(" ")
        if scheme != "Token" or not world.speech.good_key("deepgram", key):
            error = {"err_code": "INVALID_AUTH", "err_msg": "Invalid credentials."}
            return web.json_response(error, status=401)
        project = {"project_id": "demo-project", "name": "Demo"}
        return web.json_response({"projects": [project]})

    app.router.add_get("/v1/projects", projects)
    app.router.add_get("/v1/listen", stream(Deepgram))
    app.router.add_get("/v2/listen", stream(Flux))
    app.router.add_post("/v1/text-to-speech/{voice}", speak)
    app.router.add_post("/v1/text-to-speech/{voice}/stream", speak)
