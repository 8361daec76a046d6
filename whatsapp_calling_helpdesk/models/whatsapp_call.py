"""A call is about the caller's open ticket."""

from odoo import models

SHOWN = 3  # candidates that the popup offers


class WhatsappCall(models.Model):
    _inherit = "whatsapp.call"

    def _candidates(self):
        # a ticket has no phone number of its own: whose number it is tells
        partners = self.partner_id or self.contact_id._partners()
        if not partners:
            return super()._candidates()
        tickets = self.env["helpdesk.ticket"]._whatsapp_open_tickets(
            partners, self.company_id, SHOWN
        )
        return [*tickets, *super()._candidates()]
