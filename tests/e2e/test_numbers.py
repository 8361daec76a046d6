"""A manager's numbers: the switch that WhatsApp confirms, changes made elsewhere."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from playwright.sync_api import expect

from tests.e2e.operator import Operator
from tests.waiting import wait_until
from tools.servers import RpcError

NUMBER = "200000000000001"


@pytest.fixture(scope="module")
def manager(people, simulator, operators, odoo_server):
    """Mara, who manages calls and connects nothing."""
    (group,) = odoo_server.sql(
        "SELECT res_id FROM ir_model_data"
        " WHERE module = 'whatsapp_calling' AND name = 'group_manager'"
    )
    values = {
        "name": "Mara Huber",
        "login": "mara",
        "password": "mara",
        "group_ids": [[4, group[0]]],
    }
    odoo_server.rpc("admin")("res.users", "create", [values])
    operators.append(Operator.log_in(people, "mara"))
    return operators[-1]


@pytest.fixture
def number_id(odoo_server):
    """The demo's first number, on here and at WhatsApp, and nothing noted of it."""
    ((number_id,),) = odoo_server.sql(
        "UPDATE whatsapp_calling_number SET calling_enabled = true, settings_at = null,"
        " settings_error = null, settings_sent = null, meta_settings = null,"
        " settings_read_at = null, changed_outside = null, outbound_until = null,"
        " enabled_by_id = null WHERE provider_ref = %s RETURNING id",
        [NUMBER],
    )
    return number_id


class NumberList:
    """The list of numbers as a manager sees it."""

    def __init__(self, operator):
        operator.open("/odoo/action-whatsapp_calling.whatsapp_calling_number_action")
        self.operator = operator
        self.row = operator.page.locator(
            ".o_data_row", has=operator.page.get_by_text("+43 720 880100")
        )
        self.switch = self.row.get_by_role("switch", name="Calling")

    def click(self):
        self.switch.click()
        if self.operator.dialog.is_visible():
            self.operator.dialog.get_by_role("button", name="Switch off").click()

    def shows(self, on):
        expect(self.switch).to_have_attribute("aria-checked", "true" if on else "false")
        expect(self.switch).to_have_attribute("aria-busy", "false")


def posted(simulator):
    """Bodies of the settings that were sent to WhatsApp."""
    rows = simulator.control("GET", "requests?endpoint=settings&method=POST")
    return [row["body"]["calling"] for row in rows]


def at_whatsapp(simulator):
    numbers = simulator.control("GET", "numbers")
    (found,) = [each for each in numbers if each["phone_number_id"] == NUMBER]
    return found["calling"]["status"]


def switch_off_both(odoo_server, simulator, number_id):
    simulator.control("POST", f"numbers/{NUMBER}", {"calling": {"status": "DISABLED"}})
    off = "SELECT calling_enabled FROM whatsapp_calling_number WHERE id = %s"
    wait_until(
        lambda: odoo_server.sql(off, [number_id]) == [(False,)], 10, "off in Odoo"
    )


def test_the_switch_tells_whatsapp_and_shows_what_it_confirmed(
    manager, number_id, simulator, odoo_server
):
    numbers = NumberList(manager)
    numbers.shows(True)
    numbers.switch.click()
    expect(manager.dialog).to_contain_text("after up to 7 days")
    manager.dialog.get_by_role("button", name="Switch off").click()
    numbers.shows(False)
    assert posted(simulator) == [{"status": "DISABLED"}]
    assert at_whatsapp(simulator) == "DISABLED"
    numbers.switch.click()
    numbers.shows(True)
    assert posted(simulator)[1:] == [{"status": "ENABLED"}]
    toast = manager.toast.filter(has_text="calling is on")
    expect(toast).to_contain_text("only after up to 7 days")
    expect(numbers.row).to_contain_text("Mara Huber")
    found = odoo_server.sql(
        "SELECT u.login, n.enabled_at > now() AT TIME ZONE 'UTC' - interval '1 minute'"
        " FROM whatsapp_calling_number n JOIN res_users u ON u.id = n.enabled_by_id"
        " WHERE n.id = %s",
        [number_id],
    )
    assert found == [("mara", True)]


def test_while_whatsapp_has_not_answered_the_switch_turns(
    manager, number_id, simulator
):
    simulator.control(
        "POST", "faults", {"kind": "slow", "on": "set_settings", "seconds": 2}
    )
    numbers = NumberList(manager)
    numbers.click()
    expect(numbers.switch).to_have_attribute("aria-busy", "true")
    expect(numbers.switch).to_be_disabled()
    expect(numbers.row).to_contain_text("Switching off")
    numbers.shows(False)
    numbers.click()
    numbers.shows(True)


def test_a_refusal_leaves_it_off_and_says_why_on_row_and_form(
    manager, number_id, simulator, odoo_server
):
    numbers = NumberList(manager)
    switch_off_both(odoo_server, simulator, number_id)
    numbers.shows(False)
    simulator.control("POST", f"numbers/{NUMBER}", {"messaging_limit": 250})
    numbers.click()
    words = "The messaging limit is below 2000 recipients a day"
    expect(manager.toast.filter(has_text=words)).to_be_visible()
    numbers.shows(False)
    reason = numbers.row.get_by_role("img", name=words)
    expect(reason).to_be_visible()
    numbers.row.get_by_text("+43 720 880100").click()
    alert = manager.page.locator(".o_form_view .alert-danger")
    expect(alert).to_contain_text("nothing changed")
    expect(alert).to_contain_text(words)
    simulator.control("POST", f"numbers/{NUMBER}", {"messaging_limit": 10000})
    switch = manager.page.locator(".o_form_view").get_by_role("switch", name="Calling")
    switch.click()
    expect(switch).to_have_attribute("aria-checked", "true")
    expect(alert).to_have_count(0)


def test_changed_in_whatsapp_manager_the_open_list_and_form_follow(
    manager, number_id, simulator
):
    numbers = NumberList(manager)
    numbers.shows(True)
    simulator.control("POST", f"numbers/{NUMBER}", {"calling": {"status": "DISABLED"}})
    numbers.shows(False)
    expect(manager.toast.filter(has_text="outside Odoo")).to_be_visible()
    numbers.row.get_by_text("+43 720 880100").click()
    note = manager.page.locator(".o_form_view .alert-info")
    expect(note).to_contain_text("Calling was switched off outside Odoo")
    simulator.control("POST", f"numbers/{NUMBER}", {"calling": {"status": "ENABLED"}})
    expect(note).to_contain_text("Calling was switched on outside Odoo")
    note.get_by_role("button", name="Got it").click()
    expect(note).to_have_count(0)


def test_a_restriction_is_a_banner_with_its_end_and_nobody_dials(
    manager, number_id, simulator, odoo_server, customer
):
    callee = customer().allows_calls()
    simulator.control(
        "POST", f"numbers/{NUMBER}/restriction", {"type": "outbound", "seconds": 86400}
    )
    restricted = (
        "SELECT outbound_until FROM whatsapp_calling_number"
        " WHERE id = %s AND outbound_until IS NOT NULL"
    )
    ((until,),) = wait_until(
        lambda: odoo_server.sql(restricted, [number_id]), 10, "the restriction in Odoo"
    )
    manager.open(f"/odoo/whatsapp.calling.number/{number_id}")
    banner = manager.page.locator(".o_form_view .alert", has_text="restricted")
    expect(banner.first).to_be_visible()
    expect(banner.first).to_contain_text(until.strftime("%-m/%-d/%y"))
    manager.dial(f"+{callee.wa_id}")
    expect(manager.page.get_by_text("does not let").first).to_be_visible()
    assert not simulator.control("GET", "requests?action=connect")


def test_two_managers_at_once_make_one_request(
    number_id, manager, simulator, odoo_server
):
    logins = ("mara", "admin")
    rpcs = [odoo_server.rpc(login) for login in logins]

    def click(rpc):
        try:
            return rpc("whatsapp.calling.number", "action_set_calling", [number_id], 0)
        except RpcError as error:
            return str(error)

    with ThreadPoolExecutor(2) as pool:
        found = list(pool.map(click, rpcs))
    assert found == [True, True]
    pending = "SELECT settings_sent FROM whatsapp_calling_number WHERE id = %s"
    wait_until(
        lambda: odoo_server.sql(pending, [number_id]) == [(None,)], 10, "the answer"
    )
    assert posted(simulator) == [{"status": "DISABLED"}]
