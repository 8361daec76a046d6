"""A number's call settings and restrictions, in neutral words and back."""

from . import reading

_ICONS = {
    "DEFAULT": "shown",
    "DISABLE_ALL": "hidden",
    "HIDE_IN_CHAT": "hidden_in_chat",
}
_RESTRICTIONS = {
    "RESTRICTED_BUSINESS_INITIATED_CALLING": ("outbound",),
    "RESTRICTED_USER_INITIATED_CALLING": ("inbound",),
    "RESTRICTED_USER_INITIATED_CALLING_CALL_BUTTON_HIDDEN": ("button_hidden",),
    "RESTRICTED_BIZ_INITIATED_AND_USER_INITIATED_CALLING": ("outbound", "inbound"),
}
_DAYS = (
    "MONDAY",
    "TUESDAY",
    "WEDNESDAY",
    "THURSDAY",
    "FRIDAY",
    "SATURDAY",
    "SUNDAY",
)


def settings_of(calling: dict, problems: list) -> dict:
    """The `calling` object of Graph, from GET settings or a webhook.

    :return: {"status": "on"|"off", "icon_visibility": "shown"|"hidden"|
        "hidden_in_chat", "callback_permission": bool, "countries": ["AT"] ([] =
        everywhere), "call_hours": {"enabled": bool, "timezone": IANA name, "week":
        [{"day": 0 (Monday) to 6, "open": "09:00", "close": "17:30"}], "holidays":
        [{"date": "2027-01-01", "open", "close"}]}, "restrictions": [{"type",
        "until"}], "sip": bool}; a member that is None was not said
    """
    icons = calling.get("call_icons")
    return {
        "status": _switch(calling, "status", problems, {True: "on", False: "off"}),
        "icon_visibility": _icon(calling, problems),
        "callback_permission": _switch(calling, "callback_permission_status", problems),
        "countries": _countries(icons, problems) if isinstance(icons, dict) else None,
        "call_hours": _hours(calling, problems),
        "restrictions": _listed_restrictions(calling, problems),
        "sip": _switch(reading.obj(calling, "sip", problems), "status", problems),
    }


def _switch(holder, key, problems, words=None):
    word = reading.word(holder, key, problems)
    if word is None:
        return None
    if word not in ("ENABLED", "DISABLED"):
        problems.append(f'{key} "{word}" is not known')
        return None
    value = word == "ENABLED"
    return words[value] if words else value


def _icon(calling, problems):
    word = reading.word(calling, "call_icon_visibility", problems)
    if word and word not in _ICONS:
        problems.append(f'call_icon_visibility "{word}" is not known')
    return _ICONS.get(word)


def _countries(icons, problems):
    found = reading.items(icons, "restrict_to_user_countries", problems)
    codes = [(reading.plain(each) or "").upper() for each in found]
    return [code for code in codes if len(code) == 2 and code.isalpha()]


def _hours(calling, problems):
    hours = calling.get("call_hours")
    if not isinstance(hours, dict):
        return None
    week = []
    for slot in _objects(hours, "weekly_operating_hours", problems):
        day = reading.word(slot, "day_of_week", problems)
        span = _span(slot, "open_time", "close_time", problems)
        if day in _DAYS and all(span.values()):
            week.append({"day": _DAYS.index(day), **span})
        else:
            problems.append("an entry of weekly_operating_hours is not readable")
    holidays = []
    for holiday in _objects(hours, "holiday_schedule", problems):
        # Meta's table and its sample name the times differently.
        names = (
            ("start_time", "end_time")
            if "start_time" in holiday
            else ("open_time", "close_time")
        )
        date = reading.text(holiday, "date", problems, limit=10)
        holidays.append({"date": date, **_span(holiday, *names, problems)})
    return {
        "enabled": bool(_switch(hours, "status", problems)),
        "timezone": reading.text(hours, "timezone_id", problems, limit=64),
        "week": week,
        "holidays": holidays,
    }


def _objects(holder, key, problems):
    found = reading.items(holder, key, problems)
    return [each for each in found if isinstance(each, dict)]


def _span(holder, opens, closes, problems):
    return {
        "open": _clock(holder, opens, problems),
        "close": _clock(holder, closes, problems),
    }


def _clock(holder, key, problems):
    """ "0900", "09:00" and 900 as "09:00"."""
    digits = (reading.plain(holder.get(key)) or "").replace(":", "").zfill(4)
    if len(digits) != 4 or not digits.isdigit() or digits > "2359":
        problems.append(f"{key} is not a time of day")
        return None
    return f"{digits[:2]}:{digits[2:]}"


def _listed_restrictions(calling, problems):
    holder = calling.get("restrictions")
    if not isinstance(holder, dict):
        return None
    # Two names for one thing in Meta's documentation.
    key = "restrictions_list" if "restrictions_list" in holder else "restriction_list"
    return restrictions_of(_objects(holder, key, problems), "type", problems)


def restrictions_of(rows, key, problems) -> list:
    """[{"type": "outbound"|"inbound"|"button_hidden"|"other", "until": epoch|None,
    "name": Meta's word}] of Graph's list."""
    found = []
    for row in rows:
        name = reading.word(row, key, problems) or ""
        until = reading.epoch(row, "expiration", problems)
        if name not in _RESTRICTIONS:
            problems.append(f'restriction "{name}" is not known')
        found += [
            {"type": each, "until": until, "name": name}
            for each in _RESTRICTIONS.get(name, ("other",))
        ]
    return found


def calling_of(settings: dict) -> dict:
    """The `calling` object of Graph from what settings_of() gives; only what is
    there and not None is sent."""
    calling = {}
    for key, value in settings.items():
        if value is None:
            continue
        if key == "status":
            calling["status"] = _enabled(value == "on")
        elif key == "icon_visibility":
            words = {word: name for name, word in _ICONS.items()}
            calling["call_icon_visibility"] = words[value]
        elif key == "callback_permission":
            calling["callback_permission_status"] = _enabled(value)
        elif key == "countries":
            calling["call_icons"] = {"restrict_to_user_countries": list(value)}
        elif key == "call_hours":
            calling["call_hours"] = _graph_hours(value)
        else:
            raise ValueError(f"{key} cannot be set")
    return calling


def _enabled(value):
    return "ENABLED" if value else "DISABLED"


def _graph_hours(hours):
    result = {
        "status": _enabled(hours["enabled"]),
        "timezone_id": hours["timezone"],
        "weekly_operating_hours": [
            {
                "day_of_week": _DAYS[slot["day"]],
                "open_time": slot["open"].replace(":", ""),
                "close_time": slot["close"].replace(":", ""),
            }
            for slot in hours["week"]
        ],
    }
    if hours.get("holidays"):
        result["holiday_schedule"] = [
            {
                "date": holiday["date"],
                "start_time": holiday["open"].replace(":", ""),
                "end_time": holiday["close"].replace(":", ""),
            }
            for holiday in hours["holidays"]
        ]
    return result
