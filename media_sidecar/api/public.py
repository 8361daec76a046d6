"""What anybody may read: health, figures, and the description of the API."""

from aiohttp import web

from .document import document


async def health(unit, _request: web.Request, _body: dict) -> dict:
    return unit.health()


async def metrics(unit, _request: web.Request, _body: dict) -> web.Response:
    kind = "text/plain; version=0.0.4; charset=utf-8"
    return web.Response(body=unit.metrics.text(), headers={"Content-Type": kind})


async def openapi(_unit, _request: web.Request, _body: dict) -> dict:
    return document()


HANDLERS = {"health": health, "metrics": metrics, "openapi": openapi}
