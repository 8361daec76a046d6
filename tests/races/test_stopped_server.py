"""A server that is killed in the middle of everything, and one that takes its place."""

from types import SimpleNamespace

import pytest

from tests.races.whatsapp import ANSWER, OFFER, Callee, Caller, permit
from tests.waiting import wait_until

# Longer than a request may take: what is still "sending" after it was lost.
ABANDONED = "1 minute"
LIVE = ("dialing", "ringing", "connected")
DIALLED = "436641000001"


@pytest.fixture(scope="module")
def killed(odoo, graph, whatsapp, calls):
    """What was going on when the server was killed; a new one runs on its database.

    A connect, an accept and a rejection were on their way; one call rang on, and one
    rang whose time ran out while no server was there.
    """

    def ring():
        caller = Caller()
        whatsapp.must(caller.connect())
        (call,) = calls(caller.ref)
        return SimpleNamespace(ref=caller.ref, id=call["id"])

    permit(odoo, DIALLED)
    was = SimpleNamespace(accept=ring(), reject=ring(), ringing=ring(), overdue=ring())
    admin, anna, ben = (odoo.rpc(login) for login in ("admin", "agent1", "agent2"))
    with (
        graph.holding("connect"),
        graph.holding("accept"),
        graph.holding("reject"),
    ):
        target = {"phone": f"+{DIALLED}"}
        dialled = admin("whatsapp.call", "softphone_dial", target, "tab", OFFER)
        accept(anna, was.accept)
        assert ben("whatsapp.call", "softphone_decline", was.reject.id)["ok"]
        was.connect = SimpleNamespace(id=dialled["call"]["id"])
        (was.connect.sent,) = graph.wait_for("connect")
        graph.wait_for("accept", was.accept.ref)
        graph.wait_for("reject", was.reject.ref)
        odoo.kill()
    # made older instead of waiting for that long
    odoo.sql(
        "UPDATE whatsapp_call_request SET sent_at = sent_at - %s::interval"
        " WHERE state = 'sending'",
        [ABANDONED],
    )
    odoo.sql(
        "UPDATE whatsapp_call SET create_date = create_date - interval '2 minutes',"
        " deadline = deadline - interval '2 minutes' WHERE id = %s",
        [was.overdue.id],
    )
    odoo.start().wait_ready()
    # any webhook wakes the clock of the new server
    whatsapp.must(Caller().connect())
    return was


def accept(rpc, call):
    answer = rpc("whatsapp.call", "softphone_accept", call.id, "tab", ANSWER)
    assert answer["ok"], answer


def requests(odoo, call):
    return odoo.sql(
        "SELECT action, state FROM whatsapp_call_request WHERE call_id = %s"
        " ORDER BY id",
        [call.id],
    )


def state(odoo, call):
    found = odoo.sql("SELECT state FROM whatsapp_call WHERE id = %s", [call.id])
    return found[0][0]


def test_a_ringing_call_rings_on_and_can_be_answered(odoo, graph, killed):
    ben = odoo.rpc("agent2")
    polled = ben("whatsapp.call", "softphone_start")["calls"]
    (call,) = [call for call in polled if call["id"] == killed.ringing.id]
    assert (call["state"], call["mine_to_answer"]) == ("ringing", True)
    assert call["sdp_type"] == "offer"
    accept(ben, killed.ringing)
    graph.wait_for("accept", killed.ringing.ref)
    wait_until(lambda: state(odoo, killed.ringing) == "connected", what="connected")


def test_a_call_whose_time_ran_out_meanwhile_is_closed(odoo, killed):
    wait_until(lambda: state(odoo, killed.overdue) == "missed", what="missed")


def test_a_rejection_that_died_in_mid_send_is_sent_again(odoo, graph, killed):
    graph.wait_for("reject", killed.reject.ref, count=2)
    wait_until(
        lambda: requests(odoo, killed.reject) == [("reject", "done")], what="done"
    )
    assert state(odoo, killed.reject) == "rejected"


def test_a_connect_that_died_in_mid_send_is_unknown_and_never_sent_again(
    odoo, graph, whatsapp, killed
):
    call = killed.connect
    wait_until(lambda: ("connect", "unknown") in requests(odoo, call), what="unknown")
    # WhatsApp did place the call: it says so under the reference that we gave
    opaque = call.sent["biz_opaque_callback_data"]
    callee = Callee(DIALLED, "wacid.race.kept", opaque)
    whatsapp.must(callee.status("RINGING"))
    assert ("connect", "done") in requests(odoo, call)
    # the tab that dialled says nothing any more: the call is ended, not left open
    graph.wait_for("terminate", "wacid.race.kept", seconds=20)
    wait_until(lambda: state(odoo, call) == "cancelled", what="the end")
    assert len(graph.wait_for("connect")) == 1


def test_an_accept_that_died_in_mid_send_leaves_no_call_open(odoo, graph, killed):
    # WhatsApp may hold the answer of a tab that nobody hears from any more
    graph.wait_for("terminate", killed.accept.ref, seconds=30)
    wait_until(lambda: state(odoo, killed.accept) not in LIVE, what="the end")
    assert ("accept", "unknown") in requests(odoo, killed.accept)
    bodies = graph.wait_for("accept", killed.accept.ref)
    assert len({body["session"]["sdp"] for body in bodies}) == 1
