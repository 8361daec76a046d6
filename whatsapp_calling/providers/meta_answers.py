"""What of Graph's answers is passed on, and how they are walked through."""

from . import reading
from .meta_account import (
    blocking,
    number_state,
    subscription,
    token_state,
    waba_state,
)
from .meta_media import media_facts
from .meta_permissions import permission_state
from .meta_settings import settings_of
from .meta_templates import template_of

# Answers of which only this is passed on.
READERS = {
    "check_token": token_state,
    "app_subscriptions": subscription,
    "get_media": media_facts,
    "get_recording": media_facts,
}
# Answers that are also told in neutral words.
NEUTRAL = {
    "permission_state": permission_state,
    "check": number_state,
    "waba": waba_state,
    "get_settings": lambda data: settings_of(reading.obj(data, "calling", []), []),
    "list_templates": lambda data: [
        template_of(row, []) for row in data["data"] if isinstance(row, dict)
    ],
    "block": blocking,
    "unblock": blocking,
}


def rows_of(data) -> list:
    rows = data.get("data")
    return rows if isinstance(rows, list) else []


def next_page(data) -> str | None:
    """The cursor of the next page, if there is one."""
    paging = data.get("paging")
    if not isinstance(paging, dict) or not paging.get("next"):
        return None
    cursors = paging.get("cursors")
    after = cursors.get("after") if isinstance(cursors, dict) else None
    return after if isinstance(after, str) and after else None


def new_ref(data, key) -> str | None:
    """The id of the first member of data[key], which the request created."""
    made = data.get(key)
    first = made[0] if isinstance(made, list) and made else None
    ref = first.get("id") if isinstance(first, dict) else None
    return ref if isinstance(ref, str) and ref else None


def uploaded(data) -> str | None:
    """The id of the medium that was uploaded."""
    ref = data.get("id")
    return ref if isinstance(ref, str) and ref else None
