"""Actions as Graph requests: method, path, query and body of each."""

from urllib.parse import quote

_NUMBER_FIELDS = (
    "id,display_phone_number,verified_name,quality_rating,name_status,status,"
    "platform_type,account_mode,messaging_limit_tier"
)


def request_of(action: str, number_ref: str, payload: dict):
    """(method, path, query, body) of `action`; body None for a GET.

    :raises ValueError: unknown action, or a payload that lacks a member
    """
    build = _BUILDERS.get(action)
    if build is None:
        raise ValueError(f"unknown action {action!r}")
    try:
        return build(_segment(number_ref), payload)
    except KeyError as missing:
        raise ValueError(f"{action} needs {missing}") from None


def _segment(ref) -> str:
    """An id as part of a path: it never leaves its place in it."""
    text = quote(str(ref or ""), safe="")
    if not text.strip("."):
        raise ValueError("an id is missing")
    return text


def _whatsapp(**members) -> dict:
    return {"messaging_product": "whatsapp"} | members


def _whom(payload) -> dict:
    """ "to" (number) or "recipient" (BSUID); Meta prefers the number if both are
    given, so only one is sent."""
    if payload.get("to"):
        return {"to": str(payload["to"]).lstrip("+")}
    return {"recipient": payload["recipient"]}


def _session(kind, sdp) -> dict:
    # A normal string, not JSON within JSON.
    return {"sdp_type": kind, "sdp": sdp}


def _connect(number, payload):
    body = _whatsapp(**_whom(payload), action="connect")
    body["session"] = _session("offer", payload["sdp"])
    return "POST", f"{number}/calls", {}, _with_opaque(body, payload)


def _answer_call(action):
    def build(number, payload):
        body = _whatsapp(call_id=payload["call_ref"], action=action)
        # Meta's table says "offer" here; "answer" is what works.
        body["session"] = _session("answer", payload["sdp"])
        if action == "accept":
            _with_opaque(body, payload)
        return "POST", f"{number}/calls", {}, body

    return build


def _with_opaque(body, payload):
    if payload.get("opaque"):
        body["biz_opaque_callback_data"] = str(payload["opaque"])[:512]
    return body


def _end_call(action):
    def build(number, payload):
        body = _whatsapp(call_id=payload["call_ref"], action=action)
        return "POST", f"{number}/calls", {}, body

    return build


def _check(number, payload):
    return "GET", number, {"fields": _NUMBER_FIELDS}, None


def _list_numbers(number, payload):
    path = f"{_segment(payload['waba_ref'])}/phone_numbers"
    query = {"fields": _NUMBER_FIELDS, "limit": "100"}
    if payload.get("after"):
        query["after"] = payload["after"]
    return "GET", path, query, None


def _get_settings(number, payload):
    return "GET", f"{number}/settings", {}, None


def _set_settings(number, payload):
    return "POST", f"{number}/settings", {}, {"calling": payload["calling"]}


def _permission_state(number, payload):
    if payload.get("wa_id"):
        query = {"user_wa_id": str(payload["wa_id"]).lstrip("+")}
    else:
        query = {"recipient": payload["bsuid"]}
    return "GET", f"{number}/call_permissions", query, None


def _message(number, payload, kind, content):
    body = _whatsapp(recipient_type="individual", **_whom(payload), type=kind)
    body[kind] = content
    return "POST", f"{number}/messages", {}, body


def _permission_request(number, payload):
    content = {
        "type": "call_permission_request",
        "action": {"name": "call_permission_request"},
    }
    if payload.get("text"):
        content["body"] = {"text": payload["text"]}
    return _message(number, payload, "interactive", content)


def _permission_template(number, payload):
    # The call_permission_request component takes no parameters at sending.
    content = {
        "name": payload["template"],
        "language": {"code": payload["language"]},
    }
    if payload.get("components"):
        content["components"] = payload["components"]
    return _message(number, payload, "template", content)


def _send_text(number, payload):
    content = {"body": payload["text"], "preview_url": False}
    return _message(number, payload, "text", content)


def _call_button(number, payload):
    parameters = {
        "display_text": payload.get("label"),
        "ttl_minutes": payload.get("ttl_minutes"),
        "payload": payload.get("payload"),
    }
    content = {
        "type": "voice_call",
        "body": {"text": payload["text"]},
        "action": {
            "name": "voice_call",
            "parameters": {key: each for key, each in parameters.items() if each},
        },
    }
    return _message(number, payload, "interactive", content)


def _subscribe(number, payload):
    body = {}
    if payload.get("callback_url"):
        body["override_callback_uri"] = payload["callback_url"]
        body["verify_token"] = payload["verify_token"]
    return "POST", f"{_segment(payload['waba_ref'])}/subscribed_apps", {}, body


def _subscribed_apps(number, payload):
    return "GET", f"{_segment(payload['waba_ref'])}/subscribed_apps", {}, None


_BUILDERS = {
    "connect": _connect,
    "pre_accept": _answer_call("pre_accept"),
    "accept": _answer_call("accept"),
    "reject": _end_call("reject"),
    "terminate": _end_call("terminate"),
    "check": _check,
    "list_numbers": _list_numbers,
    "get_settings": _get_settings,
    "set_settings": _set_settings,
    "permission_state": _permission_state,
    "permission_request": _permission_request,
    "permission_template": _permission_template,
    "send_text": _send_text,
    "call_button": _call_button,
    "subscribe": _subscribe,
    "subscribed_apps": _subscribed_apps,
}
