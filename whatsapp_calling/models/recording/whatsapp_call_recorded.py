"""What is recorded of a call: decided once when it begins, told by the sidecar after.

The switches of the number are copied to the call: who switches one meanwhile changes
the next call, not this one.
"""

import uuid

from odoo import api, fields, models

from .whatsapp_call_recording import LISTENERS

RUNNING = ("recording", "paused")


class WhatsappCall(models.Model):
    _inherit = "whatsapp.call"

    recording_uid = fields.Char(groups=fields.NO_ACCESS, copy=False)
    record_agent = fields.Boolean("Our side recorded")
    record_caller = fields.Boolean("Customer recorded")
    record_text = fields.Boolean("Written down")
    recording_state = fields.Selection(
        [
            ("planned", "From the answer on"),
            ("recording", "Being recorded"),
            ("paused", "Paused"),
            ("uploading", "Being uploaded"),
            ("stored", "Recorded"),
            ("discarded", "No consent: deleted"),
            # a message that was begun when an operator took the call over
            ("dropped", "The recording was deleted"),
            ("failed", "Recording failed"),
            ("purged", "Deleted on time"),
            ("erased", "Erased"),
        ],
        "Recording",
    )
    recording_off = fields.Selection(
        [
            ("gate", "Recording was switched off for the company"),
            ("number", "The number records nothing"),
            ("direct", "The call did not go through a media server"),
        ],
        "Not recorded because",
    )
    recording_problem = fields.Char("What the recorder said")
    recording_purged_at = fields.Datetime("Recording deleted on")
    consent = fields.Selection(
        [("announced", "Announced"), ("refused", "Refused")],
        help="Whether the customer was told of the recording, and refused.",
    )
    has_transcript = fields.Boolean("Has a transcript")
    transcript_purged_at = fields.Datetime("Transcript deleted on")
    recording_ids = fields.One2many(
        "whatsapp.call.recording", "call_id", "Recordings", groups=LISTENERS
    )
    turn_ids = fields.One2many("whatsapp.call.turn", "call_id", groups=LISTENERS)

    _recording_uid_uniq = models.UniqueIndex(
        "(recording_uid) WHERE recording_uid IS NOT NULL"
    )
    _recorded_idx = models.Index("(id) WHERE recording_state = 'stored'")
    # whose text is deleted next
    _transcribed_idx = models.Index("(company_id, started_at) WHERE has_transcript")

    def _new_recording_uid(self):
        """The name of this call's recording, made when it has none."""
        self.ensure_one()
        if not self.recording_uid:
            self.recording_uid = uuid.uuid4().hex
        return self.recording_uid

    # ---- what the sidecar is told when it opens the call

    def _plan_recording(self):
        """Copy the switches of the number; only the first time counts."""
        self.ensure_one()
        if self.recording_state or self.recording_off:
            return
        number = self.number_id
        off = number._recording_off()
        if off:
            self.recording_off = off
            return
        self.write(
            {
                "recording_state": "planned",
                "recording_uid": self._new_recording_uid(),
                "record_agent": number.record_agent,
                "record_caller": number.record_caller,
                "record_text": number.record_text,
            }
        )

    def _media_record(self):
        """RECORD of the sidecar's API, or None: this call is not recorded."""
        self._plan_recording()
        if self.recording_state != "planned":
            return None
        number = self.number_id
        return {
            **self._recorder_settings(self.record_agent, self.record_caller),
            "announce": self._announcement_prompt(),
            "order": number.recording_order,
            "refuse_key": number.recording_refuse_key or None,
        }

    def _recorder_settings(self, agent, caller):
        """The part of RECORD that says which tracks, under which name and key."""
        # sudo: sidecar - its public key is for whoever records
        return {
            "agent": agent,
            "caller": caller,
            "announce": None,
            "order": "before",
            "refuse_key": None,
            "recording": self._new_recording_uid(),
            "key": self.sudo().media_unit_id.sidecar_id.public_key,
        }

    def _media_transcribe(self):
        """TRANSCRIBE of the sidecar's API, or None: nothing is written down."""
        self._plan_recording()
        if not self.record_text or self.consent == "refused":
            return None
        return {
            "language": self._customer_lang().partition("_")[0],
            **self._transcription_engine(),
        }

    def _transcription_engine(self):
        """Which engine writes down, with what it needs: see the speech settings."""
        return {"engine": "local"}

    def _announcement_prompt(self):
        """The PROMPT before the recording; None where the customer is not told."""
        if not self.number_id.recording_announced:
            return None
        lang = self._customer_lang()
        return {
            "text": self.number_id._announcement(lang),
            "language": lang.partition("_")[0],
        }

    def _customer_lang(self):
        """The language code (de_AT) that this customer is spoken to in."""
        return self.number_id._recording_language(self.partner_id)

    def _derive(self):
        result = super()._derive()
        if (self.terminated_at or self.closed_at) and not self.recording_off:
            self._note_not_recorded()
        return result

    def _note_not_recorded(self):
        """An answered call that no sidecar recorded: why not?"""
        if self.recording_state == "planned" and not self.anchored:
            # the sidecar took no call, so it went directly
            self.write({"recording_state": False, "recording_off": "direct"})
        answered = self.official_start or self.accepted_at
        if answered and not self.recording_state and self.number_id:
            self.recording_off = self.number_id._recording_off() or "direct"

    # ---- who looks at the call sees it

    def _recording_changed(self, **vals):
        """Note what became of the recording, and tell all tabs."""
        self.ensure_one()
        self.write({**vals, "version": self.version + 1})
        self._announce()

    def _view(self):
        view = super()._view()
        view["recording"] = self._recording_badge()
        return view

    def _recording_badge(self):
        """What the panel shows of the recording of a live call, else False."""
        # sudo: call - that it is recorded is told to whoever is in it
        call = self.sudo()
        shown = (call._is_live() and call.anchored) and (
            call.recording_state in (*RUNNING, "planned", "failed")
            or call.consent == "refused"
        )
        if not shown:
            return False
        return {
            "state": "refused" if call.consent == "refused" else call.recording_state,
            "sound": call.record_agent or call.record_caller,
            "text": call.record_text,
            "problem": call._recording_problem_text(call.recording_problem),
        }

    @api.model
    def _recording_problem_text(self, code):
        """What the recorder said, in words; what it has no code for as it is."""
        words = {
            "disk_full": self.env._("the disk of the media sidecar is full"),
            "disk_error": self.env._("the disk of the media sidecar does not write"),
            "disk_slow": self.env._("the disk of the media sidecar is too slow"),
            "key_error": self.env._("the media sidecar could not encrypt it"),
            "not_announced": self.env._("the customer could not be told of it"),
            "not_available": self.env._("the media sidecar has no recorder"),
        }
        return words.get(code) or code or ""

    @api.model
    def _note_of_tracks(self, tracks):
        names = dict(
            self.env["whatsapp.call.recording"]
            ._fields["track"]
            ._description_selection(self.env)
        )
        return ", ".join(names.get(track, track) for track in tracks or [])
