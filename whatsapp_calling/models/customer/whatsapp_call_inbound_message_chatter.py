"""Where a customer's message goes, how it reads there, and who is told of it."""

from datetime import datetime
from operator import itemgetter

from markupsafe import Markup

from odoo import api, fields, models

ACTIVITY = "whatsapp_calling.mail_activity_type_message"
SAID = Markup('<p class="mb-0">{}</p>')
NOTE = Markup('<p class="o_whatsapp_note text-muted small mb-0">{}</p>')


class WhatsappCallInboundMessage(models.Model):
    _inherit = "whatsapp.call.inbound.message"

    def _thread(self):
        """The record of the latest call or request, else the customer, else the
        contact.

        The contact is only known by its WhatsApp number then: nothing is lost, and
        no partner is created by itself.
        """
        calls = self.env["whatsapp.call"]
        call, asked = self._last_call(), self._last_request()
        newest = sorted(
            [
                (call.started_at or datetime.min, call),
                (asked.asked_at or datetime.min, asked),
            ],
            key=itemgetter(0),
            reverse=True,
        )
        records = [
            calls._record_of(each.res_model, each.res_id) for _at, each in newest
        ]
        for record in (*records, self.contact_id.partner_id):
            if record and "message_ids" in record._fields:
                return record
        return self.contact_id

    def _last_call(self):
        domain = [("company_id", "=", self.company_id.id)]
        return self._latest("whatsapp.call", domain, "started_at desc, id desc")

    def _last_request(self):
        """The latest message of ours that was sent from a record."""
        domain = [("res_model", "!=", False)]
        return self._latest(
            "whatsapp.calling.message", domain, "asked_at desc, id desc"
        )

    def _latest(self, model, domain, order):
        domain = [("contact_id", "=", self.contact_id.id), *domain]
        # sudo: where a message belongs is found before anybody looks at it
        return self.env[model].sudo().search(domain, order=order, limit=1)

    # ---- how it reads

    def _body(self, sounds, refusal):
        """HTML of the chatter entry; what the customer wrote is text, never markup."""
        said = Markup()
        if self.text and self.kind != "reaction":
            lines = self.text.strip().splitlines()
            said = SAID.format(Markup("<br/>").join(lines))
        notes = [self._remark(sounds), self._not_heard(refusal), self._where()]
        return said + NOTE.format(" · ".join(filter(None, notes)))

    def _where(self):
        return self.env._("WhatsApp message to %(number)s", number=self.number_id.name)

    def _not_heard(self, refusal):
        if not refusal:
            return ""
        return self.env._("It could not be fetched: %(reason)s", reason=refusal)

    def _remark(self, sounds):
        """What is not text is said; only voice messages are fetched."""
        if self.kind in ("text", "button", "interactive") and self.text:
            return ""
        if self.kind == "audio":
            return (
                self.env._("Voice message") if self.voice else self.env._("Sound file")
            )
        if self.kind == "reaction":
            if not self.text:
                return self.env._("The customer took back a reaction to a message.")
            return self.env._(
                "The customer reacted to a message: %(emoji)s", emoji=self.text
            )
        if self.kind == "document" and self.file_name:
            return self.env._(
                "The customer sent a document, which is not fetched: %(name)s",
                name=self.file_name,
            )
        remarks = {
            "image": self.env._("The customer sent a picture, which is not fetched."),
            "video": self.env._("The customer sent a video, which is not fetched."),
            "document": self.env._(
                "The customer sent a document, which is not fetched."
            ),
            "sticker": self.env._("The customer sent a sticker."),
            "location": self.env._("The customer sent a location, which is not shown."),
            "contacts": self.env._(
                "The customer sent contact details, which are not shown."
            ),
        }
        return remarks.get(self.kind) or self.env._(
            "The customer sent something that cannot be shown here."
        )

    # ---- who is told

    def _tell(self, thread):
        """The assignee gets an activity, and whoever it concerns a word on screen.

        No e-mail: a customer may write ten lines in a minute. One activity stands for
        all of them until it is done.
        """
        call = self._last_call()
        user = self._assignee(thread) or call.handler_id
        users = user or call.rung_user_ids
        users = users.filtered(
            lambda each: each.active and self.company_id in each.company_ids
        )
        for each in users:
            words = self.with_context(lang=each.lang)
            each._bus_send(
                "simple_notification",
                {
                    "type": "info",
                    "title": words.env._("WhatsApp message"),
                    "message": words._notice(thread),
                },
            )
            each._bus_send(
                "whatsapp_calling/posted",
                {"model": thread._name, "res_id": thread.id},
            )
        if user and user in users:
            self._remind(thread, user)

    def _notice(self, thread):
        names = {
            "name": self.contact_id.display_name,
            "number": self.number_id.name,
            "record": thread.display_name,
        }
        if thread in (self.contact_id, self.contact_id.partner_id):
            return self.env._("%(name)s wrote to %(number)s.", **names)
        return self.env._("%(name)s wrote to %(number)s: see %(record)s.", **names)

    def _assignee(self, thread):
        """The internal user whom the record, else the customer is assigned to."""
        for record in (thread, self.contact_id.partner_id):
            if "user_id" in record._fields:
                user = record.user_id
                if user._name == "res.users" and user and not user.share:
                    return user
        return self.env["res.users"]

    def _remind(self, thread, user):
        if "activity_ids" not in thread._fields:
            return
        kind = self.env.ref(ACTIVITY, raise_if_not_found=False)
        if not kind or thread.activity_ids.filtered(
            lambda each: each.activity_type_id == kind and each.user_id == user
        ):
            return
        words = self.with_context(lang=user.lang)
        # quick update: Odoo would mail the assignment
        thread.with_context(
            mail_activity_quick_update=True, lang=user.lang
        ).activity_schedule(
            activity_type_id=kind.id,
            user_id=user.id,
            date_deadline=fields.Date.today(),
            summary=words.env._(
                "Answer %(name)s on WhatsApp", name=self.contact_id.display_name
            ),
        )


class WhatsappCallContact(models.Model):
    """A chatter for who is known by the WhatsApp number only."""

    _name = "whatsapp.call.contact"
    _inherit = ["whatsapp.call.contact", "mail.thread", "mail.activity.mixin"]
    # an operator reads contacts and may note something on them
    _mail_post_access = "read"

    @api.model_create_multi
    def create(self, vals_list):
        # made in the middle of a webhook: no "created" in the chatter, no followers
        contacts = super(WhatsappCallContact, self.with_context(tracking_disable=True))
        return contacts.create(vals_list).with_env(self.env)
