"""What went wrong once under attack on a running server, each as the rule since."""

from tests.races.test_lost_tab import Pings
from tests.races.whatsapp import ANSWER, Caller
from tests.waiting import wait_until


def test_a_stalled_account_holds_up_no_other(odoo, graph, whatsapp, calls):
    anna, other = odoo.rpc("agent1"), odoo.rpc("agent3")
    # a customer of the other account who has just written: free text is allowed
    odoo.sql(
        "INSERT INTO whatsapp_call_contact (company_id, wa_id, last_inbound)"
        " SELECT company_id, %s, now() at time zone 'utc' FROM whatsapp_calling_number"
        " WHERE provider_ref = %s RETURNING id",
        ["34611000001", "200000000000002"],
    )
    with graph.holding("reject"):
        # more stalled requests than one account has threads
        for _turn in range(8):
            caller = Caller()
            whatsapp.must(caller.connect())
            (call,) = calls(caller.ref)
            assert anna("whatsapp.call", "softphone_decline", call["id"])["ok"]
        graph.wait_for("reject", count=6)
        target = {"phone": "+34611000001"}
        asked = other("whatsapp.call", "softphone_request_permission", target)
        assert asked["ok"], asked
        graph.wait_for("messages", seconds=5)


def test_a_restart_ends_no_call_whose_tab_lives(odoo, graph, whatsapp, calls):
    anna = odoo.rpc("agent1")
    living, overdue = Caller(), Caller()
    whatsapp.must(living.connect(), overdue.connect())
    (call,) = calls(living.ref)
    assert anna("whatsapp.call", "softphone_accept", call["id"], "tab", ANSWER)["ok"]
    wait_until(lambda: calls(living.ref)[0]["state"] == "connected", what="connected")
    odoo.kill()
    # no server for half a minute; nobody could ping
    odoo.sql(
        "UPDATE whatsapp_call SET pinged_at = pinged_at - interval '30 s',"
        " deadline = deadline - interval '5 min',"
        " create_date = create_date - interval '2 min' WHERE provider_ref = ANY(%s)",
        [[living.ref, overdue.ref]],
    )
    odoo.start().wait_ready()
    whatsapp.must(Caller().connect())  # wakes the clock, before the tab is back
    wait_until(lambda: calls(overdue.ref)[0]["state"] == "missed", what="a tick")
    with Pings(anna, call["id"]) as pings:
        wait_until(lambda: pings.answers, what="a ping")
    assert calls(living.ref)[0]["state"] == "connected"
    assert all(answer["ok"] for answer in pings.answers)
    anna("whatsapp.call", "softphone_hang_up", call["id"])
    graph.wait_for("terminate", living.ref)


def test_a_conflict_that_is_tried_again_names_nobody_in_the_log(odoo, whatsapp):
    begin = odoo.log.stat().st_size
    for _turn in range(6):
        caller = Caller()
        answers = whatsapp.at_once([caller.connect()] * 4 + [caller.terminate()])
        assert {status for status, _seconds in answers} == {200}
    with odoo.log.open("rb") as log:
        log.seek(begin)
        said = log.read().decode()
    assert "bad query" not in said
    assert caller.wa_id not in said
