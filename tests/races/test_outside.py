"""Rules and receivers of the outside, on a real server: told after the commit."""

import contextlib
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.races.whatsapp import Caller
from tests.waiting import wait_until

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


class Receiver:
    """A server of somebody else's that takes outgoing webhooks."""

    def __init__(self):
        self.bodies = []
        self.go_on = threading.Event()
        self.go_on.set()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.go_on.wait(20)
                receiver.bodies.append((dict(self.headers), json.loads(body)))
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_):
                """Be quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/calls"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def types_of(self, ref_id):
        return [
            body["type"]
            for _headers, body in list(self.bodies)
            if body["data"].get("call_id") == ref_id
        ]

    def close(self):
        self.go_on.set()
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture(scope="module")
def receiver(odoo):
    with contextlib.closing(Receiver()) as receiver:
        values = {"name": "Test", "url": receiver.url, "secret": SECRET}
        odoo.rpc("admin")(
            "whatsapp.calling.hook", "create", {**values, "on_ringing": True}
        )
        yield receiver


def call_id(odoo, caller):
    return odoo.sql(
        "SELECT id FROM whatsapp_call WHERE provider_ref = %s", [caller.ref]
    )[0][0]


def test_a_receiver_is_told_of_ringing_missed_and_ended(odoo, whatsapp, receiver):
    caller = Caller()
    whatsapp.must(caller.connect(), caller.terminate())
    told = wait_until(
        lambda: (
            len(receiver.types_of(call_id(odoo, caller))) == 3
            and receiver.types_of(call_id(odoo, caller))
        ),
        20,
        "three deliveries",
    )
    assert sorted(told) == ["call.ended", "call.missed", "call.ringing"]
    headers = receiver.bodies[0][0]
    assert headers["webhook-signature"].startswith("v1,")


def test_a_receiver_that_stalls_delays_no_webhook_of_whatsapp(odoo, whatsapp, receiver):
    receiver.go_on.clear()
    try:
        callers = [Caller() for _ in range(6)]
        took = []
        for caller in callers:
            status, seconds = whatsapp.post(caller.connect())
            assert status == 200
            took.append(seconds)
        assert max(took) < 5
    finally:
        receiver.go_on.set()
    whatsapp.must(*(caller.terminate() for caller in callers))


def test_a_rule_that_raises_loses_no_call_and_a_good_one_runs_in_the_pool(
    odoo, whatsapp, calls
):
    rpc = odoo.rpc("admin")
    (model_id,) = rpc("ir.model", "search", [["model", "=", "whatsapp.call"]])
    (field_id,) = rpc(
        "ir.model.fields",
        "search",
        [["model", "=", "whatsapp.call"], ["name", "=", "happening"]],
    )
    (state_id,) = rpc(
        "ir.model.fields",
        "search",
        [["model", "=", "whatsapp.call"], ["name", "=", "state"]],
    )
    for code, watched in (
        ("raise UserError('a broken rule')", state_id),
        ("record.write({'notes': (record.notes or '') + record.happening})", field_id),
    ):
        action_id = rpc(
            "ir.actions.server",
            "create",
            {
                "name": "Test",
                "model_id": model_id,
                "state": "code",
                "usage": "base_automation",
                "code": code,
            },
        )
        rpc(
            "base.automation",
            "create",
            {
                "name": "Test",
                "model_id": model_id,
                "trigger": "on_create_or_write",
                "trigger_field_ids": [[6, 0, [watched]]],
                "action_server_ids": [[6, 0, [action_id]]],
            },
        )
    caller = Caller()
    whatsapp.must(caller.connect(), caller.terminate())
    (call,) = calls(caller.ref)
    assert call["state"] == "missed"
    text = "SELECT notes FROM whatsapp_call WHERE id = %s"
    wait_until(
        lambda: odoo.sql(text, [call["id"]])[0][0] == "ringingmissedended",
        30,
        "the rule's notes",
    )
    failed = (
        "SELECT note FROM whatsapp_call_event"
        " WHERE call_id = %s AND kind = 'rule_failed'"
    )
    ((note,), *_more) = wait_until(lambda: odoo.sql(failed, [call["id"]]), 20)
    assert "a broken rule" in note
