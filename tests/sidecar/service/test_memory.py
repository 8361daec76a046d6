"""Memory of ended calls does not stay with the process."""

import asyncio
import contextlib
import ctypes
from pathlib import Path

from media_sidecar import memory

PIECE = 60_000  # below the size that glibc maps and unmaps by itself
PIECES = 1000


def resident():
    """Bytes."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096


async def test_what_was_freed_is_given_back_to_the_system():
    libc = ctypes.CDLL(None)
    libc.malloc.restype = ctypes.c_void_p
    libc.free.argtypes = [ctypes.c_void_p]
    pieces = [libc.malloc(PIECE) for _ in range(PIECES)]
    for piece in pieces:
        ctypes.memset(piece, 1, PIECE)
    # the newest stays: what lies below it is freed, and kept by glibc
    for piece in pieces[:-1]:
        libc.free(piece)
    before = resident()
    task = asyncio.create_task(memory.give_back(every=0.01))
    async with asyncio.timeout(10):
        while before - resident() < PIECE * PIECES // 2:
            await asyncio.sleep(0.01)
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    libc.free(pieces[-1])
