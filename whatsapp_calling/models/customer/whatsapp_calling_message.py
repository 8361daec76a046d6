"""A message that prepares a call: a permission request or a call button.

One row per message, in the chat or from a template. The requests among them are who
asked when, which the limits count; the record they were sent from is told what came
of each.
"""

from dataclasses import asdict

from odoo import api, fields, models

from ...providers.base import ProviderError

OVER_24_HOURS = 131047


class WhatsappCallingMessage(models.Model):
    _name = "whatsapp.calling.message"
    _description = "WhatsApp Message about a Call"
    _order = "asked_at desc, id desc"
    _rec_name = "contact_id"

    permission_id = fields.Many2one(
        "whatsapp.call.permission", required=True, index=True, ondelete="cascade"
    )
    number_id = fields.Many2one(
        related="permission_id.number_id", store=True, string="Number"
    )
    contact_id = fields.Many2one(
        related="permission_id.contact_id", store=True, index=True, string="Contact"
    )
    company_id = fields.Many2one(
        related="permission_id.company_id", store=True, index=True
    )
    kind = fields.Selection(
        [("permission", "Permission request"), ("call_button", "Call button")],
        required=True,
    )
    template_id = fields.Many2one("whatsapp.calling.template", ondelete="set null")
    text = fields.Text()
    asked_at = fields.Datetime("Sent on", required=True, default=fields.Datetime.now)
    user_id = fields.Many2one("res.users", "Sent by")
    state = fields.Selection(
        [
            ("queued", "On its way"),
            ("sent", "Sent"),
            ("unknown", "Unknown"),
            ("failed", "Failed"),
        ],
        required=True,
        default="queued",
    )
    counts = fields.Boolean(
        compute="_compute_counts",
        store=True,
        help="A permission request that WhatsApp counts.",
    )
    error_message = fields.Char("What WhatsApp said")
    message_ref = fields.Char(index="btree_not_null")
    request_id = fields.Many2one("whatsapp.call.request", ondelete="set null")
    answer = fields.Selection([("accepted", "Accepted"), ("declined", "Declined")])
    res_model = fields.Char("Linked record's model")
    res_id = fields.Many2oneReference("Linked record", model_field="res_model")
    call_when_allowed = fields.Boolean(
        help="Whoever asked wants to call as soon as the customer agrees."
    )
    activity_id = fields.Many2one("mail.activity", ondelete="set null")
    told = fields.Selection(
        [("sent", "Sent"), ("answered", "Answered")],
        help="What the chatter of the record has been told so far.",
    )
    due = fields.Boolean(help="There is news for the record.")

    _request_idx = models.Index("(request_id) WHERE request_id IS NOT NULL")
    _counted_idx = models.Index("(permission_id, asked_at) WHERE counts")
    _due_idx = models.Index("(id) WHERE due")

    @api.depends("kind", "state")
    def _compute_counts(self):
        for message in self:
            message.counts = message.kind == "permission" and message.state != "failed"

    # ---- what came of it

    @api.model
    def _of_request(self, request):
        return self.sudo().search([("request_id", "=", request.id)], limit=1)

    def _was_sent(self, message_ref):
        """WhatsApp took it."""
        self.write({"state": "sent", "message_ref": message_ref})
        if self.kind == "permission":
            self.permission_id._fold_answers()
        self._tell_soon()

    def _was_refused(self, error, words):
        """It did not reach the customer: it counts for nothing, and who sent it knows.

        :param error: providers.base.ProviderError
        :param words: what WhatsApp said, in the language of the user
        """
        if not error.certain:
            self.state = "unknown"  # it may have been sent: it goes on counting
            return
        self.write({"state": "failed", "error_message": words})
        permission = self.permission_id
        if self.kind == "permission":
            permission._fold_answers()
            permission._note_refused_request(error, self.user_id)
        if self.template_id:
            self.template_id._note_refusal(error, words)
        if error.code == OVER_24_HOURS:
            self.contact_id.window_closed_at = fields.Datetime.now()
            words = self.env._(
                "%(words)s The 24 hours in which %(name)s can be written to freely are "
                "over: send a template instead.",
                words=words,
                name=self.contact_id.display_name,
            )
        self.activity_id.unlink()
        self._tell_refused(words, ask_again=error.code == OVER_24_HOURS)

    def _tell_refused(self, words, ask_again):
        self.user_id._bus_send(
            "whatsapp_calling/message_refused",
            {
                "kind": self.kind,
                "message": words,
                "target": ask_again and self._target(),
            },
        )

    def _target(self):
        """How the softphone names whom the message went to."""
        target = {"contact_id": self.contact_id.id, "number_id": self.number_id.id}
        if self.res_model:
            target |= {"res_model": self.res_model, "res_id": self.res_id}
        return target


class WhatsappCall(models.Model):
    _inherit = "whatsapp.call"

    def _on_message_ok(self, request, answer):
        message = self.env["whatsapp.calling.message"]._of_request(request)
        if not message:
            return
        message._was_sent(answer.message_ref)
        # its failure may have overtaken this answer, and found no message of its id
        failed = self.env["whatsapp.call.event"].search(
            [
                ("account_id", "=", request.account_id.id),
                ("key", "=", f"{answer.message_ref}:status:failed"),
            ],
            limit=1,
        )
        if failed:
            self._undelivered(message, (failed.data or {}).get("errors") or [])

    def _on_message_failed(self, request, error):
        message = self.env["whatsapp.calling.message"]._of_request(request)
        if message:
            message._was_refused(error, self._said(error))
        else:
            self._notify(request.user_id, "danger", self._said(error))

    def _on_permission_request_ok(self, request, answer):
        self._on_message_ok(request, answer)

    def _on_permission_request_failed(self, request, error):
        self._on_message_failed(request, error)

    def _on_permission_template_ok(self, request, answer):
        self._on_message_ok(request, answer)

    def _on_permission_template_failed(self, request, error):
        self._on_message_failed(request, error)

    def _on_send_template_ok(self, request, answer):
        self._on_message_ok(request, answer)

    def _on_send_template_failed(self, request, error):
        self._on_message_failed(request, error)

    def _on_call_button_ok(self, request, answer):
        self._on_message_ok(request, answer)

    def _on_call_button_failed(self, request, error):
        self._on_message_failed(request, error)

    def _take_message_status(self, account, number, event, event_id, started):
        """WhatsApp took a message and could not deliver it: only that is news."""
        if event.status != "failed" or not event.message:
            return
        message = (
            self.env["whatsapp.calling.message"]
            .sudo()
            .search(
                [
                    ("message_ref", "=", event.message["id"]),
                    ("company_id", "=", account.company_id.id),
                ],
                limit=1,
            )
        )
        if not message or message.state == "failed":
            return
        self.env["whatsapp.call.event"]._attach(event_id, contact=message.contact_id)
        self._undelivered(message, [asdict(error) for error in event.errors])

    def _undelivered(self, message, errors):
        """WhatsApp took a message and did not deliver it.

        :param errors: providers.base.ErrorInfo as dictionaries
        """
        info = errors[0] if errors else {}
        error = ProviderError(
            info.get("details") or info.get("title") or self.env._("Not delivered"),
            kind="refused",
            code=info.get("code"),
        )
        speaking = message.with_context(
            lang=message.user_id.lang, tz=message.user_id.tz
        )
        speaking._was_refused(error, self.with_env(speaking.env)._said(error))
