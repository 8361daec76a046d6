"""Memory after many calls."""

import asyncio

from benchmarks.media.odoo import Odoo
from benchmarks.media.servers import Sidecar
from benchmarks.rows import Row

FEW, MANY, AT_ONCE = 200, 1000, 10


def memory():
    """Resident memory after 1,000 calls, beside that after 200."""
    few, many = asyncio.run(_memory())
    yield Row(
        f"memory after {MANY} recorded calls; after {FEW}",
        many,
        1.05,
        unit="MiB",
        reference=few,
        relative=True,
    )


async def _memory():
    async with Odoo() as odoo, Sidecar(odoo) as sidecar:
        few = 0.0
        for number in range(AT_ONCE, MANY + AT_ONCE, AT_ONCE):
            for _ in range(AT_ONCE):
                await sidecar.call()
            await sidecar.crowd.talk(0.4)
            await sidecar.hang_up()
            if number == FEW:
                few = await _settled(odoo, sidecar, FEW)
        return few, await _settled(odoo, sidecar, MANY)


async def _settled(odoo, sidecar, count):
    """Memory once all recordings are handed over."""
    for _ in range(600):
        if len(odoo.finished) >= count:
            break
        await asyncio.sleep(0.1)
    await asyncio.sleep(1)
    return sidecar.memory()
