"""An attended transfer: ask first, then hand over, or go on with the customer (H11)."""

from odoo.tests import tagged

from . import meta_bodies as meta
from .forged_sidecar import SidecarRefusal
from .test_transfer import TransferCase


@tagged("post_install", "-at_install")
class TestConsult(TransferCase):
    def asked(self):
        """Berta rings: Anna wants to ask her."""
        return self.transferred(kind="attended", reason="may she cancel?")

    def consulting(self):
        """Anna talks to Berta, Eva hears music."""
        call = self.asked()
        self.assertTrue(self.take(call)["ok"])
        self.connect(call, self.the_transfer(call).leg_ref, "consult")
        self.send_due(call)
        self.media.requests.clear()
        return call

    def talk(self, call, who):
        return self.phone(self.anna).softphone_transfer_talk(call.id, who)

    # ---- asking

    def test_who_is_asked_gets_a_leg_of_their_own_and_the_call_stays_annas(self):
        call = self.asked()
        leg = call.leg_ref
        result = self.take(call)
        self.assertTrue(result["ok"])
        self.send_due(call)
        body = self.media.bodies("legs")[0]
        self.assertEqual((body["role"], body["user"]["name"]), ("consult", "Berta"))
        self.assertNotEqual(body["leg"], leg)
        self.assertEqual((call.handler_id, call.leg_ref), (self.anna, leg))
        side = self.view(self.berta, call)["side"]
        self.assertEqual(
            (side["role"], side["tab"], side["leg"], side["sdp"]),
            ("consult", "tab-b", body["leg"], meta.ANSWER_SDP),
        )
        self.assertFalse(self.view(self.anna, call)["side"])

    def test_the_operator_talks_to_the_colleague_once_there_is_sound(self):
        call = self.asked()
        self.take(call)
        self.send_due(call)
        self.assertEqual(self.media.bodies("talk"), [])
        self.connect(call, self.the_transfer(call).leg_ref, "consult")
        self.send_due(call)
        self.assertEqual(
            [(action, body) for _unit, action, body in self.media.requests[-2:]],
            [("talk", {"with": "consult"}), ("hold", {"on": False})],
        )
        view = self.view(self.anna, call)["transfer"]
        self.assertEqual((view["talk"], view["connected"]), ("consult", True))
        self.assertTrue(self.view(self.anna, call)["held"], "the customer waits on")

    def test_swap_between_the_two_and_three_together(self):
        call = self.consulting()
        for who in ("peer", "both", "consult"):
            self.assertTrue(self.talk(call, who)["ok"])
        self.send_due(call)
        self.assertEqual(
            self.media.bodies("talk"),
            [{"with": "peer"}, {"with": "both"}, {"with": "consult"}],
        )
        self.assertEqual(self.view(self.anna, call)["transfer"]["talk"], "consult")
        self.assertIn("All three talk: Anna, Berta", self.notes(call))

    def test_before_there_is_sound_nothing_is_swapped_or_handed_over(self):
        call = self.asked()
        self.take(call)
        self.assertFalse(self.talk(call, "both")["ok"])
        result = self.phone(self.anna).softphone_transfer_complete(call.id)
        self.assertEqual(
            (result["ok"], result["message"]), (False, "Berta is not connected yet.")
        )

    def test_only_the_operator_swaps(self):
        call = self.consulting()
        phone = self.phone(self.berta)
        self.assertFalse(phone.softphone_transfer_talk(call.id, "both")["ok"])
        self.assertFalse(phone.softphone_transfer_complete(call.id)["ok"])

    # ---- handing over

    def test_completed_the_colleagues_leg_is_the_operators(self):
        call = self.consulting()
        leg = self.the_transfer(call).leg_ref
        result = self.phone(self.anna).softphone_transfer_complete(call.id)
        self.assertTrue(result["ok"])
        self.send_due(call)
        self.assertEqual(self.media.requests, [("unit-1", "transfer", {"leg": leg})])
        self.assertEqual(
            (call.handler_id, call.handler_tab, call.leg_ref),
            (self.berta, "tab-b", leg),
        )
        view = self.view(self.berta, call)
        self.assertTrue(view["mine"])
        self.assertFalse(view["side"] or view["transfer"] or view["held"])
        names = [each["name"] for each in self.view(self.anna, call)["handlers"]]
        self.assertEqual(names, ["Anna", "Berta"])

    def test_completed_twice_is_completed_once(self):
        call = self.consulting()
        phone = self.phone(self.anna)
        self.assertTrue(phone.softphone_transfer_complete(call.id)["ok"])
        self.assertFalse(phone.softphone_transfer_complete(call.id)["ok"])
        self.send_due(call)
        self.assertEqual(len(self.media.bodies("transfer")), 1)

    # ---- the way back

    def test_cancelled_the_operator_is_with_the_customer(self):
        call = self.consulting()
        leg = self.the_transfer(call).leg_ref
        self.assertTrue(self.phone(self.anna).softphone_transfer_cancel(call.id)["ok"])
        self.send_due(call)
        self.assertEqual(
            [action for _unit, action, _body in self.media.requests],
            ["talk", "leg_close"],
        )
        self.assertEqual(self.media.bodies("talk"), [{"with": "peer"}])
        self.assertTrue(leg)
        self.assertFalse(self.view(self.berta, call)["side"])
        self.assertEqual(call.handler_id, self.anna)

    def test_the_colleague_hangs_up_the_operator_is_with_the_customer(self):
        call = self.consulting()
        self.phone(self.berta).softphone_consult_leave(call.id)
        self.assertEqual(self.the_transfer(call).state, "left")
        self.send_due(call)
        self.assertEqual(self.media.bodies("talk"), [{"with": "peer"}])
        self.assertEqual((call.state, call.handler_id), ("connected", self.anna))
        self.assertIn("Berta hung up", self.notes(call))

    def test_the_colleagues_browser_is_lost_the_operator_is_with_the_customer(self):
        call = self.consulting()
        leg = self.the_transfer(call).leg_ref
        self.report(call, "leg_lost", leg=leg, role="consult", reason="failed")
        self.assertEqual(self.the_transfer(call).state, "left")
        self.send_due(call)
        self.assertEqual(self.media.bodies("talk"), [{"with": "peer"}])

    def test_the_colleague_says_no_the_operator_is_with_the_customer_at_once(self):
        call = self.asked()
        self.phone(self.berta).softphone_decline(call.id)
        self.assertEqual(self.the_transfer(call).state, "refused")
        self.send_due(call)
        self.assertEqual(self.media.bodies("hold"), [{"on": False}])
        self.assertIn("Berta does not take the call", self.notes(call))

    def test_the_colleague_does_not_answer_the_operator_is_with_the_customer(self):
        call = self.asked()
        transfer = self.the_transfer(call)
        transfer.until = transfer.until.replace(year=2020)
        call._set_deadline()
        self.tick()
        self.assertEqual(transfer.state, "unanswered")
        self.assertFalse(call.on_hold)
        self.assertEqual((call.state, call.handler_id), ("connected", self.anna))

    def test_no_sound_of_the_colleague_the_operator_is_with_the_customer(self):
        call = self.asked()
        self.media.answer("legs", SidecarRefusal(400, "bad_sdp", "No candidate."))
        self.take(call)
        self.send_due(call)
        self.assertEqual(self.the_transfer(call).state, "failed")
        self.assertIn("No sound came about with Berta: No candidate.", self.notes(call))

    # ---- races

    def test_the_customer_hangs_up_while_they_talk(self):
        call = self.consulting()
        self.deliver(meta.calls(meta.terminate()))
        self.assertEqual(self.the_transfer(call).state, "ended")
        self.assertFalse(self.view(self.berta, call)["side"])
        self.assertFalse(
            self.phone(self.anna).softphone_transfer_complete(call.id)["ok"]
        )

    def test_the_operators_browser_does_not_come_back_the_colleague_has_the_call(self):
        call = self.consulting()
        leg = self.the_transfer(call).leg_ref
        self.phone(self.anna).softphone_tab_closed(call.id, "tab-1")
        self.assertEqual(call.handler_id, self.anna)
        call.reattach_until = call.reattach_until.replace(year=2020)
        call._set_deadline()
        self.tick()
        self.assertEqual((call.handler_id, call.leg_ref), (self.berta, leg))
        self.assertEqual(call.state, "connected")
        self.send_due(call)
        self.assertEqual(self.media.bodies("transfer"), [{"leg": leg}])

    def test_who_is_asked_about_one_call_takes_no_other(self):
        self.consulting()
        second = self.ring_anchored(id="wacid.second", **{"from": "436645557002"})
        result = self.accept_anchored(self.berta, second, "tab-b2")
        self.assertEqual((result["ok"], result["reason"]), (False, "busy"))
