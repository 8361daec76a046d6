"""What happens, as server-sent events: a browser takes them up again by itself."""

import asyncio
import json
from typing import TYPE_CHECKING

from aiohttp import web

if TYPE_CHECKING:
    from ..world import World

SIGN_OF_LIFE = 10.0  # seconds of silence after which a comment is sent
# Requests and webhooks are for the log, not for a phone.
FOR_PAGES = ("call", "message", "phone", "number", "block", "reset")


def events(world: "World"):
    """GET /page/events: {"type", "at", …} of what concerns phones."""

    async def run(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(
            headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"}
        )
        await response.prepare(request)
        queue = world.hub.listen()
        try:
            await response.write(b": hello\n\n")
            while True:
                await response.write(await _next(queue))
        except ConnectionError:
            return response
        finally:
            world.hub.leave(queue)

    return run


async def _next(queue: asyncio.Queue) -> bytes:
    try:
        async with asyncio.timeout(SIGN_OF_LIFE):
            event = await queue.get()
            while event["type"] not in FOR_PAGES:
                event = await queue.get()
    except TimeoutError:
        return b": still here\n\n"
    text = json.dumps(event, ensure_ascii=False, default=str)
    return f"data: {text}\n\n".encode()
