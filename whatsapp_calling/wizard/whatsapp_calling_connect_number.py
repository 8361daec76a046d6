"""A number that WhatsApp listed: whether it is used here, and who rings for it."""

from odoo import fields, models


class WhatsappCallingConnectNumber(models.TransientModel):
    _name = "whatsapp.calling.connect.number"
    _description = "Number of a WhatsApp account that is being connected"
    _transient_max_hours = 72.0
    _transient_max_count = 0

    connect_id = fields.Many2one(
        "whatsapp.calling.connect", required=True, ondelete="cascade", index=True
    )
    company_id = fields.Many2one(related="connect_id.company_id")
    use = fields.Boolean(default=True)
    provider_ref = fields.Char("Phone number ID", required=True, readonly=True)
    display_number = fields.Char("Phone number", required=True, readonly=True)
    name = fields.Char("Label", required=True)
    said = fields.Char("WhatsApp says", readonly=True)
    ring_user_ids = fields.Many2many(
        "res.users",
        string="Who rings",
        domain="[('share', '=', False), ('company_ids', 'in', company_id)]",
        help="Empty: every operator of the company.",
    )
