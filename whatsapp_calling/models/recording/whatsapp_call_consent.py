"""The recording while the call runs: what the sidecar tells of it, and who stops it.

A customer who does not agree leaves nothing behind: neither sound nor text. An operator
pauses it while card numbers are said.
"""

from odoo import api, models

from ...tools.transaction import run_in_transaction
from .whatsapp_call_recorded import RUNNING
from .whatsapp_call_recording_upload import OVER

COMMANDS = {"pause": "pause", "resume": "resume", "refuse": "discard"}
# of what is written down of a call nothing is kept any more
NO_TEXT = ("erased", "discarded", "dropped")


class WhatsappCall(models.Model):
    _inherit = "whatsapp.call"

    # ---- what the sidecar tells

    def _media_note(self, kind, data):
        notes = {
            "announcement_played": self.env._("The customer was told of the recording"),
            "consent_refused": self.env._(
                "The customer pressed %(key)s: no recording", key=data.get("key") or "?"
            ),
            "recording_started": self.env._(
                "The recording began: %(tracks)s",
                tracks=self._note_of_tracks(data.get("tracks")),
            ),
            "recording_paused": self.env._("The recording was paused"),
            "recording_resumed": self.env._("The recording goes on"),
            "recording_stopped": self.env._("The recording has ended"),
            "recording_discarded": self.env._("The recording was deleted"),
            "recording_failed": self.env._(
                "The recording failed: %(reason)s",
                reason=self._recording_problem_text(data.get("reason")) or "?",
            ),
            "turn": self.env._("Somebody spoke"),
        }
        return notes.get(kind) or super()._media_note(kind, data)

    def _on_media_announcement_played(self, data, at):
        if not self.consent:
            self._recording_changed(consent="announced")

    def _on_media_consent_refused(self, data, at):
        self._forget_recording()

    def _on_media_recording_started(self, data, at):
        self._recording_moves("recording", ("planned",))

    def _on_media_recording_paused(self, data, at):
        self._recording_moves("paused", ("planned", "recording"))

    def _on_media_recording_resumed(self, data, at):
        self._recording_moves("recording", ("paused",))

    def _on_media_recording_stopped(self, data, at):
        self._recording_moves("uploading", ("planned", *RUNNING))

    def _on_media_recording_discarded(self, data, at):
        self._recording_deleted_there(data.get("reason") == "taken_over")

    def _on_media_recording_failed(self, told, at_or_error):
        """Two things have this name: the recorder failed (an event), or the sidecar
        did not do what an operator asked of it (the answer to a request)."""
        if not isinstance(told, dict):
            return self._on_recording_command_failed(told, at_or_error)
        if self.recording_state in ("planned", *RUNNING):
            problem = str(told.get("reason") or "")[:200]
            self._recording_changed(recording_state="failed", recording_problem=problem)
        return None

    def _on_recording_command_failed(self, request, error):
        self._notify(
            request.user_id,
            "danger",
            self.env._(
                "The recording was not changed: %(problem)s", problem=error.message
            ),
        )

    def _recording_moves(self, state, before):
        """What comes late or twice changes nothing: a stored one stays stored."""
        if self.recording_state in before:
            self._recording_changed(recording_state=state)

    def _recording_stored(self, kind, recordings):
        """The sidecar has handed it over."""
        if not recordings and (self.record_agent or self.record_caller):
            # there should be sound, and nothing came out of the recorder
            if self.recording_state != "failed":
                self._recording_changed(recording_state="failed")
            return
        self._recording_changed(recording_state="stored")
        if not recordings:
            return  # only the text was wanted
        self._log(
            "recording_stored",
            self.env._(
                "The recording has come: %(tracks)s",
                tracks=self._note_of_tracks(recordings.mapped("track")),
            ),
            key=f"recording:{self.recording_uid}",
        )

    def _recording_deleted_there(self, taken_over):
        """The sidecar keeps nothing: for want of consent, or because an operator took
        the call over from the voicemail, which says nothing of consent."""
        if not taken_over:
            self._forget_recording()
        elif self.recording_state not in OVER:
            self._drop_recording("dropped")

    def _forget_recording(self):
        """The customer did not agree."""
        if self.consent != "refused" and self.recording_state != "erased":
            self._drop_recording("discarded", consent="refused")

    def _drop_recording(self, state, **values):
        """Neither sound nor text is kept, and what still comes of it is refused."""
        # sudo: recording, turn - nobody deletes them by hand
        call = self.sudo()
        call.recording_ids.unlink()
        call.turn_ids.unlink()
        self._recording_changed(recording_state=state, has_transcript=False, **values)

    # ---- turns, while the call runs

    def _on_media_turn(self, data, at):
        """One more turn, if this call is written down."""
        if not self._writes_down():
            return
        text = str(data.get("text") or "").strip()
        speaker = data.get("speaker")
        if not text or speaker not in ("caller", "agent", "assistant"):
            return
        turn = self.env["whatsapp.call.turn"].create(
            {
                "call_id": self.id,
                "speaker": speaker,
                "user_id": speaker == "agent" and self.handler_id.id,
                "start_ms": int(data.get("start_ms") or 0),
                "end_ms": int(data.get("end_ms") or 0),
                "text": text,
                "confidence": float(data.get("confidence") or 0),
                "engine": str(data.get("engine") or "")[:40],
            }
        )
        # ids only: what was said must not lie in the table of the bus
        told = {"id": self.id, "turn_id": turn.id}
        self._bus_send("whatsapp_calling/turn", told)
        self.handler_id._bus_send("whatsapp_calling/turn", told)

    def _writes_down(self):
        """Whether what is said in this call may be kept as text."""
        if self.consent == "refused" or self.recording_state in NO_TEXT:
            return False
        voicemail = self.handler_kind == "voicemail"
        return bool((self.record_text or voicemail) and not self.transcript_purged_at)

    # ---- what the operator does

    @api.model
    def softphone_recording(self, call_id, action):
        """Pause or resume the recording, or delete it: the customer does not agree.

        :param action: "pause", "resume" or "refuse"
        :return: {"ok", "message"}; that it is paused is told by the sidecar
        """

        def work():
            call = self._for_softphone(call_id)._lock()
            refusal = self._recording_command_refusal(call, action)
            if refusal:
                return {"ok": False, "message": refusal}
            # sudo: call - its operator changes nothing but the recording
            call.sudo()._command_recording(action, self.env.user)
            return {"ok": True, "message": False}

        return run_in_transaction(self.env, work)

    def _recording_command_refusal(self, call, action):
        if action not in COMMANDS:
            return self.env._("There is no such command.")
        if not call or call.handler_id != self.env.user:
            return self.env._("Only who handles the call may change its recording.")
        wanted = {
            "pause": ("recording",),
            "resume": ("paused",),
            "refuse": ("planned", *RUNNING, "failed"),
        }
        state = call.sudo().recording_state
        if not call._is_live() or state not in wanted[action]:
            return self.env._("The recording is not in that state any more.")
        return ""

    def _command_recording(self, action, user):
        notes = {
            "pause": self.env._("Asked to pause the recording"),
            "resume": self.env._("Asked to go on recording"),
            "refuse": self.env._("The customer does not agree to the recording"),
        }
        self._log(f"recording_{action}", notes[action], source="operator", user=user)
        self._ask_sidecar("media_recording", {"action": COMMANDS[action]}, user=user)
        if action == "refuse":
            # at once: whatever comes of it from now on is refused
            self._forget_recording()
