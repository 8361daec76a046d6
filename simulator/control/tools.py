"""Helpers of the control API: bodies, errors, finding calls, numbers, phones."""

import json
from collections.abc import Awaitable, Callable

from aiohttp import web

from ..calls.call import Call
from ..calls.place import CallRefused
from ..errors import GraphError
from ..media.sound import SoundError
from ..model import ConfigError, Number, Phone
from ..world import World

WORLD = web.AppKey("world", World)
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def answer(data: object, status: int = 200) -> web.Response:
    """JSON that people can read too."""
    text = json.dumps(data, ensure_ascii=False, default=str)
    return web.json_response(text=text, status=status)


def world_of(request: web.Request) -> World:
    return request.app[WORLD]


async def body_of(request: web.Request) -> dict:
    """The JSON object of a request; {} when it has no body. Raises ValueError."""
    raw = await request.read()
    data = json.loads(raw) if raw.strip() else {}
    if not isinstance(data, dict):
        raise ValueError("the body must be a JSON object")
    return data


def call_of(request: web.Request) -> Call:
    """The call in the path; raises LookupError."""
    call_id = request.match_info["wacid"]
    calls = world_of(request).calls
    if call_id not in calls:
        raise LookupError(f"no call {call_id}")
    return calls[call_id]


def number_of(world: World, data: dict, name: str = "to") -> Number:
    """The business number named in `data`; the only or first one by default."""
    wanted = data.get(name) or data.get("number") or data.get("phone_number_id")
    if not wanted:
        return next(iter(world.numbers.values()))
    number = world.find_number(str(wanted))
    if number is None:
        raise LookupError(f"no business number {wanted}")
    return number


def new_phone(world: World, wa_id: str, bsuid: str | None = None) -> Phone:
    """Make a phone; its BSUID follows from its number. Raises ValueError."""
    if not wa_id.isdigit():
        raise ValueError("a new phone needs digits as its number")
    phone = Phone(wa_id, bsuid or f"AT.8{wa_id:0>14}", f"+{wa_id}")
    world.phones[wa_id] = phone
    return phone


def phone_of(world: World, wanted: object, make: bool = False) -> Phone:
    """A phone by number or BSUID, made when `make`; raises LookupError."""
    name = str(wanted or "")
    phone = world.find_phone(name)
    if phone is None and make and name.lstrip("+").isdigit():
        return new_phone(world, name.lstrip("+"))
    if phone is None:
        raise LookupError(f"no phone {wanted}")
    return phone


def sound_of(data: dict) -> dict:
    """Let {"play": {…}} stand for its members."""
    play = data.pop("play", None)
    return {**data, **play} if isinstance(play, dict) else data


@web.middleware
async def errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Control errors as {"error": text}: 400, 404 and 409 (refused by WhatsApp)."""
    if not request.path.startswith("/control"):
        return await handler(request)
    try:
        return await handler(request)
    except LookupError as error:
        return answer({"error": str(error.args[0])}, 404)
    except (CallRefused, GraphError) as error:
        return answer({"error": str(error)}, 409)
    except (ValueError, TypeError, SoundError, ConfigError) as error:
        return answer({"error": str(error)}, 400)
