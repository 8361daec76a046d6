"""The number that a team calls from."""

from odoo import fields, models


class CrmTeam(models.Model):
    _inherit = "crm.team"

    whatsapp_calling_number_id = fields.Many2one(
        "whatsapp.calling.number",
        "WhatsApp number",
        domain="[('calling_enabled', '=', True)]",
        help="Calls about this team's leads go out from it, unless the customer was "
        "last called from another one.",
    )


class CrmLead(models.Model):
    _inherit = "crm.lead"

    def _whatsapp_team_number(self):
        return self.team_id.whatsapp_calling_number_id
