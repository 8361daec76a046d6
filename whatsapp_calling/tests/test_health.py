"""The webhook's health: handling times, the page, silence, bursts of strangers."""

from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.exceptions import AccessError
from odoo.tests import tagged

from ..tools import burst, counters
from . import meta_bodies as meta
from .common import ADMINISTRATOR, WhatsappCallingCase, WhatsappCallingHttpCase


class HealthMixin:
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.admin = cls._user("ada", ADMINISTRATOR, cls.company)

    def count(self, name="accepted", amount=1, ago=0, steps=None, **values):
        """A row of counts from `ago` seconds ago."""
        return self.env["whatsapp.calling.health"].create(
            {
                "account_id": self.account.id,
                "name": name,
                "amount": amount,
                "counted_at": fields.Datetime.now() - timedelta(seconds=ago),
                "times": steps,
                **values,
            }
        )

    def page(self, user=None):
        env = self.phone(user or self.admin).env
        return env["whatsapp.calling.health"].fetch_page()

    def card(self):
        (card,) = self.page()["accounts"]
        return card


@tagged("post_install", "-at_install")
class TestHealthPage(HealthMixin, WhatsappCallingCase):
    def test_it_shows_age_counts_failures_signatures_and_p95(self):
        self.count(amount=90, ago=30, steps={"2": 90})
        self.count(amount=10, ago=60, steps={"9": 10})
        self.count("failed", 2, ago=60)
        self.count("bad_signature", 3, ago=60)
        self.count("rate_limited", 4, ago=60)
        page, card = self.page(), self.card()
        self.assertEqual(page["server_time"] - card["last_at"], 30000)
        self.assertEqual(card["state"], "ok")
        self.assertEqual((card["accepted"], card["failed"]), (100, 2))
        self.assertEqual((card["bad_signature"], card["refused"]), (3, 7))
        # the 95th of 100 is in the middle of the step from 100 to 150 ms
        self.assertEqual(card["p95"], 125)
        labels = [(each["label"], each["amount"]) for each in card["refusals"]]
        self.assertEqual(
            labels,
            [
                ("Refused: too many from one address", 4),
                ("Refused: wrong signature", 3),
            ],
        )

    def test_its_graph_has_one_bar_for_each_of_24_hours(self):
        self.count(amount=5, ago=2 * 3600, steps={"0": 5})
        self.count(amount=1, ago=30 * 3600)
        hours = self.card()["hours"]
        self.assertEqual(len(hours), 24)
        self.assertEqual([hour["accepted"] for hour in hours[-3:]], [5, 0, 0])
        self.assertEqual(sum(hour["accepted"] for hour in hours), 5)
        self.assertEqual(hours[-1]["p95"], False)

    def test_an_account_that_heard_nothing_says_so(self):
        self.assertEqual(self.card()["state"], "never")
        self.assertEqual(self.card()["last_at"], False)

    def test_deliveries_to_no_account_stand_apart(self):
        self.env["whatsapp.calling.health"].search([]).unlink()
        self.count("unknown_key", 6, account_id=False)
        self.assertEqual(
            self.page()["strangers"],
            [{"label": "Refused: unknown address", "amount": 6}],
        )

    def test_it_is_for_administrators_and_their_companies(self):
        self.count(account_id=self.account_2.id)
        self.assertEqual(self.card()["accepted"], 0)
        with self.assertRaises(AccessError):
            self.page(self.maria)

    def test_handling_times_are_kept_in_steps_with_the_counts(self):
        dbname = self.env.cr.dbname
        counters.take(dbname), counters.take_times(dbname)  # of tests before
        for took in (0.004, 0.012, 0.013, 60):
            counters.count(dbname, self.account.id, "accepted", took=took)
        times = counters.take_times(dbname)
        self.assertEqual(times, {self.account.id: {0: 1, 2: 2, 20: 1}})
        self.env["whatsapp.calling.health"]._store_counts(counters.take(dbname), times)
        row = self.env["whatsapp.calling.health"].search(
            [("account_id", "=", self.account.id)]
        )
        self.assertEqual((row.amount, row.times), (4, {"0": 1, "2": 2, "20": 1}))


@tagged("post_install", "-at_install")
class TestSilence(HealthMixin, WhatsappCallingCase):
    WEEK = 7 * 86400

    def notice(self):
        return self.env["whatsapp.calling.notice"].search(
            [
                ("account_id", "=", self.account.id),
                ("kind", "=", "webhook_stale"),
                ("state", "=", "open"),
            ]
        )

    def look(self):
        self.account.invalidate_recordset()
        self.env["whatsapp.calling.account"]._cron_webhooks()
        return self.notice()

    def test_silence_where_events_came_a_week_ago_is_a_notice_with_an_activity(self):
        self.count(amount=7, ago=self.WEEK + 3600)
        notice = self.look()
        self.assertIn("there were 7", notice.detail)
        self.assertEqual(notice.activity_ids.user_id, self.account._administrators())
        self.assertEqual(self.card()["state"], "stale")

    def test_it_resolves_itself_when_an_event_comes(self):
        self.count(amount=7, ago=self.WEEK + 3600)
        self.look()
        self.count()
        self.assertFalse(self.look())
        self.assertEqual(self.card()["state"], "ok")

    def test_silence_that_was_usual_is_none(self):
        self.count(amount=7, ago=self.WEEK + 3 * 86400)
        self.assertFalse(self.look())

    def test_the_time_is_configurable_and_0_is_never(self):
        self.count(amount=7, ago=self.WEEK + 3600)
        self.count(ago=3 * 3600)
        self.assertFalse(self.look(), "heard of three hours ago")
        self.account.webhook_stale_hours = 2
        self.assertTrue(self.look())
        self.account.webhook_stale_hours = 0
        self.assertFalse(self.look())

    def test_a_call_that_whatsapp_took_and_reported_nothing_of_is_a_notice(self):
        call = self.dialled()
        request = call.request_ids
        self.assertFalse(self.look(), "it has ten minutes")
        request.answered_at -= timedelta(minutes=11)
        self.assertIn("WhatsApp took a call", self.look().detail)
        self.count()
        self.assertFalse(self.look())

    def test_after_a_recent_webhook_no_request_is_looked_through(self):
        self.dialled().request_ids.answered_at -= timedelta(minutes=11)
        recent = fields.Datetime.now() - timedelta(minutes=5)
        with self.assertQueryCount(0):
            self.assertEqual(self.account._silent_call(recent), "")
        before = fields.Datetime.now() - timedelta(minutes=20)
        self.assertTrue(self.account._silent_call(before))

    def test_requests_that_whatsapp_took_are_found_by_an_index_of_their_own(self):
        self.env.cr.execute(
            "SELECT indexdef FROM pg_indexes WHERE indexname = %s",
            ["whatsapp_call_request_connected_idx"],
        )
        ((definition,),) = self.env.cr.fetchall()
        self.assertIn("(account_id, answered_at)", definition)
        self.assertRegex(definition, "WHERE .*'connect'.*'done'")

    def test_where_calling_is_off_nothing_is_expected(self):
        self.count(amount=7, ago=self.WEEK + 3600)
        self.number.calling_enabled = False
        self.assertFalse(self.look())


@tagged("post_install", "-at_install")
class TestBurst(HealthMixin, WhatsappCallingHttpCase):
    def setUp(self):
        super().setUp()
        self.body = meta.calls(meta.offer())
        self.env["ir.config_parameter"].set_param("whatsapp_calling.refused_burst", "3")
        self.now = 1000.0
        buckets = burst.Buckets(clock=lambda: self.now)
        self.startPatcher(patch.object(burst, "refused", buckets))

    def statuses(self, count, **options):
        return [self.post(self.body, **options).status_code for _try in range(count)]

    def test_after_the_burst_refused_requests_get_429(self):
        self.assertEqual(self.statuses(5, secret=None), [403, 403, 403, 429, 429])
        answer = self.post(self.body, secret="wrong")
        self.assertEqual(answer.status_code, 429)
        self.assertEqual(answer.headers["Retry-After"], "60")
        self.assertEqual(
            self.counted(),
            {(self.account.id, "bad_signature"): 3, (None, "rate_limited"): 3},
        )

    def test_valid_signed_traffic_of_the_same_address_is_unaffected(self):
        self.statuses(5, secret="wrong")
        self.assertEqual(self.statuses(6), [200] * 6)
        self.assertRings(self.the_call(), self.anna | self.berta)

    def test_valid_traffic_takes_nothing_from_the_bucket(self):
        self.statuses(10)
        self.assertEqual(self.statuses(3, secret=None), [403] * 3)

    def test_the_bucket_fills_again_with_time(self):
        self.statuses(4, secret=None)
        self.now += 21  # three a minute
        self.assertEqual(self.statuses(2, secret=None), [403, 429])

    def test_unknown_addresses_and_wrong_verify_tokens_count_too(self):
        self.assertEqual(self.statuses(2, key="nobody"), [404, 404])
        query = {"hub.mode": "subscribe", "hub.verify_token": "no"}
        url = "/whatsapp_calling/webhook/test-key-1"
        found = [self.url_open(url, params=query).status_code for _try in range(2)]
        self.assertEqual(found, [403, 429])
        query["hub.verify_token"] = "verify-1"
        self.assertEqual(self.url_open(url, params=query).status_code, 200)

    def test_unsigned_requests_of_a_bursting_address_ask_the_database_nothing(self):
        self.statuses(4, secret=None)
        accounts = type(self.env["whatsapp.calling.account"])
        with patch.object(accounts, "_by_webhook_key") as asked:
            self.assertEqual(self.statuses(1, secret=None), [429])
        asked.assert_not_called()

    def test_0_is_no_limit(self):
        self.env["ir.config_parameter"].set_param("whatsapp_calling.refused_burst", "0")
        self.assertEqual(self.statuses(8, secret=None), [403] * 8)
