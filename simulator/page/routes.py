"""Serves the phone page and its files."""

from pathlib import Path

from aiohttp import web

FOLDER = Path(__file__).with_name("static")


async def index(_request: web.Request) -> web.FileResponse:
    """GET /."""
    return web.FileResponse(FOLDER / "index.html")


def add(app: web.Application) -> None:
    """Add the page at / and its files below /static."""
    app.router.add_get("/", index)
    app.router.add_static("/static", FOLDER)
