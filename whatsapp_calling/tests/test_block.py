"""Blocked callers: who may block, what rings, and what WhatsApp is asked."""

from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.tests import tagged
from odoo.tools import mute_logger

from . import meta_bodies as meta
from .common import WhatsappCallingCase
from .graph import Refusal

AGAIN = "wacid.again"


class BlockCase(WhatsappCallingCase):
    def block(self, user, call, **options):
        return self.phone(user).softphone_block(call.id, options)

    def the_block(self):
        return self.env["whatsapp.call.block"].search([])

    def requests(self, action):
        requests = self.env["whatsapp.call.request"]
        return requests.search([("action", "=", action)])


@tagged("post_install", "-at_install")
class TestBlock(BlockCase):
    def test_a_blocked_caller_is_rejected_at_once_and_rings_nobody(self):
        self.block(self.maria, self.ring(), reason="Insults")
        with self.bus() as sent:
            call = self.ring(id=AGAIN)
        self.assertRings(call, self.env["res.users"])
        self.assertEqual((call.state, call.closed_reason), ("rejected", "blocked"))
        self.assertEqual(call.reason, "This caller is blocked")
        self.assertEqual(self.queued(call), [("reject", {"call_ref": AGAIN})])
        self.assertNotIn("whatsapp_calling/ring", [kind for _u, kind, _d in sent])
        note = call.event_ids.filtered(lambda event: event.kind == "blocked").note
        self.assertEqual(note, "This caller is blocked: rejected without ringing")

    def test_the_rejection_reaches_whatsapp(self):
        self.block(self.maria, self.ring())
        call = self.ring(id=AGAIN)
        self.graph.requests.clear()
        self.send_due(call)
        self.assertEqual(
            self.graph.bodies,
            [{"messaging_product": "whatsapp", "call_id": AGAIN, "action": "reject"}],
        )

    def test_blocking_a_call_that_rings_declines_it_for_everybody(self):
        self.company.whatsapp_calling_operators_block = True
        call = self.ring()
        result = self.block(self.anna, call, reason="Insults")
        self.assertTrue(result["ok"])
        self.assertEqual((call.state, call.closed_reason), ("rejected", "declined"))
        block = self.the_block()
        self.assertEqual(block.contact_id, call.contact_id)
        self.assertEqual(block.reason, "Insults")
        self.assertEqual(block.user_id, self.anna)
        self.assertEqual(block.call_id, call)
        self.assertFalse(block.until)

    def test_managers_block_and_operators_only_where_the_company_lets_them(self):
        call = self.ring()
        self.assertFalse(
            self.phone(self.anna).softphone_calls([call.id])[0]["may_block"]
        )
        refused = self.block(self.anna, call)
        self.assertEqual(
            refused,
            {
                "ok": False,
                "message": "You may not block callers. Ask a manager to do it.",
            },
        )
        self.assertFalse(self.the_block())
        self.company.whatsapp_calling_operators_block = True
        self.assertTrue(
            self.phone(self.anna).softphone_calls([call.id])[0]["may_block"]
        )
        self.assertTrue(self.block(self.anna, call)["ok"])

    def test_a_call_of_another_company_cannot_be_used_to_block(self):
        call = self.ring()
        self.assertFalse(self.block(self.carlos, call)["ok"])
        self.assertFalse(self.block(self.nora, call)["ok"])
        self.assertFalse(self.the_block())

    def test_a_block_ends_by_itself_when_its_time_is_over(self):
        until = fields.Datetime.now() + timedelta(days=7)
        self.block(self.maria, self.ring(), until=fields.Datetime.to_string(until))
        block = self.the_block()
        self.assertAround(block.until, 7 * 24 * 3600)
        block.until = fields.Datetime.now() - timedelta(seconds=1)
        self.assertFalse(block.contact_id.is_blocked)
        self.assertRings(self.ring(id=AGAIN), self.anna | self.berta)
        self.env["whatsapp.call"]._cron_sweep()
        self.assertEqual(block.state, "lifted")

    def test_a_block_ends_although_other_parts_of_the_sweep_fail(self):
        until = fields.Datetime.now() + timedelta(days=7)
        self.block(self.maria, self.ring(), until=fields.Datetime.to_string(until))
        block = self.the_block()
        stuck = block.create({"contact_id": self.contact("43664111").id})
        (block | stuck).until = fields.Datetime.now() - timedelta(seconds=1)
        lift = type(block)._lift_expired

        def refuse(blocks):
            if blocks & stuck:
                raise ValueError("Not this one")
            return lift(blocks)

        def fail(model):
            model.env.cr.execute("SELECT 1 / 0")

        with (
            patch.object(type(block), "_lift_expired", refuse),
            patch.object(type(self.env["whatsapp.calling.keys"]), "_watch", fail),
            mute_logger("odoo.addons.whatsapp_calling.tools.transaction"),
            mute_logger("odoo.sql_db"),
        ):
            self.env["whatsapp.call"]._cron_sweep()
        self.assertEqual(block.state, "lifted")
        self.assertEqual(stuck.state, "blocked")

    def test_an_unblocked_caller_rings_again(self):
        call = self.ring()
        self.block(self.maria, call)
        self.assertTrue(self.phone(self.maria).softphone_calls([call.id])[0]["blocked"])
        result = self.phone(self.maria).softphone_unblock(call.id)
        self.assertEqual(result, {"ok": True, "message": "This caller can ring again."})
        self.assertEqual(self.the_block().state, "lifted")
        self.assertRings(self.ring(id=AGAIN), self.anna | self.berta)

    def test_operators_unblock_nobody_without_the_setting(self):
        call = self.ring()
        self.block(self.maria, call)
        self.assertFalse(self.phone(self.anna).softphone_unblock(call.id)["ok"])
        self.assertEqual(self.the_block().state, "blocked")

    def test_a_second_block_of_the_same_caller_changes_nothing(self):
        call = self.ring()
        self.block(self.maria, call, reason="First")
        self.assertTrue(self.block(self.maria, call, reason="Second")["ok"])
        self.assertEqual(self.the_block().reason, "First")

    def test_the_log_offers_the_same_dialog(self):
        call = self.ring().with_user(self.maria)
        self.assertEqual(
            call.action_block(),
            {
                "type": "ir.actions.client",
                "tag": "whatsapp_calling.block",
                "params": {"call_id": call.id, "name": "Eva Berger"},
            },
        )


@tagged("post_install", "-at_install")
class TestBlockAtWhatsapp(BlockCase):
    def asked(self):
        call = self.ring()
        self.block(self.maria, call)
        return self.requests("block")

    def test_whatsapp_is_asked_within_the_24_hours(self):
        request = self.asked()
        self.assertEqual(request.payload, {"wa_ids": [meta.CUSTOMER]})
        self.assertEqual(request.number_id, self.number)
        self.assertEqual(self.the_block().whatsapp_state, "asked")
        self.env["whatsapp.call"]._on_block_ok(request, None)
        self.assertEqual(self.the_block().whatsapp_state, "blocked")

    def test_outside_the_24_hours_the_block_holds_here_and_says_so(self):
        call = self.ring()
        call.contact_id.last_inbound -= timedelta(hours=25)
        result = self.block(self.maria, call)
        message = (
            "WhatsApp takes a block only within 24 hours of the caller's last call or "
            "message. Here the caller stays blocked and rings nobody."
        )
        self.assertEqual(result, {"ok": True, "message": message})
        self.assertFalse(self.requests("block"))
        self.assertEqual(self.the_block().whatsapp_message, message)

    def test_131047_leaves_the_local_block_and_says_so(self):
        request = self.asked()
        self.graph.answer("block_users", Refusal(400, 131047, "Re-engagement message"))
        with self.bus() as sent:
            self.send_due(request=request)
        block = self.the_block()
        self.assertEqual((block.state, block.whatsapp_state), ("blocked", "here"))
        self.assertIn("only within 24 hours", block.whatsapp_message)
        self.assertIn("simple_notification", [kind for _u, kind, _d in sent])

    def test_unblocking_tells_whatsapp_what_it_was_told_before(self):
        call = self.ring()
        self.block(self.maria, call)
        self.phone(self.maria).softphone_unblock(call.id)
        self.assertEqual(self.requests("unblock").payload, {"wa_ids": [meta.CUSTOMER]})

    def unblocked(self, answer=None):
        """Blocked at WhatsApp, then unblocked here; WhatsApp says `answer` to that."""
        self.send_due(request=self.asked())
        block = self.the_block()
        block.with_user(self.maria).action_unblock()
        if answer:
            self.graph.answer("block_users", answer)
            self.send_due(request=self.waiting("unblock"))
        return block

    def waiting(self, action):
        return self.requests(action).filtered(lambda r: r.state == "queued")

    def test_a_block_that_overtakes_its_unblocking_is_taken_back(self):
        request = self.asked()
        self.the_block().with_user(self.maria).action_unblock()
        self.send_due(request=self.waiting("unblock"))
        self.send_due(request=request)
        self.assertEqual(self.the_block().whatsapp_state, "unblocking")
        self.send_due(request=self.waiting("unblock"))
        self.assertEqual(
            [method for method, _path, _body in self.graph.requests[-3:]],
            ["DELETE", "POST", "DELETE"],
        )
        self.assertEqual(self.the_block().whatsapp_state, "here")

    def test_an_unblocking_that_overtakes_a_new_block_is_taken_back(self):
        old = self.unblocked()
        new = old.create(
            {"contact_id": old.contact_id.id, "number_id": old.number_id.id}
        )
        self.send_due(request=self.waiting("block"))
        self.send_due(request=self.waiting("unblock"))
        self.send_due(request=self.waiting("block"))
        self.assertEqual(self.graph.requests[-1][0], "POST")
        self.assertEqual(new.whatsapp_state, "blocked")

    def test_who_whatsapp_does_not_unblock_is_shown_told_and_asked_for_again(self):
        with self.bus() as sent:
            block = self.unblocked(Refusal(400, 100, "Not now"))
        self.assertEqual((block.state, block.whatsapp_state), ("lifted", "stuck"))
        self.assertIn("Not now", block.whatsapp_message)
        self.assertIn("simple_notification", [kind for _u, kind, _d in sent])
        activity = block.activity_ids
        self.assertEqual(activity.user_id, self.maria)
        self.assertEqual(activity.summary, "A caller is still blocked at WhatsApp")
        self.assertIn("Not now", activity.note)
        sweep = self.env["whatsapp.call"]._cron_sweep
        sweep()
        self.assertFalse(self.waiting("unblock"), "in an hour")
        block.unblock_asked_at -= timedelta(minutes=61)
        sweep()
        self.graph.answer("block_users", Refusal(400, 100, "Not now"))
        self.send_due(request=self.waiting("unblock"))
        self.assertEqual(block.activity_ids, activity, "told once")
        block.unblock_asked_at -= timedelta(minutes=61)
        sweep()
        self.send_due(request=self.waiting("unblock"))
        self.assertEqual(
            (block.whatsapp_state, block.whatsapp_message), ("here", False)
        )
        self.assertFalse(block.activity_ids)

    def test_an_unblocking_that_came_too_late_is_asked_for_again_too(self):
        block = self.unblocked()
        request = self.waiting("unblock")
        request.expires_at = fields.Datetime.now() - timedelta(seconds=1)
        self.send_due(request=request)
        self.assertEqual(request.state, "expired")
        self.assertEqual(block.whatsapp_state, "stuck")
        block.write(
            {
                "lifted_at": block.lifted_at - timedelta(days=2),
                "unblock_asked_at": block.unblock_asked_at - timedelta(hours=2),
            }
        )
        self.env["whatsapp.call"]._cron_sweep()
        self.assertFalse(self.waiting("unblock"), "after a day only once a day")
        block.unblock_asked_at -= timedelta(days=1)
        self.env["whatsapp.call"]._cron_sweep()
        self.assertTrue(self.waiting("unblock"))

    def test_a_caller_without_a_number_is_blocked_by_user_id(self):
        contact = self.contact(wa_id=False, bsuid="AT.900000000009", partner_id=False)
        contact.last_inbound = fields.Datetime.now()
        blocks = self.env["whatsapp.call.block"]
        blocks.create({"contact_id": contact.id, "number_id": self.number.id})
        self.assertEqual(
            self.requests("block").payload, {"bsuids": ["AT.900000000009"]}
        )


@tagged("post_install", "-at_install")
class TestReport(BlockCase):
    def test_a_report_blocks_and_asks_the_managers(self):
        self.company.whatsapp_calling_operators_block = True
        call = self.ring()
        self.block(self.anna, call, reason="Threats", report=True)
        block = self.the_block()
        self.assertTrue(block.reported)
        self.assertEqual(block.activity_ids.mapped("user_id"), self.maria)
        self.assertEqual(
            block.activity_ids.mapped("summary"), ["A caller was reported for abuse"]
        )
        self.assertIn("Anna reports this caller for abuse.", block.message_ids[0].body)
        self.assertIn("Threats", block.message_ids[0].body)

    def test_unblocking_settles_the_activity(self):
        call = self.ring()
        self.block(self.maria, call, report=True)
        self.phone(self.maria).softphone_unblock(call.id)
        self.assertFalse(self.the_block().activity_ids)
