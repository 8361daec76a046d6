"""Who may be called: asking, the customer's answer on their phone, and the call."""

import os
import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.e2e.customer import BUSINESS
from tests.waiting import wait_until

WABA = "100000000000001"
NUMBER = "200000000000001"  # its first phone number


@pytest.fixture
def look():
    """`look(page, name)` keeps a picture where LOOK_AT names a folder."""
    folder = os.environ.get("LOOK_AT")

    def take(page, name):
        if folder:
            page.screenshot(path=Path(folder) / f"{name}.png", animations="disabled")

    return take


@pytest.fixture
def known(odoo_server, customer):
    """`known(name, wrote=True)` -> (phone, id of the partner)."""
    admin = odoo_server.rpc("admin")

    def make(name, wrote=True, **behaviour):
        one = customer(**behaviour)
        partner = {"name": name, "phone": f"+{one.wa_id}"}
        partner_id = admin("res.partner", "create", [partner])[0]
        if wrote:
            message = {"text": "Hello", "to": BUSINESS}
            one.simulator.control("POST", f"phones/{one.wa_id}/messages", message)
        return one, partner_id

    return make


@pytest.fixture
def templates(odoo_server):
    """Templates as Meta has them, fetched into Odoo."""
    admin = odoo_server.rpc("admin")
    accounts = admin("whatsapp.calling.account", "search", [("waba_id", "=", WABA)])
    admin("whatsapp.calling.account", "action_sync_templates", accounts)

    def states():
        rows = odoo_server.sql(
            "SELECT name, state FROM whatsapp_calling_template WHERE state != 'draft'"
        )
        return dict(rows)

    wait_until(lambda: states().get("call_permission") == "approved", 20, "templates")
    return states


def test_asked_allowed_on_the_phone_prompted_and_called(
    anna, known, people, simulator, odoo_server, look
):
    nina, partner_id = known("Nina Kern")
    anna.open(f"/odoo/contacts/{partner_id}")
    anna.page.locator(".o-whatsapp-ChatterButton").click()
    expect(anna.dialog.locator("textarea")).to_have_value(
        "Can we give you a quick call?"
    )
    expect(anna.dialog).to_contain_text("Requests in 24 hours: 0 of 1")
    look(anna.page, "ask")
    anna.dialog.locator("textarea").fill("May we call about your offer?")
    anna.dialog.get_by_label("Call when allowed").check()
    anna.dialog.get_by_role("button", name="Ask for permission").click()
    wait_until(nina.chat, what="the request on the phone")
    # on the record: what was asked, and the activity of who wants to call
    note = anna.page.locator(
        ".o-mail-Message", has_text="May we call about your offer?"
    )
    expect(note).to_be_visible()
    look(anna.page, "asked")
    # the customer's phone
    phone = people.page(f"{simulator.url}/#/{nina.wa_id}/{NUMBER}")
    expect(phone.get_by_text("May we call about your offer?")).to_be_visible()
    look(phone, "phone")
    phone.get_by_role("button", name="Allow for 7 days").click()
    prompt = anna.toast.filter(has_text="Nina Kern allows you to call now.")
    expect(prompt).to_be_visible()
    look(anna.page, "prompt")
    # nobody was called by itself
    assert simulator.control("GET", f"calls?live=1&wa_id={nina.wa_id}") == []
    activity = "SELECT summary FROM mail_activity WHERE res_id = %s AND res_model = %s"
    wait_until(
        lambda: (
            odoo_server.sql(activity, [partner_id, "res.partner"])
            == [("Nina Kern may be called now",)]
        ),
        what="the activity",
    )
    phone.close()
    prompt.get_by_role("button", name="Call").click()
    nina.is_called()
    nina.act("answer")
    expect(anna.connected).to_have_text("Connected")
    anna.hang_up.click()
    nina.wait_for_state("ended")


def test_after_24_hours_a_template_asks_and_a_paused_one_is_refused(
    anna, known, templates, simulator, odoo_server, look
):
    otto, partner_id = known("Otto Lang", wrote=False)
    anna.open(f"/odoo/contacts/{partner_id}")
    button = anna.page.locator(".o-whatsapp-ChatterButton")
    button.click()
    expect(anna.dialog).to_contain_text("May we call you about your request?")
    look(anna.page, "template")
    # Meta pauses it and nobody tells us
    path = f"wabas/{WABA}/templates/call_permission"
    simulator.control("POST", path, {"status": "PAUSED", "silent": True})
    anna.dialog.get_by_role("button", name="Ask for permission").click()
    refused = anna.toast.filter(has_text=re.compile("paused", re.I))
    expect(refused).to_be_visible()
    look(anna.page, "paused")
    assert otto.chat() == []
    wait_until(lambda: templates()["call_permission"] == "paused", what="marked")
    button.click()
    expect(anna.dialog).to_contain_text("there is none of this kind")
    look(anna.page, "no_template")
    anna.page.keyboard.press("Escape")
    # approved again: it arrives
    simulator.control("POST", path, {"status": "APPROVED", "silent": True})
    admin = odoo_server.rpc("admin")
    accounts = admin("whatsapp.calling.account", "search", [("waba_id", "=", WABA)])
    admin("whatsapp.calling.account", "action_sync_templates", accounts)
    wait_until(lambda: templates()["call_permission"] == "approved", what="approved")
    button.click()
    anna.dialog.get_by_role("button", name="Ask for permission").click()
    (message,) = wait_until(otto.chat, what="the template on the phone")
    assert message["type"] == "call_permission_request"
    # within a day nobody of the team asks again, and reads who did and when
    expect(anna.dialog).to_have_count(0)
    button.click()
    expect(anna.dialog).to_contain_text("was asked by")
    expect(anna.dialog).to_contain_text("the next one is possible from")
    look(anna.page, "limit")


def test_before_the_third_call_in_vain_the_operator_is_asked(
    anna, known, odoo_server, look
):
    ruth, _partner_id = known("Ruth Maier", reject_after=0.2)
    ruth.allows_calls()
    allowed = (
        "SELECT granted FROM whatsapp_call_permission p JOIN whatsapp_call_contact c "
        "ON c.id = p.contact_id WHERE c.wa_id = %s"
    )
    wait_until(
        lambda: odoo_server.sql(allowed, [ruth.wa_id]) == [(True,)],
        what="the permission",
    )
    ended = "SELECT count(*) FROM whatsapp_call WHERE state = 'rejected' AND id > %s"
    ((last,),) = odoo_server.sql("SELECT COALESCE(MAX(id), 0) FROM whatsapp_call")
    for count in (1, 2):
        anna.dial(f"+{ruth.wa_id}")
        wait_until(
            lambda count=count: odoo_server.sql(ended, [last]) == [(count,)],
            what="the customer's no",
        )
        expect(anna.ended).to_be_visible()
    anna.dial(f"+{ruth.wa_id}")
    expect(anna.dialog).to_contain_text("did not answer the last 2 calls")
    look(anna.page, "streak")
    ruth.behave(reject_after=None, answer_after=0.2)
    anna.dialog.get_by_role("button", name="Call", exact=True).click()
    ruth.is_called()
    expect(anna.connected).to_have_text("Connected")


def test_a_call_button_is_composed_on_a_record_and_brings_its_word_along(
    anna, known, odoo_server, look
):
    iris, partner_id = known("Iris Wolf")
    anna.open(f"/odoo/contacts/{partner_id}")
    anna.page.locator(".o-whatsapp-ChatterCompose").click()
    dialog = anna.dialog
    dialog.get_by_label("Call button").check()
    label = dialog.locator("[name=label] input")
    label.fill("Call our mortgage desk")
    expect(dialog.locator("[name=label]")).to_contain_text("22 of 20")
    label.fill("Mortgage desk")
    dialog.locator("[name=payload] input").fill("mortgage")
    expect(dialog).to_contain_text("Iris Wolf")
    look(anna.page, "compose")
    dialog.get_by_role("button", name="Send", exact=True).click()
    (message,) = wait_until(iris.chat, what="the button on the phone")
    assert (message["label"], message["payload"]) == ("Mortgage desk", "mortgage")
    expect(anna.page.locator(".o-mail-Message", has_text="call button")).to_be_visible()


def test_refresh_shows_what_whatsapp_knows(
    operator, known, odoo_server, simulator, look
):
    lena, _partner_id = known("Lena Fuchs")
    ((number_id, contact_id),) = wait_until(
        lambda: odoo_server.sql(
            "SELECT n.id, c.id FROM whatsapp_call_contact c "
            "JOIN whatsapp_calling_number n ON n.company_id = c.company_id "
            "WHERE c.wa_id = %s AND n.wa_id = %s",
            [lena.wa_id, BUSINESS],
        ),
        what="the contact",
    )
    ((permission_id,),) = odoo_server.sql(
        "INSERT INTO whatsapp_call_permission (number_id, contact_id, company_id) "
        "SELECT n.id, %s, n.company_id FROM whatsapp_calling_number n "
        "WHERE n.id = %s RETURNING id",
        [contact_id, number_id],
    )
    values = {"wa_id": lena.wa_id, "status": "permanent", "webhook": False}
    simulator.control("POST", "permissions", values)
    window = operator("agent1")
    window.open(f"/odoo/whatsapp.call.permission/{permission_id}")
    window.page.get_by_role("button", name="Refresh").click()
    expect(
        window.page.locator(".o_statusbar_status .o_arrow_button_current")
    ).to_have_text("Granted")
    look(window.page, "permission")
