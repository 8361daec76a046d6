"""Whatever a body holds: parse() refuses what is no JSON object, or returns events."""

import copy
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.providers.payloads import (
    body,
    call_status,
    change,
    contact,
    inbound,
    outbound,
    permission_reply,
    terminate,
)
from whatsapp_calling.providers import PROVIDERS, Event, PayloadError
from whatsapp_calling.providers.base import KINDS

meta = PROVIDERS["meta"]

GOOD = [
    change(contacts=[contact()], calls=[inbound(connection={"webrtc": {"sdp": "{}"}})]),
    change(calls=[outbound(), terminate(errors=[{"code": 1}])], errors=[{"code": 2}]),
    change(statuses=[call_status()]),
    change("messages", messages=[permission_reply()], contacts=[contact()]),
    change("messages", messages=[{"id": "w", "type": "text", "text": {"body": "x"}}]),
    change("messages", statuses=[{"id": "w", "status": "sent"}]),
    change("account_settings_update", phone_number_settings={"phone_number_id": "1"}),
    change("account_update", event="X", waba_info={"waba_id": "1"}),
]

odd = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20)
    | st.sampled_from(
        [
            "",
            "connect",
            "offer",
            "calls",
            "\x00",
            "\ud800",
            "1e999",
            "0",
            "AT.1",
            "v=0\r\n",
        ]
        + ["9" * 400, 10**400, -1, 1e308, "2026-13-45T99:99:99", "٣٤٥٦٧٨٩"]
    ),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["id", "sdp", "event", "errors", "type", "x"]),
            inner,
            max_size=3,
        )
    ),
    max_leaves=8,
)


def places(value, path=()):
    """Paths to all members within `value`."""
    if isinstance(value, dict | list):
        pairs = value.items() if isinstance(value, dict) else enumerate(value)
        for key, member in pairs:
            yield (*path, key)
            yield from places(member, (*path, key))


@st.composite
def mangled(draw):
    """A good body of which up to four members were replaced, dropped or doubled."""
    changes = draw(st.lists(st.sampled_from(GOOD), min_size=1, max_size=3))
    data = json.loads(body(*copy.deepcopy(changes)))
    for _time in range(draw(st.integers(1, 4))):
        path = draw(st.sampled_from(list(places(data)) or [()]))
        if not path:
            break
        holder = data
        for key in path[:-1]:
            holder = holder[key]
        match draw(st.sampled_from(["replace", "drop", "wrap"])):
            case "replace":
                holder[path[-1]] = draw(odd)
            case "drop":
                del holder[path[-1]]
            case "wrap":
                holder[path[-1]] = [holder[path[-1]]]
    return data


def assert_fit(events):
    assert events
    for event in events:
        assert isinstance(event, Event)
        assert event.kind in KINDS
        assert event.key and len(event.key) < 600
        assert event.kind != "unknown" or event.problems
        # What PostgreSQL would refuse, as text or as JSON.
        stored = json.dumps(event.raw, allow_nan=False)
        assert "\\u0000" not in stored
        assert "ice-pwd" not in stored
        for text in (event.key, event.call_ref, event.sdp, event.peer.name):
            (text or "").encode()
            assert "\x00" not in (text or "")
        for moment in (event.timestamp, event.started_at, event.ended_at):
            assert moment is None or 0 < moment < 1e11


@settings(max_examples=600, deadline=None)
@given(mangled())
def test_mangled_payloads_give_events(data):
    assert_fit(meta.parse(json.dumps(data).encode()))


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(st.text(max_size=8), odd, max_size=4))
def test_any_json_object_gives_events(data):
    assert_fit(meta.parse(json.dumps(data).encode()))


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=60) | odd.map(lambda value: json.dumps(value).encode()))
def test_any_bytes_give_events_or_are_refused(text):
    try:
        events = meta.parse(text)
    except PayloadError:
        return
    assert_fit(events)


@settings(max_examples=200, deadline=None)
@given(mangled())
def test_any_payload_delivered_again_has_the_same_keys(data):
    first = meta.parse(json.dumps(data).encode())
    second = meta.parse(json.dumps(data, sort_keys=True).encode())
    if not all(event.kind != "unknown" for event in first):
        assert sorted(event.key for event in first) == sorted(e.key for e in second)
    else:
        assert [event.key for event in first] == [event.key for event in second]


@pytest.mark.parametrize("depth", [20, 100, 900])
def test_deep_nesting_is_cut(depth):
    text = b'{"entry":' + b"[" * depth + b"1" + b"]" * depth + b"}"
    try:
        assert_fit(meta.parse(text))
    except PayloadError:
        pass  # beyond what the interpreter can read at all
