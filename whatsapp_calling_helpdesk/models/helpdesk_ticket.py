"""A ticket's calls, and which tickets are still open."""

from odoo import api, fields, models


class HelpdeskTicket(models.Model):
    _name = "helpdesk.ticket"
    _inherit = ["helpdesk.ticket", "whatsapp.call.record"]

    # every webhook looks for the caller's tickets
    partner_id = fields.Many2one(index="btree_not_null")

    @api.model
    def _whatsapp_open_tickets(self, partners, company, limit):
        """Open tickets of these partners, the newest activity first.

        Asked in the middle of a webhook: one query, on the index of the partner.
        """
        # sudo: ticket - whom a call is about is found before anybody looks at it
        return self.sudo().search_fetch(
            [
                ("partner_id", "in", partners.ids),
                ("stage_id.closed", "=", False),
                ("company_id", "=", company.id),
            ],
            # what the ring and the popup need of a ticket
            ["number", "name", "partner_id", "user_id"],
            order="write_date desc, id desc",
            limit=limit,
        )
