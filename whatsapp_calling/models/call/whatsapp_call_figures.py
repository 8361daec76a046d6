"""The figures of the dashboard, counted over the calls that a user may see.

Operators get their own calls (those they handled or were rung for), managers all of
the companies they have ticked. Each figure names the filters of the list of calls
that show exactly what was counted.
"""

from odoo import api, models
from odoo.fields import Domain
from odoo.tools import SQL

from ...tools.counters import REFUSED

# the periods to choose from: filter of the search view and its domain
PERIODS = {
    "24h": ("last_24_hours", [("started_at", ">=", "now -24H")]),
    "7d": ("last_7_days", [("started_at", ">=", "today -6d")]),
    "30d": ("last_30_days", [("started_at", ">=", "today -29d")]),
}
# what the cards count: the filters of the search view that say the same
CARDS = {
    "total": (),
    "live": ("live",),
    "completed": ("completed",),
    "missed": ("missed",),
    "failed": ("failed",),
    "declined": ("inbound", "rejected"),
    "unreached": ("outbound", "unanswered", "rejected", "cancelled"),
}
# of each hour, number and agent
GROUPS = ("hour", "number_id", "handler_id")
SHOWN = 12  # numbers and agents, the busiest first


class WhatsappCall(models.Model):
    _inherit = "whatsapp.call"

    @api.model
    def dashboard(self, period="24h"):
        """All that the dashboard shows, in one request.

        :param period: one of PERIODS
        :return: {"scope": "own" or "all", "empty", "cards": [{key, value, filters}],
            "rates": {name: {part, whole, percent, filters}}, "wait": seconds or
            False, "minutes": of the last 24 hours, "hours": [{hour, inbound,
            outbound}], "numbers" and "agents": [{id, name, total, answered, missed,
            minutes}], "refused", "health"}
        """
        period = period if period in PERIODS else "24h"
        own = not self._is_manager()
        mine = ["mine", "rang_for_me"] if own else []
        filters = [PERIODS[period][0], *mine]
        rows = self._figures(Domain(PERIODS[period][1]) & self._dashboard_scope())
        whole = rows["whole"]
        return {
            "scope": "own" if own else "all",
            "period": period,
            "empty": not whole["total"] and not self.search_count([], limit=1),
            "cards": [
                {"key": key, "value": whole[key], "filters": [*filters, *names]}
                for key, names in CARDS.items()
            ],
            "rates": self._rates(whole, filters),
            "wait": whole["wait"],
            "minutes": self._minutes_of_a_day(period, whole),
            "minutes_filters": [PERIODS["24h"][0], *mine, "answered"],
            "filters": filters,
            "hours": rows["hour"],
            "numbers": self._named_figures("whatsapp.calling.number", rows),
            "agents": self._named_figures("res.users", rows),
            **self._dashboard_extras(period),
        }

    @api.model
    def _dashboard_scope(self):
        """Domain of the calls that count: one's own ones, or all for managers."""
        return Domain.TRUE if self._is_manager() else self._own_calls()

    def _rates(self, whole, filters):
        """Answered of those that ended, incoming (by us) and outgoing (by them)."""
        rates = {}
        for name, direction in (("pickup", "inbound"), ("reached", "outbound")):
            part, ended = whole[f"{direction}_answered"], whole[f"{direction}_over"]
            rates[name] = {
                "part": part,
                "whole": ended,
                "percent": round(100 * part / ended) if ended else False,
                "filters": [*filters, direction, "over"],
            }
        return rates

    def _minutes_of_a_day(self, period, whole):
        if period != "24h":
            domain = Domain(PERIODS["24h"][1]) & self._dashboard_scope()
            whole = self._figures(domain, grouped=False)["whole"]
        return whole["minutes"]

    # ---- counting

    @api.model
    def _figures(self, domain, grouped=True):
        """Count the calls of a domain that the user may read, in one query.

        :return: {"whole": {...}, "hour": [...], "number_id": [...],
            "handler_id": [...]}
        """
        query = self._counted(domain)
        field = {
            name: self._field_to_sql(query.table, name, query)
            for name in (
                *("state", "direction", "number_id", "handler_id", "started_at"),
                *("accepted_at", "official_start", "ended_at", "duration"),
                "wait_seconds",
            )
        }
        names = GROUPS if grouped else ()
        columns = [
            SQL("%s AS number_id", field["number_id"]),
            SQL("%s AS handler_id", field["handler_id"]),
            SQL("%s AS hour", self._hour(field["started_at"])),
            SQL("%(state)s AS state, %(direction)s AS direction", **field),
            SQL(
                # what the voicemail answered is missed all the same
                "(%(accepted_at)s IS NOT NULL OR %(official_start)s IS NOT NULL)"
                " AND %(state)s <> 'missed' AS answered",
                **field,
            ),
            SQL("%(ended_at)s IS NOT NULL AS over", **field),
            SQL("%(duration)s AS duration, %(wait_seconds)s AS wait", **field),
        ]
        sets = [SQL("()"), *(SQL("(%s)", SQL.identifier(name)) for name in names)]
        keys = [
            SQL("%s, GROUPING(%s) = 0", SQL.identifier(name), SQL.identifier(name))
            for name in names
        ]
        counts = self._counts()
        rows = self.env.execute_query(
            SQL(
                "SELECT %s FROM (%s) AS call GROUP BY GROUPING SETS (%s)",
                SQL(", ").join([*keys, *counts.values()]),
                query.select(*columns),
                SQL(", ").join(sets),
            )
        )
        return self._sorted_figures(rows, names, list(counts))

    def _counted(self, domain):
        """Query of the calls of a domain that the user may read.

        An operator's domain is that of their own calls, which they may read whatever
        those are linked to: it would take longer to ask than to count.
        """
        if self._sees_all():
            return self._search(domain)
        # compiling the question would take longer than a month's answer
        self.env.cr.execute("SET LOCAL jit = off")
        rules = self.env["ir.rule"]._compute_domain(self._name, "read")
        return self._search(domain & Domain(rules), bypass_access=True)

    def _hour(self, moment):
        """The hour of a moment on the user's clock."""
        return SQL(
            "date_part('hour', timezone(%s, timezone('UTC', %s)))::int",
            self.env.tz.zone,
            moment,
        )

    def _counts(self):
        """Name and SQL of what is counted of each group of calls."""
        when = {
            "total": SQL("TRUE"),
            "live": SQL("state IN ('dialing', 'ringing', 'connected')"),
            "completed": SQL("state = 'completed'"),
            "missed": SQL("state = 'missed'"),
            "failed": SQL("state = 'failed'"),
            "declined": SQL("direction = 'inbound' AND state = 'rejected'"),
            "unreached": SQL(
                "direction = 'outbound'"
                " AND state IN ('unanswered', 'rejected', 'cancelled')"
            ),
            "inbound": SQL("direction = 'inbound'"),
            "outbound": SQL("direction = 'outbound'"),
            "answered": SQL("answered"),
            "inbound_over": SQL("direction = 'inbound' AND over"),
            "inbound_answered": SQL("direction = 'inbound' AND over AND answered"),
            "outbound_over": SQL("direction = 'outbound' AND over"),
            "outbound_answered": SQL("direction = 'outbound' AND over AND answered"),
        }
        counts = {
            name: SQL("count(*) FILTER (WHERE %s)", condition)
            for name, condition in when.items()
        }
        counts["seconds"] = SQL("coalesce(sum(duration) FILTER (WHERE answered), 0)")
        counts["wait"] = SQL(
            "avg(wait) FILTER (WHERE direction = 'inbound' AND answered)"
        )
        return counts

    def _sorted_figures(self, rows, names, counted):
        """Tell the rows of the grouping sets apart."""
        figures = {name: [] for name in ("whole", *names)}
        for row in rows:
            keys, values = row[: 2 * len(names)], row[2 * len(names) :]
            group = dict(zip(counted, values, strict=True))
            group["minutes"] = int(group.pop("seconds")) // 60
            wait = group["wait"]
            group["wait"] = False if wait is None else round(float(wait))
            for index, name in enumerate(names):
                if keys[2 * index + 1]:
                    figures[name].append({"id": keys[2 * index], **group})
                    break
            else:
                figures["whole"] = group
        return figures

    def _named_figures(self, model, rows):
        """The busiest numbers or agents, with their names."""
        name = "number_id" if model == "whatsapp.calling.number" else "handler_id"
        groups = [group for group in rows[name] if group["id"]]
        groups.sort(key=lambda group: (-group["total"], group["id"]))
        # sudo: names of numbers and colleagues - of calls that the user may read
        records = self.env[model].sudo().browse([group["id"] for group in groups])
        names = {record.id: record.display_name for record in records[:SHOWN]}
        return [
            {**group, "name": names[group["id"]]}
            for group in groups
            if group["id"] in names
        ]

    # ---- what else is to be seen

    @api.model
    def _dashboard_extras(self, period):
        """Refused attempts and the webhook's health."""
        return {
            "refused": self._refused_count(period),
            "health": self._webhook_health() if self._is_manager() else False,
        }

    @api.model
    def _refused_count(self, period):
        domain = self._refused_domain(period)
        events = self.env["whatsapp.call.event"]
        if not self._is_manager():
            # sudo: event - one's own attempts in the companies that are ticked; asked
            # with the rights of events, all readable calls would be collected first
            events = events.sudo()
            domain &= Domain("user_id", "=", self.env.uid)
            domain &= Domain("company_id", "in", self.env.companies.ids)
        return events.search_count(domain)

    @api.model
    def _refused_domain(self, period):
        (_field, operator, since) = PERIODS[period][1][0]
        return Domain("kind", "=", "dial_refused") & Domain(
            "recorded_at", operator, since
        )

    @api.model
    def _webhook_health(self):
        """{"last_at", "refused": of 24 hours} of the accounts one may read."""
        accounts = self.env["whatsapp.calling.account"].search(
            [("company_id", "in", self.env.companies.ids)]
        )
        # sudo: health - managers may know that webhooks arrive, not each count
        health = self.env["whatsapp.calling.health"].sudo()
        counted = Domain("account_id", "in", accounts.ids)
        last = health.search(
            counted & Domain("name", "=", "accepted"), order="id desc", limit=1
        )
        refused = health._read_group(
            counted
            & Domain("name", "in", [*REFUSED, "failed"])
            & Domain("counted_at", ">=", "now -24H"),
            [],
            ["amount:sum"],
        )[0][0]
        return {
            "accounts": len(accounts),
            "last_at": self._milliseconds(last.counted_at),
            "refused": refused or 0,
            "may_open": self.env["whatsapp.calling.health"].has_access("read"),
        }
