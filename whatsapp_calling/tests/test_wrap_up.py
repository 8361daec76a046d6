"""Wrap-up: who has just talked is not rung for a while, unless nobody else is left."""

import time
from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.exceptions import ValidationError
from odoo.tests import tagged

from . import meta_bodies as meta
from .common import OPERATOR, WhatsappCallingCase

NEXT = "wacid.next"


@tagged("post_install", "-at_install")
class TestWrapUp(WhatsappCallingCase):
    def setUp(self):
        super().setUp()
        self.company.whatsapp_calling_wrap_up = 60

    def talked(self, user=None):
        """A talk that has just ended."""
        call = self.answered(user)
        self.phone(user or self.anna).softphone_hang_up(call.id)
        self.assertEqual(call.state, "completed")
        return call

    def until(self, user):
        """Seconds of wrap-up that are left, as the softphone is told."""
        until = self.phone(user).softphone_poll()["wrap_up_until"]
        return until and (until - self.phone(user)._now_ms()) / 1000

    def test_who_has_just_talked_is_not_rung_for_the_companys_time(self):
        self.talked()
        self.assertAlmostEqual(self.until(self.anna), 60, delta=3)
        call = self.ring(id=NEXT)
        self.assertRings(call, self.berta)
        self.assertIn("wrap_up", self.timeline(call))

    def test_without_a_wrap_up_time_all_are_rung(self):
        self.company.whatsapp_calling_wrap_up = 0
        self.talked()
        self.assertFalse(self.until(self.anna))
        self.assertRings(self.ring(id=NEXT), self.anna | self.berta)

    def test_a_users_own_time_goes_before_the_companys(self):
        self.anna.whatsapp_calling_wrap_up = "0"
        self.berta.whatsapp_calling_wrap_up = "120"
        self.talked(self.anna)
        self.assertFalse(self.until(self.anna))
        self.assertRings(self.ring(id=NEXT), self.anna | self.berta)

    def test_users_choose_their_own_time_themselves(self):
        self.anna.with_user(self.anna).whatsapp_calling_wrap_up = "30"
        self.talked()
        self.assertAlmostEqual(self.until(self.anna), 30, delta=3)

    def test_a_call_without_a_talk_needs_no_wrap_up(self):
        call = self.ring()
        self.phone(self.anna).softphone_decline(call.id)
        self.assertFalse(self.until(self.anna))
        self.assertRings(self.ring(id=NEXT), self.anna | self.berta)

    def test_when_all_are_in_wrap_up_they_are_rung_all_the_same(self):
        self.number.ring_user_ids = self.anna
        self.talked()
        call = self.ring(id=NEXT)
        self.assertRings(call, self.anna)
        note = call.event_ids.filtered(lambda event: event.kind == "wrap_up").note
        self.assertEqual(note, "All are in wrap-up: they are rung all the same")

    def test_an_assignee_in_wrap_up_leaves_the_call_to_the_others(self):
        self.eva.user_id = self.anna
        self.talked()
        self.assertRings(self.ring(id=NEXT), self.berta)

    def test_who_becomes_ready_while_it_rings_is_rung_too(self):
        talk = self.talked()
        call = self.ring(id=NEXT)
        self.assertAround(call.widen_at, 60)
        talk.ended_at -= timedelta(seconds=61)
        call.widen_at -= timedelta(seconds=61)
        call._set_deadline()
        self.tick()
        self.assertRings(call, self.anna | self.berta)

    def test_ready_now_ends_it_and_rings_for_what_rings(self):
        self.talked()
        call = self.ring(id=NEXT)
        with self.bus() as sent:
            result = self.phone(self.anna).softphone_ready()
        self.assertEqual(result, {"wrap_up_until": False})
        self.assertFalse(self.until(self.anna))
        self.assertRings(call, self.anna | self.berta)
        self.assertIn((self.anna, "whatsapp_calling/wrap_up", {"until": False}), sent)
        self.assertIn("whatsapp_calling/ring", [kind for _user, kind, _data in sent])

    def test_whatsapps_end_after_ready_now_begins_no_wrap_up(self):
        call = self.talked()
        self.phone(self.anna).softphone_ready()
        later = fields.Datetime.now() + timedelta(seconds=5)
        call.write({"terminated_at": later, "ended_at": later})
        self.assertFalse(self.until(self.anna))

    def test_ready_now_rings_nobody_for_what_is_the_assignees_alone(self):
        self.talked()
        self.eva.user_id = self.berta
        call = self.ring(id=NEXT)
        self.assertRings(call, self.berta)
        self.phone(self.anna).softphone_ready()
        self.assertRings(call, self.berta)

    def test_ready_now_rings_also_for_what_the_assignee_is_rung_for_among_others(self):
        self.eva.user_id = self.berta
        self.number.assignee_seconds = 0
        self.talked()
        call = self.ring(id=NEXT)
        self.assertRings(call, self.berta)  # anna is in wrap-up
        self.assertTrue(call.widen_at)
        self.phone(self.anna).softphone_ready()
        self.assertRings(call, self.anna | self.berta)

    def test_after_an_assignee_in_vain_all_in_wrap_up_are_rung_all_the_same(self):
        self.talked()
        self.eva.user_id = self.berta
        call = self.ring(id=NEXT)
        self.assertRings(call, self.berta)
        call.widen_at = fields.Datetime.now()
        call._set_deadline()
        self.tick()
        self.assertRings(call, self.anna | self.berta)
        note = call.event_ids.filtered(lambda event: event.kind == "wrap_up").note
        self.assertEqual(note, "All are in wrap-up: they are rung all the same")

    def test_ready_now_is_no_way_to_calls_of_others(self):
        call = self.ring()
        self.phone(self.carlos).softphone_ready()
        self.phone(self.nora).softphone_ready()
        self.assertRings(call, self.anna | self.berta)

    def test_a_wrap_up_lasts_ten_minutes_at_the_most(self):
        with self.assertRaises(ValidationError):
            self.company.whatsapp_calling_wrap_up = 601

    def test_whatsapps_clock_ahead_of_ours_makes_it_no_longer(self):
        call = self.talked()
        call.ended_at = fields.Datetime.now() + timedelta(hours=1)
        self.assertAlmostEqual(self.until(self.anna), 60, delta=3)

    def test_whatsapps_clock_ahead_of_ours_brings_no_ended_wrap_up_back(self):
        call = self.answered()
        start = int(time.time())
        ahead = meta.talked(start, 40)
        self.deliver(meta.calls(meta.terminate(**ahead)))
        self.assertEqual(call.state, "completed")
        self.assertGreater(call.ended_at, fields.Datetime.now())
        self.assertAlmostEqual(self.until(self.anna), 60, delta=3)
        self.phone(self.anna).softphone_ready()
        self.assertFalse(self.until(self.anna))
        later = fields.Datetime.now() + timedelta(seconds=20)
        with patch.object(fields.Datetime, "now", lambda: later):
            self.assertFalse(self.until(self.anna))

    def test_the_ring_asks_with_one_query_whatever_the_number_of_operators(self):
        self.ring()
        calls = self.env["whatsapp.call"]
        calls._wrap_ups(self.anna)
        with self.assertQueryCount(1):
            calls._wrap_ups(self.anna | self.berta | self.maria)

    def queries_for(self, users):
        """Queries that the ring makes when these users have all just talked."""
        now = fields.Datetime.now()
        self.env["whatsapp.call"].create(
            [
                {
                    "account_id": self.account.id,
                    "company_id": self.company.id,
                    "number_id": self.number.id,
                    "direction": "inbound",
                    "state": "completed",
                    "handler_id": user.id,
                    "accepted_at": now - timedelta(seconds=30),
                    "ended_at": now,
                }
                for user in users
            ]
        )
        self.env.flush_all()
        self.env.invalidate_all()
        before = self.env.cr.sql_log_count
        wrap_ups = self.env["whatsapp.call"]._wrap_ups(users)
        made = self.env.cr.sql_log_count - before
        return made, {user.id for user in wrap_ups}

    def test_the_ring_asks_as_much_for_20_who_have_just_talked_as_for_one(self):
        users = self.env["res.users"].concat(
            *(self._user(f"op{n}", OPERATOR, self.company) for n in range(20))
        )
        settings = self.env["res.users.settings"]
        for user in users:
            settings._find_or_create_for_user(user)
        of_one, found = self.queries_for(users[:1])
        self.assertEqual(found, set(users[:1].ids))
        of_all, found = self.queries_for(users)
        self.assertEqual(found, set(users.ids))
        self.assertEqual(of_all, of_one)

    def test_who_needs_no_wrap_up_costs_the_ring_no_settings(self):
        self.company.whatsapp_calling_wrap_up = 0
        without, found = self.queries_for(self.anna)
        self.assertFalse(found)
        self.company.whatsapp_calling_wrap_up = 60
        self.assertLess(without, self.queries_for(self.anna)[0])


@tagged("post_install", "-at_install")
class TestRungWhileTalking(WhatsappCallingCase):
    def test_who_talks_is_rung_and_must_end_the_first_call_to_accept(self):
        self.answered()
        waiting = self.ring(id=NEXT, **{"from": meta.CUSTOMER})
        self.assertRings(waiting, self.anna | self.berta)
        result = self.accept(self.anna, waiting, tab="tab-2")
        self.assertEqual(result["reason"], "busy")
        self.assertEqual(result["message"], "You are in another call: end it first.")
