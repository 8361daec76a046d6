"""Connect: everything is tested before anything is saved, and nothing is half done."""

from unittest.mock import patch

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..providers.base import ProviderError
from . import connecting as said
from .common import ADMINISTRATOR, WhatsappCallingCase, WhatsappCallingHttpCase
from .graph import Refusal

ONE, TWO = "290000000000091", "290000000000092"
OTHER = "https://chat.example.com/hook"


class ConnectMixin(said.ConnectingMixin):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.ada = cls._user("ada", ADMINISTRATOR, cls.company)
        cls.adam = cls._user("adam", ADMINISTRATOR, cls.company)

    def wizards(self, user=None):
        return self.phone(user or self.ada).env["whatsapp.calling.connect"]

    def typed_in(self, user=None, **values):
        values = {
            "token": "EAAnew",
            "app_secret": "new-app-secret",
            "waba_id": said.WABA,
            **values,
        }
        return self.wizards(user).create(values)

    def meta(self, **answers):
        """What WhatsApp answers next; all is well unless said otherwise."""
        answers = {
            "debug_token": said.token(),
            said.WABA: said.waba(),
            "phone_numbers": said.numbers(ONE, TWO),
            "subscribed_apps": {"data": []},
            "subscriptions": said.app(),
            **answers,
        }
        for action, answer in answers.items():
            self.graph.answer(action, answer)

    def tested(self, user=None, values=None, **answers):
        connect = self.typed_in(user, **(values or {}))
        self.meta(**answers)
        connect.action_test()
        self.settle(connect)
        return connect

    def at_webhook(self, user=None, **answers):
        connect = self.tested(user, **answers)
        connect.action_next()
        connect.number_ids.filtered(lambda n: n.provider_ref == TWO).use = False
        connect.action_next()
        self.graph.requests.clear()
        return connect

    def accounts(self):
        return (
            self.env["whatsapp.calling.account"]
            .with_context(active_test=False)
            .search([("waba_id", "=", said.WABA)])
        )


@tagged("post_install", "-at_install")
class TestConnectTests(ConnectMixin, WhatsappCallingCase):
    """The first step: what WhatsApp says of what was typed in."""

    def test_all_is_asked_of_whatsapp_and_shown_line_by_line(self):
        connect = self.tested(subscriptions=said.app("https://calls.example.com/hook"))
        self.assertEqual(
            self.states(connect),
            {
                "token": "ok",
                "rights": "ok",
                "app_secret": "ok",
                "waba": "ok",
                "numbers": "ok",
                "webhook": "ok",
            },
        )
        self.assertTrue(connect.tested)
        self.assertEqual(self.line(connect, "waba")["said"], "Calls Vienna GmbH")
        self.assertEqual(connect.app_id, said.APP)
        self.assertEqual(connect.number_ids.mapped("provider_ref"), [ONE, TWO])
        self.assertFalse(self.accounts())

    def test_nothing_is_sent_before_the_click_has_committed(self):
        connect = self.typed_in()
        connect.action_test()
        self.assertEqual(self.graph.requests, [])
        self.assertTrue(connect.busy)
        self.settle(connect)
        self.assertFalse(connect.busy)

    def test_each_answer_has_the_open_form_read_again(self):
        with self.bus() as sent:
            connect = self.tested()
        told = [
            payload
            for user, kind, payload in sent
            if user == self.ada and kind == "whatsapp_calling/record"
        ]
        wanted = {"model": "whatsapp.calling.connect", "ids": connect.ids}
        self.assertEqual(told, [wanted] * 5)

    def _users(self):
        return super()._users() | self.ada | self.adam

    def test_a_wrong_token_is_told_in_whatsapps_words(self):
        connect = self.tested(
            debug_token=Refusal(401, 190, "Invalid OAuth access token")
        )
        line = self.line(connect, "token")
        self.assertEqual(line["state"], "error")
        self.assertEqual(line["said"], "Invalid OAuth access token")
        self.assertIn("System users", line["todo"])
        others = self.states(connect).values()
        self.assertEqual(list(others).count("unknown"), 5)
        self.assertEqual(self.graph.actions, ["debug_token"])

    def test_a_refused_token_of_the_wizard_leaves_other_accounts_alone(self):
        self.tested(debug_token=Refusal(401, 190, "Invalid OAuth access token"))
        self.assertEqual(self.account.state, "draft")
        self.assertFalse(self.env["whatsapp.calling.notice"].search([]))

    def test_an_expired_token_is_told_as_such(self):
        told = said.token(
            is_valid=False, error={"message": "Session has expired on Monday"}
        )
        connect = self.tested(debug_token=told)
        line = self.line(connect, "token")
        self.assertEqual(
            (line["state"], line["said"]), ("error", "Session has expired on Monday")
        )
        self.assertEqual(self.line(connect, "rights")["state"], "unknown")

    def test_a_token_that_ends_within_a_week_is_amber_and_may_be_used(self):
        soon = int(self.env.cr.now().timestamp()) + 3 * 24 * 3600
        connect = self.tested(debug_token=said.token(expires_at=soon))
        self.assertEqual(self.line(connect, "token")["state"], "warning")
        self.assertTrue(connect.tested)

    def test_missing_rights_are_named(self):
        scopes = ["whatsapp_business_messaging"]
        connect = self.tested(debug_token=said.token(scopes=scopes))
        line = self.line(connect, "rights")
        self.assertEqual(line["state"], "error")
        self.assertIn("whatsapp_business_management", line["said"])
        self.assertNotIn("whatsapp_business_messaging", line["said"])
        with self.assertRaises(UserError):
            connect.action_next()

    def test_the_secret_of_another_app_is_found_out(self):
        refused = Refusal(400, 100, "Invalid appsecret_proof provided")
        connect = self.tested(debug_token=refused)
        line = self.line(connect, "app_secret")
        self.assertEqual(line["state"], "error")
        self.assertIn("another app", line["todo"])
        self.assertEqual(self.line(connect, "token")["state"], "unknown")

    def test_an_account_that_is_not_found_says_which_id_is_wanted(self):
        missing = Refusal(400, 100, "Object with ID does not exist")
        connect = self.tested(**{said.WABA: missing, "phone_numbers": missing})
        line = self.line(connect, "waba")
        self.assertEqual(line["said"], "Object with ID does not exist")
        self.assertIn("not of a phone number", line["todo"])
        self.assertFalse(connect.tested)

    def test_when_whatsapp_is_not_reached_the_token_is_not_blamed(self):
        requests = self.env.registry["whatsapp.call.request"]
        self.patch(requests, "_may_try_again", lambda *_args: False)
        connect = self.tested(debug_token=Refusal(503, 2, "Service unavailable"))
        self.assertIn("not reached", self.line(connect, "token")["todo"])

    def test_without_the_needed_values_nothing_is_asked(self):
        connect = self.wizards().create({"token": "EAAnew"})
        with self.assertRaises(UserError):
            connect.action_test()

    def test_other_secrets_make_what_was_found_untrue(self):
        connect = self.tested()
        connect.token = "EAAother"
        self.assertFalse(connect.lines)
        self.assertFalse(connect.tested)
        self.assertFalse(connect.number_ids)

    def test_fields_that_are_not_subscribed_are_amber_and_named(self):
        told = said.app("https://calls.example.com/hook", fields=["messages"])
        connect = self.tested(subscriptions=told)
        line = self.line(connect, "webhook")
        self.assertEqual(line["state"], "warning")
        self.assertIn("calls", line["said"])
        self.assertNotIn("messages", line["said"])


@tagged("post_install", "-at_install")
class TestConnectSaves(ConnectMixin, WhatsappCallingCase):
    """The last steps: the account comes to be as a whole, or not at all."""

    def test_whatsapp_is_told_the_address_of_this_account_only(self):
        connect = self.at_webhook()
        connect.action_connect()
        self.settle(connect)
        account = self.accounts()
        body = {
            "override_callback_uri": account.webhook_url,
            "verify_token": account.verify_token,
        }
        path = f"/v25.0/{said.WABA}/subscribed_apps"
        self.assertEqual(self.graph.requests[0], ("POST", path, body))

    def test_the_connected_account_has_the_secrets_and_the_chosen_numbers(self):
        connect = self.at_webhook()
        connect.number_ids.filtered("use").ring_user_ids = self.berta
        url = connect.webhook_url
        connect.action_connect()
        self.settle(connect)
        account = self.accounts()
        self.assertEqual(account.state, "connected")
        self.assertEqual(account.name, "Calls Vienna GmbH")
        self.assertEqual(account.webhook_url, url)
        credentials = account._credentials()
        self.assertEqual(credentials.token, "EAAnew")
        self.assertEqual(credentials.app_secret, "new-app-secret")
        self.assertEqual(account.number_ids.provider_ref, ONE)
        self.assertEqual(account.number_ids.ring_user_ids, self.berta)

    def test_calling_is_switched_on_for_company_and_number(self):
        self.company.whatsapp_calling_enabled = False
        connect = self.at_webhook()
        connect.action_connect()
        self.assertFalse(self.company.whatsapp_calling_enabled)
        self.settle(connect)
        self.assertTrue(self.company.whatsapp_calling_enabled)
        self.switch_on()
        self.assertTrue(self.accounts().number_ids.calling_enabled)
        connect.invalidate_recordset()
        self.assertEqual(
            [line["state"] for line in connect.ready_lines], ["ok", "ok", "ok"]
        )
        self.assertTrue(connect.done)
        self.assertTrue(connect.in_order)

    def test_what_was_warned_of_before_stays_on_the_last_page(self):
        told = said.app(fields=["messages"])
        connect = self.at_webhook(subscriptions=told)
        connect.action_connect()
        self.settle(connect)
        self.switch_on()
        connect.invalidate_recordset()
        states = {line["key"]: line["state"] for line in connect.ready_lines}
        self.assertEqual(states.pop("webhook"), "warning")
        self.assertEqual(set(states.values()), {"ok"})
        self.assertTrue(connect.done)
        self.assertFalse(connect.in_order)
        notice = self.env["whatsapp.calling.notice"].search(
            [("account_id", "=", self.accounts().id)]
        )
        self.assertEqual((notice.kind, notice.state), ("field_lost", "open"))
        toast = self.env["whatsapp.call"]._settings_taken(
            self.accounts().number_ids, {"status": "ENABLED"}
        )
        self.assertIn("calls do not come in yet", toast)

    def switch_on(self):
        """WhatsApp answers the toggle."""
        requests = self.env["whatsapp.call.request"]
        waiting = [("action", "=", "set_settings"), ("state", "=", "queued")]
        for request in requests.search(waiting):
            self.send_due(request=request)

    def test_an_address_whatsapp_cannot_reach_leaves_nothing_behind(self):
        self.company.whatsapp_calling_enabled = False
        connect = self.at_webhook()
        url = connect.webhook_url
        refusal = Refusal(400, 2200, "(#2200) Callback verification failed")
        self.graph.answer("subscribed_apps", refusal)
        connect.action_connect()
        self.settle(connect)
        self.assertFalse(self.accounts())
        self.assertFalse(self.company.whatsapp_calling_enabled)
        self.assertEqual(connect.step, "webhook")
        line = self.line(connect, "address")
        self.assertEqual(line["said"], "(#2200) Callback verification failed")
        # once more, at the very address that was copied
        self.assertEqual(connect.webhook_url, url)
        connect.action_connect()
        self.settle(connect)
        self.assertEqual(self.accounts().state, "connected")

    def test_a_lost_answer_keeps_the_account_that_whatsapp_may_report_to(self):
        connect = self.at_webhook()
        connect.action_connect()
        lost = ProviderError("Read timed out", kind="timeout", certain=False)
        connect._on_subscribe_failed(None, lost)
        self.assertEqual(self.accounts().state, "draft")
        line = self.line(connect, "address")
        self.assertEqual((line["state"], line["said"]), ("warning", "Read timed out"))

    def test_a_wizard_closed_half_way_has_changed_nothing_and_is_taken_up_again(self):
        connect = self.at_webhook()
        action = self.wizards().action_start()
        self.assertEqual(action["res_id"], connect.id)
        self.assertEqual(connect.step, "webhook")
        self.assertFalse(self.accounts())
        self.assertNotEqual(
            self.wizards(self.adam).action_start()["res_id"], connect.id
        )

    def test_it_can_be_begun_anew(self):
        connect = self.at_webhook()
        action = connect.action_begin_anew()
        self.assertFalse(connect.exists())
        fresh = self.wizards().browse(action["res_id"])
        self.assertEqual((fresh.step, fresh.token_set), ("secrets", False))

    def test_an_account_of_which_no_answer_came_is_cleared_away(self):
        connect = self.at_webhook()
        connect.action_connect()
        account = self.accounts()
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE whatsapp_calling_account SET create_date = %s WHERE id = %s",
            ["2020-01-01", account.id],
        )
        self.env["whatsapp.calling.account"]._gc_connecting()
        self.assertFalse(account.exists())

    def test_one_that_cannot_be_cleared_away_does_not_keep_the_others(self):
        accounts = self.env["whatsapp.calling.account"]
        kept, away = accounts.create(
            [{"name": name, "company_id": self.company.id} for name in ("One", "Two")]
        )
        (kept | away).state = "connecting"
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE whatsapp_calling_account SET create_date = %s WHERE id IN %s",
            ["2020-01-01", (kept | away)._ids],
        )
        unlink = type(accounts).unlink

        def refuse(account):
            if account == kept:
                raise ValueError("Not this one")
            return unlink(account)

        with (
            patch.object(type(accounts), "unlink", refuse),
            mute_logger("odoo.addons.whatsapp_calling.tools.transaction"),
        ):
            accounts._gc_connecting()
        self.assertEqual((kept | away).exists(), kept)

    def test_an_account_with_events_only_stays_with_its_log(self):
        account = self.env["whatsapp.calling.account"].create(
            {"name": "Logged", "company_id": self.company.id, "state": "connecting"}
        )
        self.env["whatsapp.call.event"]._append(account, "unreadable", note="?")
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE whatsapp_calling_account SET create_date = %s WHERE id = %s",
            ["2020-01-01", account.id],
        )
        account.invalidate_recordset()
        self.env["whatsapp.calling.account"]._gc_connecting()
        self.assertEqual(account.state, "draft")
        with self.assertRaisesRegex(UserError, "Archive it"):
            account.unlink()

    def test_the_second_of_two_administrators_reads_who_was_faster(self):
        first, second = self.at_webhook(), self.at_webhook(self.adam)
        first.action_connect()
        with self.assertRaisesRegex(UserError, "connected already.*Ada"):
            second.action_connect()
        self.settle(first)
        self.assertEqual(len(self.accounts()), 1)
        with self.assertRaisesRegex(UserError, "connected already"):
            self.tested(self.adam)

    @mute_logger("odoo.sql_db")
    def test_the_database_keeps_a_second_account_of_one_waba_out(self):
        with self.assertRaises(Exception) as caught, self.env.cr.savepoint():
            self.account.copy({"waba_id": self.account.waba_id, "active": True})
        self.assertEqual(type(caught.exception).__name__, "UniqueViolation")

    def test_another_companys_account_is_not_named_to_strangers(self):
        connect = self.typed_in(waba_id=self.account_2.waba_id)
        self.account_2.app_id = False
        with self.assertRaisesRegex(UserError, "another company"):
            connect.action_test()

    def test_an_app_whose_messages_go_elsewhere_is_asked_about_first(self):
        connect = self.at_webhook(subscriptions=said.app(OTHER))
        self.assertEqual(connect.elsewhere, OTHER)
        self.assertEqual(connect.way, "override")
        with self.assertRaisesRegex(UserError, "no other program"):
            connect.action_connect()
        self.assertFalse(self.accounts())
        connect.take_over = True
        connect.action_connect()
        self.settle(connect)
        # the app's own address is never written: no request about it left
        paths = [path for method, path, _body in self.graph.requests if method != "GET"]
        self.assertEqual(paths[0], f"/v25.0/{said.WABA}/subscribed_apps")
        self.assertFalse([path for path in paths if said.APP in path])

    def test_an_override_of_another_program_counts_as_well(self):
        told = said.subscribed(override=OTHER)
        connect = self.at_webhook(subscribed_apps=told)
        self.assertEqual(connect.elsewhere, OTHER)

    def test_who_enters_the_address_in_metas_app_gets_no_override(self):
        connect = self.at_webhook()
        connect.way = "app"
        connect.action_connect()
        self.settle(connect)
        path = f"/v25.0/{said.WABA}/subscribed_apps"
        self.assertEqual(self.graph.requests[0], ("POST", path, {}))
        self.assertEqual(self.line(connect, "address")["state"], "warning")
        self.assertIn("verify token", self.line(connect, "address")["todo"])

    def test_nobody_else_reads_a_wizard(self):
        connect = self.tested()
        for user in (self.adam, self.maria, self.anna):
            with self.subTest(user=user.name), self.assertRaises(AccessError):
                connect.with_user(user).check_access("read")

    def test_the_wizard_has_a_help_page(self):
        action = self.wizards().create({}).action_guide()
        self.assertEqual(action["tag"], "whatsapp_calling.guide")
        self.assertEqual(action["params"], {"page": "connect"})


@tagged("post_install", "-at_install")
class TestNewToken(ConnectMixin, WhatsappCallingCase):
    """Re-authentication: the new token is tested before it replaces the old one."""

    def renewing(self, **answers):
        notices = self.env["whatsapp.calling.notice"]
        notice = notices._raise_notice(self.account, "token_rejected", detail="Expired")
        action = notice.with_user(self.ada).action_fix()
        connect = self.wizards().browse(action["res_id"])
        connect.token = "EAAnew"
        self.meta(
            **{
                self.account.waba_id: said.waba(),
                "phone_numbers": said.numbers(self.number.provider_ref),
                **answers,
            }
        )
        connect.action_test()
        self.settle(connect)
        return notice, connect

    def test_a_good_token_replaces_the_old_one_and_ends_the_notice(self):
        self.account.state = "token_rejected"
        notice, connect = self.renewing()
        self.assertEqual(self.account._credentials().token, "token-1")
        connect.action_renew()
        self.assertEqual(self.account._credentials().token, "EAAnew")
        self.assertEqual(self.account._credentials().app_secret, "app-secret-1")
        self.assertEqual(self.account.state, "connected")
        self.assertEqual(notice.state, "resolved")

    def test_the_address_that_was_tested_is_saved_with_the_token(self):
        good = {"base_url": self.account.base_url, "api_version": "v25.0"}
        self.account.write(
            {"base_url": "https://old.example.com", "api_version": "v24.0"}
        )
        action = self.account.with_user(self.ada).action_renew_token()
        connect = self.wizards().browse(action["res_id"])
        connect.write({"token": "EAAnew", **good})
        self.meta(
            **{
                self.account.waba_id: said.waba(),
                "phone_numbers": said.numbers(self.number.provider_ref),
            }
        )
        connect.action_test()
        self.settle(connect)
        connect.action_renew()
        self.assertEqual(
            (self.account.base_url, self.account.api_version, self.account.state),
            (good["base_url"], "v25.0", "connected"),
        )

    def test_a_bad_token_leaves_the_old_one_in_its_place(self):
        refused = Refusal(401, 190, "Invalid OAuth access token")
        notice, connect = self.renewing(debug_token=refused)
        with self.assertRaises(UserError):
            connect.action_renew()
        self.assertEqual(self.account._credentials().token, "token-1")
        self.assertEqual(notice.state, "open")

    def test_a_token_of_another_account_is_refused(self):
        _notice, connect = self.renewing(phone_numbers=said.numbers(TWO))
        line = self.line(connect, "numbers")
        self.assertEqual(line["state"], "error")
        self.assertIn(self.number.display_number, line["said"])
        with self.assertRaises(UserError):
            connect.action_renew()

    def test_an_operator_renews_nothing(self):
        with self.assertRaises(AccessError):
            self.account.with_user(self.anna).action_renew_token()


@tagged("post_install", "-at_install")
class TestConnectAddress(ConnectMixin, WhatsappCallingHttpCase):
    def test_the_address_is_verified_before_there_is_an_account(self):
        connect = self.typed_in()
        path = f"/whatsapp_calling/webhook/{connect.webhook_key}"
        query = "hub.mode=subscribe&hub.challenge=42&hub.verify_token="
        refused = self.url_open(f"{path}?{query}wrong")
        self.assertEqual(refused.status_code, 403)
        answer = self.url_open(f"{path}?{query}{connect.verify_token}")
        self.assertEqual((answer.status_code, answer.text), (200, "42"))
        connect.invalidate_recordset()
        self.assertTrue(connect.verified_at)

    def test_no_call_is_taken_in_before_there_is_an_account(self):
        connect = self.typed_in()
        answer = self.post(b"{}", key=connect.webhook_key, secret="new-app-secret")
        self.assertEqual(answer.status_code, 404)
