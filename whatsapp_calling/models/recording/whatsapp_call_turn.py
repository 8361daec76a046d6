"""What was said in a call, turn by turn, stored while it runs."""

from odoo import api, fields, models
from odoo.fields import Domain


class WhatsappCallTurn(models.Model):
    _name = "whatsapp.call.turn"
    _inherit = ["whatsapp.call.access"]
    _description = "Turn of a WhatsApp Call"
    _order = "call_id, start_ms, id"
    _rec_name = "text"

    call_id = fields.Many2one(
        "whatsapp.call", required=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(related="call_id.company_id", store=True, index=True)
    speaker = fields.Selection(
        [("caller", "Customer"), ("agent", "Our side"), ("assistant", "Assistant")],
        required=True,
    )
    user_id = fields.Many2one("res.users", help="Who spoke for us.")
    start_ms = fields.Integer("From (ms)", aggregator=None)
    end_ms = fields.Integer("To (ms)", aggregator=None)
    text = fields.Text(required=True)
    confidence = fields.Float(aggregator=None)
    engine = fields.Char()

    @api.model
    def _readable(self):
        """The turns of calls one may read; the group itself is a right."""
        return Domain("call_id", "in", self.env["whatsapp.call"]._search([]))

    @api.model_create_multi
    def create(self, vals_list):
        turns = super().create(vals_list)
        turns.call_id.filtered(lambda call: not call.has_transcript).write(
            {"has_transcript": True}
        )
        return turns

    def _speaker_name(self):
        self.ensure_one()
        if self.speaker == "caller":
            return self.call_id.peer_name
        # sudo: users - a colleague of another company is named too
        return self.sudo().user_id.name or self.env._("Assistant")

    def _turn_view(self):
        """{id, speaker, name, start_ms, end_ms, text} for player and panel."""
        return {
            "id": self.id,
            "speaker": self.speaker,
            "name": self._speaker_name(),
            "start_ms": self.start_ms,
            "end_ms": self.end_ms,
            "text": self.text,
        }
