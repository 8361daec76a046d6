"""The answer to a missed call in the chat: a voice note, or its text.

One row each. It is spoken by the media server, uploaded and sent as a voice note; where
one of that fails the text goes out instead. What was said stands in the chatter, and
what did not reach the customer is somebody's to do.
"""

from dataclasses import asdict

from odoo import api, fields, models

from ...providers.base import ProviderError
from ...tools import pool
from ...tools.transaction import run_in_transaction
from ..customer.whatsapp_calling_message import OVER_24_HOURS
from .whatsapp_call_follow_up import LINE

SPEAK_FOR = 60  # seconds
SEND_FOR = 600
# WhatsApp shows a play button up to this size, above it a file (audio-messages page)
PLAYED_UP_TO = 512 * 1024


class WhatsappCallVoiceNote(models.Model):
    _name = "whatsapp.call.voice.note"
    _description = "Voice Note after a Missed WhatsApp Call"
    _order = "id desc"
    _rec_name = "call_id"

    call_id = fields.Many2one(
        "whatsapp.call", required=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="call_id.company_id", store=True, index=True)
    assistant_id = fields.Many2one("whatsapp.call.assistant", ondelete="set null")
    text = fields.Text(help="What was said or written.")
    kind = fields.Selection(
        [("voice", "Voice note"), ("text", "Text")], required=True, default="voice"
    )
    state = fields.Selection(
        [
            ("speaking", "Being spoken"),
            ("uploading", "Being uploaded"),
            ("sending", "Being sent"),
            ("sent", "Sent"),
            ("failed", "Not delivered"),
        ],
        required=True,
        default="speaking",
    )
    instead = fields.Char("Why it was no voice note")
    problem = fields.Char("What WhatsApp said")
    attachment_id = fields.Many2one("ir.attachment", "Sound", ondelete="set null")
    message_ref = fields.Char(index="btree_not_null")
    message_id = fields.Many2one(
        "mail.message", "Chatter entry", index="btree_not_null", ondelete="set null"
    )
    due = fields.Boolean(help="There is news for the record.")

    _due_idx = models.Index("(id) WHERE due")

    @api.model
    def _answer_to(self, call):
        """Answer a call that nobody took: spoken where an assistant has a voice."""
        assistant = call.number_id._assistant()
        text = assistant.voicemail_text or assistant._usual_voicemail_text()
        note = self.create(
            {"call_id": call.id, "assistant_id": assistant.id, "text": text.strip()}
        )
        if assistant and assistant.speaks:
            note._speak()
        else:
            note._write_instead(self.env._("No assistant of this company has a voice."))
        return note

    # ---- spoken, uploaded, sent

    def _speak(self):
        unit = self.env["whatsapp.media.unit"]._least_loaded(self.company_id)
        if not unit:
            self._write_instead(self.env._("No media server is up to speak it."))
            return
        self.env["whatsapp.call.request"]._enqueue_media(
            unit,
            "media_speech",
            self.assistant_id._prompt(self.text),
            expires_in=SPEAK_FOR,
            call=self.call_id,
            record=self,
        )

    def _on_media_speech_ok(self, request, answer):
        if self.state != "speaking":
            return
        sound = answer.content.startswith(b"OggS")
        if not sound or len(answer.content) > PLAYED_UP_TO:
            self._write_instead(
                self.env._("What was spoken cannot be sent as a voice note.")
            )
            return
        # sudo: attachment - kept for the chatter entry, which moves it to the record
        self.attachment_id = (
            self.env["ir.attachment"]
            .sudo()
            .create(
                {
                    "name": self.env._("Voice note.ogg"),
                    "raw": answer.content,
                    "mimetype": "audio/ogg",
                    "res_model": self._name,
                    "res_id": self.id,
                }
            )
        )
        self.state = "uploading"
        self._ask(
            "upload_media",
            {
                "attachment_id": self.attachment_id.id,
                "mime_type": "audio/ogg",
                "file_name": "voice-note.ogg",
            },
        )

    def _on_media_speech_failed(self, request, error):
        if self.state == "speaking":
            self._write_instead(
                self.env._("It could not be spoken: %(reason)s", reason=error.message)
            )

    def _on_upload_media_ok(self, request, answer):
        if self.state != "uploading":
            return
        self.state = "sending"
        address = self.call_id.contact_id._address()
        self._ask(
            "send_audio", {**address, "media_ref": answer.media_ref, "voice": True}
        )

    def _on_upload_media_failed(self, request, error):
        if self.state == "uploading":
            self._write_instead(
                self.env._(
                    "WhatsApp did not take the sound: %(reason)s", reason=error.message
                )
            )

    def _on_send_audio_ok(self, request, answer):
        self._was_sent(answer)

    def _on_send_audio_failed(self, request, error):
        self._was_refused(error)

    def _write_instead(self, why):
        """Its text goes out, and the timeline says why it was not spoken."""
        call = self.call_id
        self.write({"kind": "text", "state": "sending", "instead": why})
        call._log("voice_note_text", why)
        if not (call.contact_id and call.account_id._can("MESSAGES")):
            self._was_refused(
                ProviderError(
                    self.env._("Nobody knows whom to write to."), kind="refused"
                )
            )
            return
        self._ask("send_text", {**call.contact_id._address(), "text": self.text})

    def _on_send_text_ok(self, request, answer):
        self._was_sent(answer)

    def _on_send_text_failed(self, request, error):
        self._was_refused(error)

    def _ask(self, action, payload):
        call = self.call_id
        self.env["whatsapp.call.request"]._enqueue(
            call.number_id,
            action,
            payload,
            expires_in=SEND_FOR,
            call=call,
            contact=call.contact_id,
            record=self,
        )

    # ---- what came of it

    def _was_sent(self, answer):
        if self.state != "sending":
            return
        self.write({"state": "sent", "message_ref": answer.message_ref})
        self._tell_soon()
        # its failure may have overtaken this answer, and found no note of its id
        failed = self.env["whatsapp.call.event"].search(
            [
                ("account_id", "=", self.call_id.account_id.id),
                ("key", "=", f"{answer.message_ref}:status:failed"),
            ],
            limit=1,
        )
        if failed:
            self._undelivered((failed.data or {}).get("errors") or [])

    def _was_refused(self, error):
        """It did not reach the customer: whoever follows up is told why."""
        if self.state not in ("sending", "sent"):
            return
        words = self.env["whatsapp.call"]._said(error)
        if error.code == OVER_24_HOURS:
            self.call_id.contact_id.window_closed_at = fields.Datetime.now()
        self.write({"state": "failed", "problem": words})
        self.call_id._log("voice_note_failed", words, flagged=True)
        self._tell_soon()

    def _undelivered(self, errors):
        """WhatsApp took it and did not deliver it.

        :param errors: providers.base.ErrorInfo as dictionaries
        """
        info = errors[0] if errors else {}
        said = info.get("details") or info.get("title") or self.env._("Not delivered")
        self._was_refused(ProviderError(said, kind="refused", code=info.get("code")))

    # ---- the record

    def _tell_soon(self):
        for note in self:
            note.due = True
            pool.submit_after_commit(
                self.env, self._name, "_tell_due", note.id, lane=pool.LATER
            )

    @api.model
    def _sweep(self):
        """Take up what a stopped server left."""
        self.search([("due", "=", True)], limit=100)._tell_soon()

    @api.model
    def _tell_due(self, note_id):
        """Bring the record of one note up to date (runs in the pool)."""
        run_in_transaction(self.env, lambda: self.browse(note_id)._tell())

    def _tell(self):
        if not self.exists() or not self.due:
            return
        lang = self.company_id.partner_id.lang or self.env.lang
        note = self.with_context(lang=lang)
        if not note.message_id and note.state == "sent":
            note._post()
        elif note.state == "failed":
            note._post()
            note._remind()
        self.due = False

    def _post(self):
        thread = self.call_id._follow_up_thread()
        self.message_id = thread.with_context(
            mail_post_autofollow=False, mail_create_nosubscribe=True
        ).message_post(
            body=self._posted_text(),
            author_id=self.env.ref("base.partner_root").id,
            message_type="notification",
            subtype_xmlid="mail.mt_note",
            attachment_ids=self._posted_sound(thread).ids,
        )
        self.call_id._tell_posted(thread)

    def _posted_text(self):
        names = {
            "name": self.call_id.peer_name,
            "text": self.text,
            "problem": self.problem,
        }
        if self.state == "failed":
            return self.env._(
                "Our answer to the missed call did not reach %(name)s: “%(text)s” "
                "%(problem)s",
                **names,
            )
        if self.kind == "voice":
            return self.env._(
                "%(name)s was sent a voice note after the missed call: “%(text)s”",
                **names,
            )
        return self.env._(
            "%(name)s was sent a message after the missed call: “%(text)s”", **names
        )

    def _posted_sound(self, thread):
        """The spoken note, for the chatter's own player."""
        sound = self.attachment_id.sudo()  # sudo: attachment - made by this code
        if not sound or self.kind != "voice" or self.state != "sent":
            return sound.browse()
        sound.write({"res_model": thread._name, "res_id": thread.id})
        sound._set_voice_metadata()
        return sound

    def _remind(self):
        call = self.call_id
        call._schedule_follow_up(
            self.env._("Call %(name)s back", name=call.peer_name),
            LINE.format(self._posted_text()) + call._call_link(),
        )


class WhatsappCallRequest(models.Model):
    _inherit = "whatsapp.call.request"

    def _content(self):
        """A medium is read when it is sent: the row holds only which."""
        payload = super()._content()
        if self.action == "upload_media":
            attachment = self.env["ir.attachment"].browse(payload.pop("attachment_id"))
            payload["content"] = attachment.exists().raw or b""
        return payload


class WhatsappCall(models.Model):
    _inherit = "whatsapp.call"

    voice_note_ids = fields.One2many("whatsapp.call.voice.note", "call_id")

    def _take_message_status(self, account, number, event, event_id, started):
        result = super()._take_message_status(account, number, event, event_id, started)
        if event.status == "failed" and event.message:
            notes = self.env["whatsapp.call.voice.note"]
            note = notes.search(
                [
                    ("message_ref", "=", event.message["id"]),
                    ("company_id", "=", account.company_id.id),
                ],
                limit=1,
            )
            if note:
                self.env["whatsapp.call.event"]._attach(event_id, call=note.call_id)
                note._undelivered([asdict(error) for error in event.errors])
        return result

    @api.model
    def _sweep_parts(self):
        notes = self.env["whatsapp.call.voice.note"]
        return [*super()._sweep_parts(), notes._sweep]
