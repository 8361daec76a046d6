"""The guide in a browser: from the phone, from the menu, by its address."""

from playwright.sync_api import expect

GUIDE = "/odoo/whatsapp-calling-guide"


def test_the_phone_leads_to_the_guide_which_survives_a_reload(anna):
    page = anna.page
    anna.systray.click()
    # by the keyboard: Chromium's private windows cover it with a notification
    page.get_by_role("button", name="Help", exact=True).press("Enter")
    title = page.locator(".o-whatsapp-Guide-page h1")
    expect(title).to_have_text("For operators")
    page.get_by_role("button", name="How a call works").click()
    expect(title).to_have_text("How a call works")
    expect(page.locator(".o-whatsapp-Flow-svg")).to_have_count(4)
    page.reload()
    expect(title).to_have_text("How a call works")


def test_an_address_leads_to_a_section_and_a_button_to_its_screen(operator):
    window = operator("admin")
    page = window.page
    window.open(f"{GUIDE}?page=troubleshooting&section=setting-refused")
    heading = page.get_by_role("heading", name="Calling cannot be switched on")
    expect(heading).to_be_in_viewport()
    section = page.locator("section#setting-refused")
    section.get_by_role("button", name="Numbers").click()
    expect(page.locator(".o_breadcrumb")).to_contain_text("Numbers")


def test_in_a_narrow_window_a_flow_is_a_list(operator):
    window = operator("agent2", viewport={"width": 390, "height": 800})
    page = window.page
    window.open(f"{GUIDE}?page=flows")
    expect(page.locator(".o-whatsapp-Flow ol").first).to_be_in_viewport()
    expect(page.locator(".o-whatsapp-Flow-svg").first).to_be_hidden()
    box = page.locator(".o-whatsapp-Guide-content").bounding_box()
    assert box["width"] <= 390
