"""Actions about accounts, numbers, templates, blocking and media as Graph requests.

Beside each: what its payload needs, and what its answer's data holds.
"""

from .meta_parts import segment, whatsapp
from .meta_settings import calling_of
from .transport import Upload

NUMBER_FIELDS = (
    "id,display_phone_number,verified_name,quality_rating,name_status,status,"
    "platform_type,account_mode,code_verification_status,messaging_limit_tier,"
    "whatsapp_business_manager_messaging_limit,throughput,country_code,"
    "webhook_configuration,health_status"
)
WABA_FIELDS = (
    "id,name,currency,timezone_id,account_review_status,health_status,"
    "primary_funding_id"
)
TEMPLATE_FIELDS = (
    "id,name,language,status,category,components,rejected_reason,quality_score"
)
_PAGE = "100"


def _check(number, payload):
    """{waba_ref?}: the number's fields as Graph names them, `in_waba` when a
    waba_ref was given, and `neutral` (meta_account.number_state)."""
    return "GET", number, {"fields": NUMBER_FIELDS}, None


def _waba(number, payload):
    """{waba_ref}: fields as Graph names them, and `neutral`
    (meta_account.waba_state)."""
    return "GET", segment(payload["waba_ref"]), {"fields": WABA_FIELDS}, None


def _list_numbers(number, payload):
    """{waba_ref}: {"data": [number]} of all pages."""
    return _list(payload, "phone_numbers", NUMBER_FIELDS)


def _list_templates(number, payload):
    """{waba_ref}: {"data": [template]} of all pages, and `neutral`
    (meta_templates.template_of of each)."""
    return _list(payload, "message_templates", TEMPLATE_FIELDS)


def _list(payload, name, fields):
    query = {"fields": fields, "limit": _PAGE}
    if payload.get("after"):
        query["after"] = payload["after"]
    return "GET", f"{segment(payload['waba_ref'])}/{name}", query, None


def _create_template(number, payload):
    """{waba_ref, name, language, category, components}: {"id", "status",
    "category"}; the status is that of the review, mostly PENDING."""
    names = ("name", "language", "category", "components")
    body = {name: payload[name] for name in names}
    return "POST", f"{segment(payload['waba_ref'])}/message_templates", {}, body


def _get_settings(number, payload):
    """{}: {"calling": …} as Graph names it, and `neutral`
    (meta_settings.settings_of)."""
    return "GET", f"{number}/settings", {}, None


def _set_settings(number, payload):
    """{calling} in Graph's names, or {settings} in neutral ones; only what is
    given changes, but call hours as a whole."""
    calling = payload.get("calling")
    if calling is None:
        calling = calling_of(payload["settings"])
    return "POST", f"{number}/settings", {}, {"calling": calling}


def _check_token(number, payload):
    """{}: {"is_valid", "expires_at", "data_access_expires_at", "app_id",
    "scopes", "problem"} of the token in use."""
    return "GET", "debug_token", {}, None


def _app_subscriptions(number, payload):
    """{app_id}, with the app's secret in the credentials: {"callback_url",
    "fields", "active"} of WhatsApp's webhooks; {} when there are none."""
    return "GET", f"{segment(payload['app_id'])}/subscriptions", {}, None


def _subscribe(number, payload):
    """{waba_ref, callback_url?, verify_token?}: {"success"}. With an address of
    its own for this account, other accounts of the app keep theirs."""
    body = {}
    if payload.get("callback_url"):
        body["override_callback_uri"] = payload["callback_url"]
        body["verify_token"] = payload["verify_token"]
    return "POST", f"{segment(payload['waba_ref'])}/subscribed_apps", {}, body


def _subscribed_apps(number, payload):
    """{waba_ref}: {"data": [{"whatsapp_business_api_data": {"id", "name", "link"},
    "override_callback_uri"?}]}."""
    return "GET", f"{segment(payload['waba_ref'])}/subscribed_apps", {}, None


def _block(method):
    """{wa_ids} and/or {bsuids}: `neutral` {"done": [id], "failed": [{"input",
    "code", "message"}]}; ProviderError when nobody was."""

    def build(number, payload):
        users = [{"user": str(each).lstrip("+")} for each in payload.get("wa_ids", ())]
        users += [{"user_id": each} for each in payload.get("bsuids", ())]
        if not users:
            raise KeyError("wa_ids")
        return method, f"{number}/block_users", {}, whatsapp(block_users=users)

    return build


def _get_media(number, payload):
    """{media_ref, sha256?}: {"mime_type", "sha256", "size"}, the bytes in
    Answer.content. `sha256`: what a webhook said of it, which must be so too.
    get_recording takes more of them: see meta_capture.RECORDING_LIMIT."""
    query = {"phone_number_id": number}
    return "GET", segment(payload["media_ref"]), query, None


def _upload_media(number, payload):
    """{content: bytes, mime_type, file_name}: the medium's id in
    Answer.media_ref. WhatsApp keeps it for 30 days."""
    kind = payload["mime_type"]
    file = (payload["file_name"], payload["content"], kind)
    return "POST", f"{number}/media", {}, Upload(whatsapp(type=kind), file)


BUILDERS = {
    "check": _check,
    "waba": _waba,
    "list_numbers": _list_numbers,
    "list_templates": _list_templates,
    "create_template": _create_template,
    "get_settings": _get_settings,
    "set_settings": _set_settings,
    "check_token": _check_token,
    "app_subscriptions": _app_subscriptions,
    "subscribe": _subscribe,
    "subscribed_apps": _subscribed_apps,
    "block": _block("POST"),
    "unblock": _block("DELETE"),
    "get_media": _get_media,
    "get_recording": _get_media,
    "upload_media": _upload_media,
}
# About an account or an app: no number is needed.
WITHOUT_NUMBER = frozenset(
    {
        "waba",
        "list_numbers",
        "list_templates",
        "create_template",
        "check_token",
        "app_subscriptions",
        "subscribe",
        "subscribed_apps",
    }
)
