"""Many callers at once, signalling only, from phones made for it."""

import asyncio
import time

from aiohttp import web

from ..calls.place import place
from ..model import Phone
from ..world import World
from .tools import answer, body_of, number_of, world_of


def burst_phone(world: World, index: int) -> Phone:
    """The burst's phone number `index`, made when it is not there."""
    wa_id = f"4366099{index:06d}"
    if wa_id not in world.phones:
        name = f"Caller {index}"
        world.phones[wa_id] = Phone(wa_id, f"AT.99{index:010d}", name, "AT")
    return world.phones[wa_id]


async def burst(request: web.Request) -> web.Response:
    """POST /control/burst {count, within_s, to, media, offset, hang_up_after, wait}.

    Answers {"calls": [ids in order], "started", "took_s", "late_ms"}; late_ms is how
    far the last one was behind its time, which says whether this side kept up.
    """
    world, data = world_of(request), await body_of(request)
    count = int(data.get("count", 50))
    within = float(data.get("within_s", 0))
    number = number_of(world, data)
    offset = int(data.get("offset", data.get("first", 0)))
    options = {k: data[k] for k in ("hang_up_after",) if k in data}
    options |= {"media": bool(data.get("media", False)), "force": True}
    started = time.time()
    loop = asyncio.get_running_loop()
    begin = loop.time()
    calls, late = [], 0.0
    for index in range(count):
        due = begin + within * index / count
        if due > loop.time():
            await asyncio.sleep(due - loop.time())
        late = max(late, loop.time() - due)
        phone = burst_phone(world, offset + index)
        calls.append(await place(world, number, phone, options))
    return answer(
        {
            "calls": [call.id for call in calls],
            "started": started,
            "took_s": round(time.time() - started, 3),
            "late_ms": round(late * 1000, 1),
        },
        201,
    )


ROUTES = [("POST", "burst", burst)]
