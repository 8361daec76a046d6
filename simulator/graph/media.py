"""Media: POST /{PNID}/media, GET and DELETE /{MEDIA_ID}, and the download."""

import base64
import hashlib
import math
import secrets
import time
from typing import TYPE_CHECKING

from aiohttp import web

from ..errors import GraphError, unknown_object
from ..model import Number
from .gate import MESSAGING, Query

if TYPE_CHECKING:
    from ..world import World

MEGABYTE = 1024 * 1024
LIMITS = {
    "audio/aac": 16,
    "audio/amr": 16,
    "audio/mpeg": 16,
    "audio/mp4": 16,
    "audio/ogg": 16,
    "image/jpeg": 5,
    "image/png": 5,
    "video/mp4": 16,
    "application/pdf": 100,
    "text/plain": 100,
}


async def upload(query: Query) -> dict:
    """multipart: file, messaging_product, type. Answers {"id"}."""
    query.need(MESSAGING)
    number = query.number()
    query.product()
    if "file" not in query.parts:
        raise GraphError(131008, "file is required")
    filename, kind, content = query.parts["file"]
    mime = str(query.body.get("type") or kind)
    base = mime.split(";")[0].strip()
    if base not in LIMITS:
        raise GraphError(131053, f"Unsupported media type {mime}")
    if len(content) > LIMITS[base] * MEGABYTE:
        raise GraphError(131053, f"The file is larger than {LIMITS[base]} MB")
    if base == "audio/ogg" and b"OpusHead" not in content[:200]:
        raise GraphError(131053, "audio/ogg must hold Opus")
    media_id = keep(query.world, number, mime, content, filename)
    query.world.media[media_id]["use_case"] = query.body.get("use_case")
    return {"id": media_id}


def keep(
    world: "World", number: Number, mime: str, content: bytes, filename: str = ""
) -> str:
    """Keep a medium of a number; its id."""
    media_id = str(secrets.randbelow(10**15) + 10**15)
    world.media[media_id] = {
        "id": media_id,
        "number": number.phone_number_id,
        "mime_type": mime,
        "filename": filename,
        "content": content,
        "created": time.time(),
        "keys": {},
    }
    return media_id


def digest(content: bytes) -> str:
    """sha256 in Base64, as media objects and webhooks have it."""
    return base64.b64encode(hashlib.sha256(content).digest()).decode()


def find(query: Query) -> dict:
    """The medium in the path, which the token must be good for."""
    media_id = query.request.match_info["object"]
    media = query.world.media.get(media_id)
    if media is None or media.get("expires", math.inf) < time.time():
        raise unknown_object(media_id)
    if query.world.numbers[media["number"]].waba_id not in query.app.wabas:
        raise unknown_object(media_id)
    return media


async def show(query: Query) -> dict:
    """Answers {messaging_product, url, mime_type, sha256, file_size, id}."""
    query.need(MESSAGING)
    media = find(query)
    key = secrets.token_urlsafe(16)
    media["keys"][key] = time.time() + query.world.switches.media_url_ttl
    base = f"{query.request.scheme}://{query.request.host}"
    return {
        "messaging_product": "whatsapp",
        "url": f"{base}/whatsapp_business/attachments/?mid={media['id']}&hash={key}",
        "mime_type": media["mime_type"],
        "sha256": media.get("sha256") or digest(media["content"]),
        "file_size": len(media["content"]),
        "id": media["id"],
    }


async def remove(query: Query) -> dict:
    """Answers {"success": true}."""
    query.need(MESSAGING)
    del query.world.media[find(query)["id"]]
    return {"success": True}


async def download(query: Query) -> web.Response:
    """The file itself; the link is good for 5 minutes and needs the token."""
    media = query.world.media.get(query.request.query.get("mid", ""))
    key = query.request.query.get("hash", "")
    if media is None or media["keys"].get(key, 0) < time.time():
        return web.Response(status=404, text="")
    kind = media["mime_type"].split(";")[0]
    return web.Response(body=media["content"], content_type=kind)
