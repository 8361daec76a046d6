"""Settings, restrictions and templates that change outside, in neutral words."""

import json

import pytest

from tests.providers.payloads import NUMBER, WABA, body
from whatsapp_calling.providers import PROVIDERS, Credentials

meta = PROVIDERS["meta"]
UNTIL = 1795867200
CALLING = {
    "status": "ENABLED",
    "call_icon_visibility": "DISABLE_ALL",
    "call_icons": {"restrict_to_user_countries": ["AT", "DE"]},
    "callback_permission_status": "DISABLED",
    "call_hours": {
        "status": "ENABLED",
        "timezone_id": "Europe/Vienna",
        "weekly_operating_hours": [
            {"day_of_week": "MONDAY", "open_time": "0800", "close_time": "17:30"}
        ],
        "holiday_schedule": [
            {"date": "2027-01-06", "start_time": "0000", "end_time": "2359"}
        ],
    },
    "restrictions": {
        "restrictions_list": [
            {"type": "RESTRICTED_BUSINESS_INITIATED_CALLING", "expiration": UNTIL}
        ]
    },
    "sip": {"status": "DISABLED"},
}
NEUTRAL = {
    "status": "on",
    "icon_visibility": "hidden",
    "callback_permission": False,
    "countries": ["AT", "DE"],
    "call_hours": {
        "enabled": True,
        "timezone": "Europe/Vienna",
        "week": [{"day": 0, "open": "08:00", "close": "17:30"}],
        "holidays": [{"date": "2027-01-06", "open": "00:00", "close": "23:59"}],
    },
    "restrictions": [
        {
            "type": "outbound",
            "until": float(UNTIL),
            "name": "RESTRICTED_BUSINESS_INITIATED_CALLING",
        }
    ],
    "sip": False,
}
NOTHING = dict.fromkeys(NEUTRAL)


def parsed(field, time=1795262400, **value):
    data = json.loads(body({"field": field, "value": value}))
    data["entry"][0]["time"] = time
    (event,) = meta.parse(json.dumps(data).encode())
    return event


def changed(calling):
    settings = {"phone_number_id": NUMBER, "calling": calling}
    return parsed("account_settings_update", phone_number_settings=settings)


def test_changed_settings_come_in_neutral_words():
    event = changed(CALLING)
    assert (event.kind, event.number_ref, event.problems) == ("settings", NUMBER, ())
    assert event.data == NEUTRAL


def test_what_was_not_said_is_none_and_no_problem():
    event = changed({})
    assert (event.data, event.problems) == (NOTHING, ())


@pytest.mark.parametrize(
    ("calling", "member", "wanted"),
    [
        ({"status": "disabled"}, "status", "off"),
        ({"status": "PAUSED"}, "status", None),
        ({"call_icon_visibility": "DEFAULT"}, "icon_visibility", "shown"),
        ({"call_icon_visibility": "HIDE_IN_CHAT"}, "icon_visibility", "hidden_in_chat"),
        ({"call_icons": {"restrict_to_user_countries": []}}, "countries", []),
        (
            {"call_icons": {"restrict_to_user_countries": [1, "at"]}},
            "countries",
            ["AT"],
        ),
        (
            {"restrictions": {"restriction_list": [{"type": "NEW_ONE"}]}},
            "restrictions",
            [{"type": "other", "until": None, "name": "NEW_ONE"}],
        ),
    ],
)
def test_each_setting_is_read_forgivingly(calling, member, wanted):
    assert changed(calling).data[member] == wanted


@pytest.mark.parametrize(
    "calling",
    [
        {"status": "PAUSED"},
        {"call_icon_visibility": "SOMETIMES"},
        {"call_hours": {"weekly_operating_hours": [{"day_of_week": "FUNDAY"}]}},
        {"restrictions": {"restrictions_list": [{"type": "NEW_ONE"}]}},
    ],
)
def test_words_we_do_not_know_are_flagged(calling):
    assert changed(calling).problems


def credentials(graph):
    return Credentials(token="t", base_url=graph.url, timeout=(1, 5))


def test_asked_for_the_settings_come_in_the_same_words(graph):
    graph.answers = [(200, {}, {"calling": CALLING})]
    answer = meta.send(credentials(graph), "get_settings", NUMBER, {})
    assert answer.data["neutral"] == NEUTRAL


def test_settings_are_sent_from_the_same_words(graph):
    wanted = {
        key: NEUTRAL[key] for key in NEUTRAL if key not in ("restrictions", "sip")
    }
    meta.send(credentials(graph), "set_settings", NUMBER, {"settings": wanted})
    hours = CALLING["call_hours"] | {
        "weekly_operating_hours": [
            {"day_of_week": "MONDAY", "open_time": "0800", "close_time": "1730"}
        ]
    }
    names = ("status", "call_icon_visibility", "call_icons")
    assert graph.asked[0].body == {
        "calling": {name: CALLING[name] for name in names}
        | {"callback_permission_status": "DISABLED", "call_hours": hours}
    }


def test_only_what_is_given_changes(graph):
    payload = {"settings": {"status": "off", "countries": None}}
    meta.send(credentials(graph), "set_settings", NUMBER, payload)
    assert graph.asked[0].body == {"calling": {"status": "DISABLED"}}


@pytest.mark.parametrize("settings", [{"sip": True}, {"icon_visibility": "bold"}])
def test_what_cannot_be_set_is_our_mistake(graph, settings):
    with pytest.raises(ValueError):
        meta.send(credentials(graph), "set_settings", NUMBER, {"settings": settings})
    assert graph.asked == []


# ---- violations and restrictions


def test_a_violation_names_the_number_and_what_to_do():
    event = parsed(
        "account_update",
        phone_number="43720880100",
        event="ACCOUNT_VIOLATION",
        violation_info={
            "violation_type": "USER_INITIATED_CALLS_LOW_PICKUP_RATE",
            "remediation": "Answer more calls.",
        },
    )
    assert (event.kind, event.waba_ref) == ("account", WABA)
    assert event.data == {
        "event": "violation",
        "type": "pickup_rate",
        "restrictions": [],
        "display_number": "43720880100",
        "remediation": "Answer more calls.",
    }


def test_restrictions_tell_what_is_off_and_until_when():
    names = (
        "RESTRICTED_USER_INITIATED_CALLING",
        "RESTRICTED_USER_INITIATED_CALLING_CALL_BUTTON_HIDDEN",
    )
    rows = [{"restriction_type": name, "expiration": str(UNTIL)} for name in names]
    event = parsed(
        "account_update",
        phone_number="43720880100",
        event="ACCOUNT_RESTRICTION",
        restriction_info=rows,
    )
    assert event.data["event"] == "restriction"
    assert event.data["restrictions"] == [
        {"type": "inbound", "until": UNTIL, "name": names[0]},
        {"type": "button_hidden", "until": UNTIL, "name": names[1]},
    ]
    assert (event.data["type"], event.data["remediation"]) == (None, None)


def test_another_event_of_the_account_keeps_metas_word():
    event = parsed("account_update", event="VERIFIED_ACCOUNT")
    assert event.data["event"] == "verified_account"
    assert event.problems == ()


# ---- templates


def template(event, **members):
    return parsed(
        "message_template_status_update",
        event=event,
        message_template_id=17,
        message_template_name="may_we_call",
        message_template_language="de",
        **members,
    )


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("APPROVED", "approved"),
        ("REINSTATED", "approved"),
        ("REJECTED", "rejected"),
        ("PAUSED", "paused"),
        ("PENDING_DELETION", "deleted"),
        ("DISABLED", "disabled"),
        ("FLAGGED", None),
        ("LOCKED", "locked"),
    ],
)
def test_what_became_of_a_template(word, status):
    event = template(word, reason="NONE")
    assert (event.kind, event.status, event.problems) == ("template", word, ())
    assert event.data == {
        "template_ref": "17",
        "name": "may_we_call",
        "language": "de",
        "status": status,
        "reason": None,
        "quality": None,
        "category": None,
    }


def test_why_a_template_was_rejected_or_paused():
    more = {"title": "FIRST_PAUSE", "description": "Paused for 3 hours."}
    event = template("PAUSED", reason="LOW_QUALITY", other_info=more)
    assert event.data["reason"] == "LOW_QUALITY. FIRST_PAUSE. Paused for 3 hours."


def test_a_template_paused_again_later_is_another_event():
    first = parsed("message_template_status_update", event="PAUSED")
    again = parsed("message_template_status_update", event="PAUSED", time=1795272400)
    assert first.key != again.key


def test_its_quality_and_category_may_change_too():
    named = {"message_template_name": "a", "message_template_id": 17}
    quality = parsed(
        "message_template_quality_update", new_quality_score="RED", **named
    )
    category = parsed("template_category_update", new_category="MARKETING", **named)
    assert (quality.data["quality"], quality.data["status"]) == ("red", None)
    assert (category.data["category"], category.data["status"]) == ("marketing", None)


def test_a_template_without_name_is_flagged():
    event = parsed("message_template_status_update", event="PAUSED")
    assert event.problems == ("the template is not named",)
