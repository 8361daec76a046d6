"""Bodies of Meta's webhooks as a whole: batches, keys, and nonsense."""

import hashlib
import hmac
import json

import pytest

from tests.providers.payloads import (
    NUMBER,
    WABA,
    WACID,
    body,
    call_status,
    change,
    inbound,
    outbound,
    permission_reply,
    terminate,
)
from whatsapp_calling.providers import PROVIDERS, PayloadError

meta = PROVIDERS["meta"]


def test_several_entries_changes_and_calls_come_out_in_order():
    data = json.loads(
        body(
            change(calls=[inbound(), terminate()]),
            change(statuses=[call_status(id="wacid.B")]),
        )
    )
    other = json.loads(
        body(change("messages", messages=[permission_reply()]), waba="7")
    )
    data["entry"] += other["entry"]
    events = meta.parse(json.dumps(data).encode())
    assert [event.kind for event in events] == [
        "offer",
        "ended",
        "ringing",
        "permission",
    ]
    assert [event.waba_ref for event in events] == [WABA, WABA, WABA, "7"]


def test_calls_statuses_and_messages_in_one_value_are_all_read():
    value = change(
        calls=[terminate()], statuses=[call_status()], messages=[permission_reply()]
    )
    kinds = [event.kind for event in meta.parse(body(value))]
    assert kinds == ["ended", "ringing", "permission"]


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"hello",
        b"\xff\xfe{}",
        b"[]",
        b"null",
        b'"text"',
        b"12",
        b'{"object": NaN}',
        b'{"entry": [',
        b'{"id": "1", // WhatsApp Business Account ID\n "a": 1}',
        b"[" * 100_000,
        b'{"a":' * 100_000,
    ],
    ids=lambda text: text[:20].decode("latin-1"),
)
def test_what_is_no_json_object_is_refused(text):
    with pytest.raises(PayloadError):
        meta.parse(text)


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"object": "page"},
        {"object": "whatsapp_business_account", "entry": 5},
        {"object": "whatsapp_business_account", "entry": []},
        {"object": "whatsapp_business_account", "entry": [[{"id": "1"}]]},
        {"entry": [{"id": {}, "changes": "none"}]},
        {"entry": [{"id": "1", "changes": [None]}]},
        {"entry": [{"id": "1", "changes": [{"field": 4, "value": []}]}]},
        {"entry": [{"changes": [{"field": "calls", "value": {"calls": [[]]}}]}]},
        {"entry": [{"changes": [{"field": "calls", "value": {"statuses": 3}}]}]},
        {"entry": [{"changes": [{"field": "messages", "value": {"messages": [1]}}]}]},
        {"entry": [{"changes": [{"field": "flows", "value": {"event": "x"}}]}]},
    ],
    ids=str,
)
def test_json_of_another_shape_is_kept_as_one_flagged_event(data):
    (event,) = meta.parse(json.dumps(data).encode())
    assert event.kind == "unknown"
    assert event.problems
    assert len(event.key) == 64


def test_a_lone_object_where_a_list_belongs_is_read():
    data = json.loads(body(change(calls=inbound())))
    data["entry"] = data["entry"][0]
    (event,) = meta.parse(json.dumps(data).encode())
    assert event.kind == "offer"
    assert set(event.problems) == {"entry is not a list", "calls is not a list"}


def test_a_flood_in_one_body_is_cut_off_and_flagged():
    events = meta.parse(body(change(calls=[1] * 20_000)))
    assert len(events) == 5001
    assert events[-1].problems == ("more than 5000 events in one body",)


# ---- keys

EVENTS = {
    "offer": change(calls=[inbound()]),
    "answer": change(calls=[outbound()]),
    "ringing": change(statuses=[call_status()]),
    "accepted": change(statuses=[call_status(status="ACCEPTED")]),
    "rejected": change(statuses=[call_status(status="REJECTED")]),
    "end": change(calls=[terminate()]),
    "other call's end": change(calls=[terminate(id="wacid.B")]),
    "unknown status": change(statuses=[call_status(status="CALLING")]),
    "unknown status later": change(
        statuses=[call_status(status="CALLING", timestamp="1790000009")]
    ),
    "unknown field": {"field": "flows", "value": {"a": 1}},
    "permission": change("messages", messages=[permission_reply()]),
    "message": change(
        "messages", messages=[{"id": "wamid.2", "from": "436601112201", "type": "text"}]
    ),
    "sent": change("messages", statuses=[{"id": "wamid.3", "status": "sent"}]),
    "read": change("messages", statuses=[{"id": "wamid.3", "status": "read"}]),
    "settings": change("account_settings_update", timestamp="1", type="x"),
    "settings later": change("account_settings_update", timestamp="2", type="x"),
    "account": change("account_update", event="ACCOUNT_VIOLATION"),
}


def test_two_different_events_have_different_keys():
    keys = [event.key for value in EVENTS.values() for event in meta.parse(body(value))]
    assert len(set(keys)) == len(keys) == len(EVENTS)


@pytest.mark.parametrize("name", EVENTS)
def test_an_event_delivered_again_has_the_same_key(name):
    data = json.loads(body(EVENTS[name]))
    again = json.dumps(data, sort_keys=True, indent=1).encode()
    first, second = meta.parse(body(EVENTS[name])), meta.parse(again)
    assert [event.key for event in first] == [event.key for event in second]


def test_a_redelivery_in_another_batch_has_the_same_key():
    alone = meta.parse(body(EVENTS["unknown status"]))[0]
    (_first, batched) = meta.parse(
        body(change(statuses=[call_status(), call_status(status="CALLING")]))
    )
    assert batched.key == alone.key


# ---- settings and account


def test_changed_settings_name_the_number_and_bring_the_settings():
    settings = {
        "phone_number_id": NUMBER,
        "calling": {
            "status": "ENABLED",
            "sip": {"servers": [{"hostname": "a", "sip_user_password": "s3cret"}]},
        },
    }
    value = {
        "messaging_product": "whatsapp",
        "timestamp": "1790000000",
        "type": "PHONE_NUMBER_SETTINGS",
        "phone_number_settings": settings,
    }
    (event,) = meta.parse(body({"field": "account_settings_update", "value": value}))
    assert (event.kind, event.number_ref, event.problems) == ("settings", NUMBER, ())
    assert event.timestamp == 1790000000.0
    kept = event.raw["phone_number_settings"]["calling"]
    assert kept["status"] == "ENABLED"
    assert kept["sip"]["servers"] == [
        {"hostname": "a", "sip_user_password": "[removed]"}
    ]


def test_a_violation_of_the_account_is_kept_with_its_time():
    data = {
        "object": "whatsapp_business_account",
        "entry": [
            {
                "id": "0",
                "time": 1790000000,
                "changes": [
                    {
                        "field": "account_update",
                        "value": {
                            "phone_number": "43720880100",
                            "event": "ACCOUNT_VIOLATION",
                            "violation_info": {
                                "violation_type": "USER_INITIATED_CALLS_LOW_PICKUP_RATE"
                            },
                        },
                    }
                ],
            }
        ],
    }
    (event,) = meta.parse(json.dumps(data).encode())
    assert (event.kind, event.status) == ("account", "ACCOUNT_VIOLATION")
    assert (event.waba_ref, event.timestamp) == (None, 1790000000.0)
    assert event.raw["phone_number"] == "43720880100"
    data["entry"][0]["time"] += 30 * 24 * 3600
    (later,) = meta.parse(json.dumps(data).encode())
    assert later.key != event.key


# ---- signature

SECRET = "demo-app-secret-1"
TEXT = b'{"name":"Eva \\u00d6hl","url":"https:\\/\\/x"}'


def signature(text=TEXT, secret=SECRET):
    return "sha256=" + hmac.new(secret.encode(), text, hashlib.sha256).hexdigest()


@pytest.mark.parametrize("name", ["X-Hub-Signature-256", "x-hub-signature-256"])
def test_the_signature_over_the_raw_bytes_is_accepted(name):
    assert meta.verify_signature(SECRET, TEXT, {name: signature()})


@pytest.mark.parametrize(
    ("secret", "text", "headers"),
    [
        (SECRET, TEXT, {}),
        (SECRET, TEXT, {"X-Hub-Signature-256": ""}),
        (SECRET, TEXT, {"X-Hub-Signature-256": signature()[7:]}),
        (SECRET, TEXT, {"X-Hub-Signature-256": signature(secret="other")}),
        (SECRET, TEXT, {"X-Hub-Signature-256": signature().replace("sha256", "sha1")}),
        (SECRET, TEXT, {"X-Hub-Signature-256": "sha256=ÖÄ\ud800"}),
        (SECRET, TEXT + b" ", {"X-Hub-Signature-256": signature()}),
        (
            SECRET,
            json.dumps(json.loads(TEXT)).encode(),
            {"X-Hub-Signature-256": signature()},
        ),
        ("", TEXT, {"X-Hub-Signature-256": signature(secret="")}),
    ],
    ids=[
        "none",
        "empty",
        "no prefix",
        "other secret",
        "other name",
        "not ASCII",
        "altered",
        "serialised again",
        "no app secret",
    ],
)
def test_everything_else_is_refused(secret, text, headers):
    assert not meta.verify_signature(secret, text, headers)


def test_ids_of_calls_are_opaque():
    """wacids are Base64: "+", "/" and "=" occur."""
    odd = WACID + "+/=="
    (event,) = meta.parse(body(change(calls=[terminate(id=odd)])))
    assert event.key == f"{odd}:terminate"
