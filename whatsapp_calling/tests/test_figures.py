"""The dashboard counts what plain SQL counts, and its cards open what they count."""

from ast import literal_eval
from collections import defaultdict
from datetime import timedelta

from lxml import etree

from odoo import fields
from odoo.fields import Domain
from odoo.tests import tagged
from odoo.tools.safe_eval import safe_eval

from ..models.call.whatsapp_call_figures import CARDS, PERIODS
from . import meta_bodies as meta
from .common import WhatsappCallingCase

STATES = (
    *("completed", "completed", "completed", "missed", "missed", "failed"),
    *("rejected", "unanswered", "cancelled", "connected"),
)
AGES = {"24h": timedelta(hours=24), "7d": 6, "30d": 29}


@tagged("post_install", "-at_install")
class TestFigures(WhatsappCallingCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        now = fields.Datetime.now()
        handlers = (cls.anna, cls.berta, cls.env["res.users"])
        ages = (
            *(timedelta(minutes=5), timedelta(hours=20), timedelta(hours=30)),
            *(timedelta(days=4), timedelta(days=9), timedelta(days=40)),
        )
        rows = []
        for account, number in (
            (cls.account, cls.number),
            (cls.account_2, cls.number_2),
        ):
            for index in range(120):
                state = STATES[index % len(STATES)]
                began = now - ages[index % len(ages)] - timedelta(seconds=index)
                answered = state in ("completed", "connected")
                live = state == "connected"
                handler = handlers[index % 3]
                rows.append(
                    {
                        "account_id": account.id,
                        "number_id": number.id,
                        "company_id": account.company_id.id,
                        "direction": "inbound" if index % 4 else "outbound",
                        "state": state,
                        "started_at": began,
                        "accepted_at": answered and began + timedelta(seconds=7),
                        "wait_seconds": 7 + index % 5 if answered else 0,
                        "duration": 61 * index if state == "completed" else 0,
                        "ended_at": not live and began + timedelta(seconds=90),
                        # one live call for each operator is all there may be
                        "handler_id": not live and handler.id,
                        "rung_user_ids": [(4, cls.berta.id)] if index % 7 == 0 else [],
                    }
                )
        cls.env["whatsapp.call"].create(rows)

    def dashboard(self, user, period="24h"):
        return self.phone(user).dashboard(period)

    def since(self, period):
        """The first moment of a period: hours back, or midnight some days back."""
        age, now = AGES[period], fields.Datetime.now()
        if period == "24h":
            return now - age
        # users of the tests have no time zone: UTC
        return now.replace(hour=0, minute=0, second=0) - timedelta(days=age)

    def sql(self, columns, user, period, more="TRUE"):
        """Count with plain SQL what a user may see: (value, …)."""
        self.env.flush_all()
        own = "TRUE"
        if user != self.maria:
            own = """(handler_id = %(uid)s OR id IN (
                SELECT call_id FROM whatsapp_call_rung_rel WHERE user_id = %(uid)s))"""
        self.env.cr.execute(
            f"SELECT {columns} FROM whatsapp_call WHERE company_id = %(company)s"  # noqa: S608
            f" AND started_at >= %(since)s AND {own} AND {more}",
            {
                "company": user.company_id.id,
                "since": self.since(period),
                "uid": user.id,
            },
        )
        return self.env.cr.fetchall()

    def filters_domain(self, names, uid):
        """What the search view makes of active filters: OR in a group, AND between."""
        arch = etree.fromstring(
            self.env.ref("whatsapp_calling.whatsapp_call_view_search").arch
        )
        groups, group = defaultdict(list), 0
        for node in arch:
            if node.tag == "separator":
                group += 1
            elif node.get("name") in names and node.tag == "filter":
                domain = safe_eval(node.get("domain"), {"uid": uid})
                groups[group].append(Domain(domain))
        self.assertEqual(sum(map(len, groups.values())), len(names), names)
        return Domain.AND(Domain.OR(found) for found in groups.values())

    def listed(self, user, filters):
        calls = self.phone(user)
        return calls.search(self.filters_domain(filters, user.id))

    # ---- the rules

    def test_every_figure_equals_a_plain_sql_count(self):
        for user in (self.maria, self.anna, self.berta, self.carlos):
            for period in PERIODS:
                with self.subTest(user=user.name, period=period):
                    shown = self.dashboard(user, period)
                    states = dict(
                        self.sql("state, count(*)", user, period, "TRUE GROUP BY 1")
                    )
                    ways = dict(
                        self.sql(
                            "state || ' ' || direction, count(*)",
                            user,
                            period,
                            "TRUE GROUP BY 1",
                        )
                    )
                    cards = {card["key"]: card["value"] for card in shown["cards"]}
                    self.assertEqual(
                        cards,
                        {
                            "total": sum(states.values()),
                            "live": states.get("connected", 0),
                            "completed": states.get("completed", 0),
                            "missed": states.get("missed", 0),
                            "failed": states.get("failed", 0),
                            "declined": ways.get("rejected inbound", 0),
                            "unreached": sum(
                                ways.get(f"{name} outbound", 0)
                                for name in ("unanswered", "rejected", "cancelled")
                            ),
                        },
                    )
                    ((seconds,),) = self.sql("sum(duration)", user, "24h")
                    self.assertEqual(shown["minutes"], (seconds or 0) // 60)
                    ((wait,),) = self.sql(
                        "avg(wait_seconds)",
                        user,
                        period,
                        "accepted_at IS NOT NULL AND direction = 'inbound'",
                    )
                    self.assertEqual(
                        shown["wait"], False if wait is None else round(float(wait))
                    )

    def test_rates_are_answered_of_ended(self):
        shown = self.dashboard(self.maria, "30d")["rates"]
        for name, direction in (("pickup", "inbound"), ("reached", "outbound")):
            ((answered, ended),) = self.sql(
                "count(accepted_at), count(*)",
                self.maria,
                "30d",
                f"ended_at IS NOT NULL AND direction = '{direction}'",
            )
            self.assertTrue(ended)
            self.assertEqual(
                (shown[name]["part"], shown[name]["whole"], shown[name]["percent"]),
                (answered, ended, round(100 * answered / ended)),
            )

    def test_hours_numbers_and_agents_equal_sql_too(self):
        shown = self.dashboard(self.maria, "30d")
        hours = self.sql(
            "date_part('hour', started_at)::int, count(*)",
            self.maria,
            "30d",
            "TRUE GROUP BY 1",
        )
        self.assertEqual(
            {row["id"]: row["total"] for row in shown["hours"]}, dict(hours)
        )
        agents = self.sql(
            "handler_id, count(*), count(accepted_at), sum(duration) / 60",
            self.maria,
            "30d",
            "handler_id IS NOT NULL GROUP BY 1",
        )
        self.assertEqual(
            {
                (row["id"], row["total"], row["answered"], row["minutes"])
                for row in shown["agents"]
            },
            set(agents),
        )
        self.assertEqual(
            [(row["id"], row["name"]) for row in shown["numbers"]],
            [(self.number.id, self.number.display_name)],
        )

    def test_hours_are_those_of_the_users_clock(self):
        self.maria.tz = "Asia/Kolkata"
        shown = self.dashboard(self.maria, "24h")
        hours = self.sql(
            "date_part('hour', started_at + interval '5.5 hours')::int, count(*)",
            self.maria,
            "24h",
            "TRUE GROUP BY 1",
        )
        self.assertEqual(
            {row["id"]: row["total"] for row in shown["hours"]}, dict(hours)
        )

    def test_each_card_opens_exactly_the_calls_it_counts(self):
        for user in (self.maria, self.anna):
            for period in PERIODS:
                shown = self.dashboard(user, period)
                for card in shown["cards"]:
                    with self.subTest(user=user.name, period=period, card=card["key"]):
                        found = self.listed(user, card["filters"])
                        self.assertEqual(len(found), card["value"])
                for rate in shown["rates"].values():
                    found = self.listed(user, rate["filters"])
                    self.assertEqual(len(found), rate["whole"])
                minutes = self.listed(user, shown["minutes_filters"])
                self.assertEqual(
                    sum(minutes.mapped("duration")) // 60, shown["minutes"]
                )

    def test_the_periods_are_filters_of_the_search_view(self):
        for name, domain in PERIODS.values():
            self.assertEqual(
                self.filters_domain([name], self.anna.id), Domain(domain), name
            )
        known = {"live", "completed", "missed", "failed", "unanswered"}
        self.assertLessEqual(
            known, {name for names in CARDS.values() for name in names}
        )

    def test_the_default_filter_of_calls_is_30_days(self):
        action = self.env.ref("whatsapp_calling.whatsapp_call_action")
        self.assertEqual(
            literal_eval(action.context), {"search_default_last_30_days": 1}
        )

    def test_an_operator_sees_no_figures_of_colleagues(self):
        own = self.dashboard(self.anna, "30d")
        self.assertEqual(own["scope"], "own")
        whole = self.dashboard(self.maria, "30d")
        self.assertEqual(whole["scope"], "all")
        self.assertLess(own["cards"][0]["value"], whole["cards"][0]["value"])
        self.assertFalse(own["health"])

    def test_no_company_counts_the_calls_of_another(self):
        for user, number in ((self.maria, self.number), (self.carlos, self.number_2)):
            shown = self.dashboard(user, "30d")
            self.assertLessEqual(
                {row["id"] for row in shown["numbers"]}, {number.id}, user.name
            )

    def test_a_manager_of_two_companies_counts_those_that_are_ticked(self):
        self.maria.company_ids |= self.company_2
        one = self.dashboard(self.maria, "30d")
        both = self.phone(self.maria).with_context(
            allowed_company_ids=(self.company | self.company_2).ids
        )
        self.assertEqual(
            both.dashboard("30d")["cards"][0]["value"], 2 * one["cards"][0]["value"]
        )

    def test_without_any_call_the_dashboard_says_so(self):
        self.assertFalse(self.dashboard(self.anna)["empty"])
        fresh = self._user("frida", "whatsapp_calling.group_operator", self.company)
        shown = self.dashboard(fresh)
        self.assertTrue(shown["empty"])
        self.assertEqual(shown["cards"][0]["value"], 0)
        self.assertEqual(shown["rates"]["pickup"]["percent"], False)

    def test_managers_see_when_the_last_webhook_came_and_what_was_refused(self):
        health = self.env["whatsapp.calling.health"]
        health._store_counts({(self.account.id, "accepted"): 3})
        health._store_counts({(self.account.id, "bad_signature"): 2})
        health._store_counts({(self.account_2.id, "bad_signature"): 5})
        shown = self.dashboard(self.maria)["health"]
        self.assertEqual((shown["accounts"], shown["refused"]), (1, 2))
        self.assertTrue(shown["last_at"])
        self.assertFalse(shown["may_open"])


@tagged("post_install", "-at_install")
class TestAttempts(WhatsappCallingCase):
    """Attempts that led nowhere are there, found by a filter, and counted."""

    def refused(self, user):
        return (
            self.phone(user)
            .env["whatsapp.call.event"]
            .search([("kind", "=", "dial_refused")])
        )

    def test_a_refused_dial_leaves_a_line_and_neither_call_nor_request(self):
        before = self.env["whatsapp.call"].search_count([])
        result = self.dial()
        self.assertEqual(result["reason"], "no_permission")
        (line,) = self.refused(self.anna)
        self.assertEqual(
            (line.user_id, line.number_id, line.note, line.data["reason"]),
            (self.anna, self.number, result["message"], "no_permission"),
        )
        self.assertEqual(line.data["phone"], meta.CUSTOMER)
        self.assertEqual(self.env["whatsapp.call"].search_count([]), before)
        self.assertFalse(self.env["whatsapp.call.request"].search([]))

    def test_refused_dials_are_counted_on_the_dashboard(self):
        for _again in range(3):
            self.dial()
        self.assertEqual(self.phone(self.anna).dashboard("24h")["refused"], 3)
        self.assertEqual(self.phone(self.maria).dashboard("24h")["refused"], 3)

    def test_an_operator_sees_their_own_attempts_only(self):
        self.dial(self.anna)
        self.dial(self.berta)
        self.assertEqual(self.refused(self.anna).user_id, self.anna)
        self.assertEqual(self.refused(self.maria).user_id, self.anna | self.berta)
        self.assertFalse(self.refused(self.carlos))

    def test_a_blacklisted_number_counts_as_a_refused_attempt(self):
        self.env["phone.blacklist"].add(f"+{meta.CUSTOMER}")
        self.dial()
        self.assertEqual(self.refused(self.maria).data["reason"], "blacklisted")

    def test_missed_rejected_and_stale_calls_are_found_by_their_filters(self):
        old = int((fields.Datetime.now() - timedelta(minutes=10)).timestamp())
        stale = self.ring(id="wacid.stale", timestamp=str(old))
        missed = self.ring(id="wacid.missed")
        missed._close("unanswered")
        rejected = self.ring(id="wacid.rejected")
        self.phone(self.anna).softphone_decline(rejected.id)
        calls = self.phone(self.maria)
        wanted = {
            "missed": stale | missed,
            "rejected": rejected,
            "stale": stale,
            "attempts": stale | missed | rejected,
        }
        arch = etree.fromstring(
            self.env.ref("whatsapp_calling.whatsapp_call_view_search").arch
        )
        for name, expected in wanted.items():
            (node,) = arch.xpath(f"//filter[@name='{name}']")
            found = calls.search(literal_eval(node.get("domain")))
            self.assertEqual(found.sorted("id"), expected.sorted("id"), name)
