"""Anchored calls when several things happen to them in the same moment."""

from functools import partial

import pytest

from tests.races.sidecar import Sidecar
from tests.races.whatsapp import OFFER, Caller, together
from tests.waiting import wait_until


@pytest.fixture(scope="module")
def sidecar(odoo):
    domain = [["provider_ref", "=", "200000000000001"]]
    admin = odoo.rpc("admin")
    (number,) = admin("whatsapp.calling.number", "search", domain)
    admin("whatsapp.calling.number", "write", [number], {"media_policy": "anchored"})
    with Sidecar(odoo) as sidecar:
        yield sidecar


@pytest.fixture
def media(odoo):
    """`media(ref)` -> {column: value} of the call with that id of WhatsApp's."""
    columns = "id, media_ref, state, handler_id, handler_tab, closed_reason"

    def find(ref):
        (row,) = odoo.sql(
            f"SELECT {columns} FROM whatsapp_call WHERE provider_ref = %s", [ref]
        )
        return dict(zip(columns.split(", "), row, strict=True))

    return find


@pytest.fixture
def ringing(whatsapp, sidecar, media):
    def ring():
        caller = Caller()
        whatsapp.must(caller.connect())
        call = media(caller.ref)
        sidecar.wait_opened(call["media_ref"])
        return caller, call

    return ring


@pytest.fixture(autouse=True)
def free(odoo, anna, ben, sidecar):
    yield
    for rpc in (anna, ben):
        for call in rpc("whatsapp.call", "softphone_poll")["calls"]:
            if call["mine"]:
                rpc("whatsapp.call", "softphone_hang_up", call["id"])


def accept(rpc, call, tab="tab"):
    return rpc("whatsapp.call", "softphone_accept", call["id"], tab, OFFER, "offer")


def test_to_open_the_call_delays_no_decision(odoo, whatsapp, sidecar):
    """Beside direct calls of the same moment, as the machine may be busy."""
    admin = odoo.rpc("admin")
    domain = [["provider_ref", "=", "200000000000001"]]
    (number,) = admin("whatsapp.calling.number", "search", domain)
    times = {"direct": [], "anchored": []}
    for policy in ("direct", "anchored") * 4:
        values = {"media_policy": policy}
        admin("whatsapp.calling.number", "write", [number], values)
        caller = Caller()
        whatsapp.must(caller.connect())
        (row,) = odoo.sql(
            "SELECT decision_ms, anchored FROM whatsapp_call WHERE provider_ref = %s",
            [caller.ref],
        )
        assert bool(row[1]) == (policy == "anchored")
        times[policy].append(float(row[0]))
        whatsapp.must(caller.terminate())
    assert min(times["anchored"]) < min(times["direct"]) + 50, times


def test_two_operators_click_at_once_and_one_browser_is_joined(
    graph, sidecar, anna, ben, ringing
):
    for _turn in range(3):
        caller, call = ringing()
        answers = together(
            [partial(accept, anna, call, "tab-a"), partial(accept, ben, call, "tab-b")]
        )
        assert sorted(answer["ok"] for answer in answers) == [False, True]
        graph.wait_for("accept", caller.ref)
        path = f"/{call['media_ref']}/legs"
        wait_until(lambda p=path: legs(sidecar, p), what="the operator's leg")
        assert len(legs(sidecar, path)) == 1
        for rpc in (anna, ben):
            rpc("whatsapp.call", "softphone_hang_up", call["id"])


def legs(sidecar, path):
    return [body for _method, asked, body in sidecar.requests if asked.endswith(path)]


def test_two_clicks_of_one_person_join_one_browser(graph, sidecar, anna, ringing):
    caller, call = ringing()
    together([lambda: accept(anna, call)] * 2)
    graph.wait_for("accept", caller.ref)
    path = f"/{call['media_ref']}/legs"
    wait_until(lambda: legs(sidecar, path), what="the operator's leg")
    assert len(legs(sidecar, path)) == 1


def test_a_click_and_the_customers_hang_up_leave_no_call_at_the_sidecar(
    whatsapp, sidecar, anna, ringing, media
):
    for _turn in range(3):
        caller, call = ringing()
        together(
            [
                partial(accept, anna, call),
                partial(whatsapp.must, caller.terminate()),
            ]
        )
        wait_until(
            lambda ref=call["media_ref"]: sidecar.closed(ref), 15, "the end there"
        )
        assert media(caller.ref)["state"] in ("missed", "completed")


def test_of_two_pages_that_come_back_at_once_one_has_the_call(
    graph, sidecar, anna, ringing, media
):
    caller, call = ringing()
    assert accept(anna, call, "gone")["ok"]
    graph.wait_for("accept", caller.ref)
    wait_until(lambda: media(caller.ref)["state"] == "connected", what="connected")
    anna("whatsapp.call", "softphone_tab_closed", call["id"], "gone")
    answers = together(
        [
            lambda tab=tab: anna(
                "whatsapp.call", "softphone_reattach", call["id"], tab, OFFER
            )
            for tab in ("tab-1", "tab-2", "tab-3")
        ]
    )
    assert sorted(answer["ok"] for answer in answers) == [False, False, True]
    winner = answers.index(next(answer for answer in answers if answer["ok"]))
    assert media(caller.ref)["handler_tab"] == f"tab-{winner + 1}"


def test_one_event_delivered_five_times_at_once_is_one_line(odoo, sidecar, ringing):
    _caller, call = ringing()
    event = sidecar.event(call["media_ref"], "peer_connected")
    answers = together([lambda: sidecar.send("events", {"events": [event]})] * 5)
    assert [answer.json() for answer in answers] == [{"taken": [event["id"]]}] * 5
    rows = odoo.sql("SELECT id FROM whatsapp_call_event WHERE key = %s", [event["id"]])
    assert len(rows) == 1


def test_the_same_signed_request_five_times_at_once_is_taken_once(sidecar, ringing):
    _caller, call = ringing()
    event = sidecar.event(call["media_ref"], "peer_connected")
    once = sidecar.signed("events", {"events": [event]})
    statuses = sorted(answer.status_code for answer in together([once] * 5))
    assert statuses == [200, 409, 409, 409, 409]


def test_of_two_who_accept_a_transfer_at_once_one_has_the_call(
    odoo, whatsapp, graph, sidecar, anna, ben, ringing, media
):
    admin = odoo.rpc("admin")
    domain = [["provider_ref", "=", "200000000000001"]]
    (number,) = admin("whatsapp.calling.number", "search", domain)
    team = {"team": f"whatsapp.calling.number,{number}"}
    colleagues = [ben, admin]
    for _turn in range(3):
        caller, call = ringing()
        assert accept(anna, call)["ok"]
        graph.wait_for("accept", caller.ref)
        connected = partial(is_connected, media, caller.ref)
        wait_until(connected, what="the call connected")
        path = f"/{call['media_ref']}/legs"
        wait_until(partial(legs, sidecar, path), what="the operator's leg")
        handed = anna("whatsapp.call", "softphone_transfer", call["id"], team, "blind")
        assert handed["ok"], handed
        answers = together(
            [
                partial(accept, rpc, call, f"tab-{place}")
                for place, rpc in enumerate(colleagues)
            ]
        )
        assert sorted(answer["ok"] for answer in answers) == [False, True], answers
        winner = answers.index(next(answer for answer in answers if answer["ok"]))
        assert media(caller.ref)["handler_tab"] == f"tab-{winner}"
        rows = odoo.sql(
            "SELECT state, tab FROM whatsapp_call_transfer WHERE call_id = %s",
            [call["id"]],
        )
        assert [tuple(row) for row in rows] == [("connecting", f"tab-{winner}")]
        two = partial(has_legs, sidecar, path, 2)
        wait_until(two, what="the leg of who accepted, and no other")
        whatsapp.must(caller.terminate())


def is_connected(media, ref):
    return media(ref)["state"] == "connected"


def has_legs(sidecar, path, count):
    return len(legs(sidecar, path)) == count
