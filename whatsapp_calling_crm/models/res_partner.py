"""Of several partners with one number, the one with an open lead is meant."""

from odoo import models


class ResPartner(models.Model):
    _inherit = "res.partner"

    def _whatsapp_preferred(self):
        # sudo: lead - only whose it is leaves this method
        leads = self.env["crm.lead"].sudo()
        lead = leads.search(
            [("partner_id", "in", self.ids), ("won_status", "=", "pending")],
            order="write_date desc, id desc",
            limit=1,
        )
        return lead.partner_id.sudo(False) or super()._whatsapp_preferred()
