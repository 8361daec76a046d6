"""A forged Graph: answers what a test says and keeps what it was asked."""

import json
import threading
from dataclasses import dataclass, field
from email.parser import BytesParser
from email.policy import HTTP
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit


@dataclass
class Asked:
    method: str
    path: str
    query: dict
    headers: dict
    body: object
    thread_port: int


@dataclass
class Graph:
    """Serves on a free port until `close`.

    :ivar answers: one (status, headers, content) per request, the last one stays;
        content bytes or JSON. Status None: hold the answer until `release`.
        Status 0: hang up.
    """

    answers: list = field(default_factory=lambda: [(200, {}, {"success": True})])
    asked: list = field(default_factory=list)
    release: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self):
        graph = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                graph._serve(self)

            do_POST = do_DELETE = do_GET

            def log_message(self, *args):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(
            target=self.server.serve_forever, args=[0.01], daemon=True
        ).start()

    def _serve(self, handler):
        parts = urlsplit(handler.path)
        length = int(handler.headers.get("Content-Length") or 0)
        content = handler.rfile.read(length)
        self.asked.append(
            Asked(
                method=handler.command,
                path=parts.path,
                query=dict(parse_qsl(parts.query)),
                headers=dict(handler.headers),
                body=_body(handler.headers, content),
                thread_port=handler.client_address[1],
            )
        )
        status, headers, answer = (
            self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        )
        if status is None:
            self.release.wait(10)
        if not status:
            handler.close_connection = True
            return
        answer = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        handler.send_response_only(status)
        for name, value in {"Content-Length": str(len(answer)), **headers}.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(answer)

    def close(self):
        self.release.set()
        self.server.shutdown()
        self.server.server_close()


def _body(headers, content):
    """JSON, or {name: text or (file name, media type, bytes)} of a form."""
    kind = headers.get("Content-Type") or ""
    if not kind.startswith("multipart/form-data"):
        return json.loads(content) if content else None
    message = BytesParser(policy=HTTP).parsebytes(
        b"Content-Type: " + kind.encode() + b"\r\n\r\n" + content
    )
    parts = {}
    for part in message.iter_parts():
        name = part.get_param("name", header="content-disposition")
        value = part.get_payload(decode=True)
        file_name = part.get_filename()
        parts[name] = (
            (file_name, part.get_content_type(), value) if file_name else value.decode()
        )
    return parts
