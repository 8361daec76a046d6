"""What is kept of webhooks that nobody understands: their shape, not what they say."""

import json

import pytest

from tests.providers.payloads import CUSTOMER, WACID, body, change, inbound
from whatsapp_calling.providers import PROVIDERS
from whatsapp_calling.providers.cleaning import shape

meta = PROVIDERS["meta"]
SECRET = "My PIN is 4711"


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        ("Hello", "text (5)"),
        (17, "number"),
        (1.5, "number"),
        (True, "yes or no"),
        (None, "nothing"),
        ([1, "a", [], {}, 5], ["number", "text (1)", [], "2 more"]),
        ({"body": SECRET, "id_2": 1}, {"body": "text (14)", "id_2": "number"}),
        ({CUSTOMER: {"Eva Öhl": 1}}, {"[name 1]": {"[name 1]": "number"}}),
    ],
)
def test_a_shape_names_members_and_says_nothing_of_their_values(value, wanted):
    assert shape(value) == wanted


def test_a_shape_of_nonsense_is_small():
    deep = value = {}
    for _level in range(100):
        value["a"] = value = {}
    assert len(json.dumps(shape(deep))) < 200
    wide = {f"name_{letter}" * 3: 1 for letter in map(chr, range(0x4E00, 0x5E00))}
    assert len(shape(wide)) == 100


@pytest.mark.parametrize(
    "part",
    [
        {"field": "flows", "value": {"text": SECRET, "from": CUSTOMER}},
        change("messages", notes=[{"text": {"body": SECRET}}]),
        change(calls=[{**inbound(), "event": "whisper", "text": SECRET}]),
        change(statuses=[{"id": WACID, "type": "call", "status": "ODD", "t": SECRET}]),
        change("messages", messages=[{"type": "text", "text": {"body": SECRET}}]),
        change("messages", messages=[SECRET]),
        [SECRET],
        SECRET,
    ],
)
def test_a_webhook_that_nobody_understands_keeps_no_word_of_it(part):
    (event,) = meta.parse(body(part))
    assert event.kind == "unknown"
    kept = json.dumps(event.raw) + " ".join(event.problems)
    assert SECRET not in kept


def test_what_is_needed_to_understand_it_later_is_kept():
    (event,) = meta.parse(body({"field": "flows", "value": {"flow_id": "1"}}))
    assert event.raw == {"field": "text (5)", "value": {"flow_id": "text (1)"}}
    assert event.problems == ('field "flows" is not handled',)


def test_an_error_of_meta_is_kept_as_it_is():
    errors = [{"code": 131044, "title": "Business eligibility payment issue"}]
    (event,) = meta.parse(body(change(errors=errors)))
    (kept,) = event.raw["errors"]
    assert (kept["code"], kept["title"]) == (
        131044,
        "Business eligibility payment issue",
    )
