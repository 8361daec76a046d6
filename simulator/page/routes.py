"""Serves the phone page and its files, events and sound."""

from typing import TYPE_CHECKING

from aiohttp import web

from . import live, sound
from .files import FOLDER, fresh, index

if TYPE_CHECKING:
    from ..world import World


def add(app: web.Application, world: "World") -> None:
    """Add the page at /, its files below /static and what they ask for."""
    app.on_response_prepare.append(fresh)
    app.router.add_get("/", index)
    app.router.add_static("/static", FOLDER)
    app.router.add_get("/page/events", live.events(world))
    app.router.add_post("/page/audio", sound.join(world))
    app.router.add_get("/page/media/{id}", sound.media(world))
