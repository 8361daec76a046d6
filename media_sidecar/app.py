"""The web application of one unit: every operation with its handler."""

from aiohttp import web

from .api import calls, public, speech
from .api.gate import BODY, LARGEST_BODY, make_gate
from .api.operations import OPERATIONS, Operation
from .api.schema import check
from .api.shapes import SCHEMAS

HANDLERS = {**calls.HANDLERS, **public.HANDLERS, **speech.HANDLERS}


def make_app(unit) -> web.Application:
    """An aiohttp application; who makes it starts and closes the unit."""
    app = web.Application(
        middlewares=[make_gate(unit)], client_max_size=LARGEST_BODY + 1024
    )
    for operation in OPERATIONS:
        handler = _bound(unit, operation)
        app.router.add_route(
            operation.method, operation.path, handler, name=operation.name
        )
    return app


def _bound(unit, operation: Operation):
    """The handler with its body checked and its answer written."""
    work = HANDLERS[operation.name]

    async def handle(request: web.Request) -> web.StreamResponse:
        body = request.get(BODY, {})
        if operation.body is not None:
            check(body, operation.body, SCHEMAS)
        answer = await work(unit, request, body)
        return web.json_response(answer) if isinstance(answer, dict) else answer

    return handle
