"""The sound of a recording, in the ranges that a player asks for."""

from odoo import http
from odoo.http import content_disposition, request

from ..models.recording.whatsapp_call_recording import LISTENERS, OPUS
from ..tools.crypto import CryptoError
from ..tools.sealed_file import SealedFileError


class RecordingController(http.Controller):
    @http.route(
        "/whatsapp_calling/recording/<int:recording_id>/audio",
        type="http",
        auth="user",
        methods=["GET", "HEAD"],
        readonly=False,
    )
    def audio(self, recording_id, download=None):
        """Bytes of the sound, decrypted as they leave; each listening is noted.

        200 all of it; 206 the range asked for; 403 not of the group; 404 none that one
        may know of, or purged; 416 a range behind the end; 503 it cannot be decrypted.
        """
        if not request.env.user.has_group(LISTENERS):
            text = request.env._("You may not listen to recordings of calls.")
            return self._refuse(text, 403)
        recording = request.env["whatsapp.call.recording"].search(
            [("id", "=", recording_id), ("state", "=", "ready")]
        )
        if not recording:
            return self._refuse(request.env._("There is no such recording."), 404)
        try:
            file, sealed = recording._open()
        except (CryptoError, SealedFileError) as error:
            return self._refuse(str(error), 503)
        return self._answer(recording, file, sealed, bool(download))

    def _answer(self, recording, file, sealed, download):
        size, method = sealed.plain_size, request.httprequest.method
        start, end, status = self._range(size)
        headers = [*self._headers(recording, download)]
        if status == 416:
            file.close()
            headers.append(("Content-Range", f"bytes */{size}"))
            return request.make_response("", headers, status=416)
        if status == 206:
            headers.append(("Content-Range", f"bytes {start}-{end - 1}/{size}"))
        headers.append(("Content-Length", str(end - start)))
        if method == "HEAD":
            file.close()
            return request.make_response([], headers, status=status)
        pieces = sealed.pieces(start, end)
        try:
            first = next(pieces, b"")  # what does not open is told, not cut off
        except SealedFileError as error:
            file.close()
            return self._refuse(str(error), 503)
        request.env["whatsapp.call.listen"]._note(
            recording, "download" if download else "play"
        )
        # the file stays open when the recording is purged meanwhile
        response = request.make_response(
            self._rest(first, pieces, file), headers, status=status
        )
        response.call_on_close(file.close)
        return response

    def _rest(self, first, pieces, file):
        with file:
            yield first
            yield from pieces

    def _range(self, size):
        """(start, end, status) of what was asked for; several ranges: all of it."""
        wanted = request.httprequest.range
        if not wanted or wanted.units != "bytes" or len(wanted.ranges) != 1:
            return 0, size, 200
        found = wanted.range_for_length(size)
        if not found:
            return 0, 0, 416
        return *found, 206

    def _headers(self, recording, download):
        yield "Content-Type", OPUS
        yield "Accept-Ranges", "bytes"
        # a copy in the browser would be heard without being noted
        yield "Cache-Control", "private, no-store"
        yield "X-Content-Type-Options", "nosniff"
        yield "Content-Security-Policy", "default-src 'none'"
        if download:
            name = recording._file_name()
            yield "Content-Disposition", content_disposition(name)

    def _refuse(self, text, status):
        headers = [("Content-Type", "text/plain; charset=utf-8")]
        return request.make_response(text, headers, status=status)
