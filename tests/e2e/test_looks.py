"""The phone in other hands: a small window, the keyboard alone, right to left, dark."""

import re

import pytest
from playwright.sync_api import expect

from tools.paths import ROOT

EVA = "436601112201"


def box(locator):
    expect(locator).to_be_visible()
    return locator.bounding_box()


def test_the_phone_fits_a_phone_sized_window(operator, customer):
    window = operator("agent2", viewport={"width": 360, "height": 640})
    caller = customer().call()
    popup = box(window.popup)
    assert popup["x"] >= 0 and popup["x"] + popup["width"] <= 360
    window.answer()
    panel = box(window.panel)
    assert panel["width"] == 360
    assert panel["y"] + panel["height"] <= 640
    buttons = box(window.hang_up)
    assert buttons["y"] + buttons["height"] <= 640
    window.hang_up.click()
    caller.wait_for_state("ended")


def test_the_phone_is_used_with_the_keyboard_alone(anna, customer):
    eva = customer(EVA)
    keyboard = anna.page.keyboard
    # the page behind puts the cursor into a field of its own when it has opened
    expect(anna.page.locator(".o-mail-Composer-input")).to_be_focused()
    anna.systray.focus()
    keyboard.press("Enter")
    expect(anna.page.locator(".o-whatsapp-Keypad-input")).to_be_focused()
    keyboard.type(f"+{EVA}")
    keyboard.press("Enter")
    eva.is_called()
    eva.act("answer")
    expect(anna.connected).to_have_text("Connected")
    # what a screen reader says of the buttons that only have a picture
    for name in ("Mute", "Keypad", "Notes", "Hang up"):
        expect(
            anna.on_call.get_by_role("button", name=name, exact=True)
        ).to_be_visible()
    expect(anna.on_call.get_by_role("timer")).to_be_visible()
    anna.on_call.get_by_role("button", name="Mute").focus()
    keyboard.press("Space")
    expect(anna.panel).to_contain_text("You are muted")
    anna.hang_up.focus()
    keyboard.press("Enter")
    eva.wait_for_state("ended")


@pytest.fixture
def right_to_left(odoo_server):
    """agent2's language is written from right to left (English words will do)."""
    rpc = odoo_server.rpc("admin")
    (lang,) = rpc(
        "res.lang",
        "search",
        [["code", "=", "en_GB"]],
        context={"active_test": False},
    )
    rpc("res.lang", "write", [lang], {"active": True, "direction": "rtl"})
    (ben,) = rpc("res.users", "search", [["login", "=", "agent2"]])
    rpc("res.users", "write", [ben], {"lang": "en_GB"})
    yield
    rpc("res.users", "write", [ben], {"lang": "en_US"})


def test_the_phone_stands_on_the_left_where_people_write_from_right_to_left(
    right_to_left, operator, customer
):
    window = operator("agent2", viewport={"width": 1200, "height": 800})
    assert window.page.evaluate("() => document.body.matches('.o_rtl')")
    # what Odoo's style sheets say once rtlcss has turned them
    window.page.add_style_tag(
        content="html, body, .o_web_client { direction: rtl !important; }"
    )
    customer().call()
    popup = box(window.popup)
    assert popup["x"] + popup["width"] < 600
    # numbers stay as they are dialled
    window.systray.click()
    keys = window.page.locator(".o-whatsapp-DialPad-key")
    assert keys.nth(0).bounding_box()["x"] < keys.nth(2).bounding_box()["x"]


FIXED_COLOUR = re.compile(
    r"(?<!&)#[0-9a-f]{3,8}\b|rgba?\((?!\$)|:\s*(white|black)\b|\$(white|black)\b"
    r"|\b(bg-white|bg-black|text-black|text-dark|bg-dark)\b",
    re.I,
)


def test_the_phone_is_dark_where_odoo_is():
    """Odoo's dark bundle sets its variables anew: no colour of ours stands beside."""
    source = ROOT / "whatsapp_calling/static/src"
    # (the systray stands on Odoo's navigation bar, which is dark in both)
    found = [
        f"{path.name}: {line.strip()}"
        for path in [*source.rglob("*.scss"), *source.rglob("*.xml")]
        if path.parent.name != "systray"
        for line in path.read_text().splitlines()
        if FIXED_COLOUR.search(line) and "#{" not in line
    ]
    assert not found
