"""Memory after many calls."""

import asyncio

from benchmarks.media.odoo import Odoo
from benchmarks.media.servers import Sidecar
from benchmarks.media.talkers import settled
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
        memory = {}
        for number in range(AT_ONCE, MANY + AT_ONCE, AT_ONCE):
            for _ in range(AT_ONCE):
                await sidecar.call()
            await sidecar.crowd.talk(0.2)
            await sidecar.hang_up()
            # a heap of unfinished recordings would be memory of another kind
            await settled(lambda n=number: len(odoo.finished) >= n, "handed over", 60)
            if number in (FEW, MANY):
                memory[number] = await _least(sidecar)
        return memory[FEW], memory[MANY]


async def _least(sidecar):
    """Memory once what was freed is given back, which takes up to 20 s."""
    least = sidecar.memory()
    for _ in range(25):
        await asyncio.sleep(1)
        least = min(least, sidecar.memory())
    return least
