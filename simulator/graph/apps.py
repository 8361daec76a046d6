"""Apps and their tokens: GET /debug_token and GET /{APP}/subscriptions."""

import time

from ..errors import GraphError, unknown_object
from .gate import Query
from .tokens import token_refusal

ALL = ["whatsapp_business_management", "whatsapp_business_messaging"]


async def debug_token(query: Query) -> dict:
    """What a token is good for; one of another app is not for us to see."""
    token = query.request.query.get("input_token", "")
    if not token:
        raise GraphError(100, message="(#100) The parameter input_token is required")
    app = query.app
    if token not in app.tokens:
        error = {"code": 190, "message": "Invalid OAuth access token."}
        return {"data": {"is_valid": False, "error": error, "scopes": []}}
    scopes = ALL if "*" in app.tokens[token] else app.tokens[token]
    facts = app.token_facts.get(token, {})
    data = {
        "app_id": app.app_id,
        "type": "SYSTEM_USER",
        "application": "Demo app",
        "expires_at": int(facts.get("expires_at", 0)),
        "data_access_expires_at": int(facts.get("data_access_expires_at", 0)),
        "issued_at": int(time.time()) - 3600,
        "is_valid": True,
        "scopes": scopes,
        "granular_scopes": [
            {"scope": right, "target_ids": sorted(app.wabas)} for right in scopes
        ],
    }
    refusal = token_refusal(app, token)
    if refusal:
        data |= {
            "is_valid": False,
            "error": {
                "code": refusal.code,
                "message": refusal.message,
                "subcode": refusal.subcode,
            },
        }
    return {"data": data}


async def subscriptions(query: Query) -> dict:
    """The app's webhooks; only the app itself may ask (app_id|app_secret).

    The fields are the app's wherever its webhooks go: an app whose accounts all have
    an address of their own (override_callback_uri) is told without `callback_url`.
    """
    object_id = query.request.match_info["object"]
    if object_id != query.app.app_id:
        raise unknown_object(object_id)
    if not query.as_app:
        raise GraphError(
            15,
            http=400,
            message="(#15) This method must be called with an app access_token.",
        )
    if not (query.app.webhook or query.app.fields):
        return {"data": []}
    row = {
        "object": "whatsapp_business_account",
        "active": query.app.webhook_active,
        "fields": [
            {"name": name, "version": "v25.0"} for name in sorted(query.app.fields)
        ],
    }
    if query.app.webhook:
        row["callback_url"] = query.app.webhook
    return {"data": [row]}
