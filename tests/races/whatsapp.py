"""WhatsApp's side of a race: signed webhooks, posted from as many threads as wanted."""

import hashlib
import hmac
import itertools
import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import requests

from tests.providers import payloads

SECRET = b"demo-app-secret-1"
ANSWER = payloads.sdp("chromium_answer")
OFFER = payloads.sdp("chromium_offer")
_numbers = itertools.count(1)


class WhatsApp:
    """Posts webhooks of demo account 1 to an Odoo."""

    def __init__(self, odoo):
        self.url = f"{odoo.url}/whatsapp_calling/webhook/demo-key-1"

    def post(self, body):
        """(HTTP status, seconds taken) of one delivery."""
        digest = hmac.new(SECRET, body, hashlib.sha256).hexdigest()
        headers = {
            "Content-Type": "application/json",
            "X-Hub-Signature-256": f"sha256={digest}",
        }
        began = time.monotonic()
        answer = requests.post(self.url, data=body, headers=headers, timeout=60)
        return answer.status_code, time.monotonic() - began

    def must(self, *bodies):
        for body in bodies:
            status, _seconds = self.post(body)
            assert status == 200, status

    def at_once(self, bodies):
        """Post all in the same moment; their answers in order."""
        return together([lambda body=body: self.post(body) for body in bodies])

    def at_rate(self, bodies, per_second):
        """Post one after the other at a steady pace, whether answered or not."""
        began = time.monotonic()

        def post(place, body):
            time.sleep(max(0, began + place / per_second - time.monotonic()))
            return self.post(body)

        with ThreadPoolExecutor(64) as pool:
            return list(pool.map(post, itertools.count(), bodies))


def together(actions):
    """Run functions in threads that start in the same moment; results in order."""
    gate = threading.Barrier(len(actions))

    def run(action):
        gate.wait()
        return action()

    with ThreadPoolExecutor(len(actions)) as pool:
        return list(pool.map(run, actions))


class Caller:
    """A customer whom no other test knows, and one call of theirs."""

    def __init__(self, wa_id=None):
        number = next(_numbers)
        self.wa_id = wa_id or f"43664{number:07d}"
        self.ref = f"wacid.race.in{number}"

    def connect(self, **members):
        return self._body(payloads.inbound(**self._ours(members)))

    def terminate(self, **members):
        return self._body(
            payloads.without(
                payloads.terminate(**self._ours({"status": "COMPLETED", **members})),
                *("start_time", "end_time", "duration"),
            )
        )

    def _ours(self, members):
        now = str(int(time.time()))
        return {"id": self.ref, "from": self.wa_id, "timestamp": now, **members}

    def _body(self, call):
        who = {"profile": {"name": f"Caller {self.wa_id}"}, "wa_id": self.wa_id}
        return payloads.body(payloads.change(contacts=[who], calls=[call]))


class Callee:
    """A customer whom we call; `ref` is WhatsApp's id of the call."""

    def __init__(self, wa_id, ref=None, opaque=None):
        self.wa_id = wa_id
        self.ref = ref
        self.opaque = opaque

    def answer(self):
        call = payloads.outbound(**self._ours(to=self.wa_id))
        return self._body(calls=[payloads.without(call, "to_user_id")])

    def status(self, name):
        status = payloads.call_status(
            **self._ours(status=name, recipient_id=self.wa_id)
        )
        return self._body(statuses=[payloads.without(status, "recipient_user_id")])

    def _ours(self, **members):
        now = str(int(time.time()))
        return {
            "id": self.ref,
            "timestamp": now,
            "biz_opaque_callback_data": self.opaque,
            **members,
        }

    def _body(self, **value):
        return payloads.body(payloads.change(**value))


def permit(odoo, wa_id):
    """Let number 1 call this customer: WhatsApp's own word for it, as a webhook."""
    reply = payloads.permission_reply(
        {"is_permanent": True, "expiration_timestamp": None},
        **{
            "from": wa_id,
            "id": f"wamid.permit{wa_id}",
            "timestamp": str(int(time.time())),
        },
    )
    body = json.loads(payloads.body(payloads.change("messages", messages=[reply])))
    message = body["entry"][0]["changes"][0]["value"]["messages"][0]
    message.pop("from_user_id")
    WhatsApp(odoo).must(json.dumps(body).encode())
