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

    app.router.add_get("/v1/listen", stream(Deepgram))
    app.router.add_get("/v2/listen", stream(Flux))
    app.router.add_post("/v1/text-to-speech/{voice}", speak)
    app.router.add_post("/v1/text-to-speech/{voice}/stream", speak)
