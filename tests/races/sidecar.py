"""A media sidecar that says yes to everything, and speaks signed to Odoo."""

import json
import secrets
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import requests

from media_sidecar import auth
from tests.providers import payloads
from tests.waiting import wait_until

REF = "demo-sidecar"
SECRET = "demo-sidecar-secret-0123456789abcdef"


class Sidecar:
    """One unit: its heartbeat goes on for as long as the block lasts.

    :ivar requests: (method, path, body) of what Odoo asked
    """

    def __init__(self, odoo):
        self.base = f"/whatsapp_calling/media/{REF}"
        self.odoo_url = odoo.url
        self.requests = []
        self.calls = set()
        self.started = time.time()
        self.over = threading.Event()

    def __enter__(self):
        sidecar = self

        class Handler(BaseHTTPRequestHandler):
            def answer(self):
                length = int(self.headers.get("Content-Length") or 0)
                body = json.loads(self.rfile.read(length) or b"{}")
                data = json.dumps(sidecar.take(self.command, self.path, body)).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            do_POST = do_DELETE = do_PATCH = answer

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        threading.Thread(target=self.beat, daemon=True).start()
        assert self.hello().status_code == 200
        return self

    def __exit__(self, *_):
        self.over.set()
        self.server.shutdown()

    def take(self, method, path, body):
        self.requests.append((method, path, body))
        if path == "/v1/calls":
            self.calls.add(body["call"])
            inbound = body["direction"] == "inbound"
            answer = {
                "sdp": payloads.sdp(f"chromium_{'answer' if inbound else 'offer'}")
            }
            if body.get("operator"):
                answer["operator_sdp"] = payloads.sdp("chromium_answer")
            return answer
        if method == "DELETE" and path.count("/") == 3:
            self.calls.discard(path.rpartition("/")[2])
        if path.endswith("/legs"):
            return {"sdp": payloads.sdp("chromium_answer")}
        return {}

    def asked(self, ending, media_ref):
        """Bodies of what was asked about a call, by the end of the path."""
        return [
            body
            for _method, path, body in list(self.requests)
            if path.endswith(ending) and (media_ref in path or body.get("call"))
        ]

    def closed(self, media_ref):
        return ("DELETE", f"/v1/calls/{media_ref}") in [r[:2] for r in self.requests]

    def beat(self):
        while not self.over.wait(3):
            self.hello()

    def hello(self):
        return self.send(
            "hello",
            {
                "unit": "race-1",
                "url": self.url,
                "capacity": 100,
                "calls": sorted(self.calls),
                "state": "ready",
                "started": self.started,
            },
        )

    def signed(self, name, body):
        """A request that is sent as it is, as often as wanted."""
        path = f"{self.base}/{name}"
        data = json.dumps(body).encode()
        headers = auth.sign(REF, SECRET, "POST", path, data)
        headers["Content-Type"] = "application/json"
        return lambda: requests.post(
            self.odoo_url + path, data=data, headers=headers, timeout=30
        )

    def send(self, name, body):
        return self.signed(name, body)()

    def event(self, media_ref, kind, **data):
        return {
            "id": secrets.token_hex(16),
            "call": media_ref,
            "at": time.time(),
            "kind": kind,
            "data": data,
        }

    def wait_opened(self, media_ref):
        wait_until(lambda: media_ref in self.calls, 15, "the opening of the call")
