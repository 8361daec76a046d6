"""Silent leads: customers who called, were missed, and have not written since.

The last message is noted on the contact whatever becomes of its text. That a call is
silent follows from it, so a message that overtakes the end of the call is no race.
"""

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL


class WhatsappCallContact(models.Model):
    _inherit = "whatsapp.call.contact"

    last_message_at = fields.Datetime("Last message", readonly=True)

    def _wrote(self, moment):
        """The contact wrote something, on WhatsApp's clock."""
        for contact in self:
            moment = min(moment, fields.Datetime.now())
            if not contact.last_message_at or contact.last_message_at < moment:
                contact.last_message_at = moment


class WhatsappCall(models.Model):
    _inherit = "whatsapp.call"

    silent = fields.Boolean(
        "No message since",
        compute="_compute_silent",
        search="_search_silent",
        help="A missed call of a customer who has not written since.",
    )

    @api.depends("state", "direction", "started_at", "contact_id.last_message_at")
    def _compute_silent(self):
        for call in self:
            wrote = call.contact_id.last_message_at
            call.silent = (
                call.state == "missed"
                and call.direction == "inbound"
                and not (wrote and wrote >= call.started_at)
            )

    def _search_silent(self, operator, value):
        if operator != "in":
            return NotImplemented
        wrote = SQL(
            """
            SELECT call.id FROM whatsapp_call call
              JOIN whatsapp_call_contact contact ON contact.id = call.contact_id
             WHERE call.state = 'missed'
               AND contact.last_message_at >= call.started_at
            """
        )
        missed = Domain("state", "=", "missed") & Domain("direction", "=", "inbound")
        silent = missed & Domain("id", "not in", wrote)
        if set(value) == {True, False}:
            return Domain.TRUE
        return silent if True in value else ~silent
