"""Of several partners with one number, the one with an open lead is meant."""

from odoo import models


class ResPartner(models.Model):
    _inherit = "res.partner"

    def _whatsapp_preferred(self):
        lead = self.env["crm.lead"]._whatsapp_open_leads(
            self, [], self.env.company, limit=1
        )
        return lead.partner_id.sudo(False) or super()._whatsapp_preferred()
