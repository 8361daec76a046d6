"""An administrator connects an account; then a call comes in and one goes out."""

import pytest
from playwright.sync_api import expect

from tests.e2e.operator import Operator
from tests.waiting import wait_until

EVA = "436601112201"


@pytest.fixture(scope="module")
def admin(people, simulator, operators):
    operators.append(Operator.log_in(people, "admin"))
    return operators[-1]


@pytest.fixture(scope="module")
def account(odoo_server, simulator):
    """The demo's account typed in anew, as an administrator would."""
    rpc = odoo_server.rpc("admin")
    ((number_id, company_id),) = odoo_server.sql(
        "SELECT id, company_id FROM whatsapp_calling_number"
        " WHERE provider_ref = '200000000000001'"
    )
    odoo_server.sql(
        "UPDATE whatsapp_calling_number SET calling_enabled = false,"
        " provider_ref = '299' WHERE id = %s",
        [number_id],
    )
    # one WhatsApp account is connected once in a company
    odoo_server.sql(
        "UPDATE whatsapp_calling_account SET active = false"
        " WHERE waba_id = '100000000000001'"
    )
    values = {
        "name": "Typed in",
        "company_id": company_id,
        "base_url": simulator.url,
        "waba_id": "100000000000001",
        "app_id": "300000000000001",
        "token": "demo-token-1",
        "app_secret": "demo-app-secret-1",
        "verify_token": "demo-verify-1",
    }
    (account_id,) = rpc("whatsapp.calling.account", "create", [values])
    number = {
        "name": "Hotline",
        "account_id": account_id,
        "provider_ref": "200000000000001",
        "display_number": "+43 720 880100",
        "calling_enabled": True,
    }
    (number_id,) = rpc("whatsapp.calling.number", "create", [number])
    # WhatsApp is asked first
    on = "SELECT calling_enabled FROM whatsapp_calling_number WHERE id = %s"
    wait_until(lambda: odoo_server.sql(on, [number_id]) == [(True,)], 10, "calling")
    return account_id


def test_an_account_is_tested_and_its_address_is_there_to_copy(admin, account):
    admin.open(f"/odoo/whatsapp.calling.account/{account}")
    form = admin.page.locator(".o_form_view")
    form.locator("button[name=action_test_connection]").click()
    expect(admin.toast.filter(has_text="WhatsApp answers as")).to_be_visible()
    admin.page.reload()
    admin.wait_ready()
    state = form.locator(".o_field_widget[name=state]").first
    expect(state).to_contain_text("Connected")
    form.get_by_role("tab", name="Webhook").click()
    address = form.locator(".o_field_widget[name=webhook_url]").first
    expect(address).to_contain_text("/whatsapp_calling/webhook/")
    expect(address.locator(".o_clipboard_button")).to_be_visible()


def test_calls_come_in_and_go_out_through_the_new_account(
    admin, account, customer, odoo_server, simulator
):
    ((key,),) = odoo_server.sql(
        "SELECT webhook_key FROM whatsapp_calling_account WHERE id = %s", [account]
    )
    url = f"{odoo_server.url}/whatsapp_calling/webhook/{key}"
    app = {"webhook": url, "handshake": True}
    saved = simulator.control("POST", "apps/300000000000001", app)
    # WhatsApp asks the address for its challenge when it is saved
    assert saved["verified"] is True
    admin.page.reload()
    admin.wait_ready()
    caller = customer().call()
    admin.answer()
    caller.act("hangup")
    expect(admin.ended).to_be_visible()
    callee = customer(answer_after=0.1).allows_calls()
    admin.ended.locator(".o-whatsapp-EndedCall-close").click()
    admin.dial(f"+{callee.wa_id}")
    expect(admin.connected).to_have_text("Connected")
    callee.is_called()
    found = odoo_server.sql(
        "SELECT DISTINCT account_id FROM whatsapp_call WHERE provider_ref IN %s",
        [(caller.ref, callee.ref)],
    )
    assert found == [(account,)]
