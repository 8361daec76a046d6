"""Calling is switched on company by company; where it is off nothing of it works."""

import json

from odoo.exceptions import UserError
from odoo.tests import tagged

from . import meta_bodies as meta
from .common import MANAGER, OPERATOR, WhatsappCallingCase, WhatsappCallingHttpCase

OFF = (
    "WhatsApp Calling is switched off for Calls Vienna. An administrator can switch it "
    "on in the settings of WhatsApp Calling."
)

RESTART = "whatsapp_calling/restart"


@tagged("post_install", "-at_install")
class TestCompanySwitch(WhatsappCallingCase):
    """A company that has calling switched off."""

    def switch_off(self):
        self.company.whatsapp_calling_enabled = False

    def test_a_new_company_does_not_call(self):
        company = self.env["res.company"].create({"name": "New"})
        self.assertFalse(company.whatsapp_calling_enabled)
        self.assertIn("switched off for New", company._whatsapp_calling_refusal())

    def test_an_incoming_call_is_kept_but_rings_for_nobody(self):
        self.switch_off()
        with self.bus() as sent:
            call = self.ring()
        self.assertRings(call, self.env["res.users"])
        self.assertFalse(sent)
        note = call.event_ids.filtered(lambda e: e.kind == "nobody_rings").note
        self.assertEqual(note, OFF)

    def test_a_call_is_not_placed(self):
        self.permit()
        self.switch_off()
        answer = self.dial()
        self.assertFalse(answer["ok"])
        self.assertEqual((answer["reason"], answer["message"]), ("disabled", OFF))
        made = [("number_id", "=", self.number.id)]
        self.assertFalse(self.env["whatsapp.call"].search_count(made))

    def test_a_permission_is_not_asked_for(self):
        self.switch_off()
        answer = self.phone(self.anna).softphone_request_permission(
            {"partner_id": self.eva.id}
        )
        self.assertEqual(answer, {"ok": False, "message": OFF})

    def test_a_number_is_not_switched_on(self):
        self.number.calling_enabled = False
        self.switch_off()
        with self.assertRaisesRegex(UserError, "switched off for Calls Vienna"):
            self.number.with_user(self.maria).calling_enabled = True

    def test_a_ringing_call_is_not_answered(self):
        call = self.ring()
        self.switch_off()
        answer = self.accept(self.anna, call)
        self.assertEqual((answer["ok"], answer["message"]), (False, OFF))
        self.assertFalse(self.queued(call))

    def test_what_was_queued_before_does_not_leave(self):
        call = self.ring()
        self.accept(self.anna, call)
        self.switch_off()
        self.send_due(call)
        self.assertFalse(self.graph.requests)
        accept = call.request_ids.filtered(lambda r: r.action == "accept")
        self.assertEqual((accept.state, accept.error_message), ("failed", OFF))

    def test_a_running_call_can_still_be_hung_up(self):
        call = self.answered()
        self.switch_off()
        self.phone(self.anna).softphone_hang_up(call.id)
        self.send_due(call)
        self.assertEqual(self.graph.actions, ["terminate"])

    def test_past_calls_stay_readable(self):
        call = self.answered()
        self.deliver(meta.calls(meta.terminate()))
        self.switch_off()
        for user in (self.anna, self.maria):
            self.assertEqual(call.with_user(user).state, "completed")

    def test_the_other_company_goes_on(self):
        self.switch_off()
        self.assertEqual(self.company_2._whatsapp_calling_refusal(), "")


@tagged("post_install", "-at_install")
class TestRestart(WhatsappCallingCase):
    """Pages that are open get or lose their phone when calling is switched."""

    def restarted(self, change):
        """Whose pages are told to start again."""
        with self.bus() as sent:
            change()
        told = [(user, payload) for user, kind, payload in sent if kind == RESTART]
        self.assertTrue(all(payload == {} for _user, payload in told))
        return self.env["res.users"].union(*(user for user, _payload in told))

    def test_switching_the_company_tells_its_operators(self):
        everybody = self.anna | self.berta | self.maria
        for on in (False, True):
            told = self.restarted(
                lambda on=on: self.company.write({"whatsapp_calling_enabled": on})
            )
            self.assertEqual(told, everybody)

    def test_switching_a_number_tells_the_operators_of_its_company(self):
        everybody = self.anna | self.berta | self.maria
        for on in (False, True):
            told = self.restarted(
                lambda on=on: self.number.write({"calling_enabled": on})
            )
            self.assertEqual(told, everybody)

    def test_a_new_number_and_one_that_is_archived_are_told(self):
        everybody = self.anna | self.berta | self.maria
        self.assertEqual(self.restarted(self.another_number), everybody)
        archive = self.number.action_archive
        self.assertEqual(self.restarted(archive), everybody)
        self.assertEqual(self.restarted(self.account.action_archive), everybody)

    def test_what_was_so_already_tells_nobody(self):
        self.assertFalse(
            self.restarted(lambda: self.number.write({"calling_enabled": True}))
        )
        self.assertFalse(
            self.restarted(
                lambda: self.company.write({"whatsapp_calling_enabled": True})
            )
        )


class TwoCompaniesMixin:
    """Two people of both companies, of which the first has calling switched off."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.both = cls.company | cls.company_2
        cls.olga = cls._user("olga", OPERATOR, cls.company)
        cls.mona = cls._user("mona", MANAGER, cls.company)
        (cls.olga | cls.mona).company_ids = cls.both
        cls.company.whatsapp_calling_enabled = False

    def of_both(self, user, *companies):
        """The softphone of a user of both companies with these ones ticked."""
        ids = [company.id for company in companies]
        calls = self.env(user=user, su=False)["whatsapp.call"]
        return calls.with_context(allowed_company_ids=ids)


@tagged("post_install", "-at_install")
class TestTwoCompanies(TwoCompaniesMixin, WhatsappCallingCase):
    """What a user of two companies sees goes by those that are ticked."""

    def test_where_calling_is_off_there_is_no_phone(self):
        start = self.of_both(self.olga, self.company).softphone_start()
        self.assertEqual((start["shown"], start["explained"]), (False, False))
        self.assertEqual((start["reason"], start["numbers"]), (OFF, []))

    def test_where_calling_is_on_there_is_a_phone_with_the_numbers_of_there(self):
        for companies in (self.company_2,), (self.company, self.company_2):
            start = self.of_both(self.olga, *companies).softphone_start()
            self.assertEqual((start["shown"], start["reason"]), (True, ""))
            numbers = [number["id"] for number in start["numbers"]]
            self.assertEqual(numbers, self.number_2.ids)

    def test_a_call_of_the_company_that_is_on_rings_whichever_is_ticked(self):
        offer = meta.calls(meta.offer(to="34911998100"), number_ref="290000000000002")
        self.deliver(offer, account=self.account_2)
        call = self.the_call()
        self.assertIn(self.olga, call.rung_user_ids)
        start = self.of_both(self.olga, self.company).softphone_start()
        self.assertEqual((start["enabled"], start["shown"]), (True, False))
        self.assertEqual([view["id"] for view in start["calls"]], call.ids)
        answer = self.of_both(self.olga, self.company).softphone_accept(
            call.id, "tab-1", meta.ANSWER_SDP
        )
        self.assertTrue(answer["ok"])

    def test_a_manager_reads_why_it_is_off(self):
        start = self.of_both(self.mona, self.company).softphone_start()
        self.assertEqual((start["shown"], start["explained"]), (False, True))
        self.assertEqual(start["reason"], OFF)

    def test_a_manager_of_a_company_that_never_had_calling_is_told_nothing(self):
        self.account.unlink()
        start = self.of_both(self.mona, self.company).softphone_start()
        self.assertEqual((start["shown"], start["explained"]), (False, False))

    def test_nobody_is_listed_to_be_called_where_it_is_off(self):
        options = {"query": "Eva"}
        off = self.of_both(self.olga, self.company).softphone_contacts(options)
        on = self.of_both(self.olga, self.company_2).softphone_contacts(options)
        self.assertEqual(off, [])
        self.assertIn(self.eva.id, [one["partner_id"] for one in on])


@tagged("post_install", "-at_install")
class TestMenuOfCompanies(TwoCompaniesMixin, WhatsappCallingHttpCase):
    """The app is in the menu where calling is on, by the companies ticked."""

    def apps(self, user, *companies):
        """Names of the apps a browser with these companies ticked gets."""
        self.authenticate(user.login, user.login)
        ids = "-".join(str(company.id) for company in companies)
        self.opener.cookies["cids"] = ids
        menus = self.url_open("/web/webclient/load_menus").json()
        apps = [menus[str(menu_id)]["name"] for menu_id in menus["root"]["children"]]
        # what is not an app must not hang about either
        root = self.env.ref("whatsapp_calling.whatsapp_calling_menu").id
        ours = [menu for menu in menus.values() if menu["appID"] == root]
        self.assertEqual(bool(ours), "WhatsApp Calling" in apps)
        return apps

    def test_an_operator_has_the_app_where_calling_is_on(self):
        self.assertNotIn("WhatsApp Calling", self.apps(self.olga, self.company))
        self.assertIn("WhatsApp Calling", self.apps(self.olga, self.company_2))
        both = self.apps(self.olga, self.company, self.company_2)
        self.assertIn("WhatsApp Calling", both)

    def test_switching_it_on_shows_at_once(self):
        self.assertNotIn("WhatsApp Calling", self.apps(self.olga, self.company))
        self.company.whatsapp_calling_enabled = True
        self.assertIn("WhatsApp Calling", self.apps(self.olga, self.company))

    def test_managers_and_administrators_always_reach_log_and_settings(self):
        self.assertIn("WhatsApp Calling", self.apps(self.mona, self.company))

    def test_a_forged_list_of_companies_shows_nothing(self):
        self.company_2.whatsapp_calling_enabled = True
        apps = self.apps(self._user("otto", OPERATOR, self.company), self.company_2)
        self.assertNotIn("WhatsApp Calling", apps)


@tagged("post_install", "-at_install")
class TestRefusedOverRpc(TwoCompaniesMixin, WhatsappCallingHttpCase):
    """A script that knows the methods gets no further than the buttons do."""

    def rpc(self, method, *args):
        context = {"allowed_company_ids": self.company.ids, "su": True, "sudo": True}
        return self.make_jsonrpc_request(
            f"/web/dataset/call_kw/whatsapp.call/{method}",
            {
                "model": "whatsapp.call",
                "method": method,
                "args": args,
                "kwargs": {"context": context},
            },
        )

    def test_every_way_to_call_or_write_is_refused(self):
        self.permit()
        self.authenticate(self.anna.login, self.anna.login)
        target = {"partner_id": self.eva.id, "number_id": self.number.id}
        ways = {
            "softphone_dial": (target, "tab-1", meta.OFFER_SDP),
            "softphone_request_permission": (target, "May we?"),
        }
        for method, arguments in ways.items():
            with self.subTest(method=method):
                answer = self.rpc(method, *arguments)
                self.assertEqual((answer["ok"], answer["message"]), (False, OFF))
        lookup = self.rpc("softphone_lookup", target)
        self.assertEqual((lookup["allowed"], lookup["reason"]), (False, OFF))
        self.assertNotIn(OFF, json.dumps(self.rpc("softphone_history", {})))
        asked = [("company_id", "=", self.company.id)]
        self.assertFalse(self.env["whatsapp.call.request"].search_count(asked))
