"""An administrator connects an account with the wizard, and checks the set-up."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from playwright.sync_api import expect

from tests.e2e.operator import Operator
from tests.waiting import wait_until

WABA = "100000000000001"
APP = "300000000000001"
TOKEN, SECRET = "demo-token-1", "demo-app-secret-1"
LATER = "SELECT state FROM whatsapp_calling_account WHERE waba_id = %s AND active"


class Wizard:
    """The wizard's form as a person sees it."""

    def __init__(self, operator):
        self.operator = operator
        self.page = operator.page
        self.form = self.page.locator(".o_form_view")

    def open(self):
        # the API's address is for developers only
        self.go("/odoo/whatsapp-connect?debug=1")
        expect(self.form).to_be_visible()
        return self

    def go(self, path):
        # without a number there is no phone in the systray to wait for
        self.page.goto(self.page.url.split("/odoo")[0] + path)

    def fill(self, **values):
        for name, value in values.items():
            self.form.locator(f".o_field_widget[name={name}] input:visible").fill(value)

    def press(self, name):
        self.form.locator(f"button[name={name}]:visible").first.click()

    def line(self, key, state):
        return self.form.locator(
            f".o-whatsapp-Line[data-key='{key}'][data-state={state}]:visible"
        )

    def expect_lines(self, state, *keys):
        for key in keys:
            expect(self.line(key, state)).to_be_visible()


@pytest.fixture(scope="module")
def admin(people, simulator, operators, odoo_server):
    operators.append(Operator.log_in(people, "admin"))
    # the demo has this account already
    odoo_server.sql(
        "UPDATE whatsapp_calling_account SET active = false WHERE waba_id = %s", [WABA]
    )
    return operators[-1]


@pytest.fixture
def wizard(admin):
    return Wizard(admin).open()


def test_a_wrong_token_is_told_and_the_wizard_is_taken_up_again(
    wizard, simulator, odoo_server
):
    wizard.fill(base_url=simulator.url, token="wrong", app_secret=SECRET, waba_id=WABA)
    wizard.press("action_test")
    wizard.expect_lines("error", "token")
    expect(wizard.line("token", "error")).to_contain_text("Invalid OAuth access token")
    wizard.expect_lines("unknown", "rights", "app_secret", "waba", "numbers")
    wizard.go("/odoo")
    wizard.open()
    wizard.expect_lines("error", "token")
    assert odoo_server.sql(LATER, [WABA]) == []
    wizard.press("action_begin_anew")
    wizard.page.locator(".modal-footer .btn-primary").click()
    expect(wizard.form.locator(".o-whatsapp-Line")).to_have_count(0)


def test_from_a_token_to_a_call_that_rings(wizard, simulator, odoo_server, customer):
    form = wizard.form
    wizard.fill(base_url=simulator.url, token=TOKEN, app_secret=SECRET, waba_id=WABA)
    wizard.press("action_test")
    wizard.expect_lines("ok", "token", "rights", "app_secret", "waba", "numbers")
    wizard.press("action_next")
    expect(form.locator(".o_data_row:visible").first).to_contain_text("+43 720 880100")
    wizard.press("action_next")
    # the app sends elsewhere so far: it is said, and asked about
    expect(form.locator(".alert-warning:visible")).to_contain_text("demo-key-1")
    expect(form.locator(".o_clipboard_button:visible")).to_have_count(2)
    form.locator(".o_field_widget[name=take_over] input").check()
    wizard.press("action_connect")
    wizard.expect_lines("ok", "address", "company")
    expect(form.locator("[data-key^=number-][data-state=ok]:visible")).to_have_count(2)
    assert odoo_server.sql(LATER, [WABA]) == [("connected",)]
    override = simulator.control("GET", "wabas")[0]["subscriptions"][APP]
    ((key,),) = odoo_server.sql(
        "SELECT webhook_key FROM whatsapp_calling_account"
        " WHERE waba_id = %s AND active",
        [WABA],
    )
    assert override["override_callback_uri"].endswith(key)

    caller = customer().call()
    expect(wizard.operator.popup).to_be_visible()
    caller.act("hangup")
    expect(wizard.operator.popup).to_have_count(0)

    wizard.press("action_finish")
    wizard.expect_lines("ok", "company", "token", "rights", "app_secret", "address")
    wizard.expect_lines("ok", "webhook", "waba", "clock", "websocket", "microphone")
    wizard.expect_lines("unknown", "sidecar")


def test_two_administrators_connect_one_account_at_once(admin, simulator, odoo_server):
    odoo_server.sql(
        "UPDATE whatsapp_calling_account SET active = false WHERE waba_id = %s", [WABA]
    )
    rpc = odoo_server.rpc("admin")
    model = "whatsapp.calling.connect"
    values = {"base_url": simulator.url, "token": TOKEN, "app_secret": SECRET}
    ids = rpc(model, "create", [{**values, "waba_id": WABA}] * 2)
    for wizard_id in ids:
        rpc(model, "action_test", [wizard_id])
        _wait_tested(rpc, model, wizard_id)
        for _step in range(2):
            rpc(model, "action_next", [wizard_id])
        rpc(model, "write", [wizard_id], {"take_over": True})
    calls = [odoo_server.rpc("admin") for _id in ids]

    def connect(index):
        try:
            calls[index](model, "action_connect", [ids[index]])
        except Exception as error:
            return str(error)
        return ""

    with ThreadPoolExecutor(2) as threads:
        said = sorted(threads.map(connect, range(2)))
    assert said[0] == ""
    assert "connected" in said[1] and "already" in said[1]
    assert len(odoo_server.sql(LATER, [WABA])) == 1


def _wait_tested(rpc, model, wizard_id):
    wait_until(
        lambda: rpc(model, "read", [wizard_id], ["tested"])[0]["tested"], 20, "ok"
    )
