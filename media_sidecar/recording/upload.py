"""Hands a finished recording over to Odoo, in pieces that can be taken up again.

Odoo keeps what it has of a track and says how much: after a break, on either side, the
next piece begins there. Only when Odoo has checked every track against its checksum and
answered 200 is the recording removed here, the key first.
"""

import asyncio
import logging
from typing import Protocol

from media_sidecar.recording.folder import DISCARDED, Folder

PIECE = 1024 * 1024
# How often tracks that arrived broken are sent again before it waits for a while.
TRIES = 3
OK, CONFLICT, NOT_FOUND, GONE = 200, 409, 404, 410

logger = logging.getLogger(__name__)


class Link(Protocol):
    """`media_sidecar.odoo_link.OdooLink`: raises OdooAway without an answer."""

    async def post(self, path: str, body: dict | bytes) -> tuple[int, dict]: ...

    async def put(self, path: str, body: bytes) -> tuple[int, dict]: ...


class NotTaken(Exception):
    """Odoo answered something else than yes; try again later."""

    def __init__(self, status: int):
        super().__init__(f"Odoo answered {status}")
        self.status = status


async def hand_over(folder: Folder, link: Link) -> None:
    """Deliver a recording whose lock we hold, then remove it.

    Raises NotTaken, and what the link raises when Odoo is away.
    """
    if erased := await asyncio.to_thread(folder.erased):
        await _tell_erased(folder, link, erased)
    else:
        await _deliver(folder, link)
    await asyncio.to_thread(folder.remove)


async def _tell_erased(folder, link, why):
    if why != DISCARDED:  # a purge was Odoo's own wish
        return
    status, _answer = await link.post(f"recordings/{folder.uid}/discarded", {})
    if status not in (OK, NOT_FOUND, GONE):
        raise NotTaken(status)


async def _deliver(folder, link):
    about = await asyncio.to_thread(folder.read, "recording.json")
    finished = await asyncio.to_thread(folder.read, "finished.json")
    tracks = {track["track"]: track for track in finished["tracks"]}
    missing = list(tracks)
    for _try in range(TRIES):
        for name in missing:
            await _send(folder, link, about["call"], name, tracks[name]["size"])
        if await asyncio.to_thread(folder.erased):
            return  # purged meanwhile
        said = {name: about[name] for name in ("call", "kind", "sealed_key", "started")}
        status, answer = await link.post(
            f"recordings/{folder.uid}/finish", said | finished
        )
        if status in (OK, GONE):
            return
        if status != CONFLICT or answer.get("track") not in tracks:
            raise NotTaken(status)
        missing = [answer["track"]]
        logger.warning("recording %s: %s is sent again", folder.uid, missing[0])
    raise NotTaken(CONFLICT)


async def _send(folder, link, call, name, size):
    """One track, from wherever Odoo wants to go on."""
    path, offset, refused = folder / f"{name}.wcr", 0, 0
    while offset < size and refused < TRIES:
        if await asyncio.to_thread(folder.erased):
            return
        piece = await asyncio.to_thread(_read, path, offset)
        where = f"recordings/{folder.uid}/{name}?offset={offset}&call={call}"
        status, answer = await link.put(where, piece)
        has = answer.get("size")
        if status not in (OK, CONFLICT) or not isinstance(has, int):
            if status == GONE:
                return
            raise NotTaken(status)
        refused = refused + 1 if has <= offset else 0
        offset = has


def _read(path, offset):
    with open(path, "rb") as file:
        file.seek(offset)
        return file.read(PIECE)
