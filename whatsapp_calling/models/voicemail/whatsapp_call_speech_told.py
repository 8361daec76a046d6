"""What is missing in a transcript, and who could not speak: told to people.

A speech engine that fails costs lines of text, never the call; so the operator and the
history are the places where it must be seen, with what the vendor said.
"""

from odoo import models


class WhatsappCall(models.Model):
    _inherit = "whatsapp.call"

    def _media_note(self, kind, data):
        return self._speech_note(kind, data) or super()._media_note(kind, data)

    def _speech_note(self, kind, data):
        reason = str(data.get("message") or data.get("reason") or "?")
        if kind == "transcript_gap":
            return self.env._(
                "Not written down: %(who)s, from %(start)s to %(end)s. %(reason)s",
                who=self._gap_of(data.get("speaker")),
                start=self._gap_at(data.get("from_ms")),
                end=self._gap_at(data.get("to_ms")),
                reason=reason,
            )
        if kind == "stt_failed":
            return self.env._(
                "From here on nothing is written down. %(reason)s", reason=reason
            )
        if kind == "tts_failed" and data.get("instead"):
            return self.env._(
                "The voice on the media server spoke instead. %(reason)s", reason=reason
            )
        if kind == "tts_failed":
            return self.env._("Something was not spoken. %(reason)s", reason=reason)
        return ""

    def _gap_of(self, speaker):
        if speaker == "caller":
            return self.env._("the customer")
        return self.env._("our side")

    def _gap_at(self, milliseconds):
        """A moment of the call as 1:05."""
        if not isinstance(milliseconds, int | float) or milliseconds < 0:
            return "?"
        minutes, seconds = divmod(int(milliseconds // 1000), 60)
        return f"{minutes}:{seconds:02}"

    def _on_media_stt_failed(self, data, at):
        """Who talks just now learns that they have to take notes."""
        if self._is_live() and self.handler_id:
            reason = str(data.get("message") or "")
            speaking = self.with_context(lang=self.handler_id.lang)
            text = speaking.env._(
                "What is said in this call is not written down any more. %(reason)s",
                reason=reason,
            )
            self._notify(self.handler_id, "warning", text)
