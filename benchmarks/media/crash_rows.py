"""What `kill -9` leaves of a recording, and how large recordings are."""

import asyncio
import os
import random
import secrets
import time

from benchmarks.media.odoo import Odoo, seconds
from benchmarks.media.servers import Bridge, Sidecar
from benchmarks.media.talkers import settled
from benchmarks.rows import Row

LONG = 180  # seconds of the call that is killed beside aiortc's
KILLS = int(os.environ.get("KILLS", 10))
SHORT = (2, 6)  # seconds the others last
SEED = 9


def killed():
    """Seconds lost and KB (1,024 bytes) a minute."""
    worst, size, reference = asyncio.run(_long())
    yield Row(
        f"recording lost by kill -9 after {LONG} s; aiortc's recorder",
        worst,
        0.5,
        unit="s",
        reference=reference,
    )
    yield Row("recording size of a minute and track", size / 1024, 150, unit="KB")
    lost = asyncio.run(_short())
    yield Row(
        f"recording lost by kill -9, the worst of {len(lost)} kills",
        max(lost),
        0.5,
        unit="s",
    )


async def _long():
    """(seconds lost of the worse track, bytes a minute of the larger, aiortc's
    seconds lost)"""
    async with Odoo() as odoo, Sidecar(odoo) as sidecar, Bridge("aiortc") as aiortc:
        uid = secrets.token_hex(16)
        await sidecar.call(uid=uid)
        began = time.monotonic()
        await aiortc.call()
        began_there = time.monotonic()
        await asyncio.gather(sidecar.crowd.talk(LONG), aiortc.crowd.talk(LONG))
        lasted = time.monotonic() - began
        sidecar.kill()
        lasted_there = time.monotonic() - began_there
        aiortc.kill()
        await sidecar.crash()
        lost = await _lost(odoo, uid, lasted)
        size = max(
            60 * track["plain_size"] / lasted
            for track in odoo.finished[uid]["tracks"]
            if track["track"] != "mix"
        )
        kept = min(seconds(str(file)) for file in aiortc.folder.glob("*.ogg"))
    return lost, size, lasted_there - kept


async def _short():
    chance, lost = random.Random(SEED), []
    async with Odoo() as odoo, Sidecar(odoo) as sidecar:
        for _ in range(KILLS):
            uid = secrets.token_hex(16)
            await sidecar.call(uid=uid)
            began = time.monotonic()
            await sidecar.crowd.talk(chance.uniform(*SHORT))
            lasted = time.monotonic() - began
            await sidecar.crash()
            await sidecar.crowd.close()
            lost.append(await _lost(odoo, uid, lasted))
    return lost


async def _lost(odoo, uid, lasted):
    """What the worse track lacks, once the new start has handed it over."""
    await settled(lambda: uid in odoo.finished, "the recording was handed over", 60)
    return max(lasted - whole for whole, _ in odoo.heard(uid).values())
