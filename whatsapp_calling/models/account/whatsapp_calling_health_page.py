"""The webhook's health as a page: what came, what was refused, how long it took."""

from collections import Counter, defaultdict
from datetime import UTC, timedelta

from odoo import api, fields, models
from odoo.tools import SQL

from ...tools.counters import REFUSED, percentile

HOURS = 24


class WhatsappCallingHealth(models.Model):
    _inherit = "whatsapp.calling.health"

    @api.model
    @api.readonly
    def fetch_page(self):
        """Accounts of the ticked companies over the last 24 hours.

        :return: {"server_time", "accounts": [_card], "strangers": [{label, amount}]};
            strangers are deliveries to no address of ours. Times are epoch ms.
        """
        self.browse().check_access("read")
        accounts = self.env["whatsapp.calling.account"].search([("active", "=", True)])
        now = fields.Datetime.now()
        start = now.replace(minute=0, second=0) - timedelta(hours=HOURS - 1)
        counts, times = self._by_hour(accounts, start)
        strangers = counts.pop(None, {})
        hours = [start + timedelta(hours=hour) for hour in range(HOURS)]
        return {
            "server_time": _milliseconds(now),
            "accounts": [
                self._card(account, hours, counts[account.id], times[account.id])
                for account in accounts
            ],
            "strangers": self._refusals(strangers),
        }

    def _by_hour(self, accounts, start):
        """Counts {account id: {hour: {name: amount}}} and steps of handling times."""
        self.flush_model()
        counts = defaultdict(lambda: defaultdict(Counter))
        steps = defaultdict(lambda: defaultdict(Counter))
        scope = SQL(
            "counted_at >= %s AND (account_id IN %s OR account_id IS NULL)",
            start,
            tuple(accounts.ids) or (0,),
        )
        for account_id, hour, name, amount in self.env.execute_query(
            SQL(
                """
                SELECT account_id, date_trunc('hour', counted_at), name, sum(amount)
                  FROM whatsapp_calling_health WHERE %s GROUP BY 1, 2, 3
                """,
                scope,
            )
        ):
            counts[account_id][hour][name] = amount
        for account_id, hour, step, amount in self.env.execute_query(
            SQL(
                """
                SELECT account_id, date_trunc('hour', counted_at), step::int,
                       sum(amount::int)
                  FROM (SELECT account_id, counted_at, key AS step, value AS amount
                          FROM whatsapp_calling_health, jsonb_each_text(times)
                         WHERE jsonb_typeof(times) = 'object' AND %s) AS taken
                 GROUP BY 1, 2, 3
                """,
                scope,
            )
        ):
            steps[account_id][hour][step] = amount
        return counts, steps

    def _card(self, account, hours, counts, times):
        total = sum(counts.values(), Counter())
        taken = sum(times.values(), Counter())
        last = account.webhook_last_at
        silence = account._webhook_silence()
        return {
            "id": account.id,
            "name": account.name,
            "company": account.company_id.name,
            "state": "stale" if silence else "ok" if last else "never",
            "silence": silence,
            "last_at": _milliseconds(last),
            "accepted": total["accepted"],
            "failed": total["failed"],
            "bad_signature": total["bad_signature"],
            "no_secret": total["no_secret"],
            "refused": sum(total[name] for name in REFUSED),
            "refusals": self._refusals(counts),
            "p95": _rounded(percentile(taken, 0.95)),
            "hours": [
                {
                    "at": _milliseconds(hour),
                    "accepted": counts[hour]["accepted"],
                    "refused": sum(counts[hour][name] for name in REFUSED),
                    "failed": counts[hour]["failed"],
                    "p95": _rounded(percentile(times[hour], 0.95)),
                }
                for hour in hours
            ],
        }

    def _refusals(self, counts):
        """What was refused, most often first: [{label, amount}]."""
        total = sum(counts.values(), Counter())
        labels = dict(self._fields["name"]._description_selection(self.env))
        return [
            {"label": labels[name], "amount": amount}
            for name, amount in total.most_common()
            if name in REFUSED and amount
        ]


def _milliseconds(moment):
    """Epoch milliseconds of a naive UTC datetime; False stays False."""
    return bool(moment) and int(moment.replace(tzinfo=UTC).timestamp() * 1000)


def _rounded(value):
    return False if value is None else round(value)
