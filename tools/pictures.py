"""Pictures for the README, taken from a running demo: `python -m tools.pictures`.

A headless Chromium is operator agent1; the customer is a phone of the simulator.
"""

from pathlib import Path

from tools.browser import Browser
from tools.paths import ROOT, SIMULATOR_PORT
from tools.say import main, say
from tools.servers import Simulator
from tools.smoke import BUSINESS, CONNECTED, POPUP_ACCEPT, RunningOdoo

FOLDER = ROOT / "docs"
OPERATOR = "agent1"
CUSTOMER = "436601112201"
TICKET = "Inverter shows error E-07"
SIZE = {"width": 1280, "height": 800}


def pictures(odoo=None, simulator=None, folder=FOLDER):
    """Take them all; `odoo` and `simulator` are the demo's when not given."""
    odoo = odoo or RunningOdoo()
    simulator = simulator or Simulator(odoo.url, SIMULATOR_PORT)
    folder = Path(folder)
    folder.mkdir(exist_ok=True)
    with Browser() as browser, browser.people(odoo) as people:
        ticket = odoo.rpc("admin")(
            "helpdesk.ticket", "search", [["name", "=", TICKET]], limit=1
        )[0]
        page = people.operator(
            OPERATOR, path=f"/odoo/helpdesk.ticket/{ticket}", viewport=SIZE
        )
        page.wait_for_selector(".o-whatsapp-ChatterButton")
        page.wait_for_selector(".o-mail-Message")
        _hide_notifications(page)
        call = simulator.control(
            "POST",
            "calls",
            {"from": CUSTOMER, "to": BUSINESS, "say": "Hello, my inverter is red."},
        )
        page.wait_for_selector(POPUP_ACCEPT)
        _take(page, folder / "ring.png")
        page.click(POPUP_ACCEPT)
        page.wait_for_selector(CONNECTED)
        page.wait_for_selector(f"{CONNECTED} ~ .o-whatsapp-CallTimer:has-text('00:03')")
        page.wait_for_selector(".o-whatsapp-CallCard")
        _take(page, folder / "call.png")
        phone = people.page(simulator.url, viewport={"width": 900, "height": 800})
        phone.wait_for_selector("text=Eva Gruber")
        _take(phone, folder / "phone.png")
        simulator.control("POST", f"calls/{call['wacid']}/hangup", {})


def _hide_notifications(page):
    """Chromium's private windows have no push messages, and Odoo says so."""
    page.add_style_tag(content=".o_notification { display: none !important; }")


def _take(page, path):
    page.screenshot(path=path, animations="disabled")
    say("picture", path)


if __name__ == "__main__":
    main(pictures)
