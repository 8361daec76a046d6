"""Outgoing webhooks: signed, after the commit, tried again, with a log."""

import json
from datetime import timedelta
from io import BytesIO
from unittest.mock import patch

import requests

from odoo import fields
from odoo.exceptions import AccessError, ValidationError
from odoo.tests import tagged
from odoo.tools import SQL, mute_logger

from ..tools.hook_signature import is_secret, new_secret, signed_headers
from . import meta_bodies as meta
from .common import ADMINISTRATOR, WhatsappCallingCase

RECEIVER = "https://receiver.example/calls"
HAPPENINGS = (
    "odoo.addons.whatsapp_calling.models.automation.whatsapp_calling_happening_dealing"
)
UNIQUE_VIOLATION = "INSERT INTO res_lang (name, code) VALUES ('X', 'en_US')"
# of the Standard Webhooks specification's own libraries
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


class HooksMixin:
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.admin = cls._user("ada", ADMINISTRATOR, cls.company)
        cls.received = []
        cls.answers = []

    @classmethod
    def _request_handler(cls, session, request, /, **kwargs):
        if not request.url.startswith(RECEIVER):
            return super()._request_handler(session, request, **kwargs)
        cls.received.append(request)
        answer = cls.answers.pop(0) if cls.answers else 200
        if isinstance(answer, Exception):
            raise answer
        response = requests.Response()
        response.status_code = answer
        response.raw = BytesIO(b"")
        return response

    def setUp(self):
        super().setUp()
        self.received.clear()
        self.answers.clear()

    def hook(self, **values):
        hooks = self.phone(self.admin).env["whatsapp.calling.hook"]
        return hooks.create(
            {"name": "Warehouse", "url": RECEIVER, "secret": SECRET, **values}
        ).sudo()

    def run_pool(self):
        """What the pool does after the commit: happenings, then what is due."""
        self.env["whatsapp.calling.happening"]._deal_with_due()
        deliveries = self.env["whatsapp.calling.delivery"]
        self.env.flush_all()
        due = [
            ("state", "in", ("queued", "sending")),
            ("next_at", "<=", fields.Datetime.now()),
        ]
        for delivery in deliveries.search(due, order="id"):
            deliveries._send_due(delivery.id)
        self.env.invalidate_all()

    def later(self, seconds):
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                "UPDATE whatsapp_calling_delivery SET next_at = next_at - %s",
                timedelta(seconds=seconds),
            )
        )
        self.env.invalidate_all()

    def types(self):
        return [json.loads(request.body)["type"] for request in self.received]


@tagged("post_install", "-at_install")
class TestHooks(HooksMixin, WhatsappCallingCase):
    def test_a_signature_is_that_of_the_specification(self):
        headers = signed_headers(
            SECRET,
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            1614265330,
            b'{"test": 2432232314}',
        )
        self.assertEqual(
            headers,
            {
                "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
                "webhook-timestamp": "1614265330",
                "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
            },
        )

    def test_what_arrives_is_signed_and_says_what_happened(self):
        self.hook()
        call = self.ring()
        call._close("unanswered")
        self.assertEqual(self.received, [], "sent inside the transaction")
        self.run_pool()
        self.assertEqual(self.types(), ["call.missed", "call.ended"])
        request = self.received[0]
        body = json.loads(request.body)
        self.assertEqual(
            {name: body["data"][name] for name in ("call_id", "direction", "state")},
            {"call_id": call.id, "direction": "inbound", "state": "missed"},
        )
        self.assertEqual(
            body["data"]["customer"],
            {
                "name": "Eva Berger",
                "phone": f"+{meta.CUSTOMER}",
                "partner_id": self.eva.id,
            },
        )
        signed = signed_headers(
            SECRET,
            request.headers["webhook-id"],
            int(request.headers["webhook-timestamp"]),
            request.body,
        )
        self.assertEqual(
            request.headers["webhook-signature"], signed["webhook-signature"]
        )

    def test_nothing_secret_is_sent(self):
        self.hook(on_ringing=True)
        call = self.answered()
        call.notes = "a private remark"
        self.deliver(meta.calls(meta.terminate()))
        self.run_pool()
        self.assertEqual(self.types(), ["call.ringing", "call.answered", "call.ended"])
        sent = b"".join(request.body for request in self.received)
        for secret in (b"v=0", b"token-1", b"app-secret-1", b"private", b"whsec_"):
            self.assertNotIn(secret, sent)

    def test_each_happening_is_sent_once_however_often_whatsapp_tells_it(self):
        self.hook()
        self.ring()
        for _again in range(3):
            self.deliver(meta.calls(meta.terminate()))
        self.run_pool()
        self.run_pool()
        self.assertEqual(self.types(), ["call.missed", "call.ended"])

    def test_an_event_that_cannot_be_queued_does_not_keep_the_others(self):
        self.hook()
        broken = self.ring(id="wacid.1")
        good = self.ring(id="wacid.2")
        for call in (broken, good):
            call._close("unanswered")
        data = type(good)._hook_data

        def fail(call):
            if call == broken:
                call.env.cr.execute(UNIQUE_VIOLATION)
            return data(call)

        with (
            patch.object(type(good), "_hook_data", fail),
            mute_logger(HAPPENINGS, "odoo.sql_db"),
        ):
            self.run_pool()
        self.assertEqual(self.types(), ["call.missed", "call.ended"])
        lines = broken.event_ids.filtered(lambda event: event.kind == "rule_failed")
        self.assertIn("webhooks could not be queued", lines[:1].note)

    def test_only_the_events_that_are_ticked_are_sent(self):
        self.hook(on_missed=False, on_ended=False, on_permission=True)
        self.ring()._close("unanswered")
        self.deliver(meta.messages(meta.permission_reply("accept")))
        self.run_pool()
        self.assertEqual(self.types(), ["permission.granted"])

    def test_a_receiver_that_fails_is_tried_again_under_the_same_id(self):
        hook = self.hook(on_ended=False)
        self.ring()._close("unanswered")
        self.answers[:] = [requests.ConnectionError(), 503, 200]
        for wait in (60, 300, 0):
            self.run_pool()
            self.later(wait)
        ids = [request.headers["webhook-id"] for request in self.received]
        self.assertEqual((len(ids), len(set(ids))), (3, 1))
        delivery = hook.delivery_ids
        self.assertEqual(
            (delivery.state, delivery.attempts, delivery.http_status, delivery.error),
            ("done", 3, 200, False),
        )

    def test_after_the_last_try_it_is_failed_and_counted(self):
        hook = self.hook(on_ended=False)
        self.ring()._close("unanswered")
        self.answers[:] = [500] * 9
        for _again in range(9):
            self.run_pool()
            self.later(30000)
        self.assertEqual(len(self.received), 6)
        self.assertEqual(
            (hook.delivery_ids.state, hook.delivery_ids.error, hook.failed_count),
            ("failed", "The receiver answered with HTTP 500.", 1),
        )

    def test_only_a_receiver_that_is_gone_is_not_asked_again(self):
        for status, state in ((301, "queued"), (404, "queued"), (410, "failed")):
            with self.subTest(status=status):
                hook = self.hook(on_ended=False)
                self.ring(id=f"wacid.{status}")._close("unanswered")
                self.answers[:] = [status]
                self.run_pool()
                self.assertEqual(hook.delivery_ids.state, state)
                self.assertEqual(hook.delivery_ids.http_status, status)
                self.assertEqual(len(self.received), 1, "no redirect is followed")
                hook.unlink()
                self.received.clear()

    def test_a_delivery_is_sent_again_by_hand(self):
        hook = self.hook(on_ended=False)
        self.ring()._close("unanswered")
        self.answers[:] = [410]
        self.run_pool()
        hook.delivery_ids.with_user(self.admin).action_send_again()
        self.run_pool()
        self.assertEqual(hook.delivery_ids.state, "done")

    def test_a_test_is_sent_without_any_call(self):
        hook = self.hook()
        hook.with_user(self.admin).action_test()
        self.assertTrue(hook.sending)
        self.run_pool()
        hook.invalidate_recordset(["sending"])
        self.assertFalse(hook.sending)
        self.assertEqual(self.types(), ["test"])
        self.assertEqual(json.loads(self.received[0].body)["data"], {})

    def test_a_hook_of_one_company_hears_nothing_of_another(self):
        self.hook()
        call = meta.calls(meta.offer(id="wacid.2"))
        other = call.replace(meta.NUMBER_REF.encode(), b"290000000000002")
        self.deliver(other, account=self.account_2)
        self.the_call("wacid.2")._close("unanswered")
        self.run_pool()
        self.assertEqual(self.received, [])

    def test_an_archived_hook_hears_nothing(self):
        self.hook().active = False
        self.ring()._close("unanswered")
        self.run_pool()
        self.assertEqual(self.received, [])

    def test_a_copied_database_tells_nobody(self):
        hook = self.hook(on_ended=False)
        self.ring()._close("unanswered")
        self.env["ir.config_parameter"].set_param("database.uuid", "a-copy")
        self.run_pool()
        self.assertEqual(self.received, [])
        self.assertEqual(hook.delivery_ids.state, "queued")

    def test_the_address_is_https(self):
        with self.assertRaises(ValidationError):
            self.hook(url="http://receiver.example")
        self.assertTrue(self.hook(url="http://localhost:9000/x"))

    def test_a_secret_is_made_stored_encrypted_and_shown_once(self):
        hook = self.hook(secret=False)
        self.assertTrue(hook.secret_set)
        self.assertFalse(hook.secret)
        made = hook._signing_secret()
        self.assertTrue(is_secret(made))
        self.assertNotIn(made, hook.secret_encrypted)
        shown = hook.with_user(self.admin).action_new_secret()["params"]["message"]
        self.assertEqual(hook._signing_secret(), shown)
        self.assertNotEqual(shown, made)

    def test_a_secret_that_cannot_sign_is_refused(self):
        for text in ("hello", "whsec_short", "whsec_" + "AAAA"):
            with self.subTest(text=text), self.assertRaises(ValidationError):
                self.hook(secret=text)
        self.assertTrue(is_secret(new_secret()))

    def test_only_administrators_of_the_company_see_hooks_and_their_log(self):
        hook = self.hook(on_ended=False)
        self.ring()._close("unanswered")
        self.run_pool()
        mine = self.phone(self.admin).env
        self.assertTrue(mine["whatsapp.calling.hook"].search([]))
        self.assertTrue(mine["whatsapp.calling.delivery"].search([]))
        stranger = self._user("otto", ADMINISTRATOR, self.company_2)
        other = self.phone(stranger).env
        self.assertFalse(other["whatsapp.calling.hook"].search([]))
        self.assertFalse(other["whatsapp.calling.delivery"].search([]))
        for user in (self.maria, self.anna):
            with self.assertRaises(AccessError):
                hook.with_user(user).read(["url"])
            with self.assertRaises(AccessError):
                hook.delivery_ids.with_user(user).action_send_again()
