"""Meta's call webhooks: who called whom, in every shape that was seen."""

import json

import pytest

from tests.providers.payloads import (
    BSUID,
    CUSTOMER,
    NUMBER,
    OFFER_SDP,
    OURS,
    WABA,
    WACID,
    body,
    call_status,
    change,
    contact,
    inbound,
    outbound,
    terminate,
    without,
)
from whatsapp_calling.providers import PROVIDERS, ErrorInfo, Peer

meta = PROVIDERS["meta"]


def only(*changes, numbers=frozenset({OURS})):
    """The one event of a body with these changes."""
    events = meta.parse(body(*changes), numbers)
    assert len(events) == 1, events
    return events[0]


def test_an_inbound_connect_is_an_offer_with_all_its_facts():
    event = only(change(contacts=[contact()], calls=[inbound()]))
    assert event.kind == "offer"
    assert event.key == f"{WACID}:connect:offer"
    assert (event.call_ref, event.number_ref, event.waba_ref) == (WACID, NUMBER, WABA)
    assert event.timestamp == 1790000000.0
    assert event.direction == "inbound"
    assert event.peer == Peer(wa_id=CUSTOMER, bsuid=BSUID, name="Eva Gruber")
    assert event.sdp == OFFER_SDP
    assert event.problems == ()


def test_an_outbound_connect_is_an_answer_and_brings_our_reference_back():
    event = only(change(calls=[outbound()]))
    assert (event.kind, event.key) == ("answer", f"{WACID}:connect:answer")
    assert event.direction == "outbound"
    assert event.peer == Peer(wa_id=CUSTOMER, bsuid=BSUID)
    assert event.opaque == "odoo:call:17"
    assert event.problems == ()


@pytest.mark.parametrize(
    ("said", "kind"),
    [("RINGING", "ringing"), ("ACCEPTED", "accepted"), ("REJECTED", "rejected")],
)
@pytest.mark.parametrize("written", [str.upper, str.lower, str.title])
def test_a_status_is_known_in_any_case(said, kind, written):
    event = only(change(statuses=[call_status(status=written(said))]))
    assert (event.kind, event.key) == (kind, f"{WACID}:status:{said}")
    assert event.status == said
    assert event.direction == "outbound"
    assert event.peer == Peer(wa_id=CUSTOMER, bsuid=BSUID)
    assert event.problems == ()


def test_a_status_we_do_not_know_is_kept_and_flagged_with_its_call():
    event = only(change(statuses=[call_status(status="CALLING")]))
    assert (event.kind, event.status, event.call_ref) == ("unknown", "CALLING", WACID)
    assert event.problems == ('status "CALLING" is not known',)


def test_an_end_gives_the_official_times_and_outcome():
    event = only(change(calls=[terminate(biz_opaque_callback_data="odoo:call:3")]))
    assert (event.kind, event.key) == ("ended", f"{WACID}:terminate")
    assert (event.started_at, event.ended_at) == (1790000010.0, 1790000070.0)
    assert (event.duration, event.outcome) == (60, "completed")
    assert event.opaque == "odoo:call:3"
    assert event.problems == ()


def test_an_unanswered_call_can_be_completed_too():
    end = without(terminate(), "start_time", "end_time", "duration")
    event = only(change(calls=[end]))
    assert (event.outcome, event.started_at, event.duration) == (
        "completed",
        None,
        None,
    )
    assert event.problems == ()


def test_status_and_event_of_an_end_are_known_in_any_case():
    event = only(change("CALLS", calls=[terminate(status="Failed", event="Terminate")]))
    assert (event.kind, event.outcome, event.problems) == ("ended", "failed", ())


def test_an_end_with_an_unknown_status_is_still_an_end():
    event = only(change(calls=[terminate(status="REJECTED")]))
    assert (event.kind, event.outcome, event.status) == ("ended", None, "REJECTED")
    assert event.problems == ('status "REJECTED" of the end is not known',)


# ---- whose number is whose


def test_swapped_from_and_to_are_settled_by_our_own_number():
    call = inbound(**{"from": OURS, "to": CUSTOMER})
    event = only(change(calls=[call]))
    assert (event.kind, event.direction) == ("offer", "inbound")
    assert event.peer.wa_id == CUSTOMER
    assert event.problems == ("from and to are swapped",)


def test_swapped_from_and_to_are_settled_by_the_number_shown_in_the_webhook():
    call = inbound(**{"from": OURS, "to": CUSTOMER})
    assert only(change(calls=[call]), numbers=frozenset()).peer.wa_id == CUSTOMER


def test_our_number_is_known_however_it_is_written():
    call = inbound(**{"from": OURS, "to": CUSTOMER})
    value = change(calls=[call])
    value["value"]["metadata"]["display_phone_number"] = "+43 720 880100"
    assert only(value, numbers=frozenset()).peer.wa_id == CUSTOMER


def test_the_sample_of_360dialog_links_the_customer_and_counts_as_inbound():
    """It has our number in `from` and no direction."""
    call = {
        "id": WACID,
        "to": CUSTOMER,
        "from": OURS,
        "event": "connect",
        "timestamp": "1671644824",
        "session": {"sdp_type": "offer", "sdp": "<<RFC 8866 SDP>>"},
    }
    event = only(change(calls=[call]), numbers=frozenset())
    assert (event.kind, event.direction) == ("offer", "inbound")
    assert event.peer == Peer(wa_id=CUSTOMER)
    assert event.problems == (
        "the SDP does not look like one",
        "direction is missing, taken from the SDP type",
        "from and to are swapped",
    )


def test_without_our_number_the_side_with_user_ids_is_the_customer():
    call = inbound(**{"from": "1555", "to": CUSTOMER, "to_user_id": BSUID})
    value = change(calls=[call])
    del value["value"]["metadata"]["display_phone_number"]
    assert only(value, numbers=frozenset()).peer == Peer(wa_id=CUSTOMER, bsuid=BSUID)


def test_without_our_number_the_side_named_in_contacts_is_the_customer():
    call = inbound(**{"from": "4366099999999", "to": CUSTOMER})
    value = change(calls=[call], contacts=[contact()])
    del value["value"]["metadata"]["display_phone_number"]
    assert only(value, numbers=frozenset()).peer.wa_id == CUSTOMER


def test_without_any_hint_the_direction_decides():
    value = change(calls=[outbound(**{"from": "4366099999999", "to_user_id": None})])
    del value["value"]["metadata"]
    event = only(value, numbers=frozenset())
    assert event.peer.wa_id == CUSTOMER
    assert event.problems == ("phone_number_id is missing",)


def test_a_customer_with_a_user_name_has_a_user_id_and_no_number():
    call = without(inbound(from_user_id=BSUID), "from")
    named = {"profile": {"name": "Eva", "username": "eva.g"}, "user_id": BSUID}
    event = only(change(calls=[call], contacts=[named]))
    assert event.peer == Peer(bsuid=BSUID, name="Eva", username="eva.g")
    assert event.problems == ()


def test_a_user_id_in_the_number_s_place_is_still_somebody():
    event = only(change(calls=[inbound(**{"from": BSUID})]))
    assert event.peer == Peer(bsuid=BSUID)


def test_nobody_at_all_is_flagged_and_kept():
    event = only(change(calls=[without(inbound(), "from", "to")]))
    assert (event.kind, event.peer) == ("offer", Peer())
    assert event.problems == ("no number or user id of the customer",)


def test_of_several_contacts_the_one_with_the_same_id_gives_the_name():
    other = contact(wa_id="34612345601", user_id="ES.1", profile={"name": "Lucía"})
    calls = [inbound(), inbound(id="wacid.B", **{"from": "34612345601"})]
    events = meta.parse(body(change(contacts=[contact(), other], calls=calls)))
    assert [event.peer.name for event in events] == ["Eva Gruber", "Lucía"]


def test_a_lone_contact_with_another_spelling_of_the_number_is_the_same_person():
    call = inbound(**{"from": "5511961234501"})
    named = {"profile": {"name": "Rafael"}, "wa_id": "551161234501"}
    event = only(change(calls=[call], contacts=[named]))
    assert event.peer == Peer(wa_id="5511961234501", name="Rafael")


def test_a_contact_that_is_somebody_else_gives_no_name():
    named = {"profile": {"name": "Somebody"}, "wa_id": "34612345601"}
    event = only(change(calls=[inbound()], contacts=[named]))
    assert event.peer == Peer(wa_id=CUSTOMER)
    assert event.problems == ("the contact beside it is somebody else",)


# ---- direction and SDP


@pytest.mark.parametrize(
    ("call", "direction", "kind"),
    [(inbound(), "inbound", "offer"), (outbound(), "outbound", "answer")],
)
def test_a_missing_direction_is_taken_from_the_sdp_type(call, direction, kind):
    event = only(change(calls=[without(call, "direction")]))
    assert (event.direction, event.kind) == (direction, kind)
    assert event.problems == ("direction is missing, taken from the SDP type",)


def test_a_call_we_placed_never_counts_as_an_offer():
    """Whatever the SDP is called: it would ring at our own side."""
    call = outbound(session={"sdp_type": "offer", "sdp": OFFER_SDP})
    event = only(change(calls=[call]))
    assert event.kind == "answer"
    assert event.problems == ("direction and SDP type disagree",)


def test_with_neither_direction_nor_sdp_nobody_knows_who_calls():
    event = only(change(calls=[without(inbound(), "direction", "session")]))
    assert (event.kind, event.call_ref) == ("unknown", WACID)


def test_an_offer_without_sdp_can_at_least_be_shown_and_declined():
    event = only(change(calls=[without(inbound(), "session")]))
    assert (event.kind, event.sdp) == ("offer", None)
    assert event.problems == ("connect without SDP",)


OLD_PLACE = {"webrtc": {"sdp": json.dumps({"type": "offer", "sdp": OFFER_SDP})}}


def test_the_old_place_of_the_sdp_is_read_when_there_is_no_other():
    call = without(inbound(connection=OLD_PLACE), "session", "direction")
    event = only(change(calls=[call]))
    assert (event.kind, event.sdp) == ("offer", OFFER_SDP)
    assert "SDP in the old place" in event.problems


def test_the_old_place_of_the_sdp_is_ignored_beside_the_new_one():
    old = {"webrtc": {"sdp": json.dumps({"type": "answer", "sdp": "v=0 old"})}}
    event = only(change(calls=[inbound(connection=old)]))
    assert (event.sdp, event.problems) == (OFFER_SDP, ())


@pytest.mark.parametrize("call", [inbound(connection=OLD_PLACE), outbound()])
def test_what_is_kept_holds_no_sdp_and_no_ice_password(call):
    kept = json.dumps(only(change(calls=[call])).raw)
    assert WACID in kept
    for secret in ("v=0", "ice-pwd", "aW52ZW50ZWRwYXNzd29yZA", "203.0.113.7"):
        assert secret not in kept


def test_an_unknown_event_keeps_no_sdp_either():
    odd = {"field": "media", "value": {"note": [OFFER_SDP], "x": {"sdp": "v=0"}}}
    event = only(odd)
    assert event.kind == "unknown"
    assert event.raw == {
        "field": "text (5)",
        "value": {"note": [f"text ({len(OFFER_SDP)})"], "x": {"sdp": "[removed]"}},
    }


# ---- payloads, times, errors


@pytest.mark.parametrize("source", ["cta", "deeplink"])
@pytest.mark.parametrize("call", [inbound, terminate])
def test_the_payload_of_a_button_or_link_is_kept_with_its_source(source, call):
    event = only(change(calls=[call(**{f"{source}_payload": "team=mortgage"})]))
    assert (event.payload, event.payload_source) == ("team=mortgage", source)


@pytest.mark.parametrize(
    "written", ["1790000000", 1790000000, 1790000000000, " 1790000000 "]
)
def test_times_are_strings_or_numbers(written):
    assert only(change(calls=[inbound(timestamp=written)])).timestamp == 1790000000


@pytest.mark.parametrize("written", ["soon", [], {"a": 1}, True, -5, "9" * 30])
def test_a_time_that_is_none_is_flagged(written):
    event = only(change(calls=[inbound(timestamp=written)]))
    assert (event.kind, event.timestamp) == ("offer", None)
    assert "timestamp is not a time" in event.problems


@pytest.mark.parametrize("written", [-1, "x", 10**12, 1e400, [1]])
def test_an_impossible_duration_is_flagged(written):
    text = body(change(calls=[terminate(duration="%")]))
    text = text.replace(
        b'"%"', json.dumps(written).replace("Infinity", "1e400").encode()
    )
    (event,) = meta.parse(text)
    assert (event.kind, event.duration) == ("ended", 60)
    assert "duration is not a usable number" in event.problems


FAILED = {
    "code": 138021,
    "title": "No media received",
    "message": "No media received",
    "href": "https://developers.facebook.com/docs/errors",
    "error_data": {"details": "The business sent no media."},
}
NO_MEDIA = ErrorInfo(
    138021,
    "No media received",
    "The business sent no media.",
    "https://developers.facebook.com/docs/errors",
)


@pytest.mark.parametrize(
    "value",
    [
        {"calls": [terminate(status="FAILED", errors=[FAILED])]},
        {"calls": [terminate(status="FAILED")], "errors": [FAILED]},
        {"calls": [terminate(status="FAILED", errors=[FAILED])], "errors": [FAILED]},
    ],
    ids=["in the call", "beside it", "in both places"],
)
def test_errors_are_read_wherever_they_stand_and_once(value):
    event = only(change(**value))
    assert (event.outcome, event.errors) == ("failed", (NO_MEDIA,))
    assert event.problems == ()


@pytest.mark.parametrize(
    ("given", "read"),
    [
        ({"code": "138021"}, ErrorInfo(138021)),
        ({"message": "Failed"}, ErrorInfo(None, "Failed")),
        ({"title": "T", "message": "M"}, ErrorInfo(None, "T", "M")),
        ({"title": "T", "error_data": "x", "details": "D"}, ErrorInfo(None, "T", "D")),
        ({"code": 1, "href": "javascript:alert(1)"}, ErrorInfo(1)),
    ],
)
def test_every_member_of_an_error_is_optional(given, read):
    assert only(change(calls=[terminate(errors=[given])])).errors == (read,)


def test_errors_beside_several_calls_go_to_the_failed_one():
    calls = [terminate(id="wacid.A"), terminate(id="wacid.B", status="Failed")]
    events = meta.parse(body(change(calls=calls, errors=[FAILED])))
    assert [event.errors for event in events] == [(), (NO_MEDIA,)]


def test_errors_beside_several_calls_that_all_succeeded_are_kept_apart():
    calls = [terminate(id="wacid.A"), terminate(id="wacid.B")]
    events = meta.parse(body(change(calls=calls, errors=[FAILED])))
    assert [event.kind for event in events] == ["unknown", "ended", "ended"]
    assert events[0].errors == (NO_MEDIA,)


def test_an_inbound_call_can_carry_an_error():
    error = {"code": 131044, "message": "Payment method missing"}
    event = only(change(calls=[inbound()], errors=[error]))
    assert event.kind == "offer"
    assert event.errors == (ErrorInfo(131044, "Payment method missing"),)


@pytest.mark.parametrize("name", ["call_created", "call_paused"])
def test_an_event_we_do_not_know_is_kept_with_its_call(name):
    event = only(change(calls=[{**inbound(), "event": name}]))
    assert (event.kind, event.call_ref) == ("unknown", WACID)
    assert event.problems == (f'event "{name.upper()}" is not known',)


def test_a_call_without_id_is_kept_and_flagged():
    event = only(change(calls=[without(inbound(), "id")]))
    assert (event.kind, event.call_ref) == ("unknown", None)
    assert event.problems == ("the call has no id",)


def test_an_id_too_long_for_an_index_is_no_id():
    event = only(change(calls=[inbound(id="w" * 3000)]))
    assert (event.kind, event.call_ref) == ("unknown", None)
    assert len(event.key) == 64


def test_texts_are_fit_for_the_database():
    """PostgreSQL takes neither NUL nor half a surrogate pair."""
    named = contact(profile={"name": "Eva\x00 \ud83d Gruber\n"})
    event = only(change(calls=[inbound(cta_payload="a\x00b")], contacts=[named]))
    assert event.peer.name == "Eva \ufffd Gruber"
    assert event.payload == "ab"
    json.dumps(event.raw).encode()
    assert "\\u0000" not in json.dumps(event.raw)
