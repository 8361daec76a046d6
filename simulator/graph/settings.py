"""GET and POST /{PNID}/settings: the `calling` object, checked and kept."""

import copy
import datetime
import re
import zoneinfo
from typing import TYPE_CHECKING

from ..errors import GraphError
from ..model import Number
from ..webhooks import bodies
from .gate import MANAGEMENT, Query

if TYPE_CHECKING:
    from ..world import World

SWITCH = ("ENABLED", "DISABLED")
ENUMS = {
    "status": SWITCH,
    "call_icon_visibility": ("DEFAULT", "DISABLE_ALL", "HIDE_IN_CHAT"),
    "callback_permission_status": SWITCH,
    "srtp_key_exchange_protocol": ("DTLS", "SDES"),
}
OBJECTS = ("call_icons", "call_hours", "sip", "audio", "voicemail", "video")
ANNOUNCED = (
    "status",
    "call_icon_visibility",
    "callback_permission_status",
    "sip",
    "srtp_key_exchange_protocol",
)
DAYS = "MONDAY TUESDAY WEDNESDAY THURSDAY FRIDAY SATURDAY SUNDAY".split()
CLOCK = re.compile(r"^([01]\d|2[0-3]):?[0-5]\d$")
LEAST_MESSAGING_LIMIT = 2000


async def get_settings(query: Query) -> dict:
    """Answers {calling, storage_configuration}: readers must ignore the latter."""
    query.need(MANAGEMENT)
    number = query.number()
    data = {
        "calling": copy.deepcopy(number.calling),
        "storage_configuration": {"status": "DEFAULT"},
    }
    restrictions = _restrictions(number)
    if restrictions:
        data["calling"]["restrictions"] = {"restrictions_list": restrictions}
    wanted = query.request.query.get("fields")
    if wanted:
        data = {name: data[name] for name in wanted.split(",") if name in data}
    return data


RESTRICTIONS = {
    "outbound": ("suspended", "RESTRICTED_BUSINESS_INITIATED_CALLING"),
    "inbound": ("inbound_paused", "RESTRICTED_USER_INITIATED_CALLING"),
    "button_hidden": (
        "button_hidden",
        "RESTRICTED_USER_INITIATED_CALLING_CALL_BUTTON_HIDDEN",
    ),
}


def _restrictions(number: Number) -> list[dict]:
    """restrictions_list; a button that is hidden is not among them."""
    found = []
    for kind in ("outbound", "inbound"):
        flag, word = RESTRICTIONS[kind]
        if getattr(number, flag):
            row = {"type": word, "reason": "LOW_CALLING_QUALITY"}
            if kind in number.restricted_until:
                row["expiration"] = int(number.restricted_until[kind])
            found.append(row)
    return found


async def post_settings(query: Query) -> dict:
    """Only the keys that are sent change; call_hours is replaced as a whole."""
    query.need(MANAGEMENT)
    number = query.number()
    calling = query.body.get("calling")
    if not isinstance(calling, dict):
        raise GraphError(100, "calling is required")
    check(calling)
    if calling.get("status") == "ENABLED" and not number.calling_on:
        _may_enable(query, number)
    before = copy.deepcopy(number.calling)
    for name, value in calling.items():
        old = number.calling.get(name)
        if isinstance(value, dict) and isinstance(old, dict) and name != "call_hours":
            number.calling[name] = {**old, **value}
        else:
            number.calling[name] = value
    changed = any(before.get(n) != number.calling.get(n) for n in ANNOUNCED)
    if changed:
        query.after_reply.append(lambda: announce(query.world, number))
    return {"success": True}


def announce(world: "World", number: Number) -> None:
    """The account_settings_update webhook."""
    value = {
        "timestamp": bodies.stamp(),
        "type": "phone_number_settings",
        "phone_number_settings": {
            "phone_number_id": number.phone_number_id,
            "calling": copy.deepcopy(number.calling),
        },
    }
    world.sender.send(number, "account_settings_update", value, ("settings",))


def _may_enable(query: Query, number: Number) -> None:
    if number.messaging_limit < LEAST_MESSAGING_LIMIT and not number.sandbox:
        raise GraphError(138015, "The messaging limit is below 2000 recipients a day")
    subscribed = [app for app, _ in query.world.sender.targets(number.waba_id, "calls")]
    if not subscribed and not number.on_sip:
        raise GraphError(
            138018, "No app is subscribed to the calls field of this account"
        )


def check(calling: dict) -> None:
    """Raise 100 for members and values that Graph refuses."""
    for name, value in calling.items():
        if name in ENUMS:
            if value not in ENUMS[name]:
                raise GraphError(100, f"{name} must be one of {', '.join(ENUMS[name])}")
        elif name not in OBJECTS:
            raise GraphError(100, f"Unknown member calling.{name}")
        elif not isinstance(value, dict):
            raise GraphError(100, f"calling.{name} must be an object")
    if "call_hours" in calling:
        check_hours(calling["call_hours"])
    countries = calling.get("call_icons", {}).get("restrict_to_user_countries", [])
    if not all(re.fullmatch(r"[A-Z]{2}", str(country)) for country in countries):
        raise GraphError(100, "restrict_to_user_countries needs ISO 3166 codes")
    codecs = calling.get("audio", {}).get("additional_codecs", [])
    if not set(codecs) <= {"PCMA", "PCMU"}:
        raise GraphError(100, "additional_codecs may hold PCMA and PCMU")
    if "voicemail" in calling:
        _check_voicemail(calling["voicemail"])


def _check_voicemail(voicemail: dict) -> None:
    if voicemail.get("status") not in SWITCH:
        raise GraphError(100, "voicemail.status is not valid")
    if voicemail["status"] == "ENABLED":
        audio = voicemail.get("audio", {}).get("default", {})
        if not voicemail.get("triggers") or not audio.get("announcement_media_id"):
            raise GraphError(100, "voicemail needs triggers and an announcement")
        if not 0 <= audio.get("timeout_seconds", -1) <= 30:
            raise GraphError(100, "voicemail.timeout_seconds must be 0 to 30")


def check_hours(hours: dict) -> None:
    """Raise 100 with the reason Meta lists for call_hours."""
    if hours.get("status") not in SWITCH:
        raise GraphError(100, "call_hours.status is not valid")
    try:
        zoneinfo.ZoneInfo(str(hours.get("timezone_id")))
    except (zoneinfo.ZoneInfoNotFoundError, ValueError) as error:
        raise GraphError(100, "call_hours.timezone_id is not valid") from error
    week = hours.get("weekly_operating_hours")
    if not isinstance(week, list) or not week:
        raise GraphError(100, "weekly_operating_hours must not be empty")
    by_day: dict[str, list[tuple[str, str]]] = {}
    for slot in week:
        if not isinstance(slot, dict) or slot.get("day_of_week") not in DAYS:
            raise GraphError(100, "day_of_week is not valid")
        span = _span(slot.get("open_time"), slot.get("close_time"))
        by_day.setdefault(slot["day_of_week"], []).append(span)
    for day, spans in by_day.items():
        _no_overlap(day, spans)
    holidays = hours.get("holiday_schedule", [])
    if not isinstance(holidays, list) or len(holidays) > 20:
        raise GraphError(100, "holiday_schedule may have 20 entries")
    for holiday in holidays:
        _check_holiday(holiday)


def _no_overlap(day: str, spans: list[tuple[str, str]]) -> None:
    if len(spans) > 2:
        raise GraphError(100, f"{day} has more than 2 entries")
    spans.sort()
    if len(spans) == 2 and spans[0][1] > spans[1][0]:
        raise GraphError(100, f"The entries of {day} overlap")


def _check_holiday(holiday: object) -> None:
    if not isinstance(holiday, dict):
        raise GraphError(100, "holiday_schedule must hold objects")
    try:
        day = datetime.date.fromisoformat(str(holiday.get("date")))
    except ValueError as error:
        raise GraphError(100, "A holiday's date must be YYYY-MM-DD") from error
    if day < datetime.date.today():
        raise GraphError(100, "A holiday lies in the past")
    _span(
        holiday.get("start_time", holiday.get("open_time")),
        holiday.get("end_time", holiday.get("close_time")),
    )


def _span(start: object, end: object) -> tuple[str, str]:
    """Two times as HHMM; raises 100."""
    if not CLOCK.match(str(start)) or not CLOCK.match(str(end)):
        raise GraphError(100, "Times must be HHMM")
    first, last = str(start).replace(":", ""), str(end).replace(":", "")
    if first >= last:
        raise GraphError(100, "open_time must be before close_time")
    return first, last


def open_now(calling: dict, now: datetime.datetime | None = None) -> bool:
    """True unless call_hours are on and the business is closed."""
    hours = calling.get("call_hours") or {}
    if hours.get("status") != "ENABLED":
        return True
    now = now or datetime.datetime.now(zoneinfo.ZoneInfo(hours["timezone_id"]))
    clock = now.strftime("%H%M")
    for holiday in hours.get("holiday_schedule", []):
        if holiday["date"] == now.date().isoformat():
            start = holiday.get("start_time", holiday.get("open_time"))
            end = holiday.get("end_time", holiday.get("close_time"))
            if start.replace(":", "") <= clock <= end.replace(":", ""):
                return False
    return any(
        slot["day_of_week"] == DAYS[now.weekday()]
        and slot["open_time"].replace(":", "")
        <= clock
        < slot["close_time"].replace(":", "")
        for slot in hours["weekly_operating_hours"]
    )
