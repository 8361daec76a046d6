"""Partners are found by number in every webhook: an index, and a choice."""

from odoo import fields, models


class ResPartner(models.Model):
    _inherit = "res.partner"

    phone_sanitized = fields.Char(index="btree_not_null")

    def _whatsapp_preferred(self):
        """The one of several partners with a number that is meant, or none.

        Bridges prefer the one with an open ticket or lead of the current company.
        Here: people of one company that share its number are the company.
        """
        commercial = self.commercial_partner_id
        if len(commercial) == 1 and commercial in self:
            return commercial
        return self.browse()
