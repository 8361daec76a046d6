"""The web application: Graph, control API, phone page, speech vendors on one port."""

from aiohttp import web

from .control import routes as control
from .graph import routes as graph
from .page import routes as page
from .speech import routes as speech
from .world import World

LARGEST_BODY = 110 * 1024 * 1024  # documents may have 100 MB


def make_app(world: World) -> web.Application:
    """An aiohttp application for `world`, which it closes at its end."""
    app = web.Application(client_max_size=LARGEST_BODY)
    graph.add(app, world)
    control.add(app, world)
    page.add(app, world)
    speech.add(app, world)

    async def close(_app: web.Application) -> None:
        await world.close()

    app.on_shutdown.append(close)
    return app
