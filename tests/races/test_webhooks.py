"""Webhooks that come twice, at once, in the wrong order or in a crowd."""

import itertools

import pytest

from tests.races.whatsapp import Caller, WhatsApp, together


def lines(odoo, ref, kind):
    """How often a kind of event stands in the timeline of a call."""
    found = odoo.sql(
        "SELECT count(*) FROM whatsapp_call_event event"
        " JOIN whatsapp_call call ON call.id = event.call_id"
        " WHERE call.provider_ref = %s AND event.kind = %s",
        [ref, kind],
    )
    return found[0][0]


def test_the_same_webhook_three_times_at_once_is_one_call_with_one_line(
    odoo, whatsapp, calls
):
    for _try in range(10):
        caller = Caller()
        answers = whatsapp.at_once([caller.connect()] * 3)
        assert [status for status, _seconds in answers] == [200, 200, 200]
        (call,) = calls(caller.ref)
        assert call["state"] == "ringing"
        assert lines(odoo, caller.ref, "offer") == 1
        assert lines(odoo, caller.ref, "rung") == 1


def test_a_doubled_webhook_is_answered_without_odoos_pause_for_conflicts(whatsapp):
    # Odoo's own retry sleeps up to two seconds before the second try
    slowest = []
    for _try in range(5):
        answers = whatsapp.at_once([Caller().connect()] * 3)
        slowest.append(max(seconds for _status, seconds in answers))
    assert min(slowest) < 0.5, slowest


def test_connect_and_terminate_at_once_end_in_the_same_record(odoo, whatsapp, calls):
    for turn in range(10):
        caller = Caller()
        bodies = [caller.connect(), caller.terminate()]
        answers = whatsapp.at_once(bodies if turn % 2 else bodies[::-1])
        assert {status for status, _seconds in answers} == {200}
        (call,) = calls(caller.ref)
        assert (call["state"], call["handler_id"]) == ("missed", None)
        assert lines(odoo, caller.ref, "offer") == 1
        assert lines(odoo, caller.ref, "ended") == 1


def test_terminate_before_connect_rings_nobody(odoo, whatsapp, calls):
    caller = Caller()
    whatsapp.must(caller.terminate(), caller.connect())
    (call,) = calls(caller.ref)
    assert call["state"] == "missed"
    assert lines(odoo, caller.ref, "rung") == 0


def test_two_first_calls_of_one_caller_at_once_make_one_contact(odoo, whatsapp):
    first = Caller()
    others = [Caller(first.wa_id) for _ in range(4)]
    bodies = [caller.connect() for caller in [first, *others]]
    assert {status for status, _seconds in whatsapp.at_once(bodies)} == {200}
    contacts = odoo.sql(
        "SELECT count(DISTINCT contact.id), count(call.id)"
        "  FROM whatsapp_call_contact contact"
        "  JOIN whatsapp_call call ON call.contact_id = contact.id"
        " WHERE contact.wa_id = %s",
        [first.wa_id],
    )
    assert contacts == [(1, 5)]


def test_fifty_webhooks_at_once_are_all_taken_in(odoo, whatsapp):
    callers = [Caller() for _ in range(50)]
    answers = whatsapp.at_once([caller.connect() for caller in callers])
    assert {status for status, _seconds in answers} == {200}
    assert decided(odoo, callers) == 50


def test_three_hundred_callers_are_none_lost_and_none_undecided(odoo, whatsapp):
    callers = [Caller() for _ in range(300)]
    bodies = (caller.connect() for caller in callers)
    answers = whatsapp.at_rate(bodies, per_second=30)
    assert {status for status, _seconds in answers} == {200}
    assert decided(odoo, callers) == 300
    together(
        [lambda caller=caller: whatsapp.must(caller.terminate()) for caller in callers]
    )
    found = odoo.sql(
        "SELECT state, count(*) FROM whatsapp_call WHERE provider_ref = ANY(%s)"
        " GROUP BY state",
        [[caller.ref for caller in callers]],
    )
    assert found == [("missed", 300)]


@pytest.mark.timeout(120)
def test_twenty_calls_a_second_on_a_server_with_workers(make_odoo, graph):
    odoo = make_odoo(options=("--workers", 2))
    callers = [Caller() for _ in range(80)]
    bodies = (caller.connect() for caller in callers)
    answers = WhatsApp(odoo).at_rate(bodies, per_second=20)
    assert {status for status, _seconds in answers} == {200}
    assert decided(odoo, callers) == 80


def test_a_webhook_is_answered_within_a_second_while_whatsapp_stalls(
    odoo, graph, whatsapp, calls
):
    """Requests of ours that hang must not hold up what WhatsApp tells us."""
    agent = odoo.rpc("agent1")
    with graph.holding("reject"):
        # more stalled requests than the pool has threads
        for _turn in range(8):
            caller = Caller()
            whatsapp.must(caller.connect())
            (call,) = calls(caller.ref)
            assert agent("whatsapp.call", "softphone_decline", call["id"])["ok"]
        graph.wait_for("reject", count=4)
        answers = [whatsapp.post(Caller().connect()) for _ in range(10)]
        answers += whatsapp.at_once([Caller().connect() for _ in range(10)])
    assert {status for status, _seconds in answers} == {200}
    assert max(seconds for _status, seconds in answers) < 1


def decided(odoo, callers):
    """How many of these have exactly one call that rings for somebody."""
    rows = odoo.sql(
        "SELECT call.provider_ref, count(DISTINCT call.id), count(rung.user_id)"
        "  FROM whatsapp_call call"
        "  JOIN whatsapp_call_rung_rel rung ON rung.call_id = call.id"
        " WHERE call.provider_ref = ANY(%s) AND call.state = 'ringing'"
        "   AND call.decision_ms > 0"
        " GROUP BY call.provider_ref",
        [[caller.ref for caller in callers]],
    )
    return sum(1 for _ref, count, users in rows if count == 1 and users)


def test_events_of_one_call_in_any_order_end_in_one_record(odoo, whatsapp, calls):
    """Each order of three events that are all delivered in the same moment."""
    ends = set()
    for order in itertools.permutations(range(3)):
        caller = Caller()
        bodies = [caller.connect(), caller.connect(), caller.terminate()]
        whatsapp.at_once([bodies[place] for place in order])
        (call,) = calls(caller.ref)
        ends.add((call["state"], call["outcome"], call["handler_id"]))
    assert ends == {("missed", "completed", None)}
