"""`make pictures`: the handbook's pictures, taken from a running demo.

A headless Chromium is an operator, then the administrator; the customer is a phone of
the simulator. Windows have one size, nothing moves and notifications are hidden, so
that a picture changes only when the product (or the day of the demo's calls) does.
"""

import io
import shutil
from pathlib import Path

from PIL import Image

from tools.browser import Browser
from tools.paths import ROOT, SIMULATOR_PORT
from tools.say import main, say
from tools.servers import Simulator
from tools.smoke import (
    BUSINESS,
    CONNECTED,
    KEYPAD_INPUT,
    POPUP_ACCEPT,
    SYSTRAY,
    RunningOdoo,
)

FOLDER = ROOT / "docs/pictures"
DESCRIPTION = ROOT / "whatsapp_calling/static/description"
IN_DESCRIPTION = ("user-ring.png", "user-call.png")
OPERATOR = "agent1"
CUSTOMER = "436601112201"
NOT_PERMITTED = "+34 612 345 601"
TICKET = "Inverter shows error E-07"
SIZE = {"width": 1280, "height": 800}
COLOURS = 256
QUIET = ".o_notification_manager, .o-mail-ChatHub { display: none !important; }"


def pictures(odoo=None, simulator=None, folder=FOLDER):
    """Take them all; `odoo` and `simulator` are the demo's when not given."""
    odoo = odoo or RunningOdoo()
    simulator = simulator or Simulator(odoo.url, SIMULATOR_PORT)
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    with Browser() as browser, browser.people(odoo) as people:
        _of_a_call(people, odoo, simulator, folder)
        _of_a_permission(people, folder)
        _of_the_check(people, folder)
        _of_screens(people, odoo, folder)
        _of_connecting(people, folder)
    if folder == FOLDER:
        for name in IN_DESCRIPTION:
            shutil.copyfile(folder / name, DESCRIPTION / name)


def _of_a_call(people, odoo, simulator, folder):
    """A customer calls while the operator looks at the customer's ticket."""
    page = _window(people, OPERATOR, f"helpdesk.ticket/{_ticket(odoo)}")
    page.wait_for_selector(".o-whatsapp-ChatterButton")
    page.wait_for_selector(".o-mail-Message")
    words = {"from": CUSTOMER, "to": BUSINESS, "say": "Hello, my inverter is red."}
    call = simulator.control("POST", "calls", words)
    page.wait_for_selector(POPUP_ACCEPT)
    _take(page, folder / "user-ring.png")
    page.click(POPUP_ACCEPT)
    page.wait_for_selector(CONNECTED)
    page.wait_for_selector(f"{CONNECTED} ~ .o-whatsapp-CallTimer:has-text('00:03')")
    page.wait_for_selector(".o-whatsapp-CallCard")
    _take(page, folder / "user-call.png")
    phone = people.page(simulator.url, viewport={"width": 900, "height": 800})
    phone.wait_for_selector("text=Eva Gruber")
    _take(phone, folder / "phone.png")
    simulator.control("POST", f"calls/{call['wacid']}/hangup", {})


def _of_a_permission(people, folder):
    """The phone says before a call whether the customer allows it."""
    page = _window(people, "agent2", "action-whatsapp_calling.whatsapp_call_action")
    page.wait_for_selector(LIST)
    page.click(SYSTRAY)
    page.fill(KEYPAD_INPUT, NOT_PERMITTED)
    page.wait_for_selector(".o-whatsapp-PermissionHint")
    _take(page, folder / "user-permission.png")


def _of_the_check(people, folder):
    """Sound and devices, as the phone reminds of them once a day."""
    page = _window(people, OPERATOR, "action-whatsapp_calling.whatsapp_call_action")
    page.wait_for_selector(LIST)
    page.click(SYSTRAY)
    page.click(".o-whatsapp-Panel-check")
    page.wait_for_selector(".o-whatsapp-ShiftCheck-ok")
    _take(page, folder / "user-devices.png")


def _of_screens(people, odoo, folder):
    """Lists and forms as an administrator sees them."""
    page = _window(people, "admin", "")
    rpc = odoo.rpc("admin")
    for name, action, model, selector in SCREENS:
        path = f"action-whatsapp_calling.{action}"
        if model:
            (record,) = rpc(model, "search", [], limit=1, order="id")
            path += f"/{record}"
        _open(page, odoo, path)
        page.wait_for_selector(selector)
        _take(page, folder / name)
    # the form of the account is open
    page.click("button[name=action_check_setup]")
    page.wait_for_selector("button[name=action_run]")
    _take(page, folder / "administrator-check.png")


def _of_connecting(people, folder):
    """An account of the simulator that nobody has connected, tested and given up."""
    page = _window(
        people, "admin", "action-whatsapp_calling.whatsapp_calling_connect_action"
    )
    for field, value in NOT_CONNECTED.items():
        page.fill(f"div[name={field}] input", value)
    page.click("button[name=action_test]")
    page.wait_for_selector("button[name=action_next]")
    _take(page, folder / "connect-wizard.png")
    page.click("button[name=action_begin_anew]")
    page.click(".modal-footer .btn-primary")
    page.wait_for_selector("button[name=action_next]", state="detached")


NOT_CONNECTED = {
    "token": "demo-token-3",
    "app_secret": "demo-app-secret-3",
    "waba_id": "100000000000003",
}
LIST, FORM = ".o_data_row", ".o_form_view .o_form_sheet"
SCREENS = (
    ("manager-calls.png", "whatsapp_call_action", None, LIST),
    ("manager-permissions.png", "whatsapp_call_permission_action", None, LIST),
    (
        "manager-dashboard.png",
        "whatsapp_calling_dashboard_action",
        None,
        ".o-whatsapp-Dashboard-cards",
    ),
    (
        "administrator-settings.png",
        "whatsapp_calling_settings_action",
        None,
        "#whatsapp_calling_enabled",
    ),
    (
        "manager-number.png",
        "whatsapp_calling_number_action",
        "whatsapp.calling.number",
        FORM,
    ),
    (
        "administrator-account.png",
        "whatsapp_calling_account_action",
        "whatsapp.calling.account",
        FORM,
    ),
)


def _ticket(odoo):
    domain = [["name", "=", TICKET]]
    return odoo.rpc("admin")("helpdesk.ticket", "search", domain, limit=1)[0]


def _window(people, login, path):
    page = people.operator(login, path=f"/odoo/{path}", viewport=SIZE)
    page.add_style_tag(content=QUIET)
    return page


def _open(page, odoo, path):
    page.goto(f"{odoo.url}/odoo/{path}")
    page.wait_for_selector(".o_main_navbar")
    page.add_style_tag(content=QUIET)


def _take(page, path):
    """A picture of few colours, which takes a third of the room."""
    page.wait_for_function("!document.querySelector('.o_loading_indicator')")
    image = Image.open(io.BytesIO(page.screenshot(animations="disabled")))
    small = image.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
    small.save(path, optimize=True)
    say("picture", path)


if __name__ == "__main__":
    main(pictures)
