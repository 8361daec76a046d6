"""Where a media sidecar hands over recordings, in pieces that can be taken up again."""

from odoo import http
from odoo.http import request

from ..models.recording.whatsapp_call_recording_upload import UploadRefused
from .media import MAX_BODY, PATH, ROUTE, json_body
from .sidecar_signed import Refusal, answer_sidecar

RECORDING = f"{PATH}/recordings/<string:uid>"
MAX_PIECE = 1024 * 1024 + 64 * 1024  # bytes
MAX_FINISH = 4 * 1024 * 1024  # bytes: peaks of three tracks of hours


class RecordingUploadController(http.Controller):
    @http.route(f"{RECORDING}/<string:track>", **{**ROUTE, "methods": ["PUT"]})
    def piece(self, ref, uid, track, offset="", call=""):
        """Add a piece of the sealed file.

        200 {"size"} here now; 409 {"size"} to go on from; 410 nothing of it may be kept
        (no consent, purged, erased): delete it; 404 unknown; 413 too large.
        """

        def work(sidecar, body):
            if not (offset.isascii() and offset.isdigit() and body):
                raise Refusal(400, "bad_piece", "The offset or the piece is missing.")
            recordings = request.env["whatsapp.call.recording"]
            return {
                "size": recordings._take_piece(sidecar, uid, track, int(offset), body)
            }

        return answer_sidecar(ref, MAX_PIECE, self._told(work))

    @http.route(f"{RECORDING}/finish", **ROUTE)
    def finish(self, ref, uid):
        """All is sent: 200 {"ok": true}, the sidecar may delete it.

        409 {"track", "size"}: send that track from there on; 400 not understood or not
        to be opened; 404; 410; 503 Odoo's own encryption key is missing for now.
        """

        def work(sidecar, body):
            recordings = request.env["whatsapp.call.recording"]
            again = recordings._finish(sidecar, uid, json_body(body))
            return (409, again) if again else {"ok": True}

        return answer_sidecar(ref, MAX_FINISH, self._told(work))

    @http.route(f"{RECORDING}/discarded", **ROUTE)
    def discarded(self, ref, uid):
        """The sidecar deleted it, because the customer did not agree: 200 {"ok"}."""

        def work(sidecar, _body):
            request.env["whatsapp.call.recording"]._discarded(sidecar, uid)
            return {"ok": True}

        return answer_sidecar(ref, MAX_BODY, self._told(work))

    def _told(self, work):
        """`work`, whose refusals are answers to the sidecar."""

        def told(sidecar, body):
            try:
                return work(sidecar, body)
            except UploadRefused as refused:
                return refused.status, refused.answer

        return told
