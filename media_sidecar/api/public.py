"""What anybody may read: health, figures, and the description of the API."""

from aiohttp import web


def add(app: web.Application, unit) -> None:
    async def health(_request: web.Request) -> web.Response:
        return web.json_response(unit.health())

    async def metrics(_request: web.Request) -> web.Response:
        kind = "text/plain; version=0.0.4; charset=utf-8"
        return web.Response(body=unit.metrics.text(), headers={"Content-Type": kind})

    app.router.add_get("/health", health, name="health")
    app.router.add_get("/metrics", metrics, name="metrics")
