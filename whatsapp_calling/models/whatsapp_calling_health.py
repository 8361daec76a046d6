"""What happened at the webhook, counted: rows of ten seconds each."""

from odoo import api, fields, models


class WhatsappCallingHealth(models.Model):
    _name = "whatsapp.calling.health"
    _description = "WhatsApp Calling Health"
    _order = "id desc"
    _log_access = False

    account_id = fields.Many2one(
        "whatsapp.calling.account", index="btree_not_null", ondelete="cascade"
    )
    counted_at = fields.Datetime(required=True, index=True)
    name = fields.Selection(
        [
            ("accepted", "Webhooks accepted"),
            ("no_secret", "Refused: no app secret set"),
            ("bad_signature", "Refused: wrong signature"),
            ("unknown_key", "Refused: unknown address"),
            ("bad_body", "Refused: not JSON"),
            ("failed", "Failed"),
            ("handshake", "Verified by WhatsApp"),
            ("bad_verify_token", "Refused: wrong verify token"),
        ],
        string="What",
        required=True,
    )
    amount = fields.Integer(required=True)

    @api.model
    def _store_counts(self, counts):
        """Insert what a process counted, {(account id or None, name): amount}."""
        now = fields.Datetime.now()
        self.create(
            [
                {
                    "account_id": account_id,
                    "name": name,
                    "amount": amount,
                    "counted_at": now,
                }
                for (account_id, name), amount in counts.items()
            ]
        )

    @api.autovacuum
    def _gc_old(self):
        limit = fields.Datetime.subtract(fields.Datetime.now(), days=30)
        self.search([("counted_at", "<", limit)], limit=10000).unlink()
