"""Webhooks as WhatsApp sends them, and clients that post them."""

import contextlib
import hashlib
import hmac
import http.client
import itertools
import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

SECRET = b"demo-app-secret-1"
WABA, NUMBER, OURS = "100000000000001", "200000000000001", "43720880100"
SUBJECT = "/whatsapp_calling/webhook/demo-key-1"
REFERENCE = "/whatsapp_calling_reference/hook"

_counter = itertools.count(1)


def sdp(name):
    """An SDP of `benchmarks/sdp/` with the line ends it has on the wire."""
    text = (Path(__file__).parent / f"sdp/{name}.sdp").read_text()
    return "".join(f"{line}\r\n" for line in text.splitlines())


OFFER = sdp("offer")


def call_ref():
    """A new call id."""
    return f"wacid.bench{next(_counter):08d}"


def connect(ref, caller):
    """A customer calls: `caller` is digits."""
    return _body(
        {
            "id": ref,
            "from": caller,
            "to": OURS,
            "event": "connect",
            "timestamp": str(int(time.time())),
            "direction": "USER_INITIATED",
            "session": {"sdp_type": "offer", "sdp": OFFER},
        },
        caller,
    )


def terminate(ref, caller):
    """The call is over."""
    return _body(
        {
            "id": ref,
            "from": caller,
            "to": OURS,
            "event": "terminate",
            "timestamp": str(int(time.time())),
            "direction": "USER_INITIATED",
            "status": "COMPLETED",
        },
        caller,
    )


def _body(call, caller):
    value = {
        "messaging_product": "whatsapp",
        "metadata": {"display_phone_number": OURS, "phone_number_id": NUMBER},
        "contacts": [{"profile": {"name": f"Caller {caller}"}, "wa_id": caller}],
        "calls": [call],
    }
    change = {"field": "calls", "value": value}
    entry = {"id": WABA, "changes": [change]}
    return json.dumps(
        {"object": "whatsapp_business_account", "entry": [entry]},
        separators=(",", ":"),
    ).encode()


class Client:
    """Posts signed bodies one after the other, like one sender that waits.

    The connection is kept when the server keeps it; Odoo's own server does not.
    """

    def __init__(self, url):
        parts = urlsplit(url)
        self._connection = http.client.HTTPConnection(
            "127.0.0.1", parts.port, timeout=30
        )

    def post(self, path, body):
        """The answer's status."""
        digest = hmac.new(SECRET, body, hashlib.sha256).hexdigest()
        headers = {
            "Content-Type": "application/json",
            "X-Hub-Signature-256": f"sha256={digest}",
        }
        self._connection.request("POST", path, body, headers)
        answer = self._connection.getresponse()
        answer.read()
        return answer.status

    def must(self, path, body):
        status = self.post(path, body)
        if status != 200:
            raise RuntimeError(f"{path} answered {status}")

    def close(self):
        self._connection.close()


class Burst:
    """Posts that are made at given moments, whether earlier ones are answered or not.

    A latency counts from the moment it was due, so a server that falls behind
    cannot hide it.
    """

    def __init__(self, url, threads=64):
        self._url = url
        self._threads = threads

    def run(self, path, due):
        """:param due: (seconds from now, body) pairs in order
        :return: (latencies in ms of what was answered 200, number of failures)
        """
        gate = threading.Event()
        started = []
        latencies, failures = [], []

        def post(moment, body):
            gate.wait()
            due_at = started[0] + moment
            time.sleep(max(0, due_at - time.perf_counter()))
            with contextlib.closing(Client(self._url)) as client:
                try:
                    status = client.post(path, body)
                except OSError as error:
                    status = error
            taken = (time.perf_counter() - due_at) * 1000
            if status == 200:
                latencies.append(taken)
            else:
                failures.append(status)

        with ThreadPoolExecutor(self._threads) as pool:
            for moment, body in due:
                pool.submit(post, moment, body)
            started.append(time.perf_counter() + 0.1)
            gate.set()
        return latencies, len(failures)
