"""Coming back to a call after a reload or a lost browser (H13)."""

from odoo.tests import tagged

from . import meta_bodies as meta
from .media_common import MediaCase


@tagged("post_install", "-at_install")
class TestReattach(MediaCase):
    def reattach(self, user, call, tab="tab-2"):
        return self.phone(user).softphone_reattach(call.id, tab, meta.OFFER_SDP)

    def close_tab(self, call, tab="tab-1", user=None):
        return self.phone(user or self.anna).softphone_tab_closed(call.id, tab)

    def away(self):
        call = self.answered_anchored()
        self.close_tab(call)
        return call

    def test_a_reload_keeps_the_call_for_20_seconds(self):
        call = self.answered_anchored()
        with self.bus() as sent:
            self.close_tab(call)
        self.assertEqual((call.state, call.handler_id), ("connected", self.anna))
        self.assertFalse(call.handler_tab)
        self.assertAround(call.reattach_until, 20)
        self.assertEqual(call.deadline, call.reattach_until)
        self.assertIn(self.anna, [user for user, _kind, _load in sent])
        view = self.phone(self.anna).softphone_poll()["calls"][0]
        self.assertTrue(view["reattach_until"])
        self.send_due(call)
        self.assertEqual(self.graph.actions, [], "WhatsApp hears of nothing")

    def test_the_number_says_how_long(self):
        self.number.reattach_seconds = 45
        call = self.away()
        self.assertAround(call.reattach_until, 45)

    def test_the_next_page_takes_it_back_with_a_leg_of_its_own(self):
        call = self.away()
        result = self.reattach(self.anna, call)
        self.assertTrue(result["ok"])
        self.assertEqual((call.handler_tab, call.reattach_until), ("tab-2", False))
        self.send_due(call)
        self.assertEqual(
            self.media.requests,
            [
                (
                    "unit-1",
                    "legs",
                    {
                        "leg": call.leg_ref,
                        "role": "operator",
                        "mode": "talk",
                        "offer": meta.OFFER_SDP,
                        "user": {"id": self.anna.id, "name": "Anna"},
                    },
                )
            ],
        )
        view = self.phone(self.anna).softphone_calls([call.id])[0]
        self.assertEqual(
            (view["sdp"], view["leg"], view["handler_tab"]),
            (meta.ANSWER_SDP, call.leg_ref, "tab-2"),
        )
        self.assertIn("reattached", self.timeline(call))

    def test_of_two_pages_one_gets_it(self):
        call = self.away()
        self.assertTrue(self.reattach(self.anna, call, "tab-2")["ok"])
        result = self.reattach(self.anna, call, "tab-3")
        self.assertEqual((result["ok"], result["reason"]), (False, "taken"))
        self.assertEqual(
            result["message"], "This call goes on in another window of yours."
        )
        self.assertEqual(call.handler_tab, "tab-2")

    def test_a_page_that_lives_does_not_lose_the_call_to_another(self):
        call = self.answered_anchored()
        result = self.reattach(self.anna, call, "tab-2")
        self.assertEqual(result["reason"], "taken")
        self.assertEqual(call.handler_tab, "tab-1")

    def test_nobody_else_takes_it(self):
        call = self.away()
        for user in (self.berta, self.maria):
            result = self.reattach(user, call)
            self.assertFalse(result["ok"])
            self.assertEqual(call.handler_id, self.anna)
        self.assertEqual(self.reattach(self.nora, call)["reason"], "ended")
        self.assertEqual(self.reattach(self.carlos, call)["reason"], "ended")

    def test_a_killed_tab_is_missed_by_its_pings(self):
        call = self.answered_anchored()
        self.pass_time(13, call)
        self.hello(calls=[call.media_ref])
        self.tick()
        self.assertEqual(call.state, "connected")
        self.assertAround(call.reattach_until, 20)
        self.assertFalse(call.handler_tab)

    def test_a_line_that_broke_is_made_anew_by_the_same_tab(self):
        call = self.answered_anchored()
        self.report(call, "leg_lost", leg=call.leg_ref, role="operator", reason="ice")
        self.assertEqual(call.handler_tab, "tab-1")
        self.assertAround(call.reattach_until, 20)
        self.assertTrue(self.reattach(self.anna, call, "tab-1")["ok"])
        self.assertFalse(call.reattach_until)

    def test_a_leg_of_before_is_not_missed(self):
        call = self.answered_anchored()
        old = call.leg_ref
        self.close_tab(call)
        self.reattach(self.anna, call)
        self.report(call, "leg_lost", leg=old, role="operator", reason="closed")
        self.report(call, "leg_closed", leg=old, role="operator")
        self.assertFalse(call.reattach_until)

    def test_who_does_not_come_back_loses_the_call_and_whatsapp_is_told(self):
        call = self.away()
        self.pass_time(21, call)
        call.reattach_until = call.deadline
        self.env.flush_all()
        self.hello(calls=[call.media_ref])
        self.tick()
        self.send_due(call)
        self.assertEqual((call.state, call.closed_reason), ("completed", "lost_tab"))
        self.assertEqual(self.graph.actions, ["terminate"])
        self.assertEqual(self.media.bodies("close"), [{"reason": "lost_tab"}])

    def test_pings_of_a_page_that_lost_the_call_change_nothing(self):
        call = self.away()
        answer = self.phone(self.anna).softphone_ping(call.id, "tab-1")
        self.assertEqual(answer, {"ok": False})
        self.assertTrue(call.reattach_until)

    def test_a_customer_who_hangs_up_meanwhile_ends_it(self):
        call = self.away()
        self.deliver(meta.calls(meta.terminate()))
        self.assertEqual((call.state, call.reattach_until), ("completed", False))
        self.assertEqual(self.reattach(self.anna, call)["reason"], "ended")

    def test_one_may_hang_up_while_one_is_away(self):
        call = self.away()
        self.phone(self.anna).softphone_hang_up(call.id)
        self.assertEqual((call.state, call.closed_reason), ("completed", "hung_up"))

    def test_a_call_one_places_waits_as_well(self):
        call = self.dialled_anchored()
        self.close_tab(call)
        self.assertEqual(call.state, "dialing")
        self.assertTrue(self.reattach(self.anna, call)["ok"])

    def test_a_direct_call_ends_with_its_tab_as_before(self):
        self.number.media_policy = "direct"
        call = self.answered()
        self.close_tab(call)
        self.assertEqual((call.state, call.closed_reason), ("completed", "lost_tab"))
        self.assertEqual(self.reattach(self.anna, call)["reason"], "ended")

    def test_a_useless_offer_is_refused_before_anything_changes(self):
        call = self.away()
        result = self.phone(self.anna).softphone_reattach(call.id, "tab-2", "v=0")
        self.assertEqual((result["ok"], result["reason"]), (False, "invalid_sdp"))
        self.assertFalse(call.handler_tab)
