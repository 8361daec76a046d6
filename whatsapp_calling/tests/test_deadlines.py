"""Deadlines: no call stays open for ever, whoever stops talking."""

from odoo.tests import tagged

from . import meta_bodies as meta
from .common import WhatsappCallingCase


@tagged("post_install", "-at_install")
class TestDeadlines(WhatsappCallingCase):
    def after(self, seconds, call):
        """The clock ticks `seconds` later."""
        self.pass_time(seconds, call)
        self.tick()

    # ---- incoming

    def test_a_call_nobody_answers_is_missed_when_the_ring_time_is_over(self):
        call = self.ring()
        self.after(50, call)
        self.assertEqual(call.state, "ringing")
        with self.bus() as sent:
            self.after(11, call)
        self.assertRecordValues(
            call,
            [{"state": "missed", "closed_reason": "unanswered", "deadline": False}],
        )
        self.assertEqual(call.reason, "Nobody answered in time")
        told = {(user, load["state"], load["live"]) for user, _kind, load in sent}
        self.assertEqual(
            told, {(self.anna, "missed", False), (self.berta, "missed", False)}
        )

    def test_the_ring_time_is_the_numbers(self):
        self.number.write({"ring_seconds": 20, "assignee_seconds": 5})
        call = self.ring()
        self.after(15, call)
        self.assertEqual(call.state, "ringing")
        self.after(6, call)
        self.assertEqual(call.state, "missed")

    def test_a_missed_call_is_counted_for_those_who_were_rung(self):
        self.after(61, self.ring())
        counts = [
            self.phone(user).softphone_poll()["missed_count"]
            for user in (self.anna, self.berta, self.maria)
        ]
        self.assertEqual(counts, [1, 1, 0])

    def test_the_official_end_that_comes_later_corrects_the_record(self):
        call = self.ring()
        self.after(61, call)
        self.deliver(meta.calls(meta.terminate()))
        self.assertEqual(call.state, "missed")
        self.assertTrue(call.terminated_at)

    def test_a_late_tick_on_an_ended_call_changes_nothing(self):
        call = self.ring()
        self.deliver(meta.calls(meta.terminate()))
        version = call.version
        call.deadline = "2020-01-01"
        self.tick()
        self.assertEqual((call.state, call.version), ("missed", version))
        self.assertFalse(call.deadline)

    # ---- a tab that vanished

    def test_a_lost_tab_ends_the_call_within_15_seconds_of_its_last_ping(self):
        call = self.answered()
        self.phone(self.anna).softphone_ping(call.id, "tab-1")
        call.invalidate_recordset()
        # the clock ticks each second, so the terminate is queued a second later
        self.assertLessEqual((call.deadline - call.pinged_at).total_seconds(), 13)
        self.after(11, call)
        self.assertEqual(call.state, "connected")
        self.after(2, call)
        self.assertRecordValues(
            call, [{"state": "completed", "closed_reason": "lost_tab"}]
        )
        self.assertEqual(self.queued(call), [("terminate", {"call_ref": meta.WACID})])
        self.assertEqual(call.reason, "The browser of the operator was closed")

    def test_pings_keep_a_call(self):
        call = self.answered()
        for _ping in range(4):
            self.after(5, call)
            answer = self.phone(self.anna).softphone_ping(call.id, "tab-1")
            self.assertTrue(answer["ok"])
        self.assertEqual(call.state, "connected")

    def test_a_dialling_tab_that_vanishes_ends_the_call(self):
        call = self.dialled()
        self.after(13, call)
        self.assertEqual(call.closed_reason, "lost_tab")
        self.assertEqual(self.queued(call), [("terminate", {"call_ref": meta.WACID})])
        self.assertEqual(call.state, "cancelled")

    # ---- outgoing

    def keep_dialling(self, call, seconds):
        """Anna's tab stays open while the customer's phone rings."""
        for _ping in range(seconds // 5):
            self.pass_time(5, call)
            self.phone(self.anna).softphone_ping(call.id, "tab-1")
            self.tick()

    def test_a_call_the_customer_does_not_answer_is_ended_by_terminate(self):
        call = self.dialled()
        self.deliver(meta.statuses(meta.status("RINGING")))
        self.keep_dialling(call, 85)
        self.assertEqual(call.state, "ringing")
        self.keep_dialling(call, 10)
        self.assertRecordValues(
            call, [{"state": "unanswered", "closed_reason": "unanswered"}]
        )
        self.assertEqual(self.queued(call), [("terminate", {"call_ref": meta.WACID})])

    def test_a_dialled_call_that_whatsapp_never_speaks_of_is_closed(self):
        self.permit()
        call = self.env["whatsapp.call"].browse(self.dial()["call"]["id"])
        self.env["whatsapp.call.request"]._take_next(call.id, None)
        self.keep_dialling(call, 95)
        self.assertEqual((call.state, call.deadline), ("unanswered", False))
        self.assertEqual(self.queued(call), [])

    def test_a_connected_call_nobody_here_holds_is_closed_after_four_hours(self):
        self.deliver(meta.statuses(meta.status("ACCEPTED")))
        call = self.the_call()
        self.after(3 * 3600, call)
        self.assertEqual(call.state, "connected")
        self.after(3601, call)
        self.assertEqual((call.state, call.closed_reason), ("completed", "no_news"))
        self.assertEqual(call.reason, "WhatsApp said nothing more")

    # ---- the clock itself

    def test_the_clock_ticks_while_a_call_lives_and_rests_after(self):
        self.env["whatsapp.call"].search([("deadline", "!=", False)]).deadline = False
        self.env["whatsapp.call.request"].search(
            [("state", "=", "queued")]
        ).state = "done"
        self.assertFalse(self.tick())
        call = self.ring()
        self.assertTrue(self.tick())
        self.deliver(meta.calls(meta.terminate()))
        self.assertFalse(call.deadline)
        self.assertFalse(self.tick())

    def test_many_due_calls_are_all_dealt_with(self):
        calls = self.env["whatsapp.call"]
        for index in range(23):
            calls |= self.ring(id=f"wacid.{index}", **{"from": f"4366455580{index:02}"})
        for call in calls:
            self.pass_time(61, call)
        self.tick()
        self.tick()
        self.assertEqual(set(calls.mapped("state")), {"missed"})

    def test_the_cron_is_the_net_for_a_stopped_server(self):
        call = self.ring()
        self.pass_time(61, call)
        self.env.ref("whatsapp_calling.ir_cron_calls").ir_actions_server_id.run()
        self.assertEqual(call.state, "missed")
