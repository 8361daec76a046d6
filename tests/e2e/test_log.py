"""The log in the browser: addresses to share, the dashboard, the red callout."""

import re
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import expect

CARD = ".o-whatsapp-DashboardCard[data-card={}]"
VALUE = ".o-whatsapp-DashboardCard-value"


@pytest.fixture
def window(people, quiet):
    """`window("agent1", "/odoo/…")` opens a page of a session of its own."""
    opened = []

    def open_window(login, path, **options):
        options.setdefault("viewport", {"width": 1280, "height": 800})
        opened.append(people.operator(login, path=path, **options))
        return opened[-1]

    yield open_window
    errors = [error for page in opened for error in page.console_errors]
    for page in opened:
        page.context.close()
    assert not errors


def facets(page):
    return page.locator(".o_searchview_facet .o_facet_values")


def filters_of(page):
    return parse_qs(urlsplit(page.url).query).get("filters", [""])[0]


def test_the_list_opens_with_30_days_and_says_so_in_its_address(window):
    page = window("agent1", "/odoo/whatsapp-calls")
    expect(facets(page)).to_have_text(["Last 30 days"])
    expect(page).to_have_url(re.compile(r"filters=last_30_days$"))


def test_an_address_shows_another_person_the_same_filters_and_their_own_calls(
    window, odoo_server
):
    manager = window("admin", "/odoo/whatsapp-calls")
    manager.locator(".o_searchview_dropdown_toggler").click()
    manager.get_by_role("menuitemcheckbox", name="Completed").click()
    manager.get_by_role("menuitemcheckbox", name="Status").click()
    expect(facets(manager)).to_have_count(3)
    manager.keyboard.press("Escape")
    expect(manager).to_have_url(re.compile("group_state"))
    shared = manager.url.replace(odoo_server.url, "")
    for login in ("admin", "agent1"):
        page = window(login, shared)
        expect(facets(page)).to_have_text(["Last 30 days", "Completed", "Status"])
        group = page.locator(".o_group_header")
        expect(group).to_have_count(1)
        seen = odoo_server.rpc(login)(
            "whatsapp.call",
            "search_count",
            [["state", "=", "completed"], ["started_at", ">=", "today -29d"]],
        )
        expect(group).to_contain_text(f"({seen})")


def test_going_to_a_call_and_back_or_reloading_keeps_the_filters(window):
    page = window("admin", "/odoo/whatsapp-calls?filters=missed")
    expect(facets(page)).to_have_text(["Missed"])
    page.locator(".o_data_row td[name=peer_name]").first.click()
    expect(page.locator(".o_form_view")).to_be_visible()
    page.locator(".o_back_button, .breadcrumb-item a").first.click()
    expect(facets(page)).to_have_text(["Missed"])
    page.reload()
    expect(facets(page)).to_have_text(["Missed"])
    # the menu begins anew
    page.locator(".o_menu_sections").get_by_text("Calls", exact=True).click()
    expect(facets(page)).to_have_text(["Last 30 days"])


def test_the_link_is_copied_from_the_menu_of_the_view(window):
    page = window("agent1", "/odoo/whatsapp-calls?filters=missed,mine")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    expect(facets(page)).to_have_count(2)
    page.locator(".o_cp_action_menus .dropdown-toggle").first.click()
    page.locator(".o-whatsapp-CopyLink").click()
    expect(page.get_by_text("The link is copied")).to_be_visible()
    copied = page.evaluate("() => navigator.clipboard.readText()")
    assert copied.endswith("/odoo/whatsapp-calls?filters=missed%2Cmine")


def test_graph_and_pivot_keep_the_filters_of_the_list(window):
    page = window("admin", "/odoo/whatsapp-calls?filters=missed")
    expect(facets(page)).to_have_text(["Missed"])
    for kind in ("graph", "pivot"):
        # a notification of Odoo's own about push may lie over the button
        page.locator(f".o_switch_view.o_{kind}").dispatch_event("click")
        expect(page.locator(f".o_{kind}_view")).to_be_visible()
        expect(facets(page)).to_have_text(["Missed"])
        assert filters_of(page) == "missed"


@pytest.mark.parametrize("login", ["admin", "agent1"])
def test_a_card_of_the_dashboard_opens_exactly_the_calls_it_counts(window, login):
    page = window(login, "/odoo/whatsapp-dashboard")
    page.locator("button[data-period='30d']").click()
    dashboard = page.locator(".o-whatsapp-Dashboard[data-period='30d']")
    for name in ("total", "completed", "missed"):
        expect(dashboard).to_be_visible()
        value = int(page.locator(CARD.format(name)).locator(VALUE).inner_text())
        page.locator(CARD.format(name)).click()
        expect(page.locator(".o_list_view")).to_be_visible()
        if value:
            expect(page.locator(".o_data_row")).to_have_count(value)
        else:  # Odoo shows grey rows of a sample then
            expect(page.locator(".o_view_nocontent")).to_be_visible()
        page.locator(".breadcrumb-item a, .o_back_button").first.click()


def test_the_dashboard_is_used_by_keyboard_in_a_narrow_window(window):
    page = window(
        "agent1", "/odoo/whatsapp-dashboard", viewport={"width": 390, "height": 844}
    )
    card = page.locator(CARD.format("total"))
    expect(card).to_be_visible()
    wide = page.evaluate("() => document.documentElement.scrollWidth")
    assert wide <= 390
    card.focus()
    page.keyboard.press("Enter")
    expect(page.locator(".o_kanban_view, .o_list_view")).to_be_visible()


def test_a_failed_call_is_explained_in_red_and_leads_to_its_error(window, odoo_server):
    ((call_id,),) = odoo_server.sql(
        "UPDATE whatsapp_call SET state = 'failed', outcome = 'failed',"
        " error_code = 131044, error_message = 'Business eligibility payment issue'"
        " WHERE id = (SELECT max(id) FROM whatsapp_call WHERE state = 'missed')"
        " RETURNING id",
        [],
    )
    page = window("admin", f"/odoo/whatsapp-calls/{call_id}")
    callout = page.locator(".alert-danger[name=failure]")
    expect(callout).to_contain_text("No payment method")
    expect(callout).to_contain_text("Business eligibility payment issue")
    callout.get_by_role("button", name="About this error").click()
    expect(page.locator(".o_form_view")).to_contain_text("131044")
    expect(page.locator(".o_form_view")).to_contain_text(
        "Ask your administrator to add a payment method"
    )
    cards = window("admin", "/odoo/whatsapp-calls?view_type=kanban&filters=failed")
    expect(cards.locator(".o_kanban_record .alert-danger").first).to_contain_text(
        "Business eligibility payment issue"
    )
