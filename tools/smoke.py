"""`make smoke`: one call in and one call out against a running demo.

A headless Chromium is operator agent1; the simulator's phones are the customers. Each
side plays a tone of its own and must hear the other's.
"""

import contextlib
import tempfile
import time
from pathlib import Path

import requests
from playwright.sync_api import Error as BrowserError

from tools import listening
from tools.browser import Browser
from tools.paths import DEMO_DATABASE, ODOO_PORT, SIMULATOR_PORT
from tools.say import SetupError, main
from tools.servers import Rpc, Simulator

OPERATOR = "agent1"
CUSTOMER = "436601112201"  # has given permission to be called
BUSINESS = "43720880100"
OPERATOR_HERTZ = 660
CUSTOMER_HERTZ = 440
PATIENCE = 15  # seconds for each step

POPUP_ACCEPT = ".o-whatsapp-IncomingCall-accept"
SYSTRAY = ".o-whatsapp-Systray-button"
KEYPAD_INPUT = ".o-whatsapp-Keypad-input"
KEYPAD_CALL = ".o-whatsapp-Keypad-call"
CONNECTED = ".o-whatsapp-OnCall-state .text-success"
HANG_UP = ".o-whatsapp-OnCall-hangUp"


class StepFailed(Exception):
    """A step did not come about in time."""


class Steps:
    """Each step is printed with the milliseconds it took."""

    def __init__(self, name):
        self.name = name

    @contextlib.contextmanager
    def step(self, text):
        began = time.monotonic()
        try:
            yield
        except (BrowserError, requests.RequestException, AssertionError) as error:
            print(f"{self.name:<9} FAILED     {text}\n{error}", flush=True)
            raise StepFailed(text) from error
        took = (time.monotonic() - began) * 1000
        print(f"{self.name:<9} {took:7.0f} ms {text}", flush=True)


class RunningOdoo:
    """The demo's Odoo, which somebody else started."""

    url = f"http://localhost:{ODOO_PORT}"

    def rpc(self, login, password=None):
        return Rpc(self.url, DEMO_DATABASE, login, password or login)


def smoke():
    odoo = RunningOdoo()
    simulator = Simulator(odoo.url, SIMULATOR_PORT)
    for name, url in (("Odoo", f"{odoo.url}/web/health"), ("phone", simulator.url)):
        try:
            requests.get(url, timeout=5).raise_for_status()
        except requests.RequestException as error:
            raise SetupError(f"No {name} at {url}: run 'make demo' first.") from error
    with tempfile.TemporaryDirectory() as folder:
        microphone = Path(folder) / "operator.wav"
        microphone.write_bytes(listening.tone_wav(OPERATOR_HERTZ))
        with Browser(microphone) as browser, browser.people(odoo) as people:
            page = people.operator(OPERATOR, prepare=listening.remember_connections)
            page.set_default_timeout(PATIENCE * 1000)
            page.wait_for_selector(SYSTRAY)
            try:
                _inbound(page, simulator)
                _outbound(page, simulator)
            except StepFailed:
                return 1
    print("both calls were heard on both sides")
    return 0


def _inbound(page, simulator):
    steps = Steps("inbound")
    with steps.step("the customer calls, the popup is there"):
        call = simulator.control(
            "POST",
            "calls",
            {"from": CUSTOMER, "to": BUSINESS, "tone": CUSTOMER_HERTZ},
        )
        page.wait_for_selector(POPUP_ACCEPT)
    with steps.step("Accept is clicked, the call is connected"):
        page.click(POPUP_ACCEPT)
        page.wait_for_selector(CONNECTED)
    _both_hear(steps, page, simulator, call["id"])
    _hang_up(steps, page, simulator, call["id"])


def _outbound(page, simulator):
    steps = Steps("outbound")
    with steps.step("the customer's phone will answer"):
        behaviour = {"answer_after": 0.5, "tone": CUSTOMER_HERTZ}
        simulator.control("POST", f"phones/{CUSTOMER}", behaviour)
    before = _calls(simulator)
    with steps.step("the number is dialled, the call is connected"):
        if not page.is_visible(KEYPAD_INPUT):
            page.click(SYSTRAY)
        page.fill(KEYPAD_INPUT, f"+{CUSTOMER}")
        page.click(KEYPAD_CALL)
        page.wait_for_selector(CONNECTED)
    (wacid,) = _calls(simulator) - before
    _both_hear(steps, page, simulator, wacid)
    _hang_up(steps, page, simulator, wacid)


def _both_hear(steps, page, simulator, wacid):
    with steps.step(f"the operator hears the customer's {CUSTOMER_HERTZ} Hz"):
        _until(CUSTOMER_HERTZ, lambda: listening.pitch_in_page(page))
    with steps.step(f"the customer hears the operator's {OPERATOR_HERTZ} Hz"):
        path = f"calls/{wacid}/heard.wav"
        _until(
            OPERATOR_HERTZ,
            lambda: listening.pitch_of_wav(simulator.control("GET", path)),
        )


def _hang_up(steps, page, simulator, wacid):
    with steps.step("the operator hangs up, WhatsApp has ended the call"):
        page.click(HANG_UP)
        deadline = time.monotonic() + PATIENCE
        while (found := simulator.control("GET", f"calls/{wacid}"))["state"] != "ended":
            assert time.monotonic() < deadline, f"it is still {found['state']}"
            time.sleep(0.05)


def _calls(simulator):
    return {call["id"] for call in simulator.control("GET", "calls")}


def _until(wanted, hear):
    deadline = time.monotonic() + PATIENCE
    while not listening.is_pitch(found := hear(), wanted):
        assert time.monotonic() < deadline, f"heard {found:.0f} Hz, not {wanted} Hz"


if __name__ == "__main__":
    main(smoke)
