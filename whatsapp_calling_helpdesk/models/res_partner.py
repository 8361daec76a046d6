"""Of several partners with one number, the one with an open ticket is meant."""

from odoo import models


class ResPartner(models.Model):
    _inherit = "res.partner"

    def _whatsapp_preferred(self):
        ticket = self.env["helpdesk.ticket"]._whatsapp_open_tickets(
            self, self.env.company, limit=1
        )
        return ticket.partner_id.sudo(False) or super()._whatsapp_preferred()
