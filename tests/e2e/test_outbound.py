"""We call a customer: from the permission to the end of the call."""

import re

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import OPERATOR_TONE
from tests.e2e.customer import TONE
from tests.waiting import wait_until
from tools.servers import RpcError

EVA = "436601112201"  # agreed to be called, for good
LUCIA = "34612345601"  # was never asked; has a lead
MICROPHONE_BLOCKED = "Microphone access blocked — the caller will not hear you"


@pytest.fixture(autouse=True)
def no_limits(odoo_server):
    """What other tests left: unanswered calls, and limits that WhatsApp has told."""
    odoo_server.sql("UPDATE whatsapp_call_permission SET call_blocked_until = NULL")
    odoo_server.sql(
        "UPDATE whatsapp_call SET state = 'cancelled'"
        " WHERE direction = 'outbound' AND state IN ('unanswered', 'rejected')"
    )


@pytest.fixture
def requests(simulator):
    """`requests()`: every request Graph received since the test began."""
    before = len(simulator.control("GET", "requests"))
    return lambda: simulator.control("GET", "requests")[before:]


@pytest.fixture
def call_row(odoo_server):
    columns = "id, state, closed_reason, opaque, provider_ref, duration, error_code"

    def last():
        (row,) = odoo_server.sql(
            f"SELECT {columns} FROM whatsapp_call ORDER BY id DESC LIMIT 1"
        )
        return dict(zip(columns.split(", "), row, strict=True))

    return last


@pytest.fixture
def partner(odoo_server):
    """`partner(customer, name)` -> id of a partner with the customer's number."""
    admin = odoo_server.rpc("admin")

    def make(customer, name):
        values = {"name": name, "phone": f"+{customer.wa_id}"}
        return admin("res.partner", "create", [values])[0]

    return make


def test_an_outbound_call_rings_until_accepted_and_is_heard_on_both_sides(
    anna, customer, requests, call_row
):
    eva = customer(EVA)
    anna.dial(f"+{EVA}")
    eva.is_called()
    # WhatsApp's SDP comes about a second after dialling, before anybody picks up
    eva.wait_for_state("ringing")
    expect(anna.state).to_contain_text("Ringing")
    wait_until(lambda: anna.page.evaluate(REMOTE_SET), what="the answer applied")
    expect(anna.connected).to_have_count(0)
    expect(anna.timer).to_have_count(0)
    eva.act("answer")
    expect(anna.connected).to_have_text("Connected")
    expect(anna.timer).to_have_text(re.compile(r"^00:0\d$"))
    anna.hears(TONE)
    eva.hears(OPERATOR_TONE)
    assert [entry["action"] for entry in requests()] == ["connect"]
    anna.hang_up.click()
    view = eva.wait_for_state("ended")
    assert view["ended_by"] == "business"
    assert eva.actions() == ["connect", "terminate"]
    row = wait_until(
        lambda: call_row()["state"] == "completed" and call_row(), what="completed"
    )
    assert row["provider_ref"] == eva.ref
    assert row["opaque"] == view["opaque"]


REMOTE_SET = "() => Boolean(window.__connections.at(-1)?.currentRemoteDescription)"


def test_our_offer_is_opus_only_and_complete(anna, customer):
    eva = customer(EVA)
    anna.dial(f"+{EVA}")
    sdp = eva.is_called().requests()[0]["body"]["session"]["sdp"]
    assert re.findall(r"^m=(\w+)", sdp, re.M) == ["audio"]
    codecs = re.findall(r"^a=rtpmap:\d+ (\S+)\r$", sdp, re.M)
    assert codecs == ["opus/48000/2", "telephone-event/8000"]
    ((name, value),) = re.findall(r"^a=fingerprint:(\S+) (\S+)\r$", sdp, re.M)
    assert (name, value) == ("SHA-256", value.upper())
    for line in ("a=candidate:", "a=ice-ufrag:", "a=ice-pwd:", "a=setup:actpass"):
        assert line in sdp


def test_without_permission_one_asks_and_may_call_once_the_customer_agrees(
    anna, customer, partner, requests
):
    nina = customer(permission_reply="accept", permission_reply_after=0.5)
    # free text is open for 24 hours after a customer wrote
    nina.simulator.control(
        "POST", f"phones/{nina.wa_id}/messages", {"text": "Hello", "to": "43720880100"}
    )
    partner_id = partner(nina, "Nina Kern")
    anna.open(f"/odoo/contacts/{partner_id}")
    button = anna.page.locator(".o-whatsapp-ChatterButton")
    expect(button).to_have_attribute("title", re.compile("permission request first"))
    button.click()
    expect(anna.dialog).to_contain_text("Send a permission request first")
    expect(anna.dialog).to_contain_text("A call needs two permissions")
    assert requests() == []
    assert anna.microphones() == 0
    anna.dialog.get_by_role("button", name="Ask for permission").click()
    (asked,) = wait_until(requests, what="the request")
    assert asked["action"] == "call_permission_request"
    # within a second of the customer's answer the button says so
    expect(button).to_have_attribute("title", re.compile("May be called"))
    expect(anna.toast.first).to_be_visible()
    button.click()
    nina.is_called()
    nina.act("answer")
    expect(anna.connected).to_have_text("Connected")


def test_a_customer_who_declines_to_be_called_is_not_called(
    anna, customer, partner, requests
):
    otto = customer(permission_reply="decline", permission_reply_after=0.3)
    otto.simulator.control(
        "POST", f"phones/{otto.wa_id}/messages", {"text": "Hello", "to": "43720880100"}
    )
    anna.open(f"/odoo/contacts/{partner(otto, 'Otto Lang')}")
    button = anna.page.locator(".o-whatsapp-ChatterButton")
    button.click()
    anna.dialog.get_by_role("button", name="Ask for permission").click()
    expect(button).to_have_attribute("title", re.compile("Declined to be called"))
    button.click()
    expect(anna.dialog).to_contain_text("Declined to be called")
    assert "connect" not in [entry["action"] for entry in requests()]


def test_a_blocked_microphone_places_no_call(operator, requests):
    window = operator("agent2", microphone=False)
    window.dial(f"+{EVA}")
    expect(window.dialog).to_contain_text(MICROPHONE_BLOCKED)
    expect(window.dialog).to_contain_text("The call was not placed.")
    expect(window.dialog).to_contain_text("A call needs two permissions")
    assert requests() == []


def test_a_lead_dials_its_customer_and_keeps_the_call(
    anna, customer, odoo_server, call_row
):
    lucia = customer(LUCIA).allows_calls()
    ((lead_id,),) = odoo_server.sql(
        "SELECT id FROM crm_lead WHERE name LIKE 'Solar panels for a finca%%'"
    )
    anna.open(f"/odoo/crm/{lead_id}")
    button = anna.page.locator(".o-whatsapp-ChatterButton")
    expect(button).to_have_attribute("title", re.compile("May be called"))
    button.click()
    lucia.is_called().wait_for_state("ringing")
    card = anna.page.locator(f"[data-call-id='{call_row()['id']}']")
    expect(card).to_contain_text("Lucía Fernández")
    lucia.act("answer")
    # the one card in the chatter follows the call without a reload
    expect(card).to_contain_text("Connected")
    lucia.act("hangup")
    expect(card).to_contain_text("Ended")
    expect(card).to_have_count(1)
    linked = odoo_server.sql(
        "SELECT res_model, res_id FROM whatsapp_call WHERE id = %s", [call_row()["id"]]
    )
    assert linked == [("crm.lead", lead_id)]


def test_a_ticket_dials_its_customer(anna, customer, odoo_server, call_row):
    eva = customer(EVA)
    ((ticket_id,),) = odoo_server.sql(
        "SELECT id FROM helpdesk_ticket WHERE name = 'Inverter shows error E-07'"
    )
    anna.open(f"/odoo/helpdesk.ticket/{ticket_id}")
    anna.page.locator(".o-whatsapp-ChatterButton").click()
    eva.is_called()
    linked = odoo_server.sql(
        "SELECT res_model, res_id FROM whatsapp_call WHERE id = %s", [call_row()["id"]]
    )
    assert linked == [("helpdesk.ticket", ticket_id)]


def test_the_phone_field_of_a_partner_dials(anna, customer, odoo_server):
    eva = customer(EVA)
    ((partner_id,),) = odoo_server.sql(
        "SELECT id FROM res_partner WHERE name = 'Eva Gruber'"
    )
    anna.open(f"/odoo/contacts/{partner_id}")
    field = anna.page.locator(".o-whatsapp-CallButton").first
    field.hover()
    expect(field).to_have_attribute("title", re.compile("May be called"))
    field.click()
    eva.is_called()
    eva.act("answer")
    expect(anna.connected).to_have_text("Connected")
    anna.hears(TONE)


@pytest.fixture
def visit(odoo_server):
    """`visit(partner id)` -> id of a record of a model that we know nothing of."""
    admin = odoo_server.rpc("admin")
    fields = [
        {"name": "x_name", "ttype": "char", "field_description": "Visit"},
        {
            "name": "x_partner_id",
            "ttype": "many2one",
            "relation": "res.partner",
            "field_description": "Customer",
        },
    ]
    model = {
        "model": "x_visit",
        "name": "Visit",
        "is_mail_thread": True,
        "field_id": [[0, 0, field] for field in fields],
        "access_ids": [
            [0, 0, {"name": "all", "perm_read": True, "perm_create": True}],
        ],
    }
    admin("ir.model", "create", [model])
    arch = (
        "<form><sheet><field name='x_name'/><field name='x_partner_id'/></sheet>"
        "<chatter/></form>"
    )
    view = {"name": "visit", "model": "x_visit", "type": "form", "arch": arch}
    admin("ir.ui.view", "create", [view])

    (access,) = admin("ir.model.access", "search", [["model_id.model", "=", "x_visit"]])
    anna = odoo_server.rpc("agent1")

    def readable():
        """A request that ran while the model was made may have cached "no access"."""
        try:
            anna("x_visit", "search_count", [])
        except RpcError:
            admin("ir.model.access", "write", [access], {"perm_read": True})
            return False
        return True

    wait_until(readable, what="access to the new model")

    def make(partner_id):
        values = {"x_name": "See the inverter", "x_partner_id": partner_id}
        return admin("x_visit", "create", [values])[0]

    return make


def test_the_chatter_of_any_record_dials(anna, customer, odoo_server, visit, call_row):
    eva = customer(EVA)
    ((eva_id,),) = odoo_server.sql(
        "SELECT id FROM res_partner WHERE name = 'Eva Gruber'"
    )
    visit_id = visit(eva_id)
    anna.open(f"/odoo/m-x_visit/{visit_id}")
    anna.page.locator(".o-whatsapp-ChatterButton").click()
    eva.is_called().wait_for_state("ringing")
    card = anna.page.locator(f"[data-call-id='{call_row()['id']}']")
    expect(card).to_contain_text("Ringing")
    linked = odoo_server.sql(
        "SELECT res_model, res_id FROM whatsapp_call WHERE id = %s", [call_row()["id"]]
    )
    assert linked == [("x_visit", visit_id)]


def test_the_customer_who_declines_is_said_so(anna, customer, call_row):
    eva = customer(EVA, reject_after=0.3)
    anna.dial(f"+{EVA}")
    eva.is_called()
    expect(anna.ended).to_contain_text("The customer declined")
    assert call_row()["state"] == "rejected"
    wait_until(lambda: not anna.microphones(), what="the microphone's release")


def test_hanging_up_before_the_answer_cancels_the_call(anna, customer, call_row):
    eva = customer(EVA)
    anna.dial(f"+{EVA}")
    eva.is_called().wait_for_state("ringing")
    anna.hang_up.click()
    assert eva.wait_for_state("ended")["ended_by"] == "business"
    wait_until(lambda: call_row()["state"] == "cancelled", what="cancelled")


def test_a_second_call_to_a_customer_in_a_call_is_refused_here(
    anna, ben, customer, requests
):
    eva = customer(EVA, answer_after=0.1)
    anna.dial(f"+{EVA}")
    expect(anna.connected).to_have_text("Connected")
    ben.dial(f"+{EVA}")
    refused = ben.toast.filter(has_text="Eva Gruber already is in a call with us.")
    expect(refused).to_be_visible()
    assert [entry["action"] for entry in requests()] == ["connect"]
    assert eva.is_called().view["state"] == "accepted"


def test_a_call_that_whatsapp_knows_to_be_there_already_is_explained(
    anna, customer, simulator, call_row
):
    fault = {"kind": "http", "on": "connect", "status": 400, "code": 138003}
    simulator.control("POST", "faults", fault)
    anna.dial(f"+{EVA}")
    expect(anna.ended).to_contain_text("138003")
    row = call_row()
    assert (row["state"], row["error_code"]) == ("failed", 138003)


def test_the_limit_of_calls_shows_when_the_next_one_is_possible(
    anna, customer, simulator, call_row
):
    eva = customer(EVA, answer_after=0.1)
    simulator.control("POST", "settings", {"connected_per_day": 1})
    anna.dial(f"+{EVA}")
    expect(anna.connected).to_have_text("Connected")
    eva.is_called()
    anna.hang_up.click()
    eva.wait_for_state("ended")
    expect(anna.ended).to_be_visible()
    anna.page.locator(".o-whatsapp-EndedCall-redial").click()
    expect(anna.ended).to_contain_text("138012")
    expect(anna.ended).to_contain_text("Possible again from")
    row = call_row()
    assert (row["state"], row["error_code"]) == ("failed", 138012)
    wait_until(lambda: not anna.microphones(), what="the microphone's release")


def test_mute_in_an_outbound_call_sends_silence(anna, customer):
    eva = customer(EVA, answer_after=0.1)
    anna.dial(f"+{EVA}")
    eva.is_called()
    eva.hears(OPERATOR_TONE)
    anna.mute.click()
    eva.hears(0)


def test_digits_reach_an_outbound_call(anna, customer):
    eva = customer(EVA, answer_after=0.1)
    anna.dial(f"+{EVA}")
    eva.is_called()
    anna.hears(TONE)
    anna.page.locator(".o-whatsapp-OnCall-keypad").click()
    for key in "70#":
        anna.on_call.locator(f"[data-key='{key}']").click()
    wait_until(lambda: eva.view["dtmf"] == "70#", what="the digits")
