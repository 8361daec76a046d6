"""Noticing that WhatsApp's webhooks stay away although something should come."""

from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import SQL, format_datetime

# WhatsApp reports of a call it was asked for within seconds
REPORTED_WITHIN = timedelta(minutes=10)
WEEK = timedelta(days=7)


class WhatsappCallingAccount(models.Model):
    _inherit = "whatsapp.calling.account"

    webhook_stale_hours = fields.Integer(
        "Webhooks are missed after",
        default=24,
        help="Hours without any webhook, if there were some in the same hours a week "
        "ago. 0: nobody is told.",
    )
    webhook_last_at = fields.Datetime(
        "Last webhook", compute="_compute_webhook_last_at"
    )

    def _compute_webhook_last_at(self):
        found = self._last_webhooks()
        for account in self:
            account.webhook_last_at = found.get(account.id, False)

    def _last_webhooks(self):
        """{account id: when its last webhook was taken in}, to ten seconds."""
        if not self.ids:
            return {}
        self.env["whatsapp.calling.health"].flush_model()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT account.id, (
                    SELECT max(counted_at) FROM whatsapp_calling_health
                     WHERE account_id = account.id AND name = 'accepted')
                  FROM whatsapp_calling_account account
                 WHERE account.id IN %s
                """,
                tuple(self.ids),
            )
        )
        return dict(rows)

    def _webhook_silence(self):
        """Why the silence of this account's webhook is none to be expected, or "".

        Expected is what came a week ago, and news of a call that WhatsApp took.
        """
        self.ensure_one()
        on = self.number_ids.filtered(lambda number: not number._ringing_refusal())
        if not (self.webhook_stale_hours and on):
            return ""
        last = self.webhook_last_at
        return self._silent_call(last) or self._silent_week(last)

    def _silent_call(self, last):
        """A call was placed, WhatsApp took it, and nothing was heard of it."""
        now = fields.Datetime.now()
        if last and last >= now - REPORTED_WITHIN:
            return ""  # nothing can be older than ten minutes and newer than that
        domain = [
            ("account_id", "=", self.id),
            ("action", "=", "connect"),
            ("state", "=", "done"),
            ("answered_at", "<", now - REPORTED_WITHIN),
            ("answered_at", ">", max(filter(None, [last, now - WEEK]))),
        ]
        request = self.env["whatsapp.call.request"].search(domain, limit=1)
        if not request:
            return ""
        return self.env._(
            "WhatsApp took a call on %(when)s, and no webhook has come since.",
            when=self._when(request.answered_at),
        )

    def _silent_week(self, last):
        now = fields.Datetime.now()
        hours = timedelta(hours=self.webhook_stale_hours)
        if last and last > now - hours:
            return ""
        groups = self.env["whatsapp.calling.health"]._read_group(
            [
                ("account_id", "=", self.id),
                ("name", "=", "accepted"),
                ("counted_at", ">", now - WEEK - hours),
                ("counted_at", "<=", now - WEEK),
            ],
            aggregates=["amount:sum"],
        )
        usual = groups[0][0]
        if not usual:
            return ""
        return self.env._(
            "No webhook has come for %(hours)s hours (the last one on %(when)s); in "
            "the same hours a week ago there were %(usual)s.",
            hours=self.webhook_stale_hours,
            when=self._when(last) if last else "–",
            usual=usual,
        )

    def _when(self, moment):
        return format_datetime(self.env, moment, dt_format="short")

    @api.model
    def _cron_webhooks(self):
        """Raise and resolve the notice of each account."""
        notices = self.env["whatsapp.calling.notice"]
        for account in self.search([("active", "=", True)]):
            reason = account._webhook_silence()
            hours = timedelta(hours=account.webhook_stale_hours)
            last = account.webhook_last_at
            if reason:
                notices._raise_notice(account, "webhook_stale", detail=reason)
            elif not hours or (last and last > fields.Datetime.now() - hours):
                notices._resolve_notice(account, "webhook_stale")
