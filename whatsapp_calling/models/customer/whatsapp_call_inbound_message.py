"""Customers' messages to a calling number, on their way into a record's chatter.

WhatsApp has one webhook for messages, whoever reads them. Where another app does,
their text is none of our business: nothing of it is stored. Only a number that is
told to show them here gets a row per message, which holds the text until it is in
the chatter, and no longer.
"""

from datetime import timedelta
from functools import partial

from odoo import api, fields, models
from odoo.tools import SQL

from ...tools import pool
from ...tools.transaction import run_in_transaction, run_on_its_own

# WhatsApp keeps a customer's medium for 7 days; who waits for it wants it now
FETCH_FOR = 600
# seconds after which a message that is still waiting was left by a stopped server
LEFT_AFTER = 60
# what browsers play; anything else is not WhatsApp's and may be anything
PLAYED = {
    "audio/aac": "aac",
    "audio/amr": "amr",
    "audio/mpeg": "mp3",
    "audio/mp4": "m4a",
    "audio/ogg": "ogg",
}


class WhatsappCallInboundMessage(models.Model):
    _name = "whatsapp.call.inbound.message"
    _description = "Customer's WhatsApp Message"
    _order = "id desc"
    _rec_name = "contact_id"

    account_id = fields.Many2one(
        "whatsapp.calling.account", required=True, ondelete="cascade"
    )
    number_id = fields.Many2one("whatsapp.calling.number", ondelete="cascade")
    company_id = fields.Many2one("res.company", required=True, index=True)
    contact_id = fields.Many2one(
        "whatsapp.call.contact", required=True, index=True, ondelete="cascade"
    )
    provider_ref = fields.Char("Message ID", required=True)
    kind = fields.Char(required=True, help="text, audio, image, … as WhatsApp says.")
    sent_at = fields.Datetime("Sent", required=True, help="On WhatsApp's clock.")
    state = fields.Selection(
        [
            ("fetching", "Fetching the sound"),
            ("waiting", "On its way to the chatter"),
            ("posted", "In the chatter"),
            ("failed", "Given up"),
        ],
        required=True,
        default="waiting",
    )
    problem = fields.Char("Why it was given up", readonly=True)
    text = fields.Text(groups=fields.NO_ACCESS, help="Until it is in the chatter.")
    file_name = fields.Char(groups=fields.NO_ACCESS)
    voice = fields.Boolean()
    message_id = fields.Many2one(
        "mail.message", "Chatter entry", index="btree_not_null", ondelete="set null"
    )

    _ref_uniq = models.UniqueIndex(
        "(account_id, provider_ref)", "This message is there already."
    )
    _open_idx = models.Index("(id) WHERE state IN ('fetching', 'waiting')")

    @api.model
    def _take(self, account, number, contact, event):
        """Keep a customer's message for the chatter, where this number shows them.

        :param event: providers.base.Event of kind "inbound_message"
        """
        told = event.message
        if not number.shows_messages:
            return self.browse()
        if account.company_id._whatsapp_calling_refusal():
            return self.browse()
        fetched = told["type"] == "audio" and told.get("media_ref")
        message = self.create(
            {
                "account_id": account.id,
                "number_id": number.id,
                "company_id": account.company_id.id,
                "contact_id": contact.id,
                "provider_ref": told["id"],
                "kind": told["type"],
                "sent_at": self.env["whatsapp.call"]._moment(event.timestamp),
                "state": "fetching" if fetched else "waiting",
                "text": told["text"],
                "file_name": told.get("file_name"),
                "voice": told.get("voice"),
            }
        )
        if fetched:
            message._fetch(told["media_ref"])
        else:
            message._post_soon()
        return message

    def _fetch(self, media_ref):
        self.env["whatsapp.call.request"]._enqueue(
            self.number_id,
            "get_media",
            {"media_ref": media_ref},
            expires_in=FETCH_FOR,
            contact=self.contact_id,
            record=self,
        )

    def _on_get_media_ok(self, request, answer):
        mime_type = (answer.data.get("mime_type") or "").split(";")[0].strip().lower()
        if mime_type in PLAYED:
            sound = (mime_type, answer.content)
            self._post(sound=sound)
        else:
            refusal = self.env._("it is not a sound, but %(type)s", type=mime_type)
            self._post(refusal=refusal)

    def _on_get_media_failed(self, request, error):
        self._post(refusal=error.message)

    # ---- into the chatter

    def _post_soon(self):
        """Post in the pool: it costs 7 ms, and a webhook has better to do."""
        pool.submit_after_commit(
            self.env, self._name, "_post_due", self.id, lane=pool.LATER
        )

    @api.model
    def _post_due(self, message_id):
        """Put one message into the chatter (runs in the pool)."""
        run_in_transaction(self.env, lambda: self.browse(message_id)._post())

    def _post(self, sound=None, refusal=""):
        """Put the message into the chatter, once, and forget what it said.

        :param sound: (mime type, bytes) of a voice message
        :param refusal: why it has none
        """
        if not self._held():
            return
        contact = self.contact_id
        thread = self._thread()
        lang = self.company_id.partner_id.lang or self.env.lang
        body = self.with_context(lang=lang)._body(bool(sound), refusal)
        author = contact.partner_id
        posted = thread.with_context(
            mail_post_autofollow=False, mail_create_nosubscribe=True, lang=lang
        ).message_post(
            body=body,
            author_id=author.id,
            email_from=author.email_formatted or contact.display_name,
            message_type="comment",
            subtype_xmlid="mail.mt_note",
            attachment_ids=self._attach(thread, sound).ids if sound else [],
        )
        self.write(
            {
                "state": "posted",
                "text": False,
                "file_name": False,
                "message_id": posted.id,
            }
        )
        self._tell(thread)

    def _held(self):
        """Whether it is still to be posted; whoever else is at it is waited for."""
        self.flush_recordset(["state"])
        rows = self.env.execute_query(
            SQL(
                "SELECT id FROM %s WHERE id IN %s AND state IN ('fetching', "
                "'waiting') FOR NO KEY UPDATE",
                SQL.identifier(self._table),
                tuple(self.ids) or (0,),
            )
        )
        return bool(rows)

    def _attach(self, thread, sound):
        mime_type, content = sound
        attachment = self.env["ir.attachment"].create(
            {
                "name": self.env._(
                    "Voice message %(when)s.%(extension)s",
                    when=fields.Datetime.to_string(self.sent_at).replace(":", "-"),
                    extension=PLAYED[mime_type],
                ),
                "raw": content,
                "mimetype": mime_type,
                "res_model": thread._name,
                "res_id": thread.id,
            }
        )
        # the player of the chatter, instead of a file to download
        attachment._set_voice_metadata()
        return attachment

    def _sweep(self):
        """Take up what a stopped server left: the sound could not be had, or the
        text is still waiting. Whatever cannot be posted now either is given up."""
        before = fields.Datetime.now() - timedelta(seconds=LEFT_AFTER)
        for message in self.search(
            [("state", "=", "waiting"), ("create_date", "<", before)], limit=100
        ):
            message._post_or_give_up()
        too_late = before - timedelta(seconds=FETCH_FOR)
        for message in self.search(
            [("state", "=", "fetching"), ("create_date", "<", too_late)], limit=100
        ):
            refusal = self.env._("WhatsApp did not give an answer")
            message._post_or_give_up(refusal=refusal)

    def _post_or_give_up(self, refusal=""):
        run_on_its_own(self.env, partial(self._post, refusal=refusal), self._give_up)

    def _give_up(self, error):
        """It cannot be shown, and what it said is not kept for nothing."""
        if self._held():
            self.write(
                {
                    "state": "failed",
                    "problem": str(error)[:300],
                    "text": False,
                    "file_name": False,
                }
            )


class WhatsappCall(models.Model):
    _inherit = "whatsapp.call"

    @api.model
    def _sweep_parts(self):
        messages = self.env["whatsapp.call.inbound.message"]
        return [*super()._sweep_parts(), messages._sweep]


class WhatsappCallingNumber(models.Model):
    _inherit = "whatsapp.calling.number"

    shows_messages = fields.Boolean(
        "Show customers' messages here",
        copy=False,
        help="What customers write to this number goes to the chatter of the record "
        "that their last call was about. Switch it on only where no other app "
        "answers this number's messages. Off: nothing of what they write is stored.",
    )
