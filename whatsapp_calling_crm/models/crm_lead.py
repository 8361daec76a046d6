"""A lead's calls, and which leads are still open."""

from odoo import api, models
from odoo.fields import Domain


class CrmLead(models.Model):
    _name = "crm.lead"
    _inherit = ["crm.lead", "whatsapp.call.record"]

    @api.model
    def _whatsapp_open_leads(self, partners, numbers, company, limit):
        """Open leads of these partners or numbers, the newest activity first.

        Asked in the middle of a webhook: one query, on the indexes of both columns.

        :param numbers: E.164, as in phone_sanitized
        """
        callers = Domain.OR(
            [
                Domain("partner_id", "in", partners.ids),
                Domain("phone_sanitized", "in", numbers),
            ]
        )
        # sudo: lead - whom a call is about is found before anybody looks at it
        return self.sudo().search_fetch(
            callers
            & Domain("won_status", "=", "pending")
            & Domain("company_id", "in", [False, company.id]),
            # what the ring and the popup need of a lead, which has many fields
            ["name", "partner_id", "user_id"],
            order="write_date desc, id desc",
            limit=limit,
        )
