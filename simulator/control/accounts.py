"""Control of apps and business accounts: tokens, webhooks, templates, sanctions."""

import time
from dataclasses import asdict

from aiohttp import web

from ..graph import templates
from ..graph.settings import RESTRICTIONS
from ..model import Number, Waba
from ..world import World
from .tools import answer, body_of, number_of, world_of

VIOLATIONS = (
    "LOW_BUSINESS_INITIATED_CALLING_QUALITY",
    "LOW_USER_INITIATED_CALLING_QUALITY",
    "USER_INITIATED_CALLS_LOW_PICKUP_RATE",
)
WABA_FIELDS = ("name", "payment", "review", "health")


async def apps(request: web.Request) -> web.Response:
    """GET /control/apps: without secrets and tokens."""
    world = world_of(request)
    return answer(
        [
            {
                "app_id": app.app_id,
                "webhook": app.webhook,
                "active": app.webhook_active,
                "fields": sorted(app.fields),
                "wabas": sorted(app.wabas),
                "subscribed": sorted(
                    w.waba_id
                    for w in world.wabas.values()
                    if app.app_id in w.subscriptions
                ),
            }
            for app in world.apps.values()
        ]
    )


async def set_app(request: web.Request) -> web.Response:
    """POST /control/apps/{app_id} {webhook, verify_token, fields, tokens, handshake}.

    `tokens` is a list, or an object {token: [rights]}; `token_facts` an object
    {token: {"expires_at", "data_access_expires_at", "valid"}}; `active` whether the
    app's webhooks are on.

    With "handshake": true the URL is asked for the challenge first, as Meta does
    each time it is saved; answers {"verified": bool} and keeps the old one if not.
    """
    world, data = world_of(request), await body_of(request)
    app = world.apps.get(request.match_info["app_id"])
    if app is None:
        raise LookupError("no such app")
    url = data.get("webhook", app.webhook)
    token = data.get("verify_token", app.verify_token)
    verified = None
    if data.get("handshake"):
        verified = await world.sender.handshake(url, token)
    if verified is not False:
        app.webhook, app.verify_token = url, token
        if "fields" in data:
            app.fields = set(data["fields"])
        if "tokens" in data:
            tokens = data["tokens"]
            if isinstance(tokens, list):
                tokens = {str(token): ["*"] for token in tokens}
            app.tokens = tokens
        if "token_facts" in data:
            app.token_facts = data["token_facts"]
        if "app_secret" in data:
            app.app_secret = str(data["app_secret"])
        app.webhook_active = bool(data.get("active", app.webhook_active))
    return answer({"app_id": app.app_id, "webhook": app.webhook, "verified": verified})


async def handshake(request: web.Request) -> web.Response:
    """POST /control/handshake {app_id, verify_token}: ask its URL for the challenge."""
    world, data = world_of(request), await body_of(request)
    app = world.apps.get(str(data.get("app_id")))
    if app is None:
        raise LookupError("no such app")
    token = data.get("verify_token", app.verify_token)
    return answer({"ok": await world.sender.handshake(app.webhook, token)})


def _waba_of(request: web.Request) -> Waba:
    wabas = world_of(request).wabas
    waba_id = request.match_info["waba_id"]
    if waba_id not in wabas:
        raise LookupError(f"no business account {waba_id}")
    return wabas[waba_id]


async def wabas(request: web.Request) -> web.Response:
    """GET /control/wabas: with subscriptions and templates."""
    return answer([asdict(waba) for waba in world_of(request).wabas.values()])


async def set_waba(request: web.Request) -> web.Response:
    """POST /control/wabas/{id} {name, payment, review, health, subscriptions}.

    `subscriptions` is {app_id: {"override_callback_uri"?, "verify_token"?}}.
    """
    waba, data = _waba_of(request), await body_of(request)
    unknown = set(data) - {*WABA_FIELDS, "subscriptions"}
    if unknown:
        raise ValueError(f"unknown: {', '.join(sorted(unknown))}")
    for name, value in data.items():
        setattr(waba, name, value)
    return answer(asdict(waba))


async def set_template(request: web.Request) -> web.Response:
    """POST /control/wabas/{id}/templates/{name} {status, language, reason}.

    `status`: APPROVED, REJECTED, PAUSED, DISABLED, PENDING, FLAGGED; the webhook
    tells. Without `language` the first of that name; `silent`: no webhook.
    """
    world, waba, data = world_of(request), _waba_of(request), await body_of(request)
    name = request.match_info["name"]
    found = [
        template
        for template in waba.templates
        if template["name"] == name
        and data.get("language") in (None, template["language"])
    ]
    if not found:
        raise LookupError(f"no template {name}")
    status = str(data["status"]).upper()
    if status not in templates.STATUSES:
        raise ValueError(f"status must be one of {', '.join(templates.STATUSES)}")
    if data.get("silent"):
        found[0]["status"] = status
    else:
        templates.change(world, waba, found[0], status, str(data.get("reason", "")))
    return answer(found[0])


async def violation(request: web.Request) -> web.Response:
    """POST /control/numbers/{number}/violation {type, remediation}: a warning.

    `type` is one of VIOLATIONS; the low pick-up rate by default.
    """
    world, data = world_of(request), await body_of(request)
    number = number_of(world, dict(request.match_info), "number")
    info = {"violation_type": data.get("type", VIOLATIONS[-1])}
    if data.get("remediation"):
        info["remediation"] = data["remediation"]
    _account_update(
        world, number, {"event": "ACCOUNT_VIOLATION", "violation_info": info}
    )
    return answer({"ok": True})


async def restrict(request: web.Request) -> web.Response:
    """POST /control/numbers/{number}/restriction {type, seconds, lift, remediation}.

    `type`: outbound, inbound, button_hidden or a list; it ends by itself after
    `seconds` (7 days), or now with "lift": true. The webhook tells of the start.
    """
    world, data = world_of(request), await body_of(request)
    number = number_of(world, dict(request.match_info), "number")
    kinds = data.get("type", "outbound")
    kinds = [kinds] if isinstance(kinds, str) else kinds
    if unknown := set(kinds) - set(RESTRICTIONS):
        raise ValueError(f"unknown type {', '.join(sorted(unknown))}")
    if data.get("lift"):
        for kind in kinds:
            _lift(number, kind)
        return answer({"ok": True})
    seconds = float(data.get("seconds", world.switches.restriction))
    until = time.time() + seconds
    rows = []
    for kind in kinds:
        flag, word = RESTRICTIONS[kind]
        setattr(number, flag, True)
        number.restricted_until[kind] = until
        world.later(seconds, lambda kind=kind: _lift(number, kind))
        row = {"restriction_type": word, "expiration": int(until)}
        if data.get("remediation"):
            row["remediation"] = data["remediation"]
        rows.append(row)
    value = {"event": "ACCOUNT_RESTRICTION", "restriction_info": rows}
    _account_update(world, number, value)
    return answer({"ok": True, "until": until})


def _lift(number: Number, kind: str) -> None:
    setattr(number, RESTRICTIONS[kind][0], False)
    number.restricted_until.pop(kind, None)


def _account_update(world: World, number: Number, value: dict) -> None:
    waba = world.wabas[number.waba_id]
    value = {"phone_number": number.wa_id, **value}
    world.sender.send_account(waba, "account_update", value, ("account",))


ROUTES = [
    ("GET", "apps", apps),
    ("POST", "apps/{app_id}", set_app),
    ("POST", "handshake", handshake),
    ("GET", "wabas", wabas),
    ("POST", "wabas/{waba_id}", set_waba),
    ("POST", "wabas/{waba_id}/templates/{name}", set_template),
    ("POST", "numbers/{number}/violation", violation),
    ("POST", "numbers/{number}/restriction", restrict),
]
