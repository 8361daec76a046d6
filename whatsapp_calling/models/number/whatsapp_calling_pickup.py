"""How many of the customers' calls are answered: WhatsApp hides the button else."""

from datetime import timedelta

from odoo import fields, models
from odoo.tools import SQL

DAYS = 30
# WhatsApp names no figure: below this we warn, when there are calls enough to tell
LOW = 0.5
CALLS_TO_TELL = 10


class WhatsappCallingNumber(models.Model):
    _inherit = "whatsapp.calling.number"

    pickup_rate = fields.Float(
        "Pick-up rate",
        compute="_compute_pickup",
        help="Answered calls of customers, of all in the last 30 days. Declined and "
        "missed ones lower it. WhatsApp may hide the call button for 7 days when it "
        "is low; it names no figure.",
    )
    pickup_calls = fields.Integer("Calls in 30 days", compute="_compute_pickup")
    pickup_low = fields.Boolean("Low pick-up rate", compute="_compute_pickup")

    def _compute_pickup(self):
        counts = self._picked_up()
        for number in self:
            answered, total = counts.get(number.id, (0, 0))
            number.pickup_calls = total
            number.pickup_rate = answered / total if total else 0
            number.pickup_low = total >= CALLS_TO_TELL and answered / total < LOW

    def _picked_up(self):
        """{number id: (answered, all)} of incoming calls that are over."""
        if not self.ids:
            return {}
        self.env["whatsapp.call"].flush_model()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT number_id, count(accepted_at), count(*)
                  FROM whatsapp_call
                 WHERE number_id IN %s AND started_at >= %s
                   AND direction = 'inbound'
                   AND state NOT IN ('ringing', 'connected')
                 GROUP BY number_id
                """,
                tuple(self.ids),
                fields.Datetime.now() - timedelta(days=DAYS),
            )
        )
        return {number_id: (answered, total) for number_id, answered, total in rows}
