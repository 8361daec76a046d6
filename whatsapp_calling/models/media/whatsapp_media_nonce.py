"""Numbers used once: what a sidecar has signed is taken in one time only.

In the database, since the copy may come to another process or host than the first.
"""

from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import SQL

from ...tools.sidecar_signature import REMEMBERED


class WhatsappMediaNonce(models.Model):
    _name = "whatsapp.media.nonce"
    _description = "WhatsApp Media Sidecar Nonce"
    _log_access = False

    sidecar_id = fields.Many2one(
        "whatsapp.media.sidecar", required=True, ondelete="cascade"
    )
    nonce = fields.Char(required=True)
    seen_at = fields.Datetime(required=True, index=True)

    _nonce_uniq = models.UniqueIndex("(sidecar_id, nonce)")

    @api.model
    def _use(self, sidecar, nonce):
        """Whether this nonce comes for the first time; from then on it is known."""
        return bool(
            self.env.execute_query(
                SQL(
                    "INSERT INTO whatsapp_media_nonce (sidecar_id, nonce, seen_at)"
                    " VALUES (%s, %s, %s) ON CONFLICT DO NOTHING RETURNING id",
                    sidecar.id,
                    nonce,
                    fields.Datetime.now(),
                )
            )
        )

    @api.model
    def _forget(self):
        """Those that would be refused as too old anyway (the minute's sweep)."""
        limit = fields.Datetime.now() - timedelta(seconds=REMEMBERED)
        self.search([("seen_at", "<", limit)]).unlink()
