"""Numbers, business accounts, subscriptions, templates and tokens."""

import time
from pathlib import PurePosixPath

from ..errors import GraphError, unknown_object
from ..ids import numeric
from ..model import Number
from . import media
from .gate import MANAGEMENT, Query

NUMBER_FIELDS = (
    "verified_name",
    "display_phone_number",
    "quality_rating",
    "code_verification_status",
    "platform_type",
    "throughput",
)


def _number(number: Number) -> dict:
    return {
        "id": number.phone_number_id,
        "verified_name": number.name,
        "display_phone_number": number.display,
        "quality_rating": number.quality,
        "code_verification_status": "VERIFIED",
        "platform_type": "CLOUD_API",
        "throughput": {"level": "STANDARD"},
        "status": "CONNECTED",
        "name_status": "APPROVED",
        "account_mode": "SANDBOX" if number.sandbox else "LIVE",
        "messaging_limit_tier": f"TIER_{number.messaging_limit}",
        "whatsapp_business_manager_messaging_limit": number.messaging_limit,
        "country_code": number.country,
    }


def _pick(data: dict, query: Query, default: tuple[str, ...]) -> dict:
    """Graph answers the fields asked for and always the id."""
    asked = query.request.query.get("fields")
    names = [n.strip().split("{")[0] for n in asked.split(",")] if asked else default
    return {name: data[name] for name in (*names, "id") if name in data}


async def show_object(query: Query) -> dict:
    """GET /{id}: a number, a business account, an app or a medium."""
    object_id = query.request.match_info["object"]
    if object_id in query.world.numbers:
        return _pick(_number(query.number()), query, NUMBER_FIELDS)
    if object_id in query.world.wabas:
        waba = query.waba()
        data = {
            "id": waba.waba_id,
            "name": waba.name,
            "currency": "EUR",
            "timezone_id": "1",
            "account_review_status": "APPROVED",
            "message_template_namespace": f"ns_{waba.waba_id}",
        }
        return _pick(data, query, ("name", "currency", "timezone_id"))
    if object_id in (query.app.app_id, "app"):
        return {"id": query.app.app_id, "name": "Demo app", "link": ""}
    return await media.show(query)


async def delete_object(query: Query) -> dict:
    """DELETE /{id}: only media can be deleted."""
    return await media.remove(query)


async def phone_numbers(query: Query) -> dict:
    """GET /{WABA}/phone_numbers."""
    query.need(MANAGEMENT)
    waba = query.waba()
    rows = [
        _pick(_number(number), query, NUMBER_FIELDS)
        for number in query.world.numbers.values()
        if number.waba_id == waba.waba_id
    ]
    return {"data": rows, "paging": {"cursors": {"before": "", "after": ""}}}


async def subscribed_apps(query: Query) -> dict:
    """GET, POST (with override_callback_uri) and DELETE /{WABA}/subscribed_apps."""
    query.need(MANAGEMENT)
    waba, app_id = query.waba(), query.app.app_id
    if query.request.method == "GET":
        rows = []
        for subscribed, options in waba.subscriptions.items():
            row = {
                "whatsapp_business_api_data": {
                    "id": subscribed,
                    "name": "Demo app",
                    "link": "https://www.facebook.com/games/",
                }
            }
            if options.get("override_callback_uri"):
                row["override_callback_uri"] = options["override_callback_uri"]
            rows.append(row)
        return {"data": rows}
    if query.request.method == "DELETE":
        waba.subscriptions.pop(app_id, None)
        return {"success": True}
    values = {**query.request.query, **query.body}
    url, token = values.get("override_callback_uri"), values.get("verify_token")
    options = {}
    if url:
        if not token:
            raise GraphError(100, "verify_token is required with an override")
        if not await query.world.sender.handshake(str(url), str(token)):
            raise GraphError(
                2200,
                message="(#2200) Callback verification failed with the following "
                "errors: HTTP status or challenge mismatch",
                http=400,
            )
        options = {"override_callback_uri": url, "verify_token": token}
    waba.subscriptions[app_id] = options
    return {"success": True}


async def message_templates(query: Query) -> dict:
    """GET and POST /{WABA}/message_templates; a new one is approved at once."""
    query.need(MANAGEMENT)
    waba = query.waba()
    if query.request.method == "GET":
        name = query.request.query.get("name")
        rows = [
            {"id": str(index), "status": "APPROVED", **template}
            for index, template in enumerate(waba.templates.values(), 10**14)
            if name in (None, template["name"])
        ]
        return {"data": rows, "paging": {"cursors": {"before": "", "after": ""}}}
    body = query.body
    for member in ("name", "language", "category", "components"):
        if not body.get(member):
            raise GraphError(100, f"{member} is required")
    check_template(body)
    template = {k: body[k] for k in ("name", "language", "category", "components")}
    template["status"] = "APPROVED"
    waba.templates[body["name"]] = template
    return {"id": numeric(), "status": "APPROVED", "category": body["category"]}


def check_template(body: dict) -> None:
    """Rules of templates with a permission request or a call button."""
    kinds = [str(c.get("type", "")).lower() for c in body["components"]]
    if "call_permission_request" in kinds:
        if "body" not in kinds:
            raise GraphError(100, "A permission request needs a BODY")
        if body["category"] not in ("MARKETING", "UTILITY"):
            raise GraphError(100, "The category must be MARKETING or UTILITY")
    buttons = [
        button
        for component in body["components"]
        for button in component.get("buttons", [])
        if str(button.get("type")).lower() == "voice_call"
    ]
    if len(buttons) > 1:
        raise GraphError(100, "Only one call button is allowed")
    for button in buttons:
        if not 1440 <= button.get("ttl_minutes", 10080) <= 43200:
            raise GraphError(100, "ttl_minutes must be 1440 to 43200")


async def debug_token(query: Query) -> dict:
    """GET /debug_token?input_token=: what a token is good for."""
    token = query.request.query.get("input_token", "")
    for app in query.world.apps.values():
        if token in app.tokens:
            rights = app.tokens[token]
            if "*" in rights:
                rights = [
                    "whatsapp_business_management",
                    "whatsapp_business_messaging",
                ]
            return {
                "data": {
                    "app_id": app.app_id,
                    "type": "SYSTEM_USER",
                    "application": "Demo app",
                    "expires_at": 0,
                    "issued_at": int(time.time()) - 3600,
                    "is_valid": True,
                    "scopes": rights,
                    "granular_scopes": [
                        {"scope": right, "target_ids": sorted(app.wabas)}
                        for right in rights
                    ],
                }
            }
    return {
        "data": {
            "is_valid": False,
            "error": {"code": 190, "message": "Invalid OAuth access token."},
            "scopes": [],
        }
    }


async def nothing(query: Query) -> dict:
    """Any other path."""
    raise unknown_object(PurePosixPath(query.request.path).name)
