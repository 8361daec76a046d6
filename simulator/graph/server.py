"""Around each Graph request: log, ordered faults, token, rights, JSON, errors."""

import asyncio
import hashlib
import hmac
import json
import time

from aiohttp import web

from ..errors import GraphError, unknown_object
from ..faults import GRAPH
from ..model import App, Number, Phone
from ..world import World

WORLD = web.AppKey("world", World)
MANAGEMENT = "whatsapp_business_management"
MESSAGING = "whatsapp_business_messaging"


class Request:
    """One authenticated Graph request, with what handlers ask of it."""

    def __init__(self, request: web.Request, app: App, rights: list[str], body: dict):
        self.http = request
        self.world = request.app[WORLD]
        self.app = app
        self.rights = rights
        self.body = body

    @property
    def object_id(self) -> str:
        return self.http.match_info["object"]

    def number(self, right: str) -> Number:
        """The number in the path, if this token may use it."""
        number = self.world.number(self.object_id)
        self.require(number.waba_id, right)
        return number

    def require(self, waba_id: str, right: str) -> None:
        """The app must have the account, the token the right."""
        if self.app.wabas and waba_id not in self.app.wabas:
            raise unknown_object(self.object_id)
        if "*" not in self.rights and right not in self.rights:
            raise GraphError(
                10, message=f"(#10) The permission {right} is missing for this token"
            )

    def text(self, name: str, required: bool = True, limit: int = 0) -> str:
        """A text member of the body; raises 131008 or 131009."""
        value = self.body.get(name)
        if value is None and not required:
            return ""
        if value is None:
            raise GraphError(131008, f"The parameter {name} is required")
        if not isinstance(value, str) or (limit and len(value) > limit):
            raise GraphError(131009, f"The parameter {name} is not valid")
        return value

    def phone(self) -> Phone | None:
        """Who `to` or `recipient` names; None when that is nobody on WhatsApp."""
        name = self.body.get("to") or self.body.get("recipient")
        if not isinstance(name, str) or not name:
            raise GraphError(131008, "The parameter to is required")
        return self.world.find_phone(name)


def handler(function):
    """Turn `async def f(request: Request) -> dict` into an aiohttp handler."""

    async def handle(http: web.Request) -> web.StreamResponse:
        world = http.app[WORLD]
        started = time.time()
        raw = await http.read()
        body = _read(http, raw)
        entry = _entry(http, body, started)
        world.record_request(entry)
        fault = _fault(world, http, body)
        try:
            if fault:
                answer = await _misbehave(fault, http)
                if answer is not None:
                    entry["status"] = answer.status
                    return answer
            app, rights = _authenticate(world, http)
            _proof(world, http, app)
            if body is None:
                raise GraphError(100, "The body is no JSON object")
            data = await function(Request(http, app, rights, body))
            if fault and fault.kind == "slow":
                await asyncio.sleep(fault.values.get("seconds", 5))
        except GraphError as error:
            entry |= {"status": error.http, "error": error.code}
            return web.json_response(error.body(), status=error.http)
        finally:
            entry["answered_at"] = time.time()
            world.hub.send("request", {"request": entry})
        entry["status"] = 200
        if isinstance(data, web.StreamResponse):
            return data
        return web.json_response(data)

    return handle


def _read(http: web.Request, raw: bytes) -> dict | None:
    if http.content_type.startswith("multipart/") or not raw:
        return dict(http.query)
    try:
        body = json.loads(raw)
    except ValueError:
        return None
    return body if isinstance(body, dict) else None


def _entry(http: web.Request, body: dict | None, started: float) -> dict:
    """What is kept of a request: no token, the SDP only by its text."""
    path = http.path.split("/")
    return {
        "at": started,
        "method": http.method,
        "path": http.path,
        "object": path[2] if len(path) > 2 else "",
        "edge": path[3] if len(path) > 3 else "",
        "action": (body or {}).get("action") or (body or {}).get("type"),
        "query": {k: v for k, v in http.query.items() if k != "access_token"},
        "body": body,
        "status": None,
    }


def _fault(world: World, http: web.Request, body: dict | None):
    names = [http.path.rsplit("/", 1)[-1], http.method]
    for member in ("action", "type"):
        if isinstance((body or {}).get(member), str):
            names.append(body[member])
    interactive = (body or {}).get("interactive")
    if isinstance(interactive, dict):
        names.append(str(interactive.get("type")))
    taken = world.faults.take(GRAPH, tuple(names))
    return taken[0] if taken else None


async def _misbehave(fault, http: web.Request) -> web.StreamResponse | None:
    """Carry out an ordered fault; None: go on."""
    values = fault.values
    if fault.kind == "http":
        status = values.get("status", 500)
        if "code" not in values:
            return web.Response(status=status, text="Service unavailable")
        error = GraphError(
            values["code"], values.get("details", ""), extra=values.get("error_data")
        )
        return web.json_response(
            error.body(), status=status, headers=values.get("headers")
        )
    if fault.kind == "timeout":
        await asyncio.sleep(values.get("seconds", 30))
        return web.Response(status=504)
    if fault.kind == "refuse":
        http.transport.abort()
        return web.Response(status=502)
    if fault.kind == "nonsense":
        return web.Response(text="<html>It works!</html>", content_type="text/html")
    return None


def _authenticate(world: World, http: web.Request) -> tuple[App, list[str]]:
    given = http.headers.get("Authorization", "")
    token = given.removeprefix("Bearer ").strip() or http.query.get("access_token", "")
    if not token:
        raise GraphError(
            190, message="An access token is required to request this resource."
        )
    for app in world.apps.values():
        for known, rights in app.tokens.items():
            if hmac.compare_digest(known.encode(), token.encode()):
                return app, rights
    raise GraphError(190)


def _proof(world: World, http: web.Request, app: App) -> None:
    given = http.query.get("appsecret_proof")
    token = http.headers.get("Authorization", "").removeprefix("Bearer ").strip()
    if given is None:
        if world.switches.require_appsecret_proof:
            raise GraphError(
                100,
                message="API calls from the server require an appsecret_proof argument",
            )
        return
    secret = app.app_secret.encode()
    expected = hmac.new(secret, token.encode(), hashlib.sha256).hexdigest()
    if not hmac.compare_digest(expected, given):
        raise GraphError(
            100, message="Invalid appsecret_proof provided in the API argument"
        )
