"""What the softphone remembers of a user."""

from odoo import api, fields, models


class ResUsersSettings(models.Model):
    _inherit = "res.users.settings"

    whatsapp_calling_seen_at = fields.Datetime("Missed calls seen")
    whatsapp_calling_ready_at = fields.Datetime("Wrap-up ended")

    @api.model
    def _get_fields_blacklist(self):
        """A moment is no JSON: in the session's settings it would break every page."""
        return [
            *super()._get_fields_blacklist(),
            "whatsapp_calling_seen_at",
            "whatsapp_calling_ready_at",
        ]
