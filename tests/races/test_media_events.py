"""Sidecar and Odoo, each killed at any moment: no event is lost, none counts twice."""

import contextlib
import json
import threading
import time
from urllib.parse import quote

import pytest
import requests

from media_sidecar import auth
from tests.waiting import wait_until
from tools.servers import Sidecar

EVA, NUMBER = "436601112201", "43720880100"


@pytest.fixture
def call(odoo_server, simulator, sidecar):
    """media_ref of a call that rings, opened on the sidecar."""
    odoo_server.sql(
        "UPDATE whatsapp_calling_number SET media_policy = 'anchored'"
        " WHERE id = (SELECT min(id) FROM whatsapp_calling_number)"
    )
    rung = {"from": EVA, "to": NUMBER, "tone": 440}
    wacid = simulator.control("POST", "calls", rung)["id"]
    find = (
        "SELECT media_ref FROM whatsapp_call"
        " WHERE media_opened_at IS NOT NULL AND state = 'ringing'"
    )
    yield wait_until(lambda: odoo_server.sql(find), 30)[0][0]
    with contextlib.suppress(requests.HTTPError):  # Odoo may have ended it
        simulator.control("POST", f"calls/{quote(wacid, safe='')}/hangup")
    wait_until(lambda: not odoo_server.sql(find), 30)


class Holding(threading.Thread):
    """Has the customer held and taken back in turn; `done`: what was answered."""

    def __init__(self, sidecar, call):
        super().__init__(daemon=True)
        self.url, self.path = sidecar.url, f"/v1/calls/{call}/hold"
        self.done, self.running = [], True

    def run(self):
        while self.running:
            with contextlib.suppress(requests.RequestException):
                body = json.dumps({"on": len(self.done) % 2 == 0}).encode()
                headers = auth.sign(
                    *(Sidecar.REF, Sidecar.SECRET, "POST", self.path, body)
                )
                answer = requests.post(
                    self.url + self.path, data=body, headers=headers, timeout=5
                )
                if answer.status_code == 200:
                    self.done.append(len(self.done) % 2 == 0)
                elif answer.status_code == 404:
                    return
            time.sleep(0.02)


def held(odoo, call):
    """What Odoo's history has of the holds, in its order."""
    rows = odoo.sql(
        "SELECT event.data FROM whatsapp_call_event event JOIN whatsapp_call call"
        " ON call.id = event.call_id WHERE call.media_ref = %s"
        " AND event.kind = 'media_held' ORDER BY event.id",
        [call],
    )
    return [data["on"] for (data,) in rows]


def test_odoo_killed_while_events_come_has_each_once_and_in_order(
    odoo_server, sidecar, call
):
    holding = Holding(sidecar, call)
    holding.start()
    for _ in range(2):
        before = len(holding.done)
        wait_until(lambda before=before: len(holding.done) > before + 10, 20)
        odoo_server.kill()
        after = len(holding.done)
        wait_until(lambda after=after: len(holding.done) > after + 10, 20)
        odoo_server.start().wait_ready()
    holding.running = False
    holding.join()
    wait_until(lambda: len(held(odoo_server, call)) >= len(holding.done), 30)
    assert held(odoo_server, call) == holding.done


def test_the_sidecar_killed_while_events_come_loses_none(odoo_server, sidecar, call):
    holding = Holding(sidecar, call)
    holding.start()
    wait_until(lambda: len(holding.done) > 15, 20)
    sidecar.kill()
    holding.running = False
    holding.join()
    sidecar.start().wait_ready().wait_known()
    wait_until(lambda: len(held(odoo_server, call)) >= len(holding.done), 30)
    told = held(odoo_server, call)
    assert told[: len(holding.done)] == holding.done
    assert len(told) <= len(holding.done) + 1  # the one whose answer was lost
