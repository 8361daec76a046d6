"""The calls of a record: how many, and the list of them."""

from odoo import api, fields, models
from odoo.fields import Domain


class WhatsappCallRecord(models.AbstractModel):
    _name = "whatsapp.call.record"
    _description = "Record with WhatsApp Calls"

    whatsapp_call_count = fields.Integer(
        "WhatsApp calls", compute="_compute_whatsapp_call_count"
    )

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
