"""Where a media sidecar says that it lives, and reports what happens in its calls."""

import json
import time

from odoo import http
from odoo.http import request

from ..tools import counters
from .sidecar_signed import Refusal, answer_sidecar, any_length

PATH = "/whatsapp_calling/media/<string:ref>"
MAX_BODY = 256 * 1024  # bytes
ROUTE = {
    "type": "http",
    "auth": "none",
    "methods": ["POST"],
    "csrf": False,
    "save_session": False,
    "readonly": False,
    "max_content_length": any_length,
}


def json_body(body):
    """The JSON object of a body."""
    try:
        data = json.loads(body)
    except (ValueError, RecursionError):
        data = None
    if not isinstance(data, dict):
        raise Refusal(400, "bad_body", "The body is no JSON object.", "media_bad_body")
    return data


class MediaController(http.Controller):
    @http.route(f"{PATH}/hello", **ROUTE)
    def hello(self, ref):
        """A unit says that it lives, every 5 s.

        200 {"public_key", "time", "unknown_calls"}; 400 not understood; 401 not
        rightly signed; 404 unknown; 409 sent before; 413 too large.
        """
        return answer_sidecar(ref, MAX_BODY, self._hello)

    def _hello(self, sidecar, body):
        said = json_body(body)
        said["time"] = int(request.httprequest.headers["X-Timestamp"])
        try:
            unknown = request.env["whatsapp.media.unit"]._hello(sidecar, said)
        except ValueError as error:
            raise Refusal(400, "bad_hello", str(error), "media_bad_body") from None
        return {
            "public_key": sidecar.public_key,
            "time": time.time(),
            "unknown_calls": unknown,
        }

    @http.route(f"{PATH}/events", **ROUTE)
    def events(self, ref):
        """What happened in calls, in order; taken in once each.

        200 {"taken": [ids]}; refusals as those of `hello`.
        """
        return answer_sidecar(ref, MAX_BODY, self._events)

    def _events(self, sidecar, body):
        events = json_body(body).get("events")
        if not isinstance(events, list):
            raise Refusal(400, "bad_body", "There are no events.", "media_bad_body")
        calls = request.env["whatsapp.call"]
        taken, strange = calls._media_events(sidecar, events)
        if strange:
            counters.count(request.db, None, "media_strange", strange)
        return {"taken": taken}
