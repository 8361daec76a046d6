"""A call is about the caller's open lead, and can be handed on to a sales team."""

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

    def _transfer_teams(self):
        # sudo: team - that it exists, and who can take a call there, is no secret
        teams = self.env["crm.team"].sudo()
        teams = teams.search([("company_id", "in", [False, self.company_id.id])])
        label = self.env._("Sales team")
        own = [(team, label, team.member_ids) for team in teams]
        return [*super()._transfer_teams(), *own]
