"""Two operators in one Chromium, WhatsApp's phones in the simulator."""

import os

import pytest
from playwright.sync_api import expect

from tests.e2e.customer import Customer
from tests.e2e.operator import Operator
from tests.waiting import wait_until
from tools import listening
from tools.browser import Browser

OPERATOR_TONE = 660  # Hz of every operator's microphone

# longer than the poll of a page without the bus
expect.set_options(timeout=20_000)


@pytest.fixture(scope="session")
def chromium(tmp_path_factory):
    """One Chromium whose microphones play a tone for the whole run."""
    microphone = tmp_path_factory.mktemp("sound") / "operator.wav"
    microphone.write_bytes(listening.tone_wav(OPERATOR_TONE))
    with Browser(microphone) as opened:
        yield opened


@pytest.fixture(scope="module")
def people(chromium, odoo_server):
    """The windows of a file's tests; what they logged as errors fails the test."""
    with chromium.people(odoo_server) as people:
        yield people


@pytest.fixture(scope="module")
def operators():
    """The operators of a file so far."""
    return []


@pytest.fixture(scope="module")
def anna(people, simulator, operators):
    """agent1 on her usual page."""
    operators.append(Operator.log_in(people, "agent1"))
    return operators[-1]


@pytest.fixture(scope="module")
def ben(people, simulator, operators):
    """agent2, her colleague."""
    operators.append(Operator.log_in(people, "agent2"))
    return operators[-1]


@pytest.fixture
def operator(people, simulator, operators, quiet):
    """`operator("agent1", …)` opens a window for this test only."""
    opened = []

    def open_window(login, **options):
        opened.append(Operator.log_in(people, login, **options))
        operators.append(opened[-1])
        return opened[-1]

    yield open_window
    for one in opened:
        one.page.context.close()


@pytest.fixture
def customer(simulator):
    """`customer()` is a phone that nobody knows; `customer("43660…")` a known one."""

    def find(wa_id=None, **behaviour):
        return Customer(simulator, wa_id, **behaviour)

    return find


@pytest.fixture
def picture():
    """`picture(operator, "name")` keeps what is seen, where PICTURES names a folder."""
    folder = os.environ.get("PICTURES")

    def take(operator, name):
        if folder:
            operator.page.screenshot(path=f"{folder}/{name}.png")

    return take


@pytest.fixture(autouse=True)
def quiet(simulator, odoo_server, operators):
    """Every test starts without calls and leaves no error in a console."""
    yield
    simulator.control("DELETE", "faults")
    simulator.control("POST", "settings", {"terminate_delay": 0})
    for call in simulator.control("GET", "calls?live=1"):
        simulator.control("POST", f"calls/{call['wacid']}/hangup", {})
    live = "SELECT id, state FROM whatsapp_call WHERE state IN %s"
    states = ("dialing", "ringing", "connected")
    wait_until(lambda: not odoo_server.sql(live, [states]), 20, "the end of all calls")
    errors = []
    for operator in list(operators):
        errors += operator.page.console_errors
        operator.page.console_errors.clear()
        if operator.page.is_closed():
            operators.remove(operator)
        else:
            operator.tidy()
    simulator.control("POST", "reset", {"everything": True})
    assert not errors
