"""What a message about a call brought: chatter notes, activities, a prompt to call.

Posting takes milliseconds and is no part of a webhook: the pool does it afterwards.
"""

from odoo import api, fields, models
from odoo.tools import html_escape

from ...tools import pool
from ...tools.transaction import run_in_transaction

CALL_ACTIVITY = "mail.mail_activity_data_call"


class WhatsappCallingMessage(models.Model):
    _inherit = "whatsapp.calling.message"

    def _tell_soon(self):
        for message in self:
            message.due = True
            pool.submit_after_commit(
                self.env, self._name, "_tell_due", message.id, lane=pool.LATER
            )

    @api.model
    def _sweep(self):
        """Take up what a stopped server left."""
        self.search([("due", "=", True)], limit=100)._tell_soon()

    @api.model
    def _tell_due(self, message_id):
        """Bring the record of one message up to date (runs in the pool)."""
        run_in_transaction(self.env, lambda: self.browse(message_id)._tell())

    def _tell(self):
        if not self.exists() or not self.due:
            return
        user = self.user_id
        # what is said on the record is said in the words of who asked
        message = self.with_context(lang=user.lang, tz=user.tz)
        if message.state == "sent" and not message.told:
            message._post(message._sent_text())
            message.told = "sent"
        if message.answer and message.told != "answered":
            message._post(message._answer_text())
            message._note_answer()
            message.told = "answered"
        message.due = False

    # ---- the chatter

    def _record(self, needs="message_ids"):
        """Where it is told: the record it was sent from, else the customer."""
        record = self.env["whatsapp.call"]._record_of(self.res_model, self.res_id)
        for candidate in (record, self.contact_id.partner_id):
            if candidate and needs in candidate._fields:
                return candidate
        return None

    def _post(self, text):
        thread = self._record()
        if not thread:
            return
        thread.with_context(
            mail_post_autofollow=False, mail_create_nosubscribe=True
        ).message_post(
            body=text,
            author_id=self.user_id.partner_id.id
            or self.env.ref("base.partner_root").id,
            message_type="notification",
            subtype_xmlid="mail.mt_note",
        )
        # an open chatter is told of no new message: who asked has it fetched
        self.user_id._bus_send(
            "whatsapp_calling/posted", {"model": thread._name, "res_id": thread.id}
        )

    def _sent_text(self):
        name = self.contact_id.display_name
        text = self.text or ""
        if self.kind == "call_button":
            return self.env._(
                "%(name)s was sent a WhatsApp call button: “%(text)s”",
                name=name,
                text=text,
            )
        return self.env._(
            "%(name)s was asked on WhatsApp for permission to be called: “%(text)s”",
            name=name,
            text=text,
        )

    def _answer_text(self):
        name = self.contact_id.display_name
        if self.answer == "declined":
            return self.env._("%(name)s declined to be called on WhatsApp.", name=name)
        permission = self.permission_id
        if permission.permanent:
            return self.env._(
                "%(name)s allows us to call on WhatsApp at any time.", name=name
            )
        return self.env._(
            "%(name)s allows us to call on WhatsApp until %(when)s.",
            name=name,
            when=permission._said_at(permission.expires_at)
            if permission.expires_at
            else self.env._("further notice"),
        )

    # ---- activities

    def _schedule_call(self):
        """ "Call when allowed": on the list of who asks, from now on."""
        summary = self.env._(
            "Call %(name)s as soon as it is allowed", name=self.contact_id.display_name
        )
        self._schedule(summary, self.env._("Asked on WhatsApp for permission to call."))

    def _note_answer(self):
        name = self.contact_id.display_name
        if self.answer == "accepted":
            summary = self.env._("%(name)s may be called now", name=name)
        else:
            summary = self.env._("%(name)s declined to be called", name=name)
        if self.activity_id:
            self.activity_id.write(
                {
                    "summary": summary,
                    "note": html_escape(self._answer_text()),
                    "date_deadline": fields.Date.context_today(self),
                }
            )
        else:
            self._schedule(summary, self._answer_text())

    def _schedule(self, summary, note):
        record = self._record("activity_ids")
        if not (record and self.user_id.active):
            return
        self.activity_id = record.with_context(
            mail_activity_quick_update=True
        ).activity_schedule(
            CALL_ACTIVITY,
            summary=summary,
            note=html_escape(note),
            user_id=self.user_id.id,
        )


class WhatsappCallPermission(models.Model):
    _inherit = "whatsapp.call.permission"

    def _tell(self):
        """Tell who asked, now and on the record; open lists of managers change."""
        asked = self._counted_messages()
        asked.filtered(lambda m: m.answer and m.told != "answered")._tell_soon()
        last = asked[-1:]
        self._tell_looking(self.requested_by_id | self.number_id._managers())
        prompt = last.call_when_allowed and self.state == "granted" and last.answer
        for user in self.requested_by_id:
            user._bus_send(
                "whatsapp_calling/permission",
                {
                    "contact_id": self.contact_id.id,
                    "state": self.state,
                    "name": self.contact_id.display_name,
                    # one click to call; nobody is called by surprise
                    "call": bool(prompt) and last._target(),
                    "server_time": self.env["whatsapp.call"]._now_ms(),
                },
            )

    def _tell_looking(self, user):
        """An answer to "Refresh": who asked sees it without reloading."""
        user._bus_send(
            "whatsapp_calling/record", {"model": self._name, "ids": self.ids}
        )


class WhatsappCall(models.Model):
    _inherit = "whatsapp.call"

    @api.model
    def _sweep_parts(self):
        messages = self.env["whatsapp.calling.message"]
        return [*super()._sweep_parts(), messages._sweep]
