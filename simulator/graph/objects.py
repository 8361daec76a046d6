"""Numbers, settings, accounts, templates, media and blocking."""

import base64
import hashlib
import time

from aiohttp import web

from .. import ids
from ..errors import GraphError, unknown_object
from ..model import Number
from .server import MANAGEMENT, MESSAGING, Request

AUDIO = {"audio/aac", "audio/amr", "audio/mpeg", "audio/mp4", "audio/ogg"}
AUDIO_LIMIT = 16 * 1024 * 1024  # bytes


def _number_view(number: Number) -> dict:
    return {
        "id": number.phone_number_id,
        "display_phone_number": number.display,
        "verified_name": number.name,
        "quality_rating": number.quality,
        "code_verification_status": "VERIFIED",
        "platform_type": "CLOUD_API",
    }


async def get_object(request: Request) -> dict | web.Response:
    """GET /{id}: a number, an account or media."""
    world, object_id = request.world, request.object_id
    if object_id in world.numbers:
        return _number_view(request.number(MANAGEMENT))
    if object_id in world.wabas:
        request.require(object_id, MANAGEMENT)
        return {"id": object_id, "name": world.wabas[object_id].name}
    if object_id in world.media:
        return _media_view(request, object_id)
    raise unknown_object(object_id)


async def delete_object(request: Request) -> dict:
    if request.world.media.pop(request.object_id, None) is None:
        raise unknown_object(request.object_id)
    return {"success": True}


async def get_settings(request: Request) -> dict:
    number = request.number(MANAGEMENT)
    return {"calling": number.calling, "storage_configuration": {"status": "DEFAULT"}}


async def post_settings(request: Request) -> dict:
    """Change the calling settings; only the keys that are sent."""
    number, world = request.number(MANAGEMENT), request.world
    calling = request.body.get("calling")
    if not isinstance(calling, dict):
        raise GraphError(100, "The parameter calling is required")
    status = calling.get("status", number.calling.get("status"))
    if status not in ("ENABLED", "DISABLED"):
        raise GraphError(100, "calling.status must be ENABLED or DISABLED")
    if status == "ENABLED" and not number.calling_on:
        if number.messaging_limit < 2000 and not number.sandbox:
            raise GraphError(138015, "The messaging limit is below 2,000")
        if not world.sender.targets(number, "calls"):
            raise GraphError(138018, "No app is subscribed to the field calls")
    _check_hours(calling.get("call_hours"))
    number.calling = {**number.calling, **calling}
    world.sender.send(
        number,
        "account_settings_update",
        {
            "timestamp": str(int(time.time())),
            "type": "phone_number_settings",
            "phone_number_settings": {
                "phone_number_id": number.phone_number_id,
                "calling": number.calling,
            },
        },
        ("account_settings_update",),
    )
    return {"success": True}


def _check_hours(hours: dict | None) -> None:
    if hours is None:
        return
    week = hours.get("weekly_operating_hours") if isinstance(hours, dict) else None
    if not week or not hours.get("timezone_id"):
        raise GraphError(100, "call_hours needs timezone_id and weekly hours")
    if len(hours.get("holiday_schedule", [])) > 20:
        raise GraphError(100, "At most 20 holidays")
    per_day: dict[str, int] = {}
    for slot in week:
        day = slot.get("day_of_week")
        per_day[day] = per_day.get(day, 0) + 1
        opens, closes = slot.get("open_time", ""), slot.get("close_time", "")
        if not (opens.isdigit() and closes.isdigit() and opens < closes):
            raise GraphError(100, "open_time must be before close_time, as HHMM")
    if max(per_day.values()) > 2:
        raise GraphError(100, "At most two slots a day")


async def get_phone_numbers(request: Request) -> dict:
    world, waba_id = request.world, request.object_id
    if waba_id not in world.wabas:
        raise unknown_object(waba_id)
    request.require(waba_id, MANAGEMENT)
    numbers = [n for n in world.numbers.values() if n.waba_id == waba_id]
    return {"data": [_number_view(number) for number in numbers]}


def _waba(request: Request):
    waba = request.world.wabas.get(request.object_id)
    if waba is None:
        raise unknown_object(request.object_id)
    request.require(waba.waba_id, MANAGEMENT)
    return waba


async def get_subscribed_apps(request: Request) -> dict:
    waba = _waba(request)
    return {
        "data": [
            {"whatsapp_business_api_data": {"id": app_id, "name": app_id}, **override}
            for app_id, override in waba.subscriptions.items()
        ]
    }


async def post_subscribed_apps(request: Request) -> dict:
    """Subscribe the token's app; an override address is shaken hands with first."""
    waba = _waba(request)
    url = request.body.get("override_callback_uri")
    override = {}
    if url:
        token = request.text("verify_token")
        if not await request.world.sender.handshake(url, token):
            raise GraphError(
                100,
                message="(#100) The callback URL or verify token couldn't be validated",
            )
        override = {"override_callback_uri": url}
    waba.subscriptions[request.app.app_id] = override
    return {"success": True}


async def delete_subscribed_apps(request: Request) -> dict:
    _waba(request).subscriptions.pop(request.app.app_id, None)
    return {"success": True}


async def get_templates(request: Request) -> dict:
    return {"data": list(_waba(request).templates.values())}


async def post_templates(request: Request) -> dict:
    waba, name = _waba(request), request.text("name")
    template = {**request.body, "id": ids.numeric(), "status": "APPROVED"}
    waba.templates[name] = template
    return {"id": template["id"], "status": "APPROVED", "category": "UTILITY"}


async def post_media(request: Request) -> dict:
    """Upload a file (multipart) for messages."""
    number = request.number(MESSAGING)
    form = await request.http.post()
    field = form.get("file")
    if form.get("messaging_product") != "whatsapp" or field is None:
        raise GraphError(131008, "messaging_product and file are required")
    if isinstance(field, str):
        raise GraphError(131053, "file must be a file")
    content = field.file.read()
    kind = str(form.get("type") or field.content_type)
    if kind.split(";")[0].strip() not in AUDIO or len(content) > AUDIO_LIMIT:
        raise GraphError(131053, f"{kind} or its size is not supported")
    media_id = ids.numeric()
    request.world.media[media_id] = {
        "mime_type": kind,
        "content": content,
        "number": number.phone_number_id,
        "url_until": 0.0,
    }
    return {"id": media_id}


def _media_view(request: Request, media_id: str) -> dict:
    media = request.world.media[media_id]
    media["url_until"] = time.time() + request.world.switches.media_url_ttl
    digest = hashlib.sha256(media["content"]).digest()
    return {
        "messaging_product": "whatsapp",
        "url": str(request.http.url.origin() / "media" / media_id),
        "mime_type": media["mime_type"],
        "sha256": base64.b64encode(digest).decode(),
        "file_size": str(len(media["content"])),
        "id": media_id,
    }


async def download(request: Request) -> web.Response:
    """GET /media/{id}: needs the token, within five minutes."""
    media = request.world.media.get(request.object_id)
    if media is None or media["url_until"] < time.time():
        raise web.HTTPNotFound
    return web.Response(body=media["content"], content_type="audio/ogg")


async def block_users(request: Request) -> dict:
    """POST, DELETE and GET of the block list."""
    number, world = request.number(MESSAGING), request.world
    if request.http.method == "GET":
        data = [{"messaging_product": "whatsapp", "wa_id": w} for w in number.blocked]
        return {"data": data}
    done, failed = [], []
    for item in request.body.get("block_users") or []:
        name = str(item.get("user") or item.get("user_id") or "")
        phone = world.find_phone(name)
        if request.http.method == "DELETE":
            number.blocked.discard(phone.wa_id if phone else name)
            done.append({"input": name, "wa_id": phone.wa_id if phone else name})
        elif phone and world.ledger.window_open(number, phone):
            number.blocked.add(phone.wa_id)
            done.append({"input": name, "wa_id": phone.wa_id})
        else:
            error = {"message": "Re-engagement message", "code": 131047}
            failed.append({"input": name, "errors": [error]})
    key = "removed_users" if request.http.method == "DELETE" else "added_users"
    result = {key: done} | ({"failed_users": failed} if failed else {})
    return {"messaging_product": "whatsapp", "block_users": result}


async def debug_token(request: Request) -> dict:
    """GET /debug_token: what a token may do."""
    token = request.http.query.get("input_token", "")
    for app in request.world.apps.values():
        if token in app.tokens:
            rights = app.tokens[token]
            scopes = [MANAGEMENT, MESSAGING] if "*" in rights else rights
            data = {
                "app_id": app.app_id,
                "type": "SYSTEM_USER",
                "is_valid": True,
                "expires_at": 0,
                "scopes": scopes,
            }
            return {"data": data}
    return {"data": {"is_valid": False, "error": {"code": 190}}}
