"""The row that the reference route creates."""

from odoo import fields, models


class WhatsappCallingReference(models.Model):
    _name = "whatsapp.calling.reference"
    _description = "Row of the Reference Route"

    provider_ref = fields.Char("Call ID", required=True)
    partner_id = fields.Many2one("res.partner", index="btree_not_null")
