"""A call is about the caller's open lead."""

from odoo import models

from odoo.addons.whatsapp_calling.tools import phone

SHOWN = 3  # candidates that the popup offers


class WhatsappCall(models.Model):
    _inherit = "whatsapp.call"

    def _candidates(self):
        wa_id = self.contact_id.wa_id
        numbers = [f"+{digits}" for digits in phone.look_alikes(wa_id)] if wa_id else []
        if not (self.partner_id or numbers):
            return super()._candidates()
        leads = self.env["crm.lead"]._whatsapp_open_leads(
            self.partner_id, numbers, self.company_id, SHOWN
        )
        return [*leads, *super()._candidates()]
