"""Handing a running call on, blind: who rings, who gets it, and the way back (H11)."""

from datetime import timedelta

from odoo import fields
from odoo.exceptions import ValidationError
from odoo.tests import tagged

from . import meta_bodies as meta
from .common import OPERATOR
from .forged_sidecar import SidecarRefusal
from .media_common import MediaCase


class TransferCase(MediaCase):
    """Anna has Eva's call; Berta and Dora could take it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.dora = cls._user("dora", OPERATOR, cls.company)

    def _users(self):
        return super()._users() | self.dora

    def transfer(self, call, target=None, kind="blind", reason=False, user=None):
        target = target or {"user_id": self.berta.id}
        phone = self.phone(user or self.anna)
        return phone.softphone_transfer(call.id, target, kind, reason)

    def transferred(self, **options):
        """A call that rings at Berta."""
        call = self.answered_anchored()
        result = self.transfer(call, **options)
        self.assertTrue(result["ok"], result["message"])
        self.send_due(call)
        self.media.requests.clear()
        return call

    def take(self, call, user=None, tab="tab-b"):
        return self.accept_anchored(user or self.berta, call, tab)

    def connect(self, call, leg=None, role="operator"):
        """The sidecar reports that a browser's sound is there."""
        self.send_due(call)
        self.report(call, "leg_connected", leg=leg or call.leg_ref, role=role)

    def view(self, user, call):
        return self.phone(user).softphone_calls([call.id])[0]

    def the_transfer(self, call):
        return call.transfer_ids.sorted("id")[-1:]

    def notes(self, call):
        return call.event_ids.sorted("id").mapped("note")


@tagged("post_install", "-at_install")
class TestBlindTransfer(TransferCase):
    # ---- it rings

    def test_the_customer_hears_music_and_the_target_is_rung_with_who_and_why(self):
        call = self.answered_anchored()
        with self.bus() as sent:
            result = self.transfer(call, reason="wants an invoice")
        self.assertTrue(result["ok"])
        self.send_due(call)
        self.assertEqual(self.media.requests, [("unit-1", "hold", {"on": True})])
        rings = [
            (user, load) for user, kind, load in sent if kind == "whatsapp_calling/ring"
        ]
        self.assertEqual([user for user, _load in rings], [self.berta])
        self.assertEqual(rings[0][1]["id"], call.id)
        view = self.view(self.berta, call)
        self.assertTrue(view["mine_to_answer"])
        transfer = view["transfer"]
        self.assertEqual(
            {name: transfer[name] for name in ("from", "kind", "reason", "rings")},
            {
                "from": {"id": self.anna.id, "name": "Anna"},
                "kind": "blind",
                "reason": "wants an invoice",
                "rings": True,
            },
        )
        self.assertAround(self.the_transfer(call).until, 20)
        self.assertEqual((call.state, call.handler_id), ("connected", self.anna))

    def test_the_target_sees_notes_and_record_before_answering(self):
        call = self.answered_anchored()
        self.phone(self.anna).softphone_notes(call.id, "Invoice 4711")
        self.transfer(call, {"user_id": self.dora.id})
        view = self.view(self.dora, call)
        self.assertEqual(view["notes"], "Invoice 4711")
        self.assertEqual(view["record"]["name"], "Eva Berger")

    def test_who_had_silenced_the_call_is_rung_all_the_same(self):
        call = self.ring_anchored()
        self.phone(self.berta).softphone_silence(call.id)
        self.accept_anchored(self.anna, call)
        self.send_due(call)
        self.transfer(call)
        view = self.view(self.berta, call)
        self.assertEqual((view["silenced"], view["mine_to_answer"]), (False, True))

    def test_a_page_that_opens_while_it_rings_is_told(self):
        call = self.transferred()
        calls = self.phone(self.berta).softphone_start()["calls"]
        self.assertEqual([view["id"] for view in calls], [call.id])
        self.assertTrue(calls[0]["transfer"]["rings"])

    def test_only_the_handler_hands_on_and_only_once_at_a_time(self):
        call = self.transferred()
        result = self.transfer(call, user=self.berta)
        self.assertEqual(
            (result["ok"], result["message"]), (False, "Anna has this call.")
        )
        result = self.transfer(call, {"user_id": self.dora.id})
        self.assertEqual(
            (result["ok"], result["message"]),
            (False, "This call is being transferred already."),
        )

    def test_nobody_of_another_company_can_be_chosen(self):
        call = self.answered_anchored()
        result = self.transfer(call, {"user_id": self.carlos.id})
        self.assertEqual((result["ok"], result["reason"]), (False, "nobody"))
        self.assertFalse(call.transfer_ids)

    def test_a_direct_call_cannot_be_transferred(self):
        self.number.media_policy = "direct"
        call = self.answered()
        result = self.transfer(call)
        self.assertFalse(result["ok"])
        self.assertIn("directly from your browser", result["message"])

    def test_a_team_rings_for_all_of_it_but_who_hands_on(self):
        other = self.another_number()
        other.ring_user_ids = self.anna | self.dora | self.berta
        call = self.answered_anchored()
        result = self.transfer(call, {"team": f"{other._name},{other.id}"})
        self.assertTrue(result["ok"])
        self.assertEqual(self.the_transfer(call).user_ids, self.berta | self.dora)
        self.assertEqual(result["call"]["transfer"]["target"], other.display_name)

    # ---- it is taken

    def test_who_accepts_has_the_call_and_the_sidecar_gets_their_browser(self):
        call = self.transferred()
        result = self.take(call)
        self.assertTrue(result["ok"])
        self.assertEqual((call.handler_id, call.handler_tab), (self.berta, "tab-b"))
        self.assertTrue(result["call"]["mine"])
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
                        "user": {"id": self.berta.id, "name": "Berta"},
                    },
                )
            ],
        )
        self.assertEqual(self.view(self.berta, call)["sdp"], meta.ANSWER_SDP)
        self.assertFalse(self.view(self.anna, call)["mine"])

    def test_the_music_stops_when_the_new_handler_is_connected_not_before(self):
        call = self.transferred()
        self.take(call)
        self.send_due(call)
        self.assertEqual(self.media.bodies("hold"), [])
        self.connect(call)
        self.send_due(call)
        self.assertEqual(self.media.bodies("hold"), [{"on": False}])
        self.assertEqual(self.the_transfer(call).state, "done")
        self.assertFalse(call.on_hold or self.view(self.berta, call)["transfer"])

    def test_of_two_who_accept_one_gets_it_and_the_other_reads_who(self):
        other = self.another_number()
        other.ring_user_ids = self.dora | self.berta
        call = self.transferred(target={"team": f"{other._name},{other.id}"})
        self.assertTrue(self.take(call)["ok"])
        result = self.take(call, self.dora, "tab-d")
        self.assertEqual((result["ok"], result["reason"]), (False, "taken"))
        self.assertEqual(
            result["message"], "already accepted by another teammate: Berta"
        )
        self.assertEqual(call.handler_id, self.berta)

    def test_the_same_click_sent_again_is_no_second_leg(self):
        call = self.transferred()
        self.take(call)
        self.assertTrue(self.take(call)["ok"])
        self.send_due(call)
        self.assertEqual(len(self.media.bodies("legs")), 1)

    def test_who_was_not_rung_cannot_take_it(self):
        call = self.transferred()
        self.assertFalse(self.take(call, self.dora)["ok"])
        self.assertEqual(call.handler_id, self.anna)

    def test_who_is_in_another_call_cannot_take_it(self):
        call = self.transferred()
        second = self.ring_anchored(id="wacid.second", **{"from": "436645557002"})
        self.accept_anchored(self.berta, second, "tab-b2")
        result = self.take(call)
        self.assertEqual((result["ok"], result["reason"]), (False, "busy"))

    # ---- who handled it when

    def test_timeline_chatter_and_card_name_each_handler_with_times(self):
        call = self.transferred(reason="wants an invoice")
        self.pass_time(120, call)
        self.take(call)
        self.connect(call)
        self.assertIn("Anna transfers the call to Berta", self.notes(call))
        self.assertIn("Berta takes over from Anna: wants an invoice", self.notes(call))
        handlers = self.view(self.anna, call)["handlers"]
        self.assertEqual([each["name"] for each in handlers], ["Anna", "Berta"])
        self.assertEqual(handlers[0]["until"], handlers[1]["from"])
        self.assertAlmostEqual(
            handlers[0]["until"] - handlers[0]["from"], 120_000, delta=3000
        )
        self.assertFalse(handlers[1]["until"], "until now")
        first, second = call.handlers_text.splitlines()
        self.assertIn("Anna", first)
        self.assertIn("Berta", second)
        self.env["whatsapp.call"]._post_due(call.id)
        self.assertIn("Anna → Berta", call.message_id.body)

    def test_a_call_that_nobody_handed_on_has_no_list_of_handlers(self):
        call = self.answered_anchored()
        self.assertEqual(self.view(self.anna, call)["handlers"], [])
        self.assertFalse(call.handlers_text)

    # ---- it is not taken

    def test_nobody_takes_it_in_time_it_rings_at_who_transferred_it(self):
        call = self.transferred()
        self.late(call)
        with self.bus() as sent:
            self.tick()
        transfer = self.the_transfer(call)
        self.assertEqual(transfer.state, "returning")
        rings = [user for user, kind, _l in sent if kind == "whatsapp_calling/ring"]
        self.assertEqual(rings, [self.anna])
        self.assertFalse(self.view(self.berta, call)["transfer"]["rings"])
        self.assertTrue(self.view(self.anna, call)["transfer"]["rings"])
        self.assertIn("Nobody took the call at Berta", self.notes(call))
        self.assertTrue(call.on_hold, "the customer hears music all the while")

    def test_who_transferred_it_does_not_take_it_either_it_ends(self):
        call = self.transferred()
        for _ring in range(2):
            self.late(call)
            self.tick()
        self.assertEqual(self.the_transfer(call).state, "unanswered")
        self.assertEqual((call.state, call.closed_reason), ("completed", "unanswered"))
        self.send_due(call)
        self.assertEqual(self.graph.actions, ["terminate"])

    def test_nobody_at_all_takes_it_the_customer_leaves_a_message_where_that_is_so(
        self,
    ):
        self.number.no_answer = "voicemail"
        call = self.transferred()
        for _ring in range(2):
            self.late(call)
            self.tick()
        self.assertEqual((call.state, call.handler_kind), ("connected", "voicemail"))
        self.assertFalse(call.handler_id)
        self.send_due(call)
        self.assertEqual(self.media.bodies("program")[0]["kind"], "voicemail")
        self.assertEqual(self.media.bodies("hold"), [{"on": False}])

    def test_the_voicemail_after_a_long_talk_gets_its_time(self):
        self.number.no_answer = "voicemail"
        call = self.transferred()
        call.accepted_at = fields.Datetime.now() - timedelta(minutes=10)
        for _ring in range(2):
            self.late(call)
            self.tick()
        call._set_deadline()
        left = (call.deadline - fields.Datetime.now()).total_seconds()
        self.assertGreater(left, 0)
        self.tick()
        self.assertEqual((call.state, call.handler_kind), ("connected", "voicemail"))
        call.voicemail_until = fields.Datetime.now()
        call._set_deadline()
        self.tick()
        self.assertFalse(call._is_live())

    def test_the_voicemail_whose_sidecar_is_gone_ends_with_that_reason(self):
        self.number.no_answer = "voicemail"
        call = self.transferred()
        for _ring in range(2):
            self.late(call)
            self.tick()
        self.silence()
        call._set_deadline()
        self.tick()
        self.assertEqual(call.closed_reason, "sidecar_lost")

    def test_the_voicemail_after_it_does_not_undo_that_the_customer_refused(self):
        self.number.no_answer = "voicemail"
        call = self.transferred()
        call.write({"recording_state": "discarded", "consent": "refused"})
        for _ring in range(2):
            self.late(call)
            self.tick()
        self.send_due(call)
        self.assertEqual(call.handler_kind, "voicemail")
        (program,) = self.media.bodies("program")
        self.assertNotIn("record", program)
        self.assertEqual(call.recording_state, "discarded")

    def test_the_company_says_for_how_long_it_rings(self):
        self.company.whatsapp_calling_transfer_seconds = 45
        call = self.transferred()
        self.assertAround(self.the_transfer(call).until, 45)
        with self.assertRaises(ValidationError):
            self.company.whatsapp_calling_transfer_seconds = 3

    def test_the_one_target_says_no_it_rings_at_who_transferred_it_at_once(self):
        call = self.transferred()
        self.assertTrue(self.phone(self.berta).softphone_decline(call.id)["ok"])
        self.assertEqual(self.the_transfer(call).state, "returning")
        self.assertIn("Berta does not take the call", self.notes(call))
        self.assertEqual(call.state, "connected", "to say no ends no call")

    def test_one_of_a_team_says_no_it_rings_on_for_the_others(self):
        other = self.another_number()
        other.ring_user_ids = self.dora | self.berta
        call = self.transferred(target={"team": f"{other._name},{other.id}"})
        self.phone(self.berta).softphone_silence(call.id)
        self.assertEqual(self.the_transfer(call).state, "ringing")
        self.assertFalse(self.view(self.berta, call)["transfer"]["rings"])
        self.assertTrue(self.take(call, self.dora)["ok"])

    def test_while_it_rings_it_can_be_taken_back(self):
        call = self.transferred()
        result = self.phone(self.anna).softphone_transfer_cancel(call.id)
        self.assertTrue(result["ok"])
        self.assertEqual(self.the_transfer(call).state, "taken_back")
        self.send_due(call)
        self.assertEqual(self.media.requests, [("unit-1", "hold", {"on": False})])
        result = self.take(call)
        self.assertEqual((result["ok"], result["reason"]), (False, "taken"))
        self.assertEqual(call.handler_id, self.anna)

    def test_taken_back_too_late_it_says_who_has_it(self):
        call = self.transferred()
        self.take(call)
        result = self.phone(self.anna).softphone_transfer_cancel(call.id)
        self.assertEqual(
            (result["ok"], result["message"]), (False, "Berta has this call.")
        )

    # ---- something goes wrong

    def test_who_accepted_gets_no_sound_it_goes_back(self):
        call = self.transferred()
        self.media.answer("legs", SidecarRefusal(400, "bad_sdp", "No candidate."))
        self.take(call)
        self.send_due(call)
        transfer = self.the_transfer(call)
        self.assertEqual(transfer.state, "returning")
        self.assertFalse(call.handler_id or call.handler_kind)
        self.assertIn("No sound came about with Berta: No candidate.", self.notes(call))
        self.assertTrue(self.view(self.anna, call)["transfer"]["rings"])
        result = self.take(call, self.anna, "tab-1")
        self.assertTrue(result["ok"])
        self.connect(call)
        self.assertEqual((call.handler_id, transfer.state), (self.anna, "done"))
        self.assertEqual(self.view(self.anna, call)["handlers"], [])

    def test_no_sound_within_15_seconds_it_goes_back(self):
        call = self.transferred()
        self.take(call)
        self.send_due(call)
        self.late(call)
        self.tick()
        self.assertEqual(self.the_transfer(call).state, "returning")
        self.assertEqual(call.state, "connected")

    def test_their_browser_gives_up_the_customer_does_not_lose_the_call(self):
        call = self.transferred()
        self.take(call)
        self.phone(self.berta).softphone_hang_up(call.id)
        self.assertEqual(call.state, "connected")
        self.assertEqual(self.the_transfer(call).state, "returning")

    def test_the_customer_hangs_up_while_it_rings(self):
        call = self.transferred()
        with self.bus() as sent:
            self.deliver(meta.calls(meta.terminate()))
        self.assertEqual(self.the_transfer(call).state, "ended")
        self.assertEqual(call.state, "completed")
        told = {user for user, _kind, load in sent if load.get("live") is False}
        self.assertIn(self.berta, told)

    def test_the_operators_browser_is_lost_it_rings_on_and_comes_back_to_them(self):
        call = self.transferred()
        self.phone(self.anna).softphone_tab_closed(call.id, "tab-1")
        call.reattach_until = call.reattach_until.replace(year=2020)
        self.env.flush_all()
        call._set_deadline()
        self.tick()
        self.assertEqual((call.state, call.reattach_until), ("connected", False))
        self.assertTrue(self.take(call)["ok"])
        self.assertEqual(call.handler_id, self.berta)

    def test_the_sidecar_waits_for_longer_than_odoo(self):
        self.company.whatsapp_calling_transfer_seconds = 60
        call = self.ring()
        seconds = call._media_settings()["watchdog"]["reattach"]
        self.assertGreater(seconds, self.number.reattach_seconds + 2 * 60)

    def late(self, call):
        """The time of the open transfer is over."""
        transfer = self.the_transfer(call)
        past = transfer.create_date.replace(year=2020)
        if transfer.until:
            transfer.until = past
        if transfer.lease_until:
            transfer.lease_until = past
        call._set_deadline()
        self.env.flush_all()


@tagged("post_install", "-at_install")
class TestTargets(TransferCase):
    def targets(self, call, query="", user=None):
        phone = self.phone(user or self.anna)
        return phone.softphone_transfer_targets(call.id, {"query": query})

    def states(self, targets):
        return {person["name"]: person["state"] for person in targets["people"]}

    def online(self, user, status="online"):
        self.env["mail.presence"].create({"user_id": user.id, "status": status})

    def test_operators_of_the_company_and_how_they_are(self):
        self.online(self.berta)
        self.online(self.dora, "away")
        call = self.answered_anchored()
        self.assertEqual(
            self.states(self.targets(call)),
            {"Berta": "free", "Dora": "away", "Maria": "offline"},
        )

    def test_who_is_in_a_call_is_shown_so(self):
        self.online(self.berta)
        call = self.answered_anchored()
        second = self.ring_anchored(id="wacid.second", **{"from": "436645557002"})
        self.accept_anchored(self.berta, second, "tab-b2")
        self.assertEqual(self.states(self.targets(call))["Berta"], "in_call")

    def test_who_is_in_wrap_up_is_shown_so(self):
        self.company.whatsapp_calling_wrap_up = 60
        self.online(self.berta)
        second = self.answered_anchored(user=self.berta)
        self.phone(self.berta).softphone_hang_up(second.id)
        call = self.answered_anchored(id="wacid.second", **{"from": "436645557002"})
        self.assertEqual(self.states(self.targets(call))["Berta"], "wrap_up")

    def test_who_does_not_want_to_be_disturbed_is_shown_so(self):
        self.online(self.berta)
        self.berta.manual_im_status = "busy"
        call = self.answered_anchored()
        self.assertEqual(self.states(self.targets(call))["Berta"], "busy")

    def test_those_of_late_come_first_then_the_free_ones(self):
        self.online(self.dora)
        call = self.answered_anchored()
        names = [person["name"] for person in self.targets(call)["people"]]
        self.assertEqual(names, ["Dora", "Berta", "Maria"])
        self.transfer(call, {"user_id": self.maria.id})
        self.phone(self.anna).softphone_transfer_cancel(call.id)
        people = self.targets(call)["people"]
        self.assertEqual(people[0]["name"], "Maria")
        self.assertEqual([person["recent"] for person in people], [True, False, False])

    def test_a_name_finds_people_and_teams(self):
        call = self.answered_anchored()
        self.assertEqual(list(self.states(self.targets(call, "BER"))), ["Berta"])
        names = [team["name"] for team in self.targets(call, "line 1")["teams"]]
        self.assertEqual(names, [self.number.display_name])

    def test_a_number_stands_for_those_whom_it_rings(self):
        self.online(self.berta)
        call = self.answered_anchored()
        team = self.targets(call)["teams"][0]
        self.assertEqual(
            team,
            {
                "key": f"whatsapp.calling.number,{self.number.id}",
                "name": self.number.display_name,
                "label": "Number",
                "free": 1,
                "count": 1,
                "recent": False,
            },
        )

    def test_nobody_but_the_handler_is_told_who_is_free(self):
        call = self.answered_anchored()
        self.assertEqual(
            self.targets(call, user=self.berta), {"people": [], "teams": []}
        )
        self.assertEqual(
            self.targets(call, user=self.carlos), {"people": [], "teams": []}
        )
