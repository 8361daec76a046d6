"""Actions as Graph requests: method, path, query and body of each.

Here calls and messages; the others in meta_account_requests.py.
"""

from .meta_account_requests import BUILDERS, WITHOUT_NUMBER
from .meta_capture import capture_members
from .meta_parts import segment, whatsapp


def request_of(action: str, number_ref: str, payload: dict):
    """(method, path, query, body) of `action`; body None for a GET.

    :raises ValueError: unknown action, or a payload that lacks a member
    """
    build = _BUILDERS.get(action)
    if build is None:
        raise ValueError(f"unknown action {action!r}")
    try:
        number = "" if action in WITHOUT_NUMBER else segment(number_ref)
        return build(number, payload)
    except KeyError as missing:
        raise ValueError(f"{action} needs {missing}") from None


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
    body = whatsapp(**_whom(payload), action="connect")
    body["session"] = _session("offer", payload["sdp"])
    body |= capture_members(payload)
    return "POST", f"{number}/calls", {}, _with_opaque(body, payload)


def _answer_call(action):
    def build(number, payload):
        body = whatsapp(call_id=payload["call_ref"], action=action)
        # Meta's table says "offer" here; "answer" is what works.
        body["session"] = _session("answer", payload["sdp"])
        if action == "accept":
            body |= capture_members(payload)
            _with_opaque(body, payload)
        return "POST", f"{number}/calls", {}, body

    return build


def _with_opaque(body, payload):
    if payload.get("opaque"):
        body["biz_opaque_callback_data"] = str(payload["opaque"])[:512]
    return body


def _end_call(action):
    def build(number, payload):
        body = whatsapp(call_id=payload["call_ref"], action=action)
        return "POST", f"{number}/calls", {}, body

    return build


def _permission_state(number, payload):
    if payload.get("wa_id"):
        query = {"user_wa_id": str(payload["wa_id"]).lstrip("+")}
    else:
        query = {"recipient": payload["bsuid"]}
    return "GET", f"{number}/call_permissions", query, None


def _message(number, payload, kind, content):
    body = whatsapp(recipient_type="individual", **_whom(payload), type=kind)
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


def _send_template(number, payload):
    # A call_permission_request in it takes no parameters at sending.
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


def _send_audio(number, payload):
    """{to|recipient, media_ref, voice?}: a sound that was uploaded before. With
    `voice` it is shown as a voice note, which takes OGG with mono Opus, and up to
    512 KB of it to be played on the spot."""
    content = {"id": str(payload["media_ref"])}
    if payload.get("voice"):
        content["voice"] = True
    return _message(number, payload, "audio", content)


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


_BUILDERS = BUILDERS | {
    "connect": _connect,
    "pre_accept": _answer_call("pre_accept"),
    "accept": _answer_call("accept"),
    "reject": _end_call("reject"),
    "terminate": _end_call("terminate"),
    "permission_state": _permission_state,
    "permission_request": _permission_request,
    "permission_template": _send_template,
    "send_template": _send_template,
    "send_text": _send_text,
    "send_audio": _send_audio,
    "call_button": _call_button,
}
