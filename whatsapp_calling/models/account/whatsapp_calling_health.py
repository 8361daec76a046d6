"""What happened at the webhook, counted: rows of ten seconds each."""

from odoo import api, fields, models

# what of a media sidecar was not taken in
MEDIA_REFUSED = (
    "media_unknown",
    "media_unsigned",
    "media_replayed",
    "media_too_large",
    "media_bad_body",
    "media_strange",
)


class WhatsappCallingHealth(models.Model):
    _name = "whatsapp.calling.health"
    _description = "WhatsApp Calling Health"
    _order = "id desc"
    _log_access = False

    account_id = fields.Many2one("whatsapp.calling.account", ondelete="cascade")
    counted_at = fields.Datetime(required=True, index=True)
    name = fields.Selection(
        [
            ("accepted", "Webhooks accepted"),
            ("no_secret", "Refused: no app secret set"),
            ("bad_signature", "Refused: wrong signature"),
            ("unknown_key", "Refused: unknown address"),
            ("bad_body", "Refused: not JSON"),
            ("too_large", "Refused: over 3 MB"),
            ("rate_limited", "Refused: too many from one address"),
            ("failed", "Failed"),
            ("handshake", "Verified by WhatsApp"),
            ("bad_verify_token", "Refused: wrong verify token"),
            ("media_unknown", "Media sidecar refused: unknown"),
            ("media_unsigned", "Media sidecar refused: not rightly signed"),
            ("media_replayed", "Media sidecar refused: sent before"),
            ("media_too_large", "Media sidecar refused: too large"),
            ("media_bad_body", "Media sidecar refused: not understood"),
            ("media_strange", "Media sidecar: about no call of ours"),
        ],
        string="What",
        required=True,
    )
    amount = fields.Integer(required=True)
    times = fields.Json("Handling times", help="How many took how long, in steps.")

    # the newest of an account, and an account's last day
    _account_idx = models.Index("(account_id, name, counted_at)")

    @api.model
    def _store_counts(self, counts, times=None):
        """Insert what a process counted.

        :param counts: {(account id or None, name): amount}
        :param times: {account id or None: {index of the step: count}}
        """
        now = fields.Datetime.now()
        times = times or {}
        self.create(
            [
                {
                    "account_id": account_id,
                    "name": name,
                    "amount": amount,
                    "counted_at": now,
                    "times": name == "accepted" and times.get(account_id),
                }
                for (account_id, name), amount in counts.items()
            ]
        )

    @api.autovacuum
    def _gc_old(self):
        limit = fields.Datetime.subtract(fields.Datetime.now(), days=30)
        self.search([("counted_at", "<", limit)], limit=10000).unlink()
