"""A call is about the caller's open ticket, and can be handed on to a team."""

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

    def _transfer_teams(self):
        # sudo: team - that it exists, and who can take a call there, is no secret
        teams = self.env["helpdesk.ticket.team"].sudo()
        teams = teams.search([("company_id", "in", [False, self.company_id.id])])
        label = self.env._("Helpdesk team")
        own = [(team, label, team.user_ids) for team in teams]
        return [*super()._transfer_teams(), *own]
