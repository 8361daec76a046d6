"""The calls of a record: how many, and the list of them."""

from odoo import api, fields, models
from odoo.fields import Domain

from ...tools import phone

# of several numbers' permissions the first of these is shown
STATE_ORDER = ("granted", "requested", "declined", "revoked", "expired", "none")


class WhatsappCallRecord(models.AbstractModel):
    _name = "whatsapp.call.record"
    _description = "Record with WhatsApp Calls"

    whatsapp_call_count = fields.Integer(
        "WhatsApp calls", compute="_compute_whatsapp_call_count"
    )

    whatsapp_permission = fields.Selection(
        lambda self: self.env["whatsapp.call.permission"]._fields["state"].selection,
        "May be called",
        compute="_compute_whatsapp_permission",
        groups="whatsapp_calling.group_operator",
        help="Whether WhatsApp connects a call to this customer, as far as is known "
        "here; for the best of the company's numbers.",
    )

    @api.depends_context("uid", "allowed_company_ids")
    def _compute_whatsapp_permission(self):
        """The best permission of each customer: a few queries for the whole list."""
        digits = {record: phone.wa_id(record._whatsapp_digits()) for record in self}
        spellings = {
            spelling: record_digits
            for record_digits in filter(None, digits.values())
            for spelling in phone.look_alikes(record_digits)
        }
        # sudo: permission - whom one may call is shown to who sees the customer
        permissions = (
            self.env["whatsapp.call.permission"]
            .sudo()
            .search_fetch(
                [
                    ("contact_id.wa_id", "in", list(spellings)),
                    ("company_id", "in", self.env.companies.ids),
                ],
                ["contact_id", "state"],
            )
        )
        best = {}
        for permission in permissions.sorted(lambda p: STATE_ORDER.index(p.state)):
            best.setdefault(spellings[permission.contact_id.wa_id], permission.state)
        for record in self:
            known = best.get(digits[record], "none")
            record.whatsapp_permission = bool(digits[record]) and known

    def _whatsapp_digits(self):
        """The number a record is called at, as it is stored: asks nothing else."""
        for source in (self, self._whatsapp_list_partner()):
            if source and "phone_sanitized" in source._fields:
                # sudo: partner - its number stands on a record one may read
                number = source.sudo().phone_sanitized
                if number:
                    return number
        return ""

    def _whatsapp_list_partner(self):
        return self["partner_id"] if "partner_id" in self._fields else None

    @api.depends_context("uid", "allowed_company_ids")
    def _compute_whatsapp_call_count(self):
        calls = self.env["whatsapp.call"]
        readable = calls.has_access("read")
        for record in self:
            record.whatsapp_call_count = (
                calls.search_count(record._whatsapp_call_domain())
                if readable and record.id
                else 0
            )

    def _whatsapp_call_domain(self):
        """Which calls are this record's."""
        self.ensure_one()
        return Domain("res_model", "=", self._name) & Domain("res_id", "=", self.id)

    def action_whatsapp_calls(self):
        """The list of this record's calls that the user may see."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "whatsapp_calling.whatsapp_call_action"
        )
        action["display_name"] = self.env._("Calls: %(name)s", name=self.display_name)
        action["domain"] = list(self._whatsapp_call_domain())
        action["context"] = {}
        return action
