"""GET and POST /{WABA}/message_templates: the list, and a new one for review."""

import re
import time
from typing import TYPE_CHECKING

from ..errors import GraphError
from ..ids import numeric
from ..model import Waba
from .gate import MANAGEMENT, Query

if TYPE_CHECKING:
    from ..world import World

NAME = re.compile(r"[a-z0-9_]{1,512}")
LANGUAGE = re.compile(r"[a-z]{2,3}(_[A-Z]{2})?")
CATEGORIES = ("MARKETING", "UTILITY", "AUTHENTICATION")
STATUSES = ("PENDING", "APPROVED", "REJECTED", "PAUSED", "DISABLED", "FLAGGED")
FIELDS = ("name", "language", "status", "category", "components")
PLACE = re.compile(r"\{\{(\w+)\}\}")


async def message_templates(query: Query) -> dict:
    """GET: {data, paging}; POST: {id, status, category}, PENDING until reviewed."""
    query.need(MANAGEMENT)
    waba = query.waba()
    if query.request.method == "GET":
        return _list(query, waba)
    body = query.body
    for member in ("name", "language", "category", "components"):
        if not body.get(member):
            raise GraphError(100, f"{member} is required")
    check(body)
    if find(waba, body["name"], body["language"]):
        raise GraphError(
            100,
            "There is already content in this language for this template.",
            subcode=2388024,
            message="Invalid parameter",
        )
    template = {k: body[k] for k in ("name", "language", "category", "components")}
    template |= {"id": numeric(), "status": "PENDING"}
    waba.templates.append(template)
    after = query.world.switches.template_review
    if after >= 0:
        query.after_reply.append(
            lambda: query.world.later(
                after, lambda: _review(query.world, waba, template)
            )
        )
    return {name: template[name] for name in ("id", "status", "category")}


def _list(query: Query, waba: Waba) -> dict:
    """Pages of `limit` (25); `after` is a cursor."""
    asked = query.request.query
    rows = [
        template
        for template in waba.templates
        if all(
            asked.get(name) in (None, template.get(name))
            for name in ("name", "language", "status", "category")
        )
    ]
    limit, start = int(asked.get("limit", 25)), int(asked.get("after") or 0)
    page = rows[start : start + limit]
    names = [n.strip() for n in asked["fields"].split(",")] if "fields" in asked else []
    data = [
        {name: row[name] for name in (*(names or FIELDS), "id") if name in row}
        for row in ({"rejected_reason": "NONE", **template} for template in page)
    ]
    end = start + len(page)
    paging: dict = {"cursors": {"before": str(start), "after": str(end)}}
    if end < len(rows):
        paging["next"] = f"{query.request.url.with_query(after=str(end))}"
    return {"data": data, "paging": paging}


def find(waba: Waba, name: object, language: object) -> dict | None:
    """The template of that name in that language."""
    for template in waba.templates:
        if (template["name"], template["language"]) == (name, language):
            return template
    return None


def check(body: dict) -> None:
    """Raise 100 for what Meta refuses of a new template."""
    if not NAME.fullmatch(str(body["name"])):
        raise GraphError(
            100, "The name may hold lower case letters, digits and underscores"
        )
    if not LANGUAGE.fullmatch(str(body["language"])):
        raise GraphError(100, f"Language {body['language']!r} is not known")
    if body["category"] not in CATEGORIES:
        raise GraphError(100, f"category must be one of {', '.join(CATEGORIES)}")
    if not isinstance(body["components"], list):
        raise GraphError(100, "components must be a list")
    kinds = [str(c.get("type", "")).lower() for c in body["components"]]
    if "body" not in kinds:
        raise GraphError(100, "A template needs a BODY")
    if "call_permission_request" in kinds and body["category"] == "AUTHENTICATION":
        raise GraphError(100, "The category must be MARKETING or UTILITY")
    for component in body["components"]:
        if str(component.get("type", "")).lower() == "body":
            _check_body(component)
    _check_buttons(body["components"])


def _check_body(component: dict) -> None:
    text = component.get("text")
    if not isinstance(text, str) or not 0 < len(text) <= 1024:
        raise GraphError(100, "The body's text must have 1 to 1024 characters")
    examples = (component.get("example") or {}).get("body_text")
    if PLACE.search(text) and not examples:
        raise GraphError(100, "A body with variables needs an example", subcode=2388043)


def _check_buttons(components: list[dict]) -> None:
    buttons = [
        button
        for component in components
        for button in component.get("buttons", [])
        if str(button.get("type")).lower() == "voice_call"
    ]
    if len(buttons) > 1:
        raise GraphError(100, "Only one call button is allowed")
    for button in buttons:
        if not 0 < len(str(button.get("text", ""))) <= 25:
            raise GraphError(100, "A button's text must have 1 to 25 characters")
        if not 1440 <= button.get("ttl_minutes", 10080) <= 43200:
            raise GraphError(100, "ttl_minutes must be 1440 to 43200")


def _review(world: "World", waba: Waba, template: dict) -> None:
    if template["status"] == "PENDING":
        change(world, waba, template, "APPROVED")


def change(
    world: "World", waba: Waba, template: dict, status: str, reason: str = ""
) -> None:
    """Meta reviewed, paused or disabled it: the webhook tells."""
    template["status"] = status
    template.pop("rejected_reason", None)
    if status == "REJECTED":
        template["rejected_reason"] = reason or "TAG_CONTENT_MISMATCH"
    value = {
        "event": status,
        "message_template_id": int(template["id"]),
        "message_template_name": template["name"],
        "message_template_language": template["language"],
        "reason": template.get("rejected_reason", reason or "NONE"),
    }
    if status == "PAUSED":
        value["other_info"] = {
            "title": "FIRST_PAUSE",
            "description": "The template was paused for 3 hours because of low "
            "quality.",
        }
    if status == "DISABLED":
        value["disable_info"] = {"disable_date": int(time.time())}
    name = "message_template_status_update"
    world.sender.send_account(waba, name, value, ("template", status))


def check_sendable(template: dict | None, part: dict) -> dict:
    """Raise the error of a template that cannot be sent like this; returns it."""
    if template is None or template["status"] in ("PENDING", "REJECTED"):
        raise GraphError(
            132001,
            f"template name ({part.get('name')}) does not exist in "
            f"{(part.get('language') or {}).get('code')}",
        )
    if template["status"] == "PAUSED":
        raise GraphError(132015, "The template is paused because of its low quality")
    if template["status"] == "DISABLED":
        raise GraphError(132016, "The template is disabled because of its low quality")
    for component in template["components"]:
        if str(component.get("type", "")).lower() == "body":
            wanted = len(set(PLACE.findall(component.get("text", ""))))
            given = _given(part)
            if wanted != given:
                raise GraphError(
                    132000,
                    f"body: number of localizable_params ({given}) does not match "
                    f"the expected number of params ({wanted})",
                )
    return template


def _given(part: dict) -> int:
    for component in part.get("components") or []:
        if str(component.get("type", "")).lower() == "body":
            return len(component.get("parameters") or [])
    return 0
