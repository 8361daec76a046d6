"""A user of two companies, of which one has calling switched off."""

import pytest
from playwright.sync_api import expect

from tests.e2e.customer import BUSINESS, SECOND_BUSINESS
from tests.e2e.operator import Operator
from tests.waiting import wait_until

EVA = "Eva Gruber"
LOGIN = "both"


@pytest.fixture(scope="module")
def companies(odoo_server):
    """{"off": first company, "on": second one}: {"id", "name"} of each."""
    rows = odoo_server.sql(
        "SELECT company.id, company.name FROM whatsapp_calling_number number"
        " JOIN res_company company ON company.id = number.company_id"
        " WHERE number.provider_ref <= '200000000000002'"
        " ORDER BY number.provider_ref"
    )
    first, second = [{"id": id_, "name": name} for id_, name in rows]
    return {"off": first, "on": second}


@pytest.fixture(scope="module")
def switched_off(odoo_server, companies):
    """`switched_off(False)` switches the first company on again."""

    def switch(off=True):
        odoo_server.rpc("admin")(
            "res.company",
            "write",
            [companies["off"]["id"]],
            {"whatsapp_calling_enabled": not off},
        )

    switch()
    return switch


@pytest.fixture(scope="module")
def both(people, simulator, operators, odoo_server, companies, switched_off):
    """An operator of both companies, with the second one ticked."""
    rpc = odoo_server.rpc("admin")
    xmlid = ("whatsapp_calling", "group_operator")
    group = rpc("ir.model.data", "check_object_reference", *xmlid)
    rpc(
        "res.users",
        "create",
        [
            {
                "name": "Bianca Both",
                "login": LOGIN,
                "password": LOGIN,
                "company_id": companies["on"]["id"],
                "company_ids": [(6, 0, [one["id"] for one in companies.values()])],
                "group_ids": [(4, group[1])],
            }
        ],
    )
    operators.append(Operator.log_in(people, LOGIN, password=LOGIN))
    return operators[-1]


def bare(page):
    """The page without notifications: private windows get no push, and Odoo says so."""
    page.add_style_tag(content=".o_notification_manager { display: none !important }")
    return page


def tick(operator, company):
    """Switch to one company in the top bar, as a person does."""
    page = bare(operator.page)
    page.locator(".o_switch_company_menu button").first.click()
    item = page.locator(".o-dropdown--menu .log_into", has_text=company["name"])
    with page.expect_navigation():
        item.first.click()
    expect(page.locator(".o_switch_company_menu")).to_contain_text(company["name"])


def apps(operator):
    """Names in the menu of apps."""
    page = bare(operator.page)
    page.locator(".o_navbar_apps_menu button").click()
    found = page.locator(".o-dropdown--menu .o_app").all_inner_texts()
    page.keyboard.press("Escape")
    return found


def open_eva(operator, odoo_server):
    ((partner_id,),) = odoo_server.sql(
        "SELECT id FROM res_partner WHERE name = %s", [EVA]
    )
    operator.page.goto(f"{odoo_server.url}/odoo/res.partner/{partner_id}")
    expect(operator.page.locator(".o_form_view .o_field_phone").first).to_be_visible()


def buttons(operator):
    return operator.page.locator(".o-whatsapp-CallButton, .o-whatsapp-ChatterButton")


def test_icon_buttons_and_menu_go_by_the_company_that_is_ticked(
    both, companies, odoo_server
):
    open_eva(both, odoo_server)
    expect(both.systray).to_be_visible()
    expect(buttons(both).first).to_be_visible()
    wait_until(lambda: "WhatsApp Calling" in apps(both), 20, "the app")
    tick(both, companies["off"])
    open_eva(both, odoo_server)
    wait_until(lambda: "WhatsApp Calling" not in apps(both), 20, "no app any more")
    expect(both.systray).to_have_count(0)
    expect(buttons(both)).to_have_count(0)


def test_a_call_of_the_company_that_is_on_rings_where_it_is_off(
    both, companies, customer
):
    caller = customer().call(to=SECOND_BUSINESS)
    expect(both.popup).to_be_visible()
    expect(both.systray).to_be_visible()
    both.answer()
    caller.wait_for_state("accepted")
    both.hang_up.click()
    caller.wait_for_state("ended")
    both.ended.locator(".o-whatsapp-EndedCall-close").click()
    both.panel.get_by_label("Close the phone").click()
    expect(both.systray).to_have_count(0)


def test_a_call_to_the_company_that_is_off_rings_for_nobody_and_is_in_the_log(
    both, anna_page, customer, odoo_server
):
    caller = customer().call(to=BUSINESS)

    def notes():
        return odoo_server.sql(
            "SELECT event.note FROM whatsapp_call_event event"
            " JOIN whatsapp_call call ON call.id = event.call_id"
            " WHERE call.provider_ref = %s AND event.kind = 'nobody_rings'",
            [caller.ref],
        )

    ((note,),) = wait_until(notes, 10, "the line in the log")
    assert "WhatsApp Calling is switched off" in note
    for operator in (both.page, anna_page):
        expect(operator.locator(".o-whatsapp-IncomingCall")).to_have_count(0)
    caller.act("hangup")


@pytest.fixture
def anna_page(people):
    """agent1, whose only company is the one that is off: she has no phone."""
    page = people.operator("agent1")
    yield page
    page.context.close()


def test_the_server_refuses_what_no_button_offers(both, companies, odoo_server):
    answer = odoo_server.rpc("agent1")(
        "whatsapp.call", "softphone_lookup", {"phone": "+436601112201"}
    )
    assert answer["allowed"] is False
    name = companies["off"]["name"]
    assert f"WhatsApp Calling is switched off for {name}." in answer["reason"]


def test_switched_on_again_it_is_all_there(both, companies, odoo_server, switched_off):
    switched_off(False)
    open_eva(both, odoo_server)
    expect(both.systray).to_be_visible()
    expect(buttons(both).first).to_be_visible()
    wait_until(lambda: "WhatsApp Calling" in apps(both), 20, "the app")
