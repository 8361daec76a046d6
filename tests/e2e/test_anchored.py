"""Calls through the media sidecar: heard on both sides, taken back after a reload."""

import re

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import OPERATOR_TONE
from tests.e2e.customer import TONE
from tests.waiting import wait_until

EVA = "436601112201"
SERVICE_LINE = "43720880102"


@pytest.fixture(autouse=True)
def service_line(odoo_server, sidecar):
    """Number 4: through the sidecar, without announcement and voicemail."""
    admin = odoo_server.rpc("admin")
    domain = [["provider_ref", "=", "200000000000004"]]
    (number,) = admin("whatsapp.calling.number", "search", domain)
    plain = {"record_agent": False, "record_caller": False, "no_answer": "log"}
    admin("whatsapp.calling.number", "write", [number], plain)
    sidecar.wait_known()
    return number


@pytest.fixture
def call_row(odoo_server):
    """`call_row(customer)` -> {column: value} of the customer's call in Odoo."""
    columns = "id, state, anchored, closed_reason, handler_tab, reattach_until"

    def find(customer):
        (row,) = odoo_server.sql(
            f"SELECT {columns} FROM whatsapp_call WHERE provider_ref = %s",
            [customer.ref],
        )
        return dict(zip(columns.split(", "), row, strict=True))

    return find


def answered(anna, customer):
    """A call of Eva to the service line that Anna has answered."""
    eva = customer(EVA).call(to=SERVICE_LINE)
    expect(anna.popup).to_contain_text("Eva Gruber")
    anna.answer()
    eva.wait_for_state("accepted")
    return eva


def test_an_inbound_call_through_the_sidecar_is_heard_on_both_sides(
    anna, customer, call_row
):
    eva = answered(anna, customer)
    anna.hears(TONE)
    eva.hears(OPERATOR_TONE)
    assert call_row(eva)["anchored"]
    expect(anna.on_call).to_contain_text("Through the media server")
    # at the first ring, long before the click
    assert eva.actions() == ["pre_accept", "accept"]
    anna.hang_up.click()
    view = eva.wait_for_state("ended")
    assert (view["ended_by"], view["end_status"]) == ("business", "COMPLETED")
    wait_until(lambda: not anna.microphones(), what="the microphone's release")


def test_a_customer_who_hangs_up_ends_it_everywhere(anna, customer, call_row, sidecar):
    eva = answered(anna, customer)
    anna.hears(TONE)
    eva.act("hangup")
    expect(anna.ended).to_be_visible()
    wait_until(lambda: not sidecar.health()["calls"], what="the end at the sidecar")
    assert call_row(eva)["state"] == "completed"


def test_an_outbound_call_through_the_sidecar_is_heard_on_both_sides(
    anna, customer, call_row, service_line
):
    eva = customer(EVA)
    anna.page.evaluate(
        "(number) => odoo.__WOWL_DEBUG__.root.env.services"
        "['whatsapp_calling.softphone'].dial({phone: '+436601112201', "
        "number_id: number})",
        service_line,
    )
    eva.is_called()
    expect(anna.state).to_contain_text("Ringing")
    eva.act("answer")
    expect(anna.connected).to_have_text("Connected")
    anna.hears(TONE)
    eva.hears(OPERATOR_TONE)
    assert call_row(eva)["anchored"]
    anna.hang_up.click()
    assert eva.wait_for_state("ended")["ended_by"] == "business"
    assert eva.actions() == ["connect", "terminate"]


def test_after_a_reload_the_operator_is_back_in_the_call_within_20_seconds(
    anna, customer, call_row
):
    """The customer hears music meanwhile, and WhatsApp nothing of it all."""
    eva = answered(anna, customer)
    anna.hears(TONE)
    tab = call_row(eva)["handler_tab"]
    anna.page.on("dialog", lambda dialog: dialog.accept())
    anna.page.reload()
    wait_until(lambda: call_row(eva)["handler_tab"] != tab, 20, "the tab is given up")
    wait_until(
        lambda: call_row(eva)["handler_tab"] not in (None, tab), 20, "another tab"
    )
    anna.wait_ready()
    expect(anna.connected).to_have_text("Connected")
    anna.hears(TONE)
    eva.hears(OPERATOR_TONE)
    assert call_row(eva)["state"] == "connected"
    assert eva.actions() == ["pre_accept", "accept"]
    anna.hang_up.click()
    eva.wait_for_state("ended")


def test_without_its_page_the_call_ends_after_the_time_of_the_number(
    operator, customer, call_row, odoo_server, service_line
):
    odoo_server.rpc("admin")(
        "whatsapp.calling.number", "write", [service_line], {"reattach_seconds": 5}
    )
    ben = operator("agent2")
    eva = answered(ben, customer)
    ben.page.goto("about:blank")
    view = eva.wait_for_state("ended", seconds=30)
    assert view["ended_by"] == "business"
    wait_until(lambda: call_row(eva)["state"] == "completed", what="completed")
    assert call_row(eva)["closed_reason"] == "lost_tab"


def test_a_sidecar_that_is_killed_ends_its_calls_with_the_reason(
    anna, customer, call_row, sidecar
):
    eva = answered(anna, customer)
    anna.hears(TONE)
    sidecar.kill()
    try:
        wait_until(lambda: call_row(eva)["state"] == "failed", 60, "failed")
        assert call_row(eva)["closed_reason"] == "sidecar_lost"
        expect(anna.ended).to_contain_text(
            re.compile("media server that carried the call has failed")
        )
        assert eva.wait_for_state("ended")["ended_by"] == "business"
    finally:
        sidecar.start()
        sidecar.wait_ready().wait_known()


HEARD = (
    "SELECT id FROM whatsapp_media_unit"
    " WHERE seen_at > now() AT TIME ZONE 'utc' - interval '15 seconds'"
)


def test_without_a_sidecar_calls_go_directly_and_say_so(
    anna, customer, call_row, sidecar, odoo_server
):
    sidecar.kill()
    try:
        wait_until(lambda: not odoo_server.sql(HEARD), 30, "the silence of the sidecar")
        eva = answered(anna, customer)
        anna.hears(TONE)
        eva.hears(OPERATOR_TONE)
        assert not call_row(eva)["anchored"]
        expect(anna.on_call).to_contain_text("Without the media server")
        anna.hang_up.click()
        eva.wait_for_state("ended")
    finally:
        sidecar.start()
        sidecar.wait_ready().wait_known()
