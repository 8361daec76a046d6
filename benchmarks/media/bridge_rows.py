"""What a bridged and recorded call costs, and how many there may be."""

import asyncio
import contextlib
import time

from benchmarks.figures import percentile
from benchmarks.media.odoo import Odoo
from benchmarks.media.servers import Bridge, Sidecar
from benchmarks.media.talkers import Crowd
from benchmarks.rows import Row

CALLS, REFERENCE_CALLS = 20, 4  # at which processor time is taken
TURNS, SECONDS = 2, 8
LATE = 20  # ms, p99 of the loop
LONG_ENOUGH = 11  # seconds; lateness is that of the last ten
STEPS, REFERENCE_STEPS = (30, 45, 60, 75, 90), (2, 4, 6, 8, 10, 12, 16)
TRIES = 2  # the machine may be busy with something else for a moment
ANSWERS = 300
HEARD = 0.9  # of what is said; less means it does not keep up


def cost():
    """Processor time of a call, memory of a call."""
    yield from asyncio.run(_cost())


async def _cost():
    async with contextlib.AsyncExitStack() as stack:
        odoo = await stack.enter_async_context(Odoo())
        servers = {
            "sidecar": await stack.enter_async_context(Sidecar(odoo)),
            "pipecat": await stack.enter_async_context(Bridge("pipecat")),
            "aiortc": await stack.enter_async_context(Bridge("aiortc")),
        }
        spent = dict.fromkeys(servers, 0.0)
        memory = {}
        for turn in range(TURNS):
            for name, server in servers.items():
                count = CALLS if name == "sidecar" else REFERENCE_CALLS
                await _warm(server)
                before = server.memory()
                for _ in range(count):
                    await server.call()
                await server.crowd.talk(2)
                spent[name] += await _spent(server, SECONDS) / count / TURNS
                if not turn:
                    memory[name] = (server.memory() - before) / count
                await server.hang_up()
    ours = spent["sidecar"]
    return [
        Row(
            "CPU per bridged and recorded call; pipecat",
            ours,
            1 / 3,
            unit="%",
            reference=spent["pipecat"],
            relative=True,
        ),
        Row(
            "CPU per bridged and recorded call; aiortc and its recorder",
            ours,
            100 / 30,
            unit="%",
            reference=spent["aiortc"],
        ),
        Row(
            "bridged and recorded calls per core by its CPU time; pipecat",
            100 / ours,
            30,
            unit="",
            reference=100 / spent["pipecat"],
            least=True,
        ),
        Row(
            "memory of a bridged and recorded call; pipecat",
            memory["sidecar"],
            1,
            unit="MiB",
            reference=memory["pipecat"],
            relative=True,
        ),
    ]


async def _warm(server):
    """The first call loads code and fills pools."""
    await server.call()
    await server.crowd.talk(1)
    await server.hang_up()


async def _spent(server, seconds):
    """Percent of a core over some seconds of talk."""
    before, started = server.cpu(), time.monotonic()
    await server.crowd.talk(seconds)
    return 100 * (server.cpu() - before) / (time.monotonic() - started)


def at_once():
    """The most calls with which the loop is in time and all is passed on."""
    yield Row(
        f"calls at once with loop lag p99 < {LATE} ms; pipecat",
        asyncio.run(_most(STEPS, Sidecar)),
        30,
        unit="",
        reference=asyncio.run(_most(REFERENCE_STEPS, lambda _: Bridge("pipecat"))),
        least=True,
    )


async def _most(steps, make):
    best = 0
    async with Odoo() as odoo, make(odoo) as server:
        opened = 0
        for count in steps:
            while opened < count:
                await server.call()
                opened += 1
            for _ in range(TRIES):
                heard = await server.crowd.talk(LONG_ENOUGH)
                if await server.lag_ms() < LATE and heard > HEARD:
                    best = count
                    break
            else:
                break
        await server.hang_up()
    return best


def answers():
    """From an offer that comes in to the SDP that goes out, over HTTP."""
    ours, theirs = asyncio.run(_answers())
    yield Row(
        "offer in -> SDP out, p99; pipecat",
        percentile(ours, 99),
        10,
        reference=percentile(theirs, 99),
    )
    yield Row(
        "offer in -> SDP out, p50; pipecat",
        percentile(ours, 50),
        10,
        reference=percentile(theirs, 50),
    )


async def _answers():
    crowd, samples = Crowd(), ([], [])
    async with Odoo() as odoo, Sidecar(odoo) as sidecar, Bridge("pipecat") as bridge:
        offer = await (await crowd.add("whatsapp")).leg.offer()
        for number in range(ANSWERS + 10):
            for server, taken in zip((sidecar, bridge), samples, strict=True):
                started = time.perf_counter()
                await server.open_call(offer)
                if number >= 10:
                    taken.append(1000 * (time.perf_counter() - started))
                await server.hang_up()
                await asyncio.sleep(0.02)
    await crowd.close()
    return samples
