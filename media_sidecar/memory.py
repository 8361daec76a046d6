"""Memory that ended calls leave is given back to the system.

glibc keeps what was freed in its arenas, of which each thread that writes or mixes
recordings has one: a third of the process after some hundred calls.
"""

import asyncio
import ctypes

EVERY = 20.0  # seconds; it takes 5 ms, off the media loop and without Python's lock


async def give_back(every: float = EVERY) -> None:
    """Do so for ever; where there is no glibc, return at once."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    while trim:
        await asyncio.sleep(every)
        await asyncio.to_thread(trim, 0)
