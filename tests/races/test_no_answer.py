"""The timer of "when nobody answers" against an operator's click."""

import time

import pytest

from tests.races.whatsapp import ANSWER, Caller
from tests.waiting import wait_until

NUMBER = "200000000000001"


@pytest.fixture(autouse=True)
def declined_after_a_second(odoo):
    administrator = odoo.rpc("admin")
    numbers = "whatsapp.calling.number"
    (number,) = administrator(numbers, "search", [["provider_ref", "=", NUMBER]])
    vals = {"no_answer": "voice_note", "no_answer_seconds": 1}
    administrator(numbers, "write", [number], vals)
    yield
    administrator(numbers, "write", [number], {"no_answer": "log"})


def test_of_a_click_and_the_timer_exactly_one_handles_the_call(
    graph, anna, whatsapp, calls
):
    won = set()
    for turn in range(8):
        caller = Caller()
        whatsapp.must(caller.connect())
        (call,) = calls(caller.ref)
        # the clock ticks each second: the timer is due between the 1st and the 2nd
        time.sleep(0.8 + 0.2 * turn)
        answer = anna(
            "whatsapp.call", "softphone_accept", call["id"], f"tab{turn}", ANSWER
        )
        if answer["ok"]:
            won.add("click")
            graph.wait_for("accept", caller.ref)
            assert "reject" not in graph.actions(caller.ref)
            wait_until(
                lambda ref=caller.ref: calls(ref)[0]["state"] == "connected",
                10,
                "WhatsApp's yes",
            )
            anna("whatsapp.call", "softphone_hang_up", call["id"])
        else:
            won.add("timer")
            graph.wait_for("reject", caller.ref)
            assert "accept" not in graph.actions(caller.ref)
        wait_until(
            lambda ref=caller.ref: calls(ref)[0]["state"] in ("missed", "completed"),
            10,
            "the end of the call",
        )
        (call,) = calls(caller.ref)
        assert (call["state"] == "completed") == answer["ok"]
    assert won == {"click", "timer"}
