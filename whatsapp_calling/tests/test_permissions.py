"""The permission ledger: what customers answered, in WhatsApp's order."""

import time
from itertools import permutations

import psycopg2

from odoo.tests import tagged
from odoo.tools import mute_logger

from . import meta_bodies as meta
from .common import WhatsappCallingCase
from .graph import Refusal


@tagged("post_install", "-at_install")
class TestPermissions(WhatsappCallingCase):
    def ledger(self):
        return self.env["whatsapp.call.permission"].search(
            [("number_id", "=", self.number.id)]
        )

    def reply(self, response, **members):
        self.deliver(meta.messages(meta.permission_reply(response, **members)))
        return self.ledger()

    def ask(self, text=False, user=None):
        return self.phone(user or self.anna).softphone_request_permission(
            {"partner_id": self.eva.id}, text
        )

    # ---- answers

    def test_a_temporary_accept_grants_until_its_end(self):
        until = int(time.time()) + 3 * 86400
        permission = self.reply(
            "accept", is_permanent=False, expiration_timestamp=str(until)
        )
        self.assertEqual((permission.state, permission.permanent), ("granted", False))
        self.assertEqual(
            self.env["whatsapp.call"]._milliseconds(permission.expires_at), until * 1000
        )
        self.assertEqual(permission.source, "user_action")
        self.assertTrue(self.dial()["ok"])

    def test_a_permanent_accept_grants_for_ever(self):
        permission = self.reply("accept", is_permanent=True)
        self.assertEqual((permission.state, permission.permanent), ("granted", True))
        self.assertFalse(permission.expires_at)

    def test_an_accept_without_an_end_lasts_seven_days(self):
        permission = self.reply("accept", is_permanent=False)
        self.assertAround(permission.expires_at, 7 * 86400)

    def test_a_decline_blocks_dialling(self):
        self.reply("accept", is_permanent=False, timestamp=meta.stamp(-60))
        permission = self.reply("reject", ref="wamid.X3")
        self.assertEqual(permission.state, "declined")
        self.assertEqual(self.dial()["reason"], "no_permission")

    def test_a_decline_of_a_request_wipes_no_permanent_permission(self):
        self.reply("accept", is_permanent=True, timestamp=meta.stamp(-60))
        permission = self.reply("reject", ref="wamid.X3")
        self.assertEqual((permission.state, permission.permanent), ("granted", True))
        self.assertTrue(permission.declined_at)
        self.assertTrue(self.dial()["ok"])

    def test_an_automatic_reject_revokes_even_a_permanent_permission(self):
        self.reply("accept", is_permanent=True, timestamp=meta.stamp(-60))
        permission = self.reply(
            "reject", ref="wamid.X3", response_source="automatic", context={}
        )
        self.assertEqual(
            (permission.state, permission.source), ("revoked", "automatic")
        )
        self.assertEqual(self.dial()["reason"], "no_permission")

    def test_a_permission_that_has_run_out_is_expired_without_a_webhook(self):
        permission = self.reply("accept", is_permanent=False)
        permission.expires_at = "2020-01-01"
        self.assertEqual(permission.state, "expired")

    def test_answers_in_any_order_end_in_the_same_permission(self):
        answers = [
            meta.permission_reply("accept", ref="wamid.1", timestamp=meta.stamp(-90)),
            meta.permission_reply("reject", ref="wamid.2", timestamp=meta.stamp(-60)),
            meta.permission_reply(
                "accept", ref="wamid.3", timestamp=meta.stamp(-30), is_permanent=True
            ),
        ]
        for order in permutations(answers):
            with self.subTest(order=[answer["id"] for answer in order]):
                savepoint = self.env.cr.savepoint()
                self.deliver(*map(meta.messages, order))
                permission = self.ledger()
                self.assertEqual(
                    (permission.state, permission.permanent), ("granted", True)
                )
                savepoint.close(rollback=True)
                self.env.invalidate_all()

    def test_an_answer_delivered_twice_is_one_line(self):
        body = meta.messages(meta.permission_reply("accept"))
        self.deliver(body, body)
        events = self.env["whatsapp.call.event"].search(
            [("kind", "=", "permission"), ("account_id", "=", self.account.id)]
        )
        self.assertEqual((len(self.ledger()), len(events)), (1, 1))

    def test_metas_sample_without_a_message_type_is_an_answer(self):
        reply = meta.permission_reply("accept", is_permanent=True)
        del reply["type"]
        reply["context"]["from"] = meta.CUSTOMER
        self.deliver(meta.messages(reply))
        self.assertEqual(self.ledger().state, "granted")

    def test_an_unknown_answer_grants_nothing_and_is_flagged(self):
        self.assertFalse(self.reply("perhaps"))
        event = self.env["whatsapp.call.event"].search(
            [("account_id", "=", self.account.id)]
        )
        self.assertEqual((event.kind, event.flagged), ("unknown", True))

    def test_there_is_one_permission_for_a_number_and_a_contact(self):
        permission = self.permit()
        with (
            mute_logger("odoo.sql_db"),
            self.assertRaises(psycopg2.IntegrityError),
            self.cr.savepoint(),
        ):
            permission.copy().flush_recordset()

    def test_an_answer_opens_the_24_hours_an_automatic_one_does_not(self):
        self.reply("accept", response_source="automatic")
        self.assertFalse(self.ledger().contact_id._window_open())
        self.reply("accept", ref="wamid.X9")
        self.assertTrue(self.ledger().contact_id._window_open())

    # ---- asking

    def test_asking_sends_the_request_and_remembers_who_asked(self):
        result = self.ask()
        self.assertEqual(
            result,
            {"ok": True, "message": "Eva Berger is asked for permission to be called."},
        )
        self.assertEqual(self.graph.requests, [])
        request = self.env["whatsapp.call.request"].search(
            [("account_id", "=", self.account.id)]
        )
        self.send_due(request=request)
        self.assertEqual(
            self.graph.requests,
            [
                (
                    "POST",
                    "/v25.0/290000000000001/messages",
                    {
                        "messaging_product": "whatsapp",
                        "recipient_type": "individual",
                        "to": meta.CUSTOMER,
                        "type": "interactive",
                        "interactive": {
                            "type": "call_permission_request",
                            "action": {"name": "call_permission_request"},
                            "body": {"text": "Can we give you a quick call?"},
                        },
                    },
                )
            ],
        )
        permission = self.ledger()
        self.assertEqual(
            (permission.state, permission.requested_by_id, permission.request_ref),
            ("requested", self.anna, "wamid.X1"),
        )

    def test_the_text_may_be_ones_own(self):
        self.ask("May we call about your order?")
        request = self.env["whatsapp.call.request"].search(
            [("account_id", "=", self.account.id)]
        )
        self.assertEqual(
            request.payload,
            {"to": meta.CUSTOMER, "text": "May we call about your order?"},
        )

    def test_who_asked_is_told_the_answer(self):
        self.ask()
        with self.bus() as sent:
            self.reply("accept", is_permanent=True)
        user, kind, load = sent[-1]
        self.assertEqual((user, kind), (self.anna, "whatsapp_calling/permission"))
        self.assertEqual(
            {name: load[name] for name in ("contact_id", "state", "name")},
            {
                "contact_id": self.ledger().contact_id.id,
                "state": "granted",
                "name": "Eva Berger",
            },
        )

    def test_a_second_request_within_a_day_is_refused_with_who_asked(self):
        self.ask()
        result = self.ask(user=self.berta)
        self.assertEqual(
            result,
            {
                "ok": False,
                "message": "Eva Berger was asked less than 24 hours ago by Anna. "
                "WhatsApp allows one request a day.",
            },
        )

    def test_a_request_that_whatsapp_refuses_is_told_and_does_not_count(self):
        self.ask()
        request = self.env["whatsapp.call.request"].search(
            [("account_id", "=", self.account.id)]
        )
        self.graph.answer("messages", Refusal(400, 138009, "Request limit reached"))
        with self.bus() as sent:
            self.send_due(request=request)
        user, kind, load = sent[-1]
        self.assertEqual(
            (user, kind, load["type"]), (self.anna, "simple_notification", "danger")
        )
        self.assertIn("Request limit reached", load["message"])
        self.assertEqual(self.ledger().state, "none")

    def test_who_may_be_called_already_is_not_asked(self):
        self.permit()
        result = self.ask()
        self.assertEqual(
            (result["ok"], result["message"]),
            (False, "Eva Berger may be called already."),
        )

    def test_who_is_no_operator_does_not_ask(self):
        self.assertFalse(self.ask(user=self.nora)["ok"])
        self.assertFalse(self.ledger())

    def test_an_answer_of_a_number_of_another_company_stays_there(self):
        there = meta.change(
            "messages",
            number_ref="290000000000002",
            messages=[meta.permission_reply("accept", is_permanent=True)],
        )
        self.deliver(meta.body(there), account=self.account_2)
        self.assertFalse(self.ledger())
        self.assertEqual(self.dial()["reason"], "no_permission")
