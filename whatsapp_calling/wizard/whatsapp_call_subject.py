"""What a company knows of one customer by their calls: to give away, or to erase."""

from odoo import Command, api, fields, models
from odoo.exceptions import AccessError, UserError

from ..models.recording.whatsapp_call_legal_hold import MANAGER
from ..models.recording.whatsapp_call_recording import LISTENERS
from .whatsapp_call_subject_export import archive

ADMINISTRATOR = "whatsapp_calling.group_administrator"


class WhatsappCallSubject(models.TransientModel):
    _name = "whatsapp.call.subject"
    _description = "Data of a WhatsApp Customer"

    contact_ids = fields.Many2many(
        "whatsapp.call.contact", string="Customers", required=True
    )
    call_count = fields.Integer("Calls", compute="_compute_counts")
    recording_count = fields.Integer("Recordings", compute="_compute_counts")
    turn_count = fields.Integer("Lines of transcripts", compute="_compute_counts")
    message_count = fields.Integer("Messages about calls", compute="_compute_counts")
    permission_count = fields.Integer("Permissions", compute="_compute_counts")
    hears = fields.Boolean(compute="_compute_may")
    may_erase = fields.Boolean(compute="_compute_may")
    refusal = fields.Char(compute="_compute_refusal")
    confirmed = fields.Boolean("Yes, erase all of it")
    file = fields.Binary("Archive", readonly=True)
    file_name = fields.Char(readonly=True)
    done = fields.Boolean(readonly=True)

    @api.model
    def default_get(self, fields):
        values = super().default_get(fields)
        model, ids = (
            self.env.context.get("active_model"),
            self.env.context.get("active_ids"),
        )
        contacts = self.env["whatsapp.call.contact"]
        if model == "res.partner":
            contacts = contacts.search([("partner_id", "child_of", ids or [0])])
        elif model == contacts._name:
            contacts = contacts.browse(ids)
        values["contact_ids"] = [Command.set(contacts.ids)]
        return values

    @api.depends("contact_ids")
    def _compute_counts(self):
        for wizard in self:
            # sudo: call - how much there is, for whoever may give it away or erase it
            calls = wizard.contact_ids.sudo()._calls()
            permissions = wizard.contact_ids.sudo().permission_ids
            wizard.call_count = len(calls)
            wizard.recording_count = len(
                calls.recording_ids.filtered(lambda r: r.state == "ready")
            )
            wizard.turn_count = len(calls.turn_ids)
            wizard.permission_count = len(permissions)
            wizard.message_count = len(permissions.message_ids)

    @api.depends_context("uid")
    def _compute_may(self):
        user = self.env.user
        for wizard in self:
            wizard.hears = user.has_group(LISTENERS)
            wizard.may_erase = user.has_group(ADMINISTRATOR)

    @api.depends("contact_ids")
    def _compute_refusal(self):
        for wizard in self:
            wizard.refusal = wizard.contact_ids._erasure_refusal()

    def action_export(self):
        """An archive of all there is; sound and text for who may listen, each noted."""
        self.ensure_one()
        self._check_group(MANAGER)
        if not self.contact_ids:
            raise UserError(
                self.env._("This customer has no calls and no permissions.")
            )
        content = archive(self.contact_ids, with_sound=self.hears)
        for contact in self.contact_ids:
            self._log(
                contact,
                "contact_exported",
                self.env._("The data of the customer was exported"),
            )
        now = fields.Datetime.to_string(fields.Datetime.now()).replace(":", "-")
        # sudo: wizard - the file is this user's own
        self.sudo().write({"file": content, "file_name": f"whatsapp-calls {now}.zip"})
        return self._again()

    def action_erase(self):
        """Erase these customers for good."""
        self.ensure_one()
        self._check_group(ADMINISTRATOR)
        if not self.confirmed:
            raise UserError(self.env._("Tick that all of it is to be erased."))
        if not self.contact_ids:
            raise UserError(self.env._("There is nothing to erase."))
        self.contact_ids._erase()
        self.write({"done": True, "file": False, "file_name": False})
        return self._again()

    def _check_group(self, group):
        self.check_access("read")
        if not self.env.user.has_group(group):
            raise AccessError(
                self.env._("You may not give away or erase the data of customers.")
            )
        self.contact_ids.check_access("read")

    def _log(self, contact, kind, note):
        account = contact.sudo()._calls().account_id[:1] or contact._an_account()
        if account:
            self.env["whatsapp.call.event"].sudo()._append(
                account,
                kind,
                source="operator",
                contact=contact,
                user=self.env.user,
                note=note,
            )

    def _again(self):
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Data of a customer"),
            "res_model": self._name,
            "res_id": self.id,
            "view_mode": "form",
            "views": [(False, "form")],
            "target": "new",
        }
