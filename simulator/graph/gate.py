"""The gate before every Graph endpoint: version, token, faults, log, error JSON."""

import asyncio
import hashlib
import hmac
import json
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from email.utils import formatdate
from typing import TYPE_CHECKING

from aiohttp import web

from ..errors import GraphError, unknown_object
from ..faults import GRAPH, Fault
from ..model import App, Number, Waba
from .tokens import token_refusal

if TYPE_CHECKING:
    from ..world import World

MESSAGING = "whatsapp_business_messaging"
MANAGEMENT = "whatsapp_business_management"
OLDEST_VERSION = 17  # FAQ's "v17 or later"
SECRETS = ("access_token", "appsecret_proof", "input_token", "hub.verify_token")


@dataclass
class Query:
    """A request to Graph that passed the gate."""

    world: "World"
    request: web.Request
    app: App
    token: str
    rights: list[str]
    body: dict
    parts: dict = field(default_factory=dict)  # of a multipart body
    entry: dict = field(default_factory=dict)  # its line in the log
    after_reply: list[Callable[[], None]] = field(default_factory=list)
    as_app: bool = False  # the token is the app's own: app_id|app_secret

    def need(self, right: str) -> None:
        """Raise the rights error (HTTP 403) unless the token has `right`."""
        if "*" not in self.rights and right not in self.rights:
            raise GraphError(
                200,
                message="(#200) You do not have the necessary permissions required "
                f"to perform this action: {right}",
            )

    def number(self) -> Number:
        """The number in the path, which the token must be good for."""
        number = self.world.number(self.request.match_info["object"])
        if number.waba_id not in self.app.wabas:
            raise unknown_object(number.phone_number_id)
        return number

    def waba(self) -> Waba:
        """The business account in the path, which the token must be good for."""
        object_id = self.request.match_info["object"]
        if object_id not in self.world.wabas or object_id not in self.app.wabas:
            raise unknown_object(object_id)
        return self.world.wabas[object_id]

    def product(self) -> None:
        """Raise 100 unless the body says messaging_product: whatsapp."""
        if self.body.get("messaging_product") != "whatsapp":
            raise GraphError(
                100,
                "The parameter messaging_product is required.",
                message="(#100) The parameter messaging_product is required.",
            )


Handler = Callable[[Query], Awaitable[dict | web.StreamResponse]]


def endpoint(world: "World", name: str, handler: Handler):
    """An aiohttp handler that lets `handler` see only proper requests."""

    async def run(request: web.Request) -> web.StreamResponse:
        started = time.time()
        entry = {
            "at": started,
            "method": request.method,
            "path": request.path,
            "endpoint": name,
            "object": request.match_info.get("object"),
            "query": {k: v for k, v in request.query.items() if k not in SECRETS},
        }
        world.record_request(entry)
        query: Query | None = None
        order = None
        try:
            body, parts = await _read(request, entry)
            action = _action(name, request.method, body)
            entry["action"] = action
            order = next(iter(world.faults.take(GRAPH, (name, action))), None)
            if order:
                entry["fault"] = order.kind
            if order and not order.values.get("applied", order.kind == "slow"):
                response = await _fault(order, request, None)
            else:
                query = _admit(world, request, body, parts, entry)
                result = await handler(query)
                response = _as_response(result)
                if order:
                    response = await _fault(order, request, response)
        except GraphError as error:
            entry["error"] = error.code
            response = web.json_response(error.body(), status=error.http)
            if error.code == 190:
                response.headers["WWW-Authenticate"] = (
                    'OAuth "Facebook Platform" "invalid_token"'
                )
        skew = world.switches.clock_skew
        if skew:
            response.headers["Date"] = formatdate(time.time() + skew, usegmt=True)
        entry["status"] = response.status
        entry["ms"] = round((time.time() - started) * 1000, 2)
        if response.content_type == "application/json" and response.text:
            entry["response"] = json.loads(response.text)
        world.hub.send("request", {"request": entry})
        for action_after in query.after_reply if query else ():
            action_after()
        return response

    return run


def _as_response(result: dict | web.StreamResponse) -> web.StreamResponse:
    if isinstance(result, web.StreamResponse):
        return result
    return web.json_response(result)


def _action(name: str, method: str, body: dict) -> str:
    """What the request does, for the log and for faults."""
    if name == "calls":
        return str(body.get("action", ""))
    if name == "messages":
        kind = body.get("type") or body.get("status") or "text"
        inner = body.get("interactive")
        if kind == "interactive" and isinstance(inner, dict):
            return str(inner.get("type", kind))
        return str(kind)
    changes = {"settings": "set_settings", "templates": "create_template"}
    return changes.get(name, name) if method == "POST" else name


async def _read(request: web.Request, entry: dict) -> tuple[dict, dict]:
    """Body as JSON, form or multipart; the log gets it without file contents."""
    if request.content_type.startswith("multipart/"):
        body, parts = {}, {}
        async for part in await request.multipart():
            content = bytes(await part.read())
            if part.filename:
                kind = part.headers.get("Content-Type", "")
                parts[part.name] = (part.filename, kind, content)
                body[part.name] = f"{part.filename}, {kind}, {len(content)} bytes"
            else:
                body[part.name] = content.decode(errors="replace")
        entry["body"] = body
        return body, parts
    raw = await request.read()
    if not raw:
        entry["body"] = None
        return {}, {}
    if request.content_type == "application/x-www-form-urlencoded":
        body = dict(await request.post())
    else:
        try:
            body = json.loads(raw)
        except ValueError as error:
            entry["body"] = raw.decode(errors="replace")
            raise GraphError(
                100, "The body is not JSON", message="(#100) Invalid JSON"
            ) from error
    if not isinstance(body, dict):
        raise GraphError(100, "The body must be an object")
    entry["body"] = {k: v for k, v in body.items() if k not in SECRETS}
    return body, {}


def _admit(
    world: "World", request: web.Request, body: dict, parts: dict, entry: dict
) -> Query:
    """Check version and token; raises GraphError."""
    version = int(request.match_info.get("version", OLDEST_VERSION))
    if version < OLDEST_VERSION:
        raise GraphError(
            2635,
            message=f"(#2635) You are calling a deprecated version of the Ads API. "
            f"v{version}.0 is no longer available.",
        )
    header = request.headers.get("Authorization", "")
    scheme, _, token = header.partition(" ")
    if scheme.lower() != "bearer":
        token = request.query.get("access_token") or str(body.get("access_token", ""))
    token = token.strip()
    for app in world.apps.values():
        if token and token == f"{app.app_id}|{app.app_secret}":
            _check_proof(world, app, token, request, body)
            entry["app_id"] = app.app_id
            return Query(
                world, request, app, token, [], body, parts, entry, as_app=True
            )
        if token and token in app.tokens:
            refusal = token_refusal(app, token)
            if refusal:
                raise refusal
            _check_proof(world, app, token, request, body)
            entry["app_id"] = app.app_id
            return Query(
                world, request, app, token, app.tokens[token], body, parts, entry
            )
    message = "Invalid OAuth access token - Cannot parse access token"
    if not token:
        message = "An access token is required to request this resource."
    raise GraphError(190, message=message)


def _check_proof(
    world: "World", app: App, token: str, request: web.Request, body: dict
) -> None:
    """appsecret_proof: HMAC-SHA256 of the token, keyed by the app's secret."""
    proof = request.query.get("appsecret_proof") or body.get("appsecret_proof")
    wanted = hmac.new(app.app_secret.encode(), token.encode(), hashlib.sha256)
    if proof is None and world.switches.require_appsecret_proof:
        raise GraphError(
            100,
            message="API calls from the server require an appsecret_proof argument",
            kind="GraphMethodException",
        )
    if proof is not None and not hmac.compare_digest(str(proof), wanted.hexdigest()):
        raise GraphError(
            100,
            message="Invalid appsecret_proof provided in the API argument",
            kind="GraphMethodException",
        )


async def _fault(
    order: Fault, request: web.Request, response: web.StreamResponse | None
) -> web.StreamResponse:
    """The answer that was ordered instead of, or after, the real one."""
    values = order.values
    if order.kind == "slow":
        await asyncio.sleep(values.get("seconds", 1.0))
        return response
    if order.kind == "timeout":
        await asyncio.sleep(values.get("seconds", 30.0))
        return web.Response(status=504, text="")
    if order.kind == "refuse":
        request.transport.abort()
        return web.Response(status=500)
    if order.kind == "nonsense":
        text = values.get(
            "body", "<html><body>Sorry, something went wrong.</body></html>"
        )
        return web.Response(
            status=values.get("status", 200), text=text, content_type="text/html"
        )
    status = values.get("status")
    code = values.get("code") or {401: 190, 429: 130429}.get(status, 131000)
    error = GraphError(code, values.get("details", "ordered"), http=status)
    response = web.json_response(error.body(), status=error.http)
    response.headers.update(
        {str(k): str(v) for k, v in values.get("headers", {}).items()}
    )
    return response
