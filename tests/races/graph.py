"""Graph as a stand-in on a real port: can be held in mid-answer, or made to refuse.

The simulator answers as WhatsApp does; what these tests need is the moment itself,
such as "the request has arrived and is not answered yet".
"""

import contextlib
import itertools
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

SUCCESS = {"messaging_product": "whatsapp", "success": True}


class Graph:
    """Open it with `with`. `asked` holds (seconds, action, call id, body) in order;
    `made` is the number in the id of the last message."""

    def __init__(self, port):
        self.port = port
        self.asked = []
        self._news = threading.Condition()
        self._held = {}
        self._refusals = {}
        self._ids = itertools.count(1)
        self.made = None

    def __enter__(self):
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(handler):  # noqa: N805 - self is the stand-in
                self._serve(handler)

            do_GET = do_POST

            def log_message(handler, *_):  # noqa: N805
                pass

        self._server = ThreadingHTTPServer(("localhost", self.port), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        for gate in self._held.values():
            gate.set()
        self._server.shutdown()
        self._server.server_close()

    # ---- what a test says

    @contextlib.contextmanager
    def holding(self, action):
        """Answers to `action` wait until the block ends."""
        gate = self._held[action] = threading.Event()
        try:
            yield gate
        finally:
            del self._held[action]
            gate.set()

    @contextlib.contextmanager
    def refusing(self, action, status, code, message):
        """`action` is answered with this error."""
        error = {"message": message, "type": "OAuthException", "code": code}
        self._refusals[action] = (status, {"error": error})
        try:
            yield
        finally:
            del self._refusals[action]

    # ---- what a test asks

    def actions(self, ref):
        """Actions asked for the call `ref`, in order."""
        return [action for _at, action, call, _body in self.asked if call == ref]

    def wait_for(self, action, ref=None, seconds=10, count=1):
        """The bodies of `action`, for the call `ref` or any, once there are `count`."""

        def found():
            return [
                body
                for _at, name, call, body in self.asked
                if name == action and ref in (None, call)
            ]

        with self._news:
            if not self._news.wait_for(lambda: len(found()) >= count, seconds):
                raise AssertionError(f"no {action} in {seconds} s: {self.asked[-5:]}")
            return found()

    # ---- serving

    def _serve(self, handler):
        size = int(handler.headers.get("Content-Length") or 0)
        body = json.loads(handler.rfile.read(size) or b"{}")
        action = body.get("action") or handler.path.partition("?")[0].split("/")[-1]
        ref, answer = body.get("call_id"), SUCCESS
        if action == "connect":
            ref = f"wacid.race.out{next(self._ids)}"
            answer = {"messaging_product": "whatsapp", "calls": [{"id": ref}]}
        elif action == "messages":
            self.made = next(self._ids)
            answer = {"messages": [{"id": f"wamid.race{self.made}"}]}
        status, answer = self._refusals.get(action, (200, answer))
        with self._news:
            self.asked.append((time.monotonic(), action, ref, body))
            self._news.notify_all()
        if gate := self._held.get(action):
            gate.wait(60)
        content = json.dumps(answer).encode()
        with contextlib.suppress(OSError):  # who asked may be dead by now
            handler.send_response(status)
            handler.send_header("Content-Type", "application/json")
            handler.send_header("Content-Length", str(len(content)))
            handler.end_headers()
            handler.wfile.write(content)
