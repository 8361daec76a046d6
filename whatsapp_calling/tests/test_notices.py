"""Notices: raised once, told to administrators, resolved when the fault is over."""

from odoo.exceptions import UserError
from odoo.tests import tagged

from ..tools.notice_kinds import KINDS
from . import connecting as said
from .common import ADMINISTRATOR, WhatsappCallingCase
from .graph import Refusal


@tagged("post_install", "-at_install")
class TestNotices(WhatsappCallingCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.ada = cls._user("ada", ADMINISTRATOR, cls.company)
        cls.adam = cls._user("adam", ADMINISTRATOR, cls.company)
        cls.notices = cls.env["whatsapp.calling.notice"]

    def banners(self, user, **scope):
        notices = self.phone(user).env["whatsapp.calling.notice"]
        return [each["title"] for each in notices.fetch_banners(**scope)]

    def test_a_notice_raised_twice_is_one_with_the_newest_words(self):
        first = self.notices._raise_notice(
            self.account, "token_rejected", detail="Expired"
        )
        again = self.notices._raise_notice(
            self.account, "token_rejected", detail="Revoked"
        )
        self.assertEqual(again, first)
        self.assertEqual(first.detail, "Revoked")

    def test_a_number_has_notices_of_its_own(self):
        of_all = self.notices._raise_notice(self.account, "restricted")
        of_one = self.notices._raise_notice(self.account, "restricted", self.number)
        self.assertNotEqual(of_all, of_one)

    def test_each_administrator_of_the_company_has_one_activity_for_it(self):
        for _time in range(2):
            self.notices._raise_notice(self.account, "key_missing")
        activities = self.account.activity_ids
        told = activities.user_id & (self.ada | self.adam | self.carlos | self.maria)
        self.assertEqual(told, self.ada | self.adam)
        self.assertEqual(len(activities), len(activities.user_id))
        title = str(KINDS["key_missing"].title)
        self.assertEqual(activities.mapped("summary"), [title] * len(activities))

    def test_a_fault_that_is_over_takes_its_activities_along(self):
        notice = self.notices._raise_notice(self.account, "key_missing")
        self.notices._resolve_notice(self.account, "key_missing")
        self.notices._resolve_notice(self.account, "key_missing")
        self.assertEqual(notice.state, "resolved")
        self.assertTrue(notice.resolved_at)
        self.assertFalse(self.account.activity_ids)
        self.assertEqual(self.banners(self.ada), [])

    def test_a_fault_that_comes_back_is_a_new_notice(self):
        first = self.notices._raise_notice(self.account, "webhook_stale")
        self.notices._resolve_notice(self.account, "webhook_stale")
        again = self.notices._raise_notice(self.account, "webhook_stale")
        self.assertNotEqual(first, again)

    def test_banners_show_the_worst_first_to_those_who_may_see_them(self):
        self.notices._raise_notice(self.account, "violation", self.number)
        self.notices._raise_notice(self.account, "token_rejected")
        self.notices._raise_notice(self.account_2, "clock_skew")
        token = str(KINDS["token_rejected"].title)
        violation = str(KINDS["violation"].title)
        for user in (self.ada, self.maria):
            self.assertEqual(self.banners(user), [token, violation])
        self.assertEqual(self.banners(self.anna), [])
        self.assertEqual(self.banners(self.ada, account_id=self.account_2.id), [])
        self.assertEqual(
            self.banners(self.ada, number_id=self.number.id), [token, violation]
        )

    def test_only_administrators_get_the_button(self):
        notice = self.notices._raise_notice(self.account, "token_rejected")
        banner = self.phone(self.maria).env[notice._name].fetch_banners()[0]
        self.assertEqual(banner["fix"], "")
        with self.assertRaises(UserError):
            notice.with_user(self.maria).action_fix()

    def test_each_kind_leads_to_its_fix(self):
        for kind in KINDS:
            with self.subTest(kind=kind):
                notice = self.notices._raise_notice(self.account, kind)
                action = notice.with_user(self.ada).action_fix()
                self.assertIn("type", action)

    def test_open_banners_are_told_at_once(self):
        with self.bus() as sent:
            self.notices._raise_notice(self.account, "token_rejected")
        told = [(user, kind) for user, kind, _payload in sent]
        self.assertIn((self.ada, "whatsapp_calling/notices"), told)
        self.assertNotIn(self.anna, [user for user, _kind in told])

    def _users(self):
        return super()._users() | self.ada | self.adam

    def test_a_refused_token_raises_one_and_an_accepted_one_resolves_it(self):
        self.graph.answer("290000000000001", Refusal(401, 190, "Session has expired"))
        self.check()
        self.assertEqual(self.account.state, "token_rejected")
        notice = self.notices.search([("account_id", "=", self.account.id)])
        self.assertEqual(notice.kind, "token_rejected")
        self.assertEqual(notice.detail, "Session has expired")
        self.check()
        self.assertEqual(self.account.state, "connected")
        self.assertEqual(notice.state, "resolved")

    def check(self):
        self.graph.answer("phone_numbers", said.numbers(self.number.provider_ref))
        self.account.with_user(self.ada).action_test_connection()
        request = self.env["whatsapp.call.request"].search([], order="id desc", limit=1)
        self.send_due(request=request)

    def test_the_form_of_who_tested_is_read_again(self):
        with self.bus() as sent:
            self.check()
        self.assertIn(
            (
                self.ada,
                "whatsapp_calling/record",
                {"model": self.account._name, "ids": self.account.ids},
            ),
            sent,
        )
