"""What Graph says of tokens, apps, accounts, numbers and blocked users, in
neutral words."""

import re

from . import reading
from .cleaning import sayable
from .meta_settings import restrictions_of

_ACCOUNT_EVENTS = {
    "ACCOUNT_VIOLATION": "violation",
    "ACCOUNT_RESTRICTION": "restriction",
}
_VIOLATIONS = {
    "LOW_BUSINESS_INITIATED_CALLING_QUALITY": "outbound_quality",
    "LOW_USER_INITIATED_CALLING_QUALITY": "inbound_quality",
    "LOW_CALLING_QUALITY": "quality",
    "USER_INITIATED_CALLS_LOW_PICKUP_RATE": "pickup_rate",
}
_THOUSANDS = re.compile(r"(?:TIER_)?(\d+)(K?)", re.IGNORECASE)


def token_state(data: dict) -> dict:
    """What debug_token says.

    :return: {"is_valid": bool, "expires_at": epoch, 0 = never, None = not said,
        "data_access_expires_at": the same, "app_id": str|None, "scopes": [str],
        "problem": what Meta says is wrong, or ""}
    """
    ignored = []
    told = reading.obj(data, "data", ignored)
    error = reading.obj(told, "error", ignored)
    return {
        "is_valid": told.get("is_valid") is True,
        "expires_at": _end(told, "expires_at"),
        "data_access_expires_at": _end(told, "data_access_expires_at"),
        "app_id": reading.ref(told, "app_id", ignored),
        "scopes": [
            scope
            for scope in map(reading.plain, reading.items(told, "scopes", ignored))
            if scope
        ],
        "problem": sayable(reading.text(error, "message", ignored) or ""),
    }


def _end(holder, key):
    if reading.plain(holder.get(key)) == "0":
        return 0
    return reading.epoch(holder, key, [])


def subscription(data: dict) -> dict:
    """Where the app sends WhatsApp's webhooks: {"callback_url", "fields": [name],
    "active": bool}, {} when nowhere."""
    ignored = []
    for row in reading.items(data, "data", ignored):
        if not isinstance(row, dict) or (
            row.get("object") != "whatsapp_business_account"
        ):
            continue
        # A list of names in one version, of {name, version} in another.
        names = [
            each.get("name") if isinstance(each, dict) else each
            for each in reading.items(row, "fields", ignored)
        ]
        return {
            "callback_url": reading.text(row, "callback_url", ignored) or "",
            "fields": [name for name in map(reading.plain, names) if name],
            "active": row.get("active") is True,
        }
    return {}


def waba_state(data: dict) -> dict:
    """{"name", "currency", "review": "approved"|"pending"|"rejected"|…|None,
    "payment": whether a way to pay is set, None = not said, "health": as of
    health()}"""
    ignored = []
    review = reading.word(data, "account_review_status", ignored)
    payment = None
    if "primary_funding_id" in data:
        payment = (reading.plain(data["primary_funding_id"]) or "0") != "0"
    return {
        "name": reading.text(data, "name", ignored),
        "currency": reading.text(data, "currency", ignored),
        "review": review and review.lower(),
        "payment": payment,
        "health": health(data),
    }


def number_state(data: dict) -> dict:
    """{"messaging_limit": users a day, None = not said or no limit,
    "unlimited": bool, "throughput": "standard"|"high"|…|None, "country": ISO code or
    None, "quality": "green"|"yellow"|"red"|None, "live": not a test number, None =
    not said, "webhook": {"application", "waba", "number"} addresses that WhatsApp
    would call, the last one that is set wins, "health": as of health()}"""
    ignored = []
    limit, unlimited = _limit(data)
    country = reading.word(data, "country_code", ignored)
    webhook = reading.obj(data, "webhook_configuration", ignored)
    quality = reading.word(data, "quality_rating", ignored)
    mode = reading.word(data, "account_mode", ignored)
    level = reading.word(reading.obj(data, "throughput", ignored), "level", ignored)
    return {
        "messaging_limit": limit,
        "unlimited": unlimited,
        "throughput": level and level.lower(),
        "country": country if country and re.fullmatch("[A-Z]{2}", country) else None,
        "quality": quality.lower() if quality in ("GREEN", "YELLOW", "RED") else None,
        "live": mode and mode == "LIVE",
        "webhook": {
            "application": reading.text(webhook, "application", ignored),
            "waba": reading.text(webhook, "whatsapp_business_account", ignored),
            "number": reading.text(webhook, "phone_number", ignored),
        },
        "health": health(data),
    }


def _limit(data):
    """The newer name first: it goes for the whole business portfolio."""
    for key in ("whatsapp_business_manager_messaging_limit", "messaging_limit_tier"):
        word = reading.plain(data.get(key)) or ""
        if "UNLIMITED" in word.upper():
            return None, True
        match = _THOUSANDS.fullmatch(word)
        if match:
            return int(match[1]) * (1000 if match[2] else 1), False
    return None, False


def health(data: dict) -> dict | None:
    """Graph's health_status: {"state": "available"|"limited"|"blocked"|…, "problems":
    [{"about": "waba"|"app"|"business"|"phone_number"|…, "code", "message",
    "solution"}]}; None when not said."""
    status = data.get("health_status")
    if not isinstance(status, dict):
        return None
    ignored, problems = [], []
    for entity in reading.items(status, "entities", ignored):
        if not isinstance(entity, dict):
            continue
        about = reading.word(entity, "entity_type", ignored) or ""
        for error in reading.items(entity, "errors", ignored):
            if not isinstance(error, dict):
                continue
            problems.append(
                {
                    "about": about.lower(),
                    "code": reading.integer(error, "error_code", ignored),
                    "message": reading.text(error, "error_description", ignored) or "",
                    "solution": reading.text(error, "possible_solution", ignored) or "",
                }
            )
    state = reading.word(status, "can_send_message", ignored)
    return {"state": state and state.lower(), "problems": problems}


def blocking(data: dict) -> dict:
    """{"done": [number or user id], "failed": [{"input", "code", "message"}]} of an
    answer of block_users."""
    ignored = []
    users = reading.obj(data, "block_users", ignored)
    done = [
        reading.text(user, "input", ignored)
        for name in ("added_users", "removed_users")
        for user in reading.items(users, name, ignored)
        if isinstance(user, dict)
    ]
    failed = []
    for user in reading.items(users, "failed_users", ignored):
        if not isinstance(user, dict):
            continue
        errors = reading.items(user, "errors", ignored)
        first = errors[0] if errors and isinstance(errors[0], dict) else {}
        failed.append(
            {
                "input": reading.text(user, "input", ignored),
                "code": reading.integer(first, "code", ignored),
                "message": sayable(reading.text(first, "message", ignored) or ""),
            }
        )
    return {"done": done, "failed": failed}


def account_change(value: dict, problems: list) -> dict:
    """An account_update webhook.

    :return: {"event": "violation"|"restriction"|Meta's word in lower case, "type":
        "outbound_quality"|"inbound_quality"|"quality"|"pickup_rate"|Meta's word|None,
        "restrictions": as of restrictions_of(), "display_number": digits|None,
        "remediation": what Meta advises|None}
    """
    event = reading.word(value, "event", problems)
    violation = reading.obj(value, "violation_info", problems)
    kind = reading.word(violation, "violation_type", problems)
    rows = [
        row
        for row in reading.items(value, "restriction_info", problems)
        if isinstance(row, dict)
    ]
    advice = [
        reading.text(each, "remediation", problems) for each in (violation, *rows)
    ]
    return {
        "event": event and _ACCOUNT_EVENTS.get(event, event.lower()),
        "type": kind and _VIOLATIONS.get(kind, kind.lower()),
        "restrictions": restrictions_of(rows, "restriction_type", problems),
        "display_number": reading.digits(value.get("phone_number")),
        "remediation": next(filter(None, advice), None),
    }
