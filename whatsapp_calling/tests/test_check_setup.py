"""Check setup: one line per item, each true, each with its fix."""

import time
from datetime import timedelta
from email.utils import formatdate
from io import BytesIO
from unittest.mock import patch

import requests

from odoo import fields
from odoo.exceptions import AccessError
from odoo.tests import tagged

from ..providers.base import Answer
from ..tools import ping
from . import connecting as said
from . import meta_bodies as meta
from .common import ADMINISTRATOR, WhatsappCallingCase, WhatsappCallingHttpCase
from .graph import Refusal

OTHER = "https://chat.example.com/hook"


class CheckMixin(said.ConnectingMixin):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.ada = cls._user("ada", ADMINISTRATOR, cls.company)
        cls.account.base_url = "https://graph.facebook.com"
        parameters = cls.env["ir.config_parameter"]
        parameters.set_param("web.base.url", "https://calls.example.com")

    def _users(self):
        return super()._users() | self.ada

    def check(self, **answers):
        """A check of the first account; all is well unless `answers` says otherwise."""
        account = self.account.with_user(self.ada)
        action = account.with_context(
            allowed_company_ids=self.company.ids
        ).action_check_setup()
        check = self.phone(self.ada).env["whatsapp.calling.check"]
        check = check.browse(action["res_id"])
        self.meta(**answers)
        self.settle(check)
        check.invalidate_recordset()
        return check

    def meta(self, **answers):
        answers = {
            "debug_token": said.token(),
            self.account.waba_id: said.waba(primary_funding_id="77"),
            "subscribed_apps": said.subscribed(override=self.account.webhook_url),
            "subscriptions": said.app(OTHER),
            self.number.provider_ref: self.number_answer(),
            "phone_numbers": said.numbers(self.number.provider_ref),
            **answers,
        }
        for action, answer in answers.items():
            self.graph.answer(action, answer)

    def number_answer(self, **members):
        return {
            "id": self.number.provider_ref,
            "verified_name": "Calls Vienna",
            "messaging_limit_tier": "TIER_10K",
            "country_code": "AT",
            **members,
        }

    def count(self, name, ago=timedelta()):
        self.env["whatsapp.calling.health"].create(
            {
                "account_id": self.account.id,
                "name": name,
                "amount": 1,
                "counted_at": fields.Datetime.now() - ago,
            }
        )

    def of_number(self, check, name):
        return self.line(check, f"{name}-{self.number.id}")

    def notice(self, kind):
        return self.env["whatsapp.calling.notice"].search(
            [("account_id", "=", self.account.id), ("kind", "=", kind)]
        )


@tagged("post_install", "-at_install")
class TestCheckSetup(CheckMixin, WhatsappCallingCase):
    """What Meta, the database and the account say."""

    def test_when_all_is_well_every_line_says_so(self):
        self.count("accepted")
        received = self.env["whatsapp.calling.received"]
        received._note({(self.account.id, "calls"), (self.account.id, "messages")})
        check = self.check()
        check.report_browser({"heard": True}, "granted")
        check._note_ping(check.id, ping.Pong(ping.OK))
        self._answer_clock(check, 0)
        states = self.states(check)
        self.assertEqual(states.pop("sidecar"), "unknown")
        wrong = {key: each for key, each in states.items() if each != "ok"}
        self.assertEqual(wrong, {})
        self.assertFalse(check.busy)

    def _answer_clock(self, check, ahead):
        """WhatsApp answers; our clock is `ahead` seconds before its own."""
        check._say_clock(Answer(200, {}, served_at=time.time() - ahead))

    def test_there_is_a_line_for_each_thing_that_calls_need(self):
        keys = list(self.states(self.check()))
        number = self.number.id
        self.assertEqual(
            keys,
            [
                "company",
                "token",
                "rights",
                "app_secret",
                "address",
                "webhook",
                "subscribed",
                "reached",
                "field_calls",
                "field_messages",
                "live",
                "waba",
                "payment",
                f"number-{number}",
                f"rings-{number}",
                f"limit-{number}",
                f"country-{number}",
                "clock",
                "websocket",
                "microphone",
                "sidecar",
            ],
        )

    def test_every_red_line_says_what_to_do(self):
        refused = Refusal(400, 100, "Object with ID does not exist")
        check = self.check(
            **{self.account.waba_id: refused, self.number.provider_ref: refused},
            subscribed_apps={"data": []},
            subscriptions=said.app(OTHER, fields=[]),
        )
        check.report_browser({"heard": False}, "denied")
        red = [line for line in check.lines if line["state"] == "error"]
        self.assertGreater(len(red), 5)
        for line in red:
            self.assertTrue(line["todo"] or line["fix"], line)

    # ---- token

    def test_a_token_that_ends_soon_raises_a_notice_that_a_lasting_one_resolves(self):
        soon = int(time.time()) + 3 * 24 * 3600
        check = self.check(debug_token=said.token(expires_at=soon))
        line = self.line(check, "token")
        self.assertEqual((line["state"], line["fix"]), ("warning", "renew"))
        notice = self.notice("token_expiring")
        self.assertEqual(notice.state, "open")
        self.check()
        self.assertEqual(notice.state, "resolved")

    def test_a_refused_token_raises_its_notice_and_leads_to_a_new_one(self):
        refused = Refusal(401, 190, "Session has expired")
        check = self.check(debug_token=refused)
        line = self.line(check, "token")
        self.assertEqual(
            (line["state"], line["said"]), ("error", "Session has expired")
        )
        self.assertEqual(self.notice("token_rejected").state, "open")
        self.assertEqual(self.account.state, "token_rejected")
        action = check.action_line("token")
        self.assertEqual(action["res_model"], "whatsapp.calling.connect")
        self.assertFalse(check.busy and self.line(check, "waba")["state"] == "waiting")

    def test_an_invalid_token_counts_as_refused(self):
        told = said.token(is_valid=False, error={"message": "Invalidated"})
        self.check(debug_token=told)
        self.assertEqual(self.account.state, "token_rejected")
        self.assertEqual(self.notice("token_rejected").detail, "Invalidated")

    def test_missing_rights_are_named(self):
        told = said.token(scopes=["whatsapp_business_management"])
        line = self.line(self.check(debug_token=told), "rights")
        self.assertEqual(line["state"], "error")
        self.assertIn("whatsapp_business_messaging", line["said"])

    def test_without_an_app_secret_there_is_a_notice_and_a_way_to_enter_it(self):
        self.account.sudo().app_secret_encrypted = False
        check = self.check()
        line = self.line(check, "app_secret")
        self.assertEqual((line["state"], line["fix"]), ("error", "renew"))
        self.assertEqual(self.notice("secret_missing").state, "open")

    def test_a_missing_encryption_key_is_told_as_such(self):
        self.account.sudo().token_encrypted = "0123456789ab:AAAA"
        check = self.check()
        self.assertIn("0123456789ab", self.line(check, "token")["said"])
        self.assertEqual(self.notice("key_missing").state, "open")

    # ---- webhooks: why an incoming call never rings

    def test_never_rings_because_whatsapp_sends_elsewhere(self):
        told = said.subscribed(override=OTHER)
        line = self.line(self.check(subscribed_apps=told), "webhook")
        self.assertEqual((line["state"], line["fix"]), ("error", "subscribe"))
        self.assertIn(OTHER, line["said"])

    def test_never_rings_because_the_app_is_not_subscribed_to_the_account(self):
        line = self.line(self.check(subscribed_apps={"data": []}), "webhook")
        self.assertEqual((line["state"], line["fix"]), ("error", "subscribe"))

    def test_never_rings_because_the_apps_own_address_is_another_one(self):
        line = self.line(self.check(subscribed_apps=said.subscribed()), "webhook")
        self.assertEqual(line["state"], "error")
        self.assertIn(OTHER, line["said"])

    def test_never_rings_because_the_field_calls_is_not_subscribed(self):
        told = said.app(OTHER, fields=["messages"])
        line = self.line(self.check(subscriptions=told), "subscribed")
        self.assertEqual(line["state"], "error")
        self.assertIn("calls", line["said"])
        notice = self.notice("field_lost")
        self.assertIn("calls", notice.detail)
        self.check()
        self.assertEqual(notice.state, "resolved")

    def test_never_rings_because_webhooks_are_refused_for_their_signature(self):
        self.count("accepted", ago=timedelta(hours=3))
        self.count("bad_signature", ago=timedelta(hours=1))
        line = self.line(self.check(), "reached")
        self.assertEqual((line["state"], line["fix"]), ("error", "renew"))
        self.assertIn("another app", line["todo"])

    def test_never_rings_because_no_webhook_has_ever_arrived(self):
        check = self.check()
        self.assertEqual(self.line(check, "reached")["state"], "warning")
        self.assertEqual(self.line(check, "field_calls")["said"], "Never received.")

    def test_never_rings_because_calling_is_off_for_the_company(self):
        self.company.whatsapp_calling_enabled = False
        check = self.check()
        line = self.line(check, "company")
        self.assertEqual((line["state"], line["fix"]), ("error", "switch_on"))
        check.action_line("company")
        self.assertTrue(self.company.whatsapp_calling_enabled)
        self.assertEqual(self.line(check, "company")["state"], "ok")

    def test_never_rings_because_calling_is_off_for_the_number(self):
        self.env.cr.execute(
            "UPDATE whatsapp_calling_number SET calling_enabled = FALSE WHERE id = %s",
            [self.number.id],
        )
        self.env.invalidate_all()
        check = self.check()
        line = self.of_number(check, "number")
        self.assertEqual((line["state"], line["fix"]), ("error", "number"))
        action = check.action_line(line["key"])
        self.assertEqual(action["res_id"], self.number.id)

    def test_never_rings_because_nobody_may_be_rung(self):
        self.number.ring_user_ids = self.nora
        line = self.of_number(self.check(), "rings")
        self.assertEqual((line["state"], line["said"]), ("error", "Nobody."))

    def test_our_address_is_set_once_more_by_a_button(self):
        check = self.check(subscribed_apps={"data": []})
        self.graph.requests.clear()
        check.action_line("webhook")
        self.settle(check)
        body = {
            "override_callback_uri": self.account.webhook_url,
            "verify_token": self.account.verify_token,
        }
        path = f"/v25.0/{self.account.waba_id}/subscribed_apps"
        self.assertEqual(self.graph.requests, [("POST", path, body)])
        self.assertEqual(self.line(check, "webhook")["state"], "ok")

    def test_which_field_was_never_received_is_told(self):
        self.env["whatsapp.calling.received"]._note({(self.account.id, "calls")})
        check = self.check()
        self.assertEqual(self.line(check, "field_calls")["state"], "ok")
        self.assertEqual(self.line(check, "live")["state"], "ok")
        line = self.line(check, "field_messages")
        self.assertEqual((line["state"], line["said"]), ("warning", "Never received."))

    def test_whether_the_app_is_live_is_not_guessed(self):
        line = self.line(self.check(), "live")
        self.assertEqual(line["state"], "unknown")
        self.assertIn("cannot be asked", line["said"])

    # ---- account and numbers

    def test_without_a_payment_method_calls_come_in_only(self):
        check = self.check(**{self.account.waba_id: said.waba(primary_funding_id="0")})
        line = self.line(check, "payment")
        self.assertEqual(line["state"], "warning")
        self.assertIn("calls to customers are refused", line["todo"])

    def test_what_meta_does_not_say_of_payment_is_grey(self):
        check = self.check(**{self.account.waba_id: said.waba()})
        self.assertEqual(self.line(check, "payment")["state"], "unknown")

    def test_a_limit_below_2000_is_red(self):
        told = self.number_answer(messaging_limit_tier="TIER_1K")
        check = self.check(**{self.number.provider_ref: told})
        line = self.of_number(check, "limit")
        self.assertEqual(line["state"], "error")
        self.assertIn("2,000", line["todo"])

    def test_a_country_that_cannot_dial_is_amber(self):
        told = self.number_answer(country_code="US")
        check = self.check(**{self.number.provider_ref: told})
        self.assertEqual(self.of_number(check, "country")["state"], "warning")

    def test_a_number_of_another_account_is_found_out(self):
        check = self.check(phone_numbers=said.numbers("290000000000777"))
        line = self.of_number(check, "number")
        self.assertEqual(line["state"], "error")
        self.assertIn("another WhatsApp account", line["said"])

    # ---- the clock

    def test_clock_skew_is_amber_over_30_seconds_and_red_over_60(self):
        check = self.check()
        for ahead, state in (
            (5, "ok"),
            (-45, "warning"),
            (45, "warning"),
            (90, "error"),
        ):
            with self.subTest(ahead=ahead):
                self._answer_clock(check, ahead)
                self.assertEqual(self.line(check, "clock")["state"], state)
        self.assertIn("taken for an old one", self.line(check, "clock")["todo"])
        self.assertEqual(self.notice("clock_skew").state, "open")
        self._answer_clock(check, 0)
        self.assertEqual(self.notice("clock_skew").state, "resolved")

    def test_the_clock_is_read_from_the_date_of_whatsapps_answer(self):
        late = formatdate(time.time() - 100, usegmt=True)
        refused = Refusal(200, 0, "", Date=late)
        refused.content = said.token()
        check = self.check(debug_token=refused)
        self.assertEqual(self.line(check, "clock")["state"], "error")

    # ---- the browser

    def test_a_proxy_that_drops_the_websocket_is_named(self):
        check = self.check()
        told = {"heard": False, "opened": False, "status": 400, "server": "nginx/1.24"}
        check.report_browser(told, "granted")
        line = self.line(check, "websocket")
        self.assertEqual(line["state"], "error")
        self.assertIn("nginx/1.24", line["said"])
        self.assertIn("8072", line["todo"])
        notice = self.notice("no_websocket")
        self.assertEqual(notice.state, "open")
        check.report_browser({"heard": True}, "granted")
        self.assertEqual(notice.state, "resolved")

    def test_a_socket_that_stays_silent_points_to_the_event_server(self):
        check = self.check()
        check.report_browser({"heard": False, "opened": True}, "granted")
        self.assertIn("event server", self.line(check, "websocket")["todo"])

    def test_what_is_wrong_with_the_microphone_is_told(self):
        check = self.check()
        states = {
            "granted": "ok",
            "prompt": "warning",
            "denied": "error",
            "missing": "error",
            "insecure": "error",
        }
        for told, state in states.items():
            with self.subTest(told=told):
                check.report_browser({"heard": True}, told)
                self.assertEqual(self.line(check, "microphone")["state"], state)

    # ---- who and when

    def test_nobody_but_an_administrator_checks(self):
        for user in (self.anna, self.maria):
            with self.subTest(user=user.name), self.assertRaises(AccessError):
                self.account.with_user(user).action_check_setup()

    def test_each_day_the_same_is_looked_at_without_a_browser(self):
        self.account.state = "connected"
        self.env["whatsapp.calling.check"]._cron_look()
        check = self.env["whatsapp.calling.check"].search(
            [("account_id", "=", self.account.id)]
        )
        soon = int(time.time()) + 24 * 3600
        self.meta(debug_token=said.token(expires_at=soon))
        self.settle(check)
        self.assertNotIn("websocket", self.states(check))
        self.assertEqual(self.notice("token_expiring").state, "open")
        self.assertFalse(self.notice("no_websocket"))

    def test_each_day_a_rejected_token_gets_another_chance(self):
        self.account._token_refused("Invalid OAuth access token")
        self.env["whatsapp.calling.check"]._cron_look()
        self.meta()
        self.settle(
            self.env["whatsapp.calling.check"].search(
                [("account_id", "=", self.account.id)]
            )
        )
        self.assertEqual(self.account.state, "connected")
        self.assertEqual(self.notice("token_rejected").state, "resolved")

    def test_a_wrong_app_secret_is_not_taken_for_a_rejected_token(self):
        refused = Refusal(401, 190, "Invalid application secret")
        self.check(subscriptions=refused)
        self.assertEqual(self.account.state, "connected")
        self.assertFalse(self.notice("token_rejected"))

    def test_the_connection_test_finds_a_number_of_another_account(self):
        self.graph.answer("phone_numbers", said.numbers("290000000000777"))
        self.account.with_user(self.ada).action_test_connection()
        request = self.env["whatsapp.call.request"].search([], order="id desc", limit=1)
        self.send_due(request=request)
        self.assertEqual(self.account.state, "failed")
        self.assertIn("another WhatsApp account", self.account.state_message)


@tagged("post_install", "-at_install")
class TestPing(CheckMixin, WhatsappCallingCase):
    """Our own public address, asked the way WhatsApp asks."""

    URL = "https://calls.example.com/whatsapp_calling/ping/test-key-1"

    def pong(self, answer):
        """What is said when our public address gives `answer`."""
        check = self.check()

        def post(url, **options):
            self.assertEqual(url, self.URL)
            self.assertFalse(options["allow_redirects"])
            if isinstance(answer, Exception):
                raise answer
            return answer(options) if callable(answer) else answer

        with patch.object(ping.requests, "post", post):
            self.env["whatsapp.calling.check"]._ping(check.id)
        check.invalidate_recordset()
        return self.line(check, "address")

    def response(self, status, content=b"", **headers):
        response = requests.Response()
        response.status_code = status
        response.headers.update(headers)
        response.raw = BytesIO(content)
        return response

    def ours(self, options, uuid=None, secret="app-secret-1"):
        """What the route of this database answers."""
        parameters = self.env["ir.config_parameter"]
        uuid = uuid or parameters.get_param("database.uuid")
        nonce = options["data"]
        signature = options["headers"][ping.HEADER]
        self.assertTrue(ping.is_signed("app-secret-1", "ping", nonce, signature))
        signed = ping.sign(secret, "pong", nonce)
        proof = ping.sign(secret, f"database {uuid}", nonce)
        content = f'{{"signature": "{signed}", "database": "{proof}"}}'
        return self.response(200, content.encode())

    def test_an_address_that_leads_here_is_green(self):
        self.assertEqual(self.pong(self.ours)["state"], "ok")

    def test_not_found_points_to_the_database_filter(self):
        line = self.pong(self.response(404))
        self.assertEqual(line["state"], "error")
        self.assertIn("--db-filter", line["todo"])

    def test_a_certificate_that_is_not_accepted_is_told(self):
        error = requests.exceptions.SSLError("certificate has expired")
        line = self.pong(error)
        self.assertEqual(line["state"], "error")
        self.assertIn("certificate has expired", line["said"])

    def test_a_redirect_is_told_with_its_target(self):
        away = {"Location": "https://www.example.com/web/login?token=x"}
        line = self.pong(self.response(301, **away))
        self.assertEqual(line["state"], "error")
        self.assertIn("https://www.example.com/web/login", line["said"])
        self.assertNotIn("token", line["said"])

    def test_another_server_at_the_address_is_found_out(self):
        for answer in (self.response(200, b"<html>"), self.response(500)):
            with self.subTest(status=answer.status_code):
                line = self.pong(answer)
                self.assertEqual(line["state"], "error")
                self.assertIn("another server", line["said"])

    def test_who_does_not_know_the_secret_is_not_us(self):
        line = self.pong(lambda options: self.ours(options, secret="guessed"))
        self.assertIn("another server", line["said"])

    def test_a_copy_of_this_database_at_the_address_is_found_out(self):
        line = self.pong(lambda options: self.ours(options, uuid="another"))
        self.assertIn("copy", line["said"])

    def test_an_address_nobody_inside_reaches_is_amber(self):
        line = self.pong(requests.ConnectionError("Connection refused"))
        self.assertEqual(line["state"], "warning")
        self.assertIn("last webhook", line["todo"])

    def test_an_address_without_https_is_red_at_once(self):
        parameters = self.env["ir.config_parameter"]
        parameters.set_param("web.base.url", "http://calls.example.com")
        line = self.line(self.check(), "address")
        self.assertEqual(line["state"], "error")
        self.assertIn("https only", line["said"])


@tagged("post_install", "-at_install")
class TestPingRoute(CheckMixin, WhatsappCallingHttpCase):
    def ask(self, secret, key="test-key-1", purpose="ping"):
        headers = {ping.HEADER: ping.sign(secret, purpose, "n1")}
        headers["Content-Type"] = "text/plain"
        path = f"/whatsapp_calling/ping/{key}"
        return self.url_open(path, data=b"n1", headers=headers)

    def test_the_route_answers_only_who_knows_the_app_secret(self):
        answer = self.ask("app-secret-1")
        self.assertEqual(answer.status_code, 200)
        signature = answer.json()["signature"]
        self.assertTrue(ping.is_signed("app-secret-1", "pong", "n1", signature))
        for secret, key in (("guessed", "test-key-1"), ("app-secret-1", "unknown")):
            with self.subTest(secret=secret, key=key):
                self.assertEqual(self.ask(secret, key).status_code, 403)

    def test_an_answer_cannot_be_used_as_a_question(self):
        self.assertEqual(self.ask("app-secret-1", purpose="pong").status_code, 403)

    def test_an_account_without_a_secret_answers_nobody(self):
        self.account.sudo().app_secret_encrypted = False
        self.assertEqual(self.ask("").status_code, 403)

    def test_a_whole_ping_comes_back_to_this_database(self):
        uuid = self.env["ir.config_parameter"].get_param("database.uuid")
        url = f"{self.base_url()}/whatsapp_calling/ping/test-key-1"
        with self.allow_requests(all_requests=True):
            self.assertEqual(ping.ping(url, "app-secret-1", uuid).kind, ping.OK)
            self.assertEqual(ping.ping(url, "guessed", uuid).kind, ping.OTHER)

    def test_a_webhook_leaves_word_of_its_field(self):
        self.post(meta.calls(meta.offer(id=meta.WACID)))
        counted = self.counted()
        self.assertIn((self.account.id, "field_calls"), counted)
        self.env["whatsapp.calling.health"]._store_counts(counted)
        received = self.env["whatsapp.calling.received"]._last(self.account)
        self.assertEqual(list(received), ["calls"])
        stored = self.env["whatsapp.calling.health"].search(
            [("account_id", "=", self.account.id)]
        )
        self.assertEqual(stored.mapped("name"), ["accepted"])
