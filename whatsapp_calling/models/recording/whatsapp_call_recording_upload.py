"""A recording on its way from the sidecar: pieces in order, then checked and kept.

Each piece is a row, so that what a request brought is there or not, whichever server
takes the next one. The sidecar deletes its own copy only after `_finish` said yes.
"""

import binascii
import hashlib
import io

import psycopg2

from odoo import api, fields, models
from odoo.tools import SQL

from ...tools import crypto, sealed_file
from ...tools.sealed_file import SealedFile, SealedFileError
from .whatsapp_call_recording import TRACKS

# four hours of a track are 36 MB
LARGEST_TRACK = 128 * 1024 * 1024  # bytes
LONGEST = 24 * 3600 * 1000  # ms
MOST_GAPS = 10_000
# nothing of it may be kept any more
OVER = {
    "discarded": "The customer did not agree to the recording.",
    "dropped": "An operator took the call over from the voicemail.",
    "purged": "The recording was deleted on time.",
    "erased": "The customer was erased.",
}


class UploadRefused(Exception):
    """Odoo does not take it.

    :ivar status: of HTTP; 410: there is no use in keeping it
    :ivar answer: JSON; `code` and `message` under "error" where nothing can go on
    """

    def __init__(self, status, answer):
        super().__init__(answer)
        self.status = status
        self.answer = answer

    @classmethod
    def said(cls, status, code, message):
        return cls(status, {"error": {"code": code, "message": message}})


class WhatsappCallRecordingPart(models.Model):
    _name = "whatsapp.call.recording.part"
    _description = "Part of a Recording on its Way"
    _order = "recording_id, position"
    _log_access = False

    recording_id = fields.Many2one(
        "whatsapp.call.recording", required=True, index=True, ondelete="cascade"
    )
    position = fields.Integer(required=True, aggregator=None, help="First byte.")
    content = fields.Binary(required=True, attachment=False)

    _position_uniq = models.UniqueIndex("(recording_id, position)")

    @api.model
    def _append(self, recording, position, content):
        self.env.flush_all()
        self.env.execute_query(
            SQL(
                "INSERT INTO %s (recording_id, position, content) VALUES (%s, %s, %s)"
                " RETURNING id",
                SQL.identifier(self._table),
                recording.id,
                position,
                psycopg2.Binary(content),
            )
        )

    @api.model
    def _joined(self, recording):
        rows = self.env.execute_query(
            SQL(
                "SELECT content FROM %s WHERE recording_id = %s ORDER BY position",
                SQL.identifier(self._table),
                recording.id,
            )
        )
        return b"".join(bytes(content) for (content,) in rows)

    @api.model
    def _forget(self, recordings):
        self.search([("recording_id", "in", recordings.ids)]).unlink()


class WhatsappCallRecording(models.Model):
    _inherit = "whatsapp.call.recording"

    @api.model
    def _take_piece(self, sidecar, uid, track, offset, content):
        """Add a piece of a track.

        :param offset: of its first byte; must be where the last piece ended
        :return: how many bytes are here now
        :raises UploadRefused: 409 with the size to go on from; 404, 410, 413
        """
        call = self._uploaded(sidecar, uid)
        recording = self._of(call, track)
        if recording.state == "ready" or offset != recording.size:
            raise UploadRefused(409, {"size": recording.size})
        size = recording.size + len(content)
        if size > LARGEST_TRACK:
            raise UploadRefused.said(
                413, "recording_too_large", f"A track has {LARGEST_TRACK} bytes at most"
            )
        self.env["whatsapp.call.recording.part"]._append(recording, offset, content)
        recording.size = size
        return size

    @api.model
    def _finish(self, sidecar, uid, told):
        """All pieces are sent: check them, take over the key, keep the sound.

        A second time changes nothing.

        :param told: the body of the sidecar's `finish`
        :return: None, or {"track", "size": 0}: that one is to be sent again
        :raises UploadRefused: 409 with the track and the size to go on from; 400, 404,
            410, 503 while our own encryption key is missing
        """
        call = self._uploaded(sidecar, uid)
        tracks = _tracks(told)
        recordings = {
            track["track"]: self._of(call, track["track"]) for track in tracks
        }
        missing = [t for t in tracks if recordings[t["track"]].state != "ready"]
        if not missing and call.recording_state in ("stored", "failed"):
            return None
        # nothing was recorded: its key may be lost as well
        key = self._handed_over_key(sidecar, uid, told) if missing else None
        for track in missing:
            recording = recordings[track["track"]]
            if not recording._complete(track, key, told):
                return {"track": track["track"], "size": 0}
        call._recording_stored(told["kind"], self.browse().union(*recordings.values()))
        return None

    @api.model
    def _discarded(self, sidecar, uid):
        """The sidecar deleted a recording that must not be kept."""
        call = self._uploaded(sidecar, uid, over=True)
        # which of the two it was is told by an event, which may come later
        taken_over = call.no_answer == "voicemail" and call.handler_kind == "user"
        call._recording_deleted_there(taken_over)

    @api.model
    def _uploaded(self, sidecar, uid, over=False):
        """The call of a recording that a sidecar may hand over, locked.

        :param over: also one of which nothing may be kept
        """
        call = self.env["whatsapp.call"].search([("recording_uid", "=", uid)])._lock()
        carried = call.media_unit_id.sidecar_id
        if not call or (carried and carried != sidecar):
            raise UploadRefused.said(
                404, "unknown_recording", "There is no call of this recording here."
            )
        if call.recording_state in OVER and not over:
            code = call.recording_state
            raise UploadRefused.said(410, code, OVER[code])
        return call

    def _of(self, call, track):
        """The row of a track, made with its first piece."""
        if track not in dict(TRACKS):
            raise UploadRefused.said(404, "unknown_track", "There is no such track.")
        found = self.search(
            [("uid", "=", call.recording_uid), ("track", "=", track)], limit=1
        )
        return found or self.create(
            {"call_id": call.id, "uid": call.recording_uid, "track": track}
        )

    def _handed_over_key(self, sidecar, uid, told):
        try:
            return sealed_file.unseal_key(
                told.get("sealed_key"), sidecar._private_key(), uid
            )
        except SealedFileError as error:
            raise UploadRefused.said(400, "bad_key", str(error)) from None
        except crypto.CryptoError as error:
            raise UploadRefused.said(503, "key_missing", str(error)) from None

    def _complete(self, track, key, told):
        """Check a whole track and keep it; False: it is to be sent again."""
        parts = self.env["whatsapp.call.recording.part"]
        sealed = parts._joined(self)
        name = track["track"]
        if len(sealed) < track["size"]:
            raise UploadRefused(409, {"track": name, "size": len(sealed)})
        if hashlib.sha256(sealed).hexdigest() != track["sha256"]:
            parts._forget(self)
            self.size = 0
            return False
        try:
            opened = SealedFile(io.BytesIO(sealed), len(sealed), key)
            opened.verify()
        except SealedFileError as error:
            raise UploadRefused.said(400, "unreadable", str(error)) from None
        if opened.track != name:
            raise UploadRefused.said(400, "unreadable", "It is another track.")
        self._keep(
            sealed,
            key,
            kind=told["kind"],
            sha256=track["sha256"],
            plain_size=opened.plain_size,
            duration_ms=track["duration_ms"],
            expected_ms=track["expected_ms"],
            peaks=track["peaks"],
            gaps=track["gaps"],
            recovered=bool(told.get("recovered")),
            started_at=self.env["whatsapp.call"]._moment(told.get("started")),
        )
        parts._forget(self)
        return True


def _tracks(told):
    """What `finish` says of each track, checked.

    :raises UploadRefused: it is not as the sidecar's API has it
    """
    try:
        if told["kind"] not in ("call", "voicemail"):
            raise ValueError("kind")
        return [_track(track) for track in told["tracks"]]
    except (AttributeError, KeyError, TypeError, ValueError, OverflowError) as error:
        raise UploadRefused.said(
            400, "bad_finish", f"The end of the upload lacks or misspells: {error}"
        ) from None


def _track(track):
    if track["track"] not in dict(TRACKS):
        raise ValueError("track")
    digest = str(track["sha256"])
    binascii.unhexlify(digest)
    peaks = bytes(track.get("peaks") or [])  # 0 to 255, or ValueError
    gaps = [[int(start), int(end)] for start, end in track.get("gaps") or []]
    times = [int(track.get(name) or 0) for name in ("duration_ms", "expected_ms")]
    size = int(track["size"])
    if len(gaps) > MOST_GAPS or not all(0 <= each <= LONGEST for each in times):
        raise ValueError("gaps or times")
    if not 0 <= size <= LARGEST_TRACK or len(peaks) > LONGEST // 100:
        raise ValueError("size or peaks")
    return {
        "track": track["track"],
        "size": size,
        "sha256": digest.lower(),
        "duration_ms": times[0],
        "expected_ms": times[1],
        "peaks": list(peaks),
        "gaps": gaps,
    }
