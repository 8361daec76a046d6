"""A media sidecar as a stand-in inside the test process, and what it reports."""

import json
from collections import defaultdict, deque
from io import BytesIO
from urllib.parse import urlsplit

import requests

from ..tools import sidecar_signature
from . import meta_bodies as meta

REF = "test-sidecar"
SECRET = "test-sidecar-secret-0123456789abcdef"
ACTIONS = ("remote", "accepted", "legs", "hold", "talk", "transfer", "recording")
ACTIONS += ("dtmf", "play", "program")


class SidecarRefusal:
    """An error answer of a sidecar."""

    def __init__(self, status, code, message):
        self.status = status
        self.content = {"error": {"code": code, "message": message}}


class Sidecar:
    """Takes what the addon asks of the units at http://unit-<n>.sidecar.test.

    :ivar requests: (unit, action, JSON body) of each that was rightly signed, in order
    """

    def __init__(self):
        self.requests = []
        self.refused = []
        self._answers = defaultdict(deque)

    @property
    def actions(self):
        return [action for _unit, action, _body in self.requests]

    def bodies(self, action):
        return [body for _unit, name, body in self.requests if name == action]

    def answer(self, action, *answers):
        """Answer the next requests of an action: a dict, SidecarRefusal, exception."""
        self._answers[action] += answers

    def handle(self, request):
        body = request.body or b""
        body = body.encode() if isinstance(body, str) else body
        parts = urlsplit(request.url)
        try:
            sidecar_signature.check(
                [SECRET], request.method, request.path_url, request.headers, body
            )
        except sidecar_signature.Refused as error:
            self.refused.append(error.code)
            return _response(
                401, {"error": {"code": error.code, "message": str(error)}}
            )
        action = _action(request.method, parts.path)
        unit = parts.hostname.partition(".")[0]
        self.requests.append((unit, action, json.loads(body) if body else None))
        waiting = self._answers[action]
        answer = waiting.popleft() if waiting else self._usual(action, body)
        if isinstance(answer, BaseException):
            raise answer
        if isinstance(answer, SidecarRefusal):
            return _response(answer.status, answer.content)
        return _response(200, answer)

    def _usual(self, action, body):
        if action == "open":
            asked = json.loads(body)
            inbound = asked["direction"] == "inbound"
            answer = {"sdp": meta.ANSWER_SDP if inbound else meta.OFFER_SDP}
            if asked.get("operator"):
                answer["operator_sdp"] = meta.ANSWER_SDP
            return answer
        if action == "legs":
            return {"sdp": meta.ANSWER_SDP}
        return {}


def _action(method, path):
    """ "open", "close", "legs", "leg_close", … of a request."""
    parts = path.strip("/").split("/")[1:]
    if parts[0] != "calls":
        return parts[0]
    if len(parts) == 1:
        return "open"
    if len(parts) == 2:
        return "close" if method == "DELETE" else "state"
    if len(parts) == 4:
        return "leg_close" if method == "DELETE" else "leg_mode"
    return parts[2]


def _response(status, content):
    response = requests.Response()
    response.status_code = status
    response.raw = BytesIO(json.dumps(content).encode())
    return response
