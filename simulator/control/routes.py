"""Which path below /control leads where."""

from typing import TYPE_CHECKING

from aiohttp import web

from ..speech import control as speech
from . import accounts, burst, calls, phones, whole
from .tools import WORLD, errors

if TYPE_CHECKING:
    from ..world import World


def add(app: web.Application, world: "World") -> None:
    """Add all of them and their errors."""
    app[WORLD] = world
    app.middlewares.append(errors)
    for module in (calls, phones, accounts, whole, burst, speech):
        for method, path, handler in module.ROUTES:
            app.router.add_route(method, f"/control/{path}", handler)
