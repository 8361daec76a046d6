"""A media sidecar as a stand-in inside the test process."""

import json
from collections import defaultdict, deque
from io import BytesIO
from urllib.parse import urlsplit

import requests

from odoo import fields

URL = "http://sidecar.test:8090"


class SidecarRefusal:
    """An error answer of a sidecar."""

    def __init__(self, status, code, message):
        self.status = status
        self.content = {"error": {"code": code, "message": message}}


class Sidecar:
    """Takes what the addon sends to a sidecar's process.

    :ivar requests: (method, path, JSON body) of each, in order
    """

    def __init__(self):
        self.requests = []
        self._answers = defaultdict(deque)

    def answer(self, path, *answers):
        """Answer the next requests of a path: a dict, bytes (Ogg) or a refusal."""
        self._answers[path] += answers

    @property
    def paths(self):
        return [path for _method, path, _body in self.requests]

    def handle(self, request):
        body = json.loads(request.body) if request.body else None
        path = urlsplit(request.url).path
        self.requests.append((request.method, path, body))
        waiting = self._answers[path]
        answer = waiting.popleft() if waiting else {}
        if isinstance(answer, SidecarRefusal):
            return self._response(answer.status, json.dumps(answer.content).encode())
        if isinstance(answer, bytes):
            return self._response(200, answer, "audio/ogg")
        return self._response(200, json.dumps(answer).encode())

    def _response(self, status, content, kind="application/json"):
        response = requests.Response()
        response.status_code = status
        response.headers["Content-Type"] = kind
        response.raw = BytesIO(content)
        return response


class SidecarMixin:
    """One sidecar with one process that is up, for the first company's calls."""

    def setUp(self):
        super().setUp()
        type(self).sidecar = Sidecar()
        # a demo database has one of its own
        self.env["whatsapp.media.unit"].search([]).unlink()
        self.unit = self.env["whatsapp.media.unit"].create(
            {
                "sidecar_id": self.env["whatsapp.media.sidecar"]
                .create({"name": "Rack 1", "ref": "rack-1", "secret": "s" * 32})
                .id,
                "unit": "rack-1/0",
                "url": URL,
                "capacity": 30,
                "seen_at": fields.Datetime.now(),
            }
        )

    def sidecar_down(self):
        self.unit.seen_at = fields.Datetime.subtract(fields.Datetime.now(), seconds=60)

    @classmethod
    def _request_handler(cls, s, r, /, **kw):
        if r.url.startswith(URL):
            return cls.sidecar.handle(r)
        return super()._request_handler(s, r, **kw)
