"""Who may read which messages about calls: see whatsapp_call_access."""

from odoo import api, models
from odoo.fields import Domain
from odoo.tools import SQL


class WhatsappCallingMessage(models.Model):
    _name = "whatsapp.calling.message"
    _inherit = ["whatsapp.calling.message", "whatsapp.call.access"]

    _record_idx = models.Index("(res_model, res_id) WHERE res_model IS NOT NULL")

    @api.model
    def _readable(self):
        readable = Domain("user_id", "=", self.env.uid) | self._of_records()
        if self.env["res.partner"].has_access("read"):
            readable |= Domain("contact_id.partner_id", "any", [])
        return readable | self._of_calls()

    @api.model
    def _of_calls(self):
        """Domain of the messages to whom the user has had a call that they may read."""

        def called(_model, alias, _query):
            calls = self.env["whatsapp.call"]._search([])
            key = SQL.identifier(calls.table, "contact_id")
            calls.add_where(SQL("%s = %s", key, SQL.identifier(alias, "contact_id")))
            return SQL("EXISTS (%s OFFSET 0)", calls.select(SQL("1")))

        return Domain.custom(to_sql=called)
