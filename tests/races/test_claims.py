"""Who gets a call when several reach for it in the same moment."""

import time

import pytest

from tests.races.whatsapp import ANSWER, OFFER, Callee, Caller, permit, together
from tests.waiting import wait_until


@pytest.fixture
def ringing(whatsapp, calls):
    """`ringing()` -> (caller, call id) of a call that rings for both."""

    def ring():
        caller = Caller()
        whatsapp.must(caller.connect())
        (call,) = calls(caller.ref)
        return caller, call["id"]

    return ring


@pytest.fixture(autouse=True)
def free(odoo, anna, ben, whatsapp):
    """Nobody is left in a call of the test before."""
    yield
    for rpc in (anna, ben):
        for call in rpc("whatsapp.call", "softphone_poll")["calls"]:
            if call["mine"]:
                rpc("whatsapp.call", "softphone_hang_up", call["id"])


def accept(rpc, call_id, tab="tab"):
    return rpc("whatsapp.call", "softphone_accept", call_id, tab, ANSWER)


def name(rpc):
    return rpc.info["name"]


def test_two_operators_accept_at_once_and_one_gets_the_call(graph, anna, ben, ringing):
    for turn in range(10):
        caller, call_id = ringing()
        people = [anna, ben] if turn % 2 else [ben, anna]
        moments = []

        def click(rpc, call_id=call_id, moments=moments):
            moments.append(time.monotonic())
            return accept(rpc, call_id)

        answers = together([lambda rpc=rpc: click(rpc) for rpc in people])
        assert max(moments) - min(moments) < 0.05
        assert sorted(answer["ok"] for answer in answers) == [False, True]
        winner, loser = answers if answers[0]["ok"] else answers[::-1]
        who = people[answers.index(winner)]
        assert loser["reason"] == "taken"
        text = f"already accepted by another teammate: {name(who)}"
        assert loser["message"] == text
        assert loser["call"]["handler"]["name"] == name(who)
        graph.wait_for("accept", caller.ref)
        wait_until(
            lambda who=who, call_id=call_id: connected(who, call_id),
            what="connected",
        )
        who("whatsapp.call", "softphone_hang_up", call_id)
        graph.wait_for("terminate", caller.ref)
        assert graph.actions(caller.ref) == ["pre_accept", "accept", "terminate"]


def connected(rpc, call_id):
    (call,) = rpc("whatsapp.call", "softphone_calls", [call_id])
    return call["state"] == "connected"


def test_two_tabs_of_one_operator_accept_at_once_and_one_owns_the_call(
    graph, odoo, ringing
):
    tabs = {"first": odoo.rpc("agent1"), "second": odoo.rpc("agent1")}
    caller, call_id = ringing()
    answers = together(
        [
            lambda tab=tab, rpc=rpc: accept(rpc, call_id, tab)
            for tab, rpc in tabs.items()
        ]
    )
    assert sorted(answer["ok"] for answer in answers) == [False, True]
    graph.wait_for("accept", caller.ref)
    assert graph.actions(caller.ref) == ["pre_accept", "accept"]


def test_one_operator_accepts_two_calls_at_once_and_is_in_one(graph, odoo, ringing):
    clicks = [odoo.rpc("agent1"), odoo.rpc("agent1")]
    rung = [ringing() for _ in clicks]
    answers = together(
        [
            lambda rpc=rpc, call_id=call_id: accept(rpc, call_id)
            for rpc, (_caller, call_id) in zip(clicks, rung, strict=True)
        ]
    )
    assert sorted(answer["ok"] for answer in answers) == [False, True]


def test_accept_decline_and_the_callers_hang_up_at_once_leave_one_holder(
    graph, anna, ben, whatsapp, calls, ringing
):
    seen = set()
    for _turn in range(12):
        caller, call_id = ringing()
        accepted, declined, told = together(
            [
                lambda call_id=call_id: accept(anna, call_id),
                lambda call_id=call_id: ben(
                    "whatsapp.call", "softphone_decline", call_id
                ),
                lambda caller=caller: whatsapp.post(caller.terminate()),
            ]
        )
        assert told[0] == 200
        assert not (accepted["ok"] and declined["ok"])
        (call,) = wait_until(
            lambda ref=caller.ref: [
                call for call in calls(ref) if call["state"] != "ringing"
            ],
            what="the end",
        )
        holders = {True: None}
        holders |= {accepted["ok"]: anna.uid} if accepted["ok"] else {}
        holders |= {declined["ok"]: ben.uid} if declined["ok"] else {}
        assert call["handler_id"] == holders[True]
        if declined["ok"]:
            assert call["state"] == "rejected"
        else:
            # an accept that was too late changes nothing about a missed call
            assert call["state"] in ("missed", "completed")
        actions = graph.actions(caller.ref)
        assert actions.count("accept") <= accepted["ok"]
        assert actions.count("reject") <= declined["ok"]
        seen.add((accepted["ok"], declined["ok"]))
    assert seen & {(True, False), (False, True)}, "nobody was ever faster"


def test_two_agents_dial_one_customer_at_once_and_one_connect_leaves(
    graph, odoo, anna, ben
):
    for turn in range(5):
        wa_id = f"43665{turn:07d}"
        permit(odoo, wa_id)
        answers = together(
            [lambda rpc=rpc, wa_id=wa_id: dial(rpc, wa_id) for rpc in (anna, ben)]
        )
        assert sorted(answer["ok"] for answer in answers) == [False, True]
        (refused,) = [answer for answer in answers if not answer["ok"]]
        assert refused["reason"] == "busy"
        graph.wait_for("connect")
        (who,) = [
            rpc
            for rpc, answer in zip((anna, ben), answers, strict=True)
            if answer["ok"]
        ]
        (call,) = [answer["call"] for answer in answers if answer["ok"]]
        wait_until(lambda call=call: reference(odoo, call["id"]), what="WhatsApp's id")
        who("whatsapp.call", "softphone_hang_up", call["id"])
        asked = [body for _at, action, _ref, body in graph.asked if action == "connect"]
        assert sum(body["to"] == wa_id for body in asked) == 1


def test_one_agent_dials_twice_at_once_and_one_connect_leaves(graph, odoo):
    customers = ["436660000001", "436660000002"]
    for wa_id in customers:
        permit(odoo, wa_id)
    clicks = [odoo.rpc("agent1"), odoo.rpc("agent1")]
    answers = together(
        [
            lambda rpc=rpc, wa_id=wa_id: dial(rpc, wa_id)
            for rpc, wa_id in zip(clicks, customers, strict=True)
        ]
    )
    assert sorted(answer["ok"] for answer in answers) == [False, True]


def test_a_customer_who_calls_while_we_dial_them_is_in_two_calls_of_one_state_each(
    graph, odoo, anna, whatsapp, calls
):
    """WhatsApp decides which of the two lives; we keep both records in order."""
    caller = Caller()
    permit(odoo, caller.wa_id)
    dialled, told = together(
        [
            lambda: dial(anna, caller.wa_id),
            lambda: whatsapp.post(caller.connect()),
        ]
    )
    assert told[0] == 200
    (inbound,) = calls(caller.ref)
    assert inbound["state"] == "ringing"
    assert dialled["ok"] or dialled["reason"] == "busy"


def dial(rpc, wa_id, tab="tab"):
    target = {"phone": f"+{wa_id}"}
    return rpc("whatsapp.call", "softphone_dial", target, tab, OFFER)


def reference(odoo, call_id):
    text = "SELECT provider_ref FROM whatsapp_call WHERE id = %s"
    return odoo.sql(text, [call_id])[0][0]


def test_the_customers_answer_and_our_hang_up_at_once_end_in_one_terminate(
    graph, odoo, anna, whatsapp, calls
):
    for turn in range(5):
        wa_id = f"43667{turn:07d}"
        permit(odoo, wa_id)
        call_id = dial(anna, wa_id)["call"]["id"]
        ref = wait_until(
            lambda call_id=call_id: reference(odoo, call_id), what="WhatsApp's id"
        )
        callee = Callee(wa_id, ref)
        whatsapp.must(callee.answer(), callee.status("RINGING"))
        hung_up, told = together(
            [
                lambda call_id=call_id: anna(
                    "whatsapp.call", "softphone_hang_up", call_id
                ),
                lambda callee=callee: whatsapp.post(callee.status("ACCEPTED")),
            ]
        )
        assert hung_up["ok"]
        assert told[0] == 200
        graph.wait_for("terminate", ref)
        (call,) = calls(ref)
        assert call["state"] in ("cancelled", "completed")
        assert graph.actions(ref) == ["connect", "terminate"]
