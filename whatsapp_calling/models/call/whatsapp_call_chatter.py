"""One message per call on the record it belongs to; the softphone draws it live."""

from markupsafe import Markup

from odoo import api, models
from odoo.tools.misc import format_duration

from ...tools import pool
from ...tools.transaction import run_in_transaction

CARD = Markup(
    '<div class="o_whatsapp_call_card" data-oe-type="whatsapp-call" '
    'data-oe-model="whatsapp.call" data-oe-id="{id}"><p>{text}</p></div>'
)


class WhatsappCall(models.Model):
    _inherit = "whatsapp.call"

    def _post_soon(self):
        """Post or rewrite the chatter entry in the pool: it costs 7 ms."""
        self.ensure_one()
        self.chatter_due = True
        pool.submit_after_commit(
            self.env, self._name, "_post_due", self.id, lane=pool.LATER
        )

    def _after_end(self):
        """What is left to do when a call is over."""
        if not self._is_live():
            self._post_soon()

    @api.model
    def _post_due(self, call_id):
        """Bring the chatter entry of one call up to date (runs in the pool)."""
        run_in_transaction(self.env, lambda: self.browse(call_id)._post())

    def _post(self):
        self._lock()
        if not self.exists() or not self.chatter_due:
            return
        body = CARD.format(id=self.id, text=self._chatter_text())
        if self.message_id:
            # written in place: an edit through the thread would stamp it "edited"
            self.message_id.body = body
            self._move_message()
        else:
            self._post_new(body)
        self.chatter_due = False

    def _post_new(self, body):
        thread = self._thread()
        if not thread:
            return
        author = self.handler_id.partner_id
        self.message_id = thread.with_context(
            mail_post_autofollow=False, mail_create_nosubscribe=True
        ).message_post(
            body=body,
            author_id=author.id or self.env.ref("base.partner_root").id,
            message_type="notification",
            subtype_xmlid="mail.mt_note",
        )
        self._tell_posted(thread)

    def _move_message(self):
        """The message of a call that was put on another record goes there as well."""
        message, thread = self.message_id, self._thread()
        if thread and (message.model, message.res_id) != (thread._name, thread.id):
            message.write({"model": thread._name, "res_id": thread.id})
            self._tell_posted(thread)

    def _tell_posted(self, thread):
        # an open chatter is told of no new message: who has the call fetches it
        (self.rung_user_ids | self.handler_id)._bus_send(
            "whatsapp_calling/posted", {"model": thread._name, "res_id": thread.id}
        )

    def _thread(self):
        """Where the call is told of: its record, else the customer, else nowhere."""
        for record in (self._record(), self.partner_id):
            if record and "message_ids" in record._fields:
                return record
        return None

    def _chatter_text(self):
        """The entry for readers without the softphone (mail, portal, export)."""
        states = dict(self._fields["state"]._description_selection(self.env))
        parts = [
            self.env._("WhatsApp call to %(name)s", name=self._named())
            if self.direction == "outbound"
            else self.env._("WhatsApp call from %(name)s", name=self._named()),
            states[self.state],
        ]
        if self.duration:
            parts.append(format_duration(self.duration / 60))
        if self.handler_id:
            parts.append(self.handler_id.name)
        if self.reason and self.state not in ("completed",):
            parts.append(self.reason)
        return " · ".join(parts)

    def _named(self):
        if self.peer_phone and self.peer_phone != self.peer_name:
            return f"{self.peer_name} ({self.peer_phone})"
        return self.peer_name
