"""What WhatsApp says of a permission when it is asked ("Refresh")."""

import time
from datetime import timedelta

from odoo import fields
from odoo.tests import tagged

from . import meta_bodies as meta
from .graph import Refusal
from .test_asking import AskingCase


@tagged("post_install", "-at_install")
class TestRefresh(AskingCase):
    def refresh(self, permission, status, *actions, **members):
        """WhatsApp answers the button's question with this."""
        permission.with_user(self.anna).action_refresh()
        request = self.env["whatsapp.call.request"].search(
            [("action", "=", "permission_state"), ("state", "=", "queued")]
        )
        self.assertEqual(self.graph.requests, [])
        answer = {"permission": {"status": status, **members}, "actions": actions}
        self.graph.answer("call_permissions", answer)
        self.send_due(request=request)
        self.graph.requests.clear()

    def empty(self):
        permissions = self.env["whatsapp.call.permission"]
        return permissions._ensure(self.number, self.wrote())

    def test_the_button_asks_outside_the_transaction_and_notes_the_time(self):
        permission = self.empty()
        self.refresh(permission, "permanent")
        self.assertEqual((permission.state, permission.permanent), ("granted", True))
        self.assertAround(permission.checked_at, 0)
        self.assertEqual(permission.source, "checked")
        self.assertTrue(self.dial()["ok"])

    def test_a_temporary_permission_brings_its_end(self):
        until = int(time.time()) + 2 * 86400
        permission = self.empty()
        self.refresh(permission, "temporary", expiration_time=until)
        self.assertEqual(permission.state, "granted")
        self.assertAround(permission.expires_at, 2 * 86400)

    def test_no_permission_at_whatsapp_withdraws_ours(self):
        for values in ({"permanent": True}, {"permanent": False}):
            with self.subTest(values):
                self.reply("accept", timestamp=meta.stamp(-60), is_permanent=True)
                self.refresh(self.ledger(), "no_permission")
                self.assertEqual(self.ledger().state, "revoked")
                self.assertEqual(self.dial()["reason"], "no_permission")

    def test_words_that_nobody_knows_are_no_permission(self):
        self.reply("accept", timestamp=meta.stamp(-60), is_permanent=True)
        self.refresh(self.ledger(), "granted_forever")
        self.assertEqual(self.ledger().state, "revoked")

    def test_what_was_declined_or_expired_stays_so(self):
        self.reply("reject", timestamp=meta.stamp(-60))
        self.refresh(self.ledger(), "no_permission")
        self.assertEqual(self.ledger().state, "declined")

    def test_an_answer_that_comes_after_the_check_counts(self):
        permission = self.empty()
        self.refresh(permission, "permanent")
        self.reply("reject", timestamp=meta.stamp(5), context={})
        self.assertEqual(permission.state, "declined")

    def test_allowed_actions_and_limits_are_kept_with_the_check(self):
        permission = self.empty()
        limit = {"time_period": "PT24H", "max_allowed": 25, "current_usage": 3}
        self.refresh(
            permission,
            "no_permission",
            {
                "action_name": "send_call_permission_request",
                "can_perform_action": True,
                "limits": [limit],
            },
            {"action_name": "start_call", "can_perform_action": False},
        )
        self.assertEqual((permission.can_call, permission.can_request), ("no", "yes"))
        self.assertEqual(permission._limits()["day"]["max"], 25)
        self.assertEqual(permission.requests_today, "0 of 25")

    def test_what_agrees_is_no_new_line_in_the_history(self):
        self.reply("accept", timestamp=meta.stamp(-60), is_permanent=True)
        before = self.ledger()._answer_events()
        self.refresh(self.ledger(), "permanent")
        self.assertEqual(self.ledger()._answer_events(), before)

    def test_a_check_that_fails_changes_nothing_and_is_told(self):
        permission = self.permit(self.wrote())
        permission.with_user(self.anna).action_refresh()
        request = self.env["whatsapp.call.request"].search(
            [("action", "=", "permission_state")]
        )
        request.expires_at = fields.Datetime.now() + timedelta(seconds=1)
        self.graph.answer("call_permissions", Refusal(400, 138000, "Not enabled"))
        with self.bus() as sent:
            self.send_due(request=request)
        self.assertIn("Not enabled", sent[-1][2]["message"])
        self.assertEqual((permission.state, permission.checked_at), ("granted", False))
