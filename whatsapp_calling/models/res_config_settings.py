"""The settings of WhatsApp Calling: switches of the company, accounts, key, copy."""

from odoo import api, fields, models

from ..tools import burst
from .account.whatsapp_calling_account import ADMINISTRATOR


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    whatsapp_calling_enabled = fields.Boolean(
        related="company_id.whatsapp_calling_enabled", readonly=False
    )
    whatsapp_calling_assistant_enabled = fields.Boolean(
        related="company_id.whatsapp_calling_assistant_enabled"
    )
    whatsapp_calling_recording_enabled = fields.Boolean(
        related="company_id.whatsapp_calling_recording_enabled", readonly=False
    )
    whatsapp_calling_wrap_up = fields.Integer(
        related="company_id.whatsapp_calling_wrap_up", readonly=False
    )
    whatsapp_calling_transfer_seconds = fields.Integer(
        related="company_id.whatsapp_calling_transfer_seconds", readonly=False
    )
    whatsapp_calling_monitor_told = fields.Boolean(
        related="company_id.whatsapp_calling_monitor_told", readonly=False
    )
    whatsapp_calling_hold_music = fields.Selection(
        related="company_id.whatsapp_calling_hold_music", readonly=False
    )
    whatsapp_calling_operators_block = fields.Boolean(
        related="company_id.whatsapp_calling_operators_block", readonly=False
    )
    whatsapp_calling_paused = fields.Boolean(compute="_compute_whatsapp_calling_state")
    whatsapp_calling_account_ids = fields.Many2many(
        "whatsapp.calling.account",
        compute="_compute_whatsapp_calling_account_ids",
        groups=ADMINISTRATOR,
    )
    whatsapp_calling_key = fields.Char(
        "Encryption key",
        compute="_compute_whatsapp_calling_state",
        groups=ADMINISTRATOR,
    )
    whatsapp_calling_refused_burst = fields.Integer(
        "Refused requests a minute",
        config_parameter=burst.PARAMETER,
        default=burst.USUAL,
    )
    whatsapp_calling_key_problem = fields.Char(
        compute="_compute_whatsapp_calling_state", groups=ADMINISTRATOR
    )

    @api.depends("company_id")
    def _compute_whatsapp_calling_account_ids(self):
        for settings in self:
            settings.whatsapp_calling_account_ids = self.env[
                "whatsapp.calling.account"
            ].search([("company_id", "=", settings.company_id.id)])

    @api.depends("company_id")
    def _compute_whatsapp_calling_state(self):
        """The same for every company: the database and its keys."""
        overview = self.env["whatsapp.calling.keys"]._overview()
        first = [key for key in overview["keys"] if key["state"] == "first"]
        missing = [key for key in overview["keys"] if key["state"] == "missing"]
        problem = overview["problem"]
        if missing and not problem:
            problem = self.env._(
                "The key %(keys)s is missing, and with it %(count)s secrets cannot be "
                "read: no call can be answered or placed. Bring the key back, or enter "
                "the secrets again.",
                keys=", ".join(key["key_id"] for key in missing),
                count=sum(key["secrets"] for key in missing),
            )
        for settings in self:
            settings.whatsapp_calling_paused = self.env[
                "res.company"
            ]._whatsapp_calling_paused()
            settings.whatsapp_calling_key_problem = problem
            settings.whatsapp_calling_key = (
                self.env._(
                    "Key %(key)s, from %(place)s",
                    key=first[0]["key_id"],
                    place=first[0]["source"],
                )
                if first
                else self.env._("None yet: it is made with the first secret.")
            )
