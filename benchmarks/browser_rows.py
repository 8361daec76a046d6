"""Rows that a real Chromium takes part in: popup, accept, first sound."""

import contextlib
import time
from pathlib import Path

from benchmarks import volume, webhooks
from benchmarks.figures import median
from benchmarks.rows import Row
from benchmarks.stage import client
from benchmarks.webhooks import SUBJECT
from tools.browser import Browser

SCRIPT = Path(__file__).parent / "page.js"
ACCEPT = ".o-whatsapp-IncomingCall-accept"
CONNECTED = ".o-whatsapp-OnCall-state .text-success"
HANG_UP = ".o-whatsapp-OnCall-hangUp"
ECHO = "/whatsapp_calling_reference/echo"
TONE = 440  # Hz
BETWEEN = 0.5  # seconds in which the end of a call is drawn
CUSTOMERS = ("436601112201", "34612345601", "447400123401")


@contextlib.contextmanager
def operator(odoo, login):
    """The page of one operator, with the notes of page.js."""
    with Browser() as browser, browser.people(odoo) as people:
        page = people.operator(login, prepare=_add_script)
        page.set_default_timeout(15_000)
        page.wait_for_selector(".o-whatsapp-Systray-button")
        page.evaluate("window.benchStart()")
        time.sleep(2)  # the web client is still loading what it shows
        yield page


def _add_script(context):
    context.add_init_script(path=SCRIPT)


def popup(odoo, page, login, count=30, first=0):
    """Webhook posted -> frame with the popup; an empty bus message beside it."""
    ours, floor = [], []
    user_id = odoo.rpc(login).uid
    with client(odoo) as sender:
        for index in range(count + 2):
            ref, caller = webhooks.call_ref(), volume.caller(first + index)
            page.evaluate("window.benchReset()")
            started = time.time()
            sender.must(SUBJECT, webhooks.connect(ref, caller))
            ours.append(_note(page, "popup") - started * 1000)
            sender.must(SUBJECT, webhooks.terminate(ref, caller))
            page.wait_for_selector(ACCEPT, state="detached")
            time.sleep(BETWEEN)
            page.evaluate("window.benchReset()")
            started = time.time()
            sender.must(f"{ECHO}/{user_id}", b"{}")
            floor.append(_note(page, "echo") - started * 1000)
            time.sleep(0.1)
    yield Row(
        f"webhook posted -> popup drawn in Chromium, p50 of {count}",
        median(ours[2:]),  # the first ones load and compile
        200,
        reference=median(floor[2:]),
    )


def accept(page, simulator, count=15):
    """Accept clicked -> `accept` at the simulator; -> the customer's tone heard."""
    asked, heard = [], []
    for index in range(count + 1):
        page.evaluate("window.benchReset()")
        call = simulator.control(
            "POST",
            "calls",
            {
                "from": CUSTOMERS[index % len(CUSTOMERS)],
                "to": webhooks.OURS,
                "tone": TONE,
                "loop": True,
            },
        )
        page.click(ACCEPT)
        sound = _note(page, "sound")
        clicked = _note(page, "click")
        page.wait_for_selector(CONNECTED)
        asked.append(_accepted_at(simulator, call["wacid"]) - clicked)
        heard.append(sound - clicked)
        page.click(HANG_UP)
        page.wait_for_selector(HANG_UP, state="detached")
        time.sleep(BETWEEN)
    yield Row(
        f"Accept clicked -> `accept` at Graph, p50 of {count}", median(asked[1:]), 150
    )
    yield Row(
        f"Accept clicked -> first sound in Chromium, p50 of {count}",
        median(heard[1:]),
        400,
    )


def _note(page, name):
    found = page.wait_for_function(
        "(name) => (window.benchNotes[name] > 0 ? window.benchNotes[name] : false)",
        arg=name,
        polling=20,
    )
    return found.json_value()


def _accepted_at(simulator, wacid):
    """When `accept` of a call arrived, epoch ms."""
    rows = simulator.control("GET", f"requests?action=accept&call_id={wacid}")
    if not rows:
        raise RuntimeError(f"Graph was never asked to accept {wacid}")
    return rows[0]["at"] * 1000
