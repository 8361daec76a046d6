"""The calls of a customer: one's own, and those of the people of a company."""

from odoo import models
from odoo.fields import Domain


class ResPartner(models.Model):
    _name = "res.partner"
    _inherit = ["res.partner", "whatsapp.call.record"]

    def _whatsapp_call_domain(self):
        return Domain("partner_id", "child_of", self.id) | (
            super()._whatsapp_call_domain()
        )
