"""Message templates as Graph lists them and as webhooks tell of them."""

from . import reading

# What a review or a sanction makes of a template; others keep Meta's word.
_STATUSES = {
    "REINSTATED": "approved",
    "UNARCHIVED": "approved",
    "ACTIVE": "approved",
    "PENDING_REVIEW": "pending",
    "IN_APPEAL": "pending",
    "PENDING_DELETION": "deleted",
}


def template_of(row: dict, problems: list) -> dict:
    """One row of message_templates.

    :return: {"template_ref", "name", "language", "status": "approved"|"pending"|
        "rejected"|"paused"|"disabled"|"deleted"|…, "reason", "quality": "green"|
        "yellow"|"red"|None, "category": "utility"|"marketing"|"authentication",
        "text": that of the body, "asks": it asks for permission to call,
        "call_button": the label of its call button or None}
    """
    body, asks, button = "", False, None
    for component in reading.items(row, "components", problems):
        if not isinstance(component, dict):
            continue
        kind = reading.word(component, "type", problems)
        if kind == "BODY":
            # A line break is part of the text.
            text = component.get("text")
            body = reading.storable(text)[:4096] if isinstance(text, str) else ""
        asks = asks or kind == "CALL_PERMISSION_REQUEST"
        if kind == "BUTTONS":
            button = button or _call_button(component, problems)
    score = reading.obj(row, "quality_score", problems)
    return {
        "template_ref": reading.ref(row, "id", problems),
        "name": reading.text(row, "name", problems),
        "language": reading.text(row, "language", problems, limit=32),
        "status": _status(reading.word(row, "status", problems)),
        "reason": _reason(reading.text(row, "rejected_reason", problems)),
        "quality": _quality(reading.word(score, "score", problems)),
        "category": _lower(reading.word(row, "category", problems)),
        "text": body,
        "asks": asks,
        "call_button": button,
    }


def template_change(field: str, value: dict, problems: list) -> dict:
    """A message_template_*_update webhook; a member that is None did not change.

    :return: {"template_ref", "name", "language", "status", "reason", "quality",
        "category"}, words as of template_of()
    """
    status = None
    if field == "message_template_status_update":
        status = _status(reading.word(value, "event", problems))
        if not status:
            problems.append("the new status is missing")
    more = reading.obj(value, "other_info", problems)
    reasons = (
        _reason(reading.text(value, "reason", problems)),
        reading.text(more, "title", problems),
        reading.text(more, "description", problems),
    )
    return {
        "template_ref": reading.ref(value, "message_template_id", problems),
        "name": reading.text(value, "message_template_name", problems),
        "language": reading.text(
            value, "message_template_language", problems, limit=32
        ),
        # Flagged: it may still be sent, its quality is low.
        "status": None if status == "flagged" else status,
        "reason": ". ".join(filter(None, reasons)) or None,
        "quality": _quality(reading.word(value, "new_quality_score", problems)),
        "category": _lower(reading.word(value, "new_category", problems)),
    }


def _call_button(component, problems):
    for button in reading.items(component, "buttons", problems):
        if isinstance(button, dict) and reading.word(button, "type", []) in (
            "VOICE_CALL",
        ):
            return reading.text(button, "text", problems, limit=64) or ""
    return None


def _status(word):
    return word and _STATUSES.get(word, word.lower())


def _lower(word):
    return word and word.lower()


def _quality(word):
    return word.lower() if word in ("GREEN", "YELLOW", "RED") else None


def _reason(text):
    return None if text in (None, "NONE", "none") else text
