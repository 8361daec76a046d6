"""A browser that is killed says nothing: its calls end all the same, and soon."""

import threading
import time

import pytest

from tests.races.whatsapp import ANSWER, OFFER, Callee, Caller, permit
from tests.waiting import wait_until

SOON = 15  # seconds


@pytest.fixture(scope="module")
def admin(odoo):
    return odoo.rpc("admin")


class Pings:
    """A tab that lives, for as long as the block lasts."""

    def __init__(self, rpc, call_id, tab="tab"):
        self.ask = lambda: rpc("whatsapp.call", "softphone_ping", call_id, tab)
        self.over = threading.Event()
        self.answers = []

    def __enter__(self):
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()
        return self

    def run(self):
        while not self.over.is_set():
            self.answers.append(self.ask())
            self.over.wait(3)

    def __exit__(self, *_):
        self.over.set()
        self.thread.join()


def test_calls_of_killed_tabs_end_within_15_s_and_those_of_living_ones_go_on(
    odoo, graph, whatsapp, calls, anna, ben, admin
):
    answered, living = Caller(), Caller()
    whatsapp.must(answered.connect(), living.connect())
    (answered_call,), (living_call,) = calls(answered.ref), calls(living.ref)
    for rpc, call in ((anna, answered_call), (admin, living_call)):
        assert rpc("whatsapp.call", "softphone_accept", call["id"], "tab", ANSWER)["ok"]
    wa_id = "436642000001"
    permit(odoo, wa_id)
    dialled = ben(
        "whatsapp.call", "softphone_dial", {"phone": f"+{wa_id}"}, "tab", OFFER
    )["call"]
    ref = wait_until(lambda: reference(odoo, dialled["id"]), what="WhatsApp's id")
    callee = Callee(wa_id, ref)
    whatsapp.must(callee.answer(), callee.status("RINGING"), callee.status("ACCEPTED"))
    began = time.monotonic()
    graph.wait_for("accept", living.ref)
    with Pings(admin, living_call["id"]) as pings:
        for lost in (answered.ref, ref):
            graph.wait_for("terminate", lost, seconds=SOON + began - time.monotonic())
        (call,) = calls(answered.ref)
        assert (call["state"], call["closed_reason"]) == ("completed", "lost_tab")
        assert calls(ref)[0]["closed_reason"] == "lost_tab"
        assert calls(living.ref)[0]["state"] == "connected"
        assert all(answer["ok"] for answer in pings.answers)
    assert not anna("whatsapp.call", "softphone_ping", answered_call["id"], "tab")["ok"]


def reference(odoo, call_id):
    text = "SELECT provider_ref FROM whatsapp_call WHERE id = %s"
    return odoo.sql(text, [call_id])[0][0]


def test_a_tab_that_closes_hangs_up_at_once_and_only_its_own_call(
    odoo, graph, whatsapp, calls
):
    anna = odoo.rpc("agent1")
    caller = Caller()
    whatsapp.must(caller.connect())
    (call,) = calls(caller.ref)
    assert anna("whatsapp.call", "softphone_accept", call["id"], "one", ANSWER)["ok"]
    graph.wait_for("accept", caller.ref)
    beacon = "/whatsapp_calling/hang_up"
    anna.post(beacon, {"call_id": call["id"], "tab": "another"})
    assert anna("whatsapp.call", "softphone_ping", call["id"], "one")["ok"]
    anna.post(beacon, {"call_id": call["id"], "tab": "one"})
    graph.wait_for("terminate", caller.ref)
    assert calls(caller.ref)[0]["closed_reason"] == "lost_tab"
