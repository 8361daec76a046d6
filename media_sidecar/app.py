"""The web application of one unit."""

from aiohttp import web

from .api import public
from .api.gate import LARGEST_BODY, make_gate


def make_app(unit) -> web.Application:
    """An aiohttp application; who makes it starts and closes the unit."""
    app = web.Application(
        middlewares=[make_gate(unit)], client_max_size=LARGEST_BODY + 1024
    )
    public.add(app, unit)
    return app
