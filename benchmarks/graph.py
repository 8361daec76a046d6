"""A stand-in for Graph that says yes at once and notes when it was asked.

The simulator checks what it is asked, which takes time that is not Odoo's.
"""

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Graph:
    """Open it with `with`; `url` is for the account's API address."""

    def __enter__(self):
        self._arrivals = []
        self._requests = 0
        self._news = threading.Condition()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self.url = f"http://localhost:{self._server.server_address[1]}"
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()

    @property
    def requests(self):
        """How many came so far, whatever they asked."""
        return self._requests

    def wait_for(self, action, ref, seconds=10):
        """When `action` on call `ref` arrived, as time.perf_counter().

        :raises TimeoutError: it did not
        """
        with self._news:
            if not self._news.wait_for(lambda: self._find(action, ref), seconds):
                raise TimeoutError(f"no {action} for {ref} in {seconds} s")
            return self._find(action, ref)

    def _find(self, action, ref):
        for at, body in reversed(self._arrivals):
            if body.get("action") == action and body.get("call_id") == ref:
                return at
        return None

    def _handler(graph):  # noqa: N805 - `self` is the handler's
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def parse_request(self):
                graph._requests += 1
                return super().parse_request()

            def do_POST(self):
                at = time.perf_counter()
                size = int(self.headers.get("Content-Length") or 0)
                body = json.loads(self.rfile.read(size) or b"{}")
                with graph._news:
                    graph._arrivals.append((at, body))
                    graph._news.notify_all()
                answer = b'{"messaging_product":"whatsapp","success":true}'
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_):
                pass

        return Handler
