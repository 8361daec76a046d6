"""The page's files. They are asked for anew each time: no old copy after an update."""

from pathlib import Path

from aiohttp import web

FOLDER = Path(__file__).with_name("static")


async def index(_request: web.Request) -> web.FileResponse:
    """GET /."""
    return web.FileResponse(FOLDER / "index.html")


async def fresh(request: web.Request, response: web.StreamResponse) -> None:
    """Signal handler: let browsers ask whether a file has changed."""
    if request.path == "/" or request.path.startswith("/static/"):
        response.headers["Cache-Control"] = "no-cache"
