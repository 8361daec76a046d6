"""A recording of a call: one track, sealed, in an attachment that is never public.

Who may listen is a group of its own, on top of whose calls one may read. What is purged
keeps its row: that there was a recording, and until when.
"""

import io

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL, config

from ...tools import crypto, sealed_file

LISTENERS = "whatsapp_calling.group_recordings"
TRACKS = [
    ("mix", "Both"),
    ("agent", "Our side"),
    ("caller", "Customer"),
]
OPUS = "audio/ogg"


class WhatsappCallRecording(models.Model):
    _name = "whatsapp.call.recording"
    _inherit = ["whatsapp.call.access"]
    _description = "WhatsApp Call Recording"
    _order = "id desc"
    _rec_name = "track"

    call_id = fields.Many2one(
        "whatsapp.call", required=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="call_id.company_id", store=True, index=True)
    peer_name = fields.Char(related="call_id.peer_name", string="Customer")
    number_id = fields.Many2one(related="call_id.number_id", string="Number")
    handler_id = fields.Many2one(related="call_id.handler_id")
    uid = fields.Char("Recording", required=True, help="One for all tracks of a call.")
    track = fields.Selection(TRACKS, required=True)
    kind = fields.Selection(
        [
            ("call", "Call"),
            ("voicemail", "Voice message"),
            ("whatsapp", "Recorded by WhatsApp"),
        ],
        required=True,
        default="call",
    )
    state = fields.Selection(
        [
            ("uploading", "Being uploaded"),
            ("ready", "Ready"),
            ("purged", "Deleted on time"),
        ],
        required=True,
        default="uploading",
    )
    started_at = fields.Datetime("Start")
    duration_ms = fields.Integer("Length (ms)", aggregator=None)
    length_text = fields.Char(
        "Length", compute="_compute_length_text", help="Minutes and seconds."
    )
    expected_ms = fields.Integer(
        "Length of the call (ms)",
        aggregator=None,
        help="What the recording would last if nothing were missing.",
    )
    peaks = fields.Json(prefetch=False, help="0 to 255, ten per second.")
    gaps = fields.Json(help="[[from, to]] in ms where nothing was recorded.")
    recovered = fields.Boolean(help="Finished after the sidecar had stopped.")
    size = fields.Integer("Size of the sealed file", aggregator="sum")
    plain_size = fields.Integer(aggregator=None)
    sha256 = fields.Char("Checksum of the sealed file", groups=fields.NO_ACCESS)
    key_encrypted = fields.Char(groups=fields.NO_ACCESS, prefetch=False)
    attachment_id = fields.Many2one(
        "ir.attachment", ondelete="set null", groups=fields.NO_ACCESS
    )
    purged_at = fields.Datetime("Deleted on")
    listen_ids = fields.One2many("whatsapp.call.listen", "recording_id")

    _track_uniq = models.UniqueIndex(
        "(uid, track)", "This track of the recording is there already."
    )
    # what is purged next
    _kept_idx = models.Index("(company_id, kind, id) WHERE state = 'ready'")

    @api.model
    def _readable(self):
        """The recordings of calls one may read; the group itself is a right."""
        return Domain("call_id", "in", self.env["whatsapp.call"]._search([]))

    @api.depends("duration_ms")
    def _compute_length_text(self):
        for recording in self:
            seconds = round(recording.duration_ms / 1000)
            recording.length_text = recording.call_id._minutes(seconds)

    def action_open_call(self):
        """Open the call, where the player is."""
        self.ensure_one()
        self.check_access("read")
        return {
            "type": "ir.actions.act_window",
            "res_model": "whatsapp.call",
            "res_id": self.call_id.id,
            "view_mode": "form",
            "views": [(False, "form")],
        }

    @api.depends("track", "call_id")
    def _compute_display_name(self):
        tracks = dict(self._fields["track"]._description_selection(self.env))
        for recording in self:
            recording.display_name = self.env._(
                "%(call)s, %(track)s",
                call=recording.call_id.display_name,
                track=tracks.get(recording.track, ""),
            )

    # ---- what is in it

    def _open(self):
        """The sealed file of this recording, open; close it with `.close()`.

        :return: (binary file, sealed_file.SealedFile)
        :raises crypto.CryptoError: the key's own key is missing
        :raises sealed_file.SealedFileError: damaged, or there is nothing
        """
        self.ensure_one()
        # sudo: recording, attachment - who may listen is checked by the caller
        recording = self.sudo()
        attachment = recording.attachment_id
        if not attachment or not recording.key_encrypted:
            raise sealed_file.SealedFileError(self.env._("The recording is gone."))
        key = recording._key()
        if attachment.store_fname:
            try:
                file = open(attachment._full_path(attachment.store_fname), "rb")
            except OSError:
                raise sealed_file.SealedFileError(
                    self.env._("The file of the recording is missing on this server.")
                ) from None
        else:
            file = io.BytesIO(attachment.raw or b"")
        try:
            return file, sealed_file.SealedFile(file, attachment.file_size, key)
        except sealed_file.SealedFileError:
            file.close()
            raise

    def _key(self):
        text = crypto.decrypt(self.key_encrypted, data_dir=config["data_dir"])
        return sealed_file._bytes(text)

    @api.model
    def _wrapped(self, key):
        """The ciphertext of a recording's key, for `key_encrypted`."""
        return self.env["whatsapp.calling.keys"]._encrypt(sealed_file._text(key))

    @api.model
    def _needed_keys(self, account):
        """Ids of the encryption keys without which recordings cannot be heard."""
        self.env.flush_all()
        rows = self.env.execute_query(
            SQL(
                "SELECT DISTINCT split_part(recording.key_encrypted, ':', 1)"
                "  FROM whatsapp_call_recording recording"
                "  JOIN whatsapp_call call ON call.id = recording.call_id"
                " WHERE call.account_id = %s AND recording.key_encrypted IS NOT NULL",
                account.id,
            )
        )
        return {key_id for (key_id,) in rows}

    def _plain(self):
        """All of the sound (bytes, Ogg Opus), for exports."""
        file, sealed = self._open()
        with file:
            return b"".join(sealed.pieces())

    @api.model
    def _store_plain(self, call, track, kind, content, **values):
        """Keep a sound that came in clear, e.g. WhatsApp's own recording: sealed here,
        with a key of its own, as the sidecar does it.

        :param content: bytes, Ogg Opus
        :param values: more of the row: duration_ms, peaks, gaps, started_at, uid
        """
        key = sealed_file.new_key()
        sealed = sealed_file.seal(content, key, track)
        # sudo: recording - users never write recordings
        recording = self.sudo().create(
            {
                "call_id": call.id,
                "track": track,
                "kind": kind,
                "uid": call._new_recording_uid(),
                **values,
            }
        )
        recording._keep(sealed, key, plain_size=len(content))
        # sudo: call - users never write calls
        call.sudo().recording_state = "stored"
        return recording

    def _keep(self, sealed, key, **values):
        """The sealed file has come completely: into an attachment, and ready.

        :param sealed: bytes
        :param key: of the file, 32 bytes
        """
        self.ensure_one()
        attachment = self.env["ir.attachment"].create(
            {
                "name": f"{self.uid}-{self.track}.wcr",
                "raw": sealed,
                "mimetype": "application/octet-stream",
                "res_model": self._name,
                "res_id": self.id,
                "company_id": self.company_id.id,
                "public": False,
            }
        )
        self.write(
            {
                "state": "ready",
                "attachment_id": attachment.id,
                "size": len(sealed),
                "key_encrypted": self._wrapped(key),
                **values,
            }
        )

    # ---- what is left of it

    def _erase_sound(self):
        """Delete the sound and its key; the row stays and says since when."""
        # sudo: attachment - of recordings, which nobody writes
        self.sudo().attachment_id.unlink()
        self.write(
            {
                "state": "purged",
                "purged_at": fields.Datetime.now(),
                "key_encrypted": False,
                "peaks": False,
                "sha256": False,
            }
        )

    @api.ondelete(at_uninstall=False)
    def _unlink_sound(self):
        # sudo: attachment - goes with its recording
        self.sudo().attachment_id.unlink()

    def _file_name(self):
        """How a download is called."""
        call = self.call_id
        moment = fields.Datetime.to_string(self.started_at or call.started_at)
        return (
            f"{moment.replace(':', '-').replace(' ', '_')}_{call.id}_{self.track}.ogg"
        )
