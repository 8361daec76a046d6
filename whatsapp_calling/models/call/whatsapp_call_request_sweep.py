"""Requests that were left behind, and those that are long over."""

from datetime import timedelta
from functools import partial

from odoo import api, fields, models

from ...providers.base import ProviderError
from ...tools.transaction import run_apart
from .whatsapp_call import LIVE_STATES

ABANDONED_AFTER = 40  # seconds in "sending": longer than any time-out
KEPT_FOR = 90  # days; the timelines of calls stay
FORGET_AT_ONCE = 1000  # rows


class WhatsappCallRequest(models.Model):
    _inherit = "whatsapp.call.request"

    @api.model
    def _sweep(self):
        """Take up what a worker that died left behind; submit what is due."""
        now = fields.Datetime.now()
        lost = self.search(
            [
                ("state", "=", "sending"),
                ("sent_at", "<", now - timedelta(seconds=ABANDONED_AFTER)),
            ],
            limit=100,
        )
        for request in lost:
            if not run_apart(self.env, partial(request._settle_lost, now)):
                request.write({"state": "unknown", "payload": False})
        due = self.search(
            [
                ("state", "=", "queued"),
                "|",
                ("not_before", "=", False),
                ("not_before", "<=", now),
            ],
            limit=100,
        )
        for request in due:
            request._send_soon()
        return bool(self.search_count([("state", "=", "queued")], limit=1))

    @api.autovacuum
    def _gc_old(self):
        """Forget what is long over, in batches: (how many, whether there are more)."""
        limit = fields.Datetime.now() - timedelta(days=KEPT_FOR)
        old = self.search(
            [
                ("create_date", "<", limit),
                ("state", "not in", ("queued", "sending")),
                "|",
                ("call_id", "=", False),
                ("call_id.state", "not in", LIVE_STATES),
            ],
            limit=FORGET_AT_ONCE,
        )
        old.unlink()
        return len(old), len(old) == FORGET_AT_ONCE

    def _settle_lost(self, now):
        if self.repeatable and self.expires_at > now:
            self.state = "queued"
            return
        self.write({"state": "unknown", "payload": False})
        error = ProviderError(
            self.env._("The server stopped while it was being sent."),
            kind="timeout",
            certain=False,
        )
        self._log(f"{self.action}_unknown", error.message, error)
        self.env["whatsapp.call"]._on_failure(self, error)
