"""What the softphone remembers of a user."""

from odoo import fields, models


class ResUsersSettings(models.Model):
    _inherit = "res.users.settings"

    whatsapp_calling_seen_at = fields.Datetime("Missed calls seen")
