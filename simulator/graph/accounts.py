"""Numbers, business accounts and their subscriptions."""

from pathlib import PurePosixPath

from ..errors import GraphError, unknown_object
from ..model import Number, Waba
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
# Fields that Graph knows but leaves out when there is nothing in them.
MAY_BE_EMPTY = ("primary_funding_id", "country_code")


def _number(query: Query, number: Number) -> dict:
    waba = query.world.wabas[number.waba_id]
    limit = _tier(number.messaging_limit)
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
        "messaging_limit_tier": limit,
        "whatsapp_business_manager_messaging_limit": limit,
        "country_code": number.country,
        "webhook_configuration": _webhooks(query, waba),
        "health_status": _health(waba, number),
    }


def _tier(users: int) -> str:
    """The messaging limit as Graph names it; from 1,000,000 on it is none."""
    if users >= 1_000_000:
        return "TIER_UNLIMITED"
    thousands = users >= 1000 and not users % 1000
    return f"TIER_{users // 1000}K" if thousands else f"TIER_{users}"


def _webhooks(query: Query, waba: Waba) -> dict:
    """Where this app hears of the number: the most particular one is used."""
    found = {"application": query.app.webhook}
    override = waba.subscriptions.get(query.app.app_id, {}).get("override_callback_uri")
    if override:
        found["whatsapp_business_account"] = override
    return found


def _health(waba: Waba, number: Number | None = None) -> dict:
    """health_status: the worst of business account and number."""
    errors = []
    if not waba.payment:
        errors.append(
            {
                "error_code": 141006,
                "error_description": "There is an error with the payment method.",
                "possible_solution": "Update the payment method in WhatsApp Manager.",
            }
        )
    state = waba.health if waba.payment else "BLOCKED"
    account = {
        "entity_type": "WABA",
        "id": waba.waba_id,
        "can_send_message": state,
        **({"errors": errors} if errors else {}),
    }
    entities = [account]
    if number:
        entities.insert(
            0,
            {
                "entity_type": "PHONE_NUMBER",
                "id": number.phone_number_id,
                "can_send_message": "AVAILABLE",
            },
        )
    return {"can_send_message": state, "entities": entities}


def _waba(waba: Waba) -> dict:
    data = {
        "id": waba.waba_id,
        "name": waba.name,
        "currency": "EUR",
        "timezone_id": "1",
        "account_review_status": waba.review,
        "message_template_namespace": f"ns_{waba.waba_id}",
        "health_status": _health(waba),
    }
    if waba.payment:
        data["primary_funding_id"] = "600000000000001"
    return data


def _pick(data: dict, query: Query, default: tuple[str, ...], kind: str) -> dict:
    """Graph answers the fields asked for and always the id; one that it does not
    have is an error, one that is empty is left out."""
    asked = query.request.query.get("fields")
    names = [n.strip().split("{")[0] for n in asked.split(",")] if asked else default
    missing = query.world.switches.missing_fields.replace(" ", "").split(",")
    for name in names if asked else ():
        if name in missing or name not in (*data, *MAY_BE_EMPTY):
            raise GraphError(
                100,
                message=f"(#100) Tried accessing nonexisting field ({name}) on node "
                f"type ({kind})",
            )
    return {name: data[name] for name in (*names, "id") if name in data}


async def show_object(query: Query) -> dict:
    """GET /{id}: a number, a business account, an app or a medium."""
    object_id = query.request.match_info["object"]
    if object_id in query.world.numbers:
        data = _number(query, query.number())
        return _pick(data, query, NUMBER_FIELDS, "WhatsAppBusinessPhoneNumber")
    if object_id in query.world.wabas:
        data = _waba(query.waba())
        default = ("name", "currency", "timezone_id")
        return _pick(data, query, default, "WhatsAppBusinessAccount")
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
        _pick(
            _number(query, number),
            query,
            NUMBER_FIELDS,
            "WhatsAppBusinessPhoneNumber",
        )
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


async def nothing(query: Query) -> dict:
    """Any other path."""
    raise unknown_object(PurePosixPath(query.request.path).name)
