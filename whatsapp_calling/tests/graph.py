"""Graph as a stand-in inside the test process: notes requests, gives answers."""

import json
from collections import defaultdict, deque
from io import BytesIO
from urllib.parse import urlsplit

import requests


class Refusal:
    """An error answer of Graph."""

    def __init__(self, status, code, message, details="", **headers):
        self.status = status
        self.headers = headers
        self.content = {
            "error": {
                "message": message,
                "code": code,
                "error_data": {"details": details},
            }
        }


class Graph:
    """Takes what the addon sends to graph.facebook.com.

    :ivar requests: (method, path, JSON body) of each, in order
    :ivar uploads: bodies of forms
    """

    def __init__(self):
        self.requests = []
        self.tokens = []
        self.uploads = []
        self._answers = defaultdict(deque)

    @property
    def actions(self):
        """The actions in order: "connect", "accept", … or the last of the path."""
        return [self._action(path, body) for _method, path, body in self.requests]

    @property
    def bodies(self):
        return [body for _method, _path, body in self.requests]

    def answer(self, action, *answers):
        """Answer the next requests of an action: a dict, Refusal or exception."""
        self._answers[action] += answers

    def handle(self, request):
        body = self._read(request)
        path = urlsplit(request.url).path
        self.requests.append((request.method, path, body))
        self.tokens.append(request.headers.get("Authorization"))
        action = self._action(path, body)
        waiting = self._answers[action]
        answer = waiting.popleft() if waiting else self._usual(action)
        if callable(answer) and not isinstance(answer, type):
            answer = answer()
        if isinstance(answer, BaseException):
            raise answer
        if isinstance(answer, Refusal):
            return self._response(answer.status, answer.content, answer.headers)
        return self._response(200, answer)

    def _read(self, request):
        """JSON, or of a form what is in it: bytes."""
        kind = request.headers.get("Content-Type") or ""
        if kind.startswith("multipart/form-data"):
            self.uploads.append(request.body)
            return None
        return json.loads(request.body) if request.body else None

    def _action(self, path, body):
        return (body or {}).get("action") or path.rsplit("/", 1)[-1]

    def _usual(self, action):
        if action == "connect":
            return {"messaging_product": "whatsapp", "calls": [{"id": "wacid.out1"}]}
        if action == "media":
            return {"id": "8000"}
        if action == "messages":
            return {
                "messaging_product": "whatsapp",
                "messages": [{"id": "wamid.X1"}],
            }
        return {"messaging_product": "whatsapp", "success": True}

    def _response(self, status, content, headers=None):
        response = requests.Response()
        response.status_code = status
        response.headers.update(headers or {})
        response.raw = BytesIO(json.dumps(content).encode())
        return response
