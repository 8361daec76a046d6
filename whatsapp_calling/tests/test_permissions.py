"""The permission ledger: what customers answered, in WhatsApp's order."""

import time
from itertools import permutations

import psycopg2

from odoo.tests import tagged
from odoo.tools import mute_logger

from . import meta_bodies as meta
from .common import WhatsappCallingCase


@tagged("post_install", "-at_install")
class TestPermissions(WhatsappCallingCase):
    def ledger(self):
        return self.env["whatsapp.call.permission"].search(
            [("number_id", "=", self.number.id)]
        )

    def reply(self, response, **members):
        self.deliver(meta.messages(meta.permission_reply(response, **members)))
        return self.ledger()

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

    # ---- whose answers

    def test_an_answer_of_a_number_of_another_company_stays_there(self):
        there = meta.change(
            "messages",
            number_ref="290000000000002",
            messages=[meta.permission_reply("accept", is_permanent=True)],
        )
        self.deliver(meta.body(there), account=self.account_2)
        self.assertFalse(self.ledger())
        self.assertEqual(self.dial()["reason"], "no_permission")
