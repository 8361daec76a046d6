"""Hold with music, and the keys a customer presses (H10, T4)."""

from odoo.exceptions import AccessError
from odoo.tests import tagged

from .forged_sidecar import SidecarRefusal
from .media_common import MediaCase


@tagged("post_install", "-at_install")
class TestHold(MediaCase):
    def hold(self, call, on=True, user=None):
        return self.phone(user or self.anna).softphone_hold(call.id, on)

    def test_the_sidecar_plays_music_and_every_tab_knows_since_when(self):
        call = self.answered_anchored()
        with self.bus() as sent:
            result = self.hold(call)
        self.assertTrue(result["ok"])
        self.assertTrue(call.on_hold)
        self.assertAround(call.held_at, 0)
        self.assertEqual(result["call"]["held"], call._milliseconds(call.held_at))
        self.assertIn(self.anna, [user for user, _kind, _load in sent])
        self.send_due(call)
        self.assertEqual(self.media.requests, [("unit-1", "hold", {"on": True})])
        self.assertEqual(call.state, "connected", "the call stays")

    def test_taken_off_hold_the_customer_is_back(self):
        call = self.answered_anchored()
        self.hold(call)
        result = self.hold(call, False)
        self.assertEqual((call.on_hold, result["call"]["held"]), (False, False))
        self.send_due(call)
        self.assertEqual(self.media.bodies("hold"), [{"on": True}, {"on": False}])
        clicks = call.event_ids.filtered(lambda e: e.source == "operator")
        self.assertEqual(
            clicks.sorted("id").mapped("note")[-2:],
            ["Anna put the customer on hold", "Anna took the customer off hold"],
        )

    def test_a_second_click_asks_for_nothing(self):
        call = self.answered_anchored()
        self.hold(call)
        self.hold(call)
        self.send_due(call)
        self.assertEqual(self.media.bodies("hold"), [{"on": True}])

    def test_what_the_sidecar_refuses_is_undone_and_said(self):
        call = self.answered_anchored()
        self.media.answer("hold", SidecarRefusal(404, "unknown_call", "No such call."))
        self.hold(call)
        with self.bus() as sent:
            self.send_due(call)
        self.assertFalse(call.on_hold or call.held_at)
        said = [load["message"] for _u, kind, load in sent if "simple" in kind]
        self.assertEqual(len(said), 1)
        self.assertIn("No such call.", said[0])

    def test_only_who_handles_the_call_holds_it(self):
        call = self.answered_anchored()
        result = self.hold(call, user=self.berta)
        self.assertEqual(
            (result["ok"], result["message"]), (False, "Anna has this call.")
        )
        self.assertFalse(call.on_hold)
        self.assertFalse(self.hold(call, user=self.carlos)["ok"], "another company")

    def test_a_direct_call_cannot_be_held_and_why_is_said(self):
        self.number.media_policy = "direct"
        call = self.answered()
        result = self.hold(call)
        self.assertFalse(result["ok"])
        self.assertIn("directly from your browser to WhatsApp", result["message"])

    def test_a_page_that_opens_later_knows_that_it_is_held(self):
        call = self.answered_anchored()
        self.hold(call)
        view = self.phone(self.anna).softphone_start()["calls"][0]
        self.assertTrue(view["on_hold"] and view["held"])

    def test_the_end_of_a_call_ends_its_hold(self):
        call = self.answered_anchored()
        self.hold(call)
        self.phone(self.anna).softphone_hang_up(call.id)
        self.assertFalse(call.on_hold)

    # ---- what is heard

    def test_a_number_has_the_music_of_its_company_or_its_own(self):
        call = self.ring()
        self.assertEqual(call._media_hold(), {"music": "hold"})
        self.company.whatsapp_calling_hold_music = "quiet"
        self.assertEqual(call._media_hold(), {"music": "quiet"})
        self.number.hold_music = "hold"
        self.assertEqual(call._media_hold(), {"music": "hold"})

    def test_the_sidecar_learns_it_when_it_opens_the_call(self):
        self.number.hold_music = "quiet"
        self.ring_anchored()
        settings = self.media.bodies("open")[0]["settings"]
        self.assertEqual(settings["hold"], {"music": "quiet"})


@tagged("post_install", "-at_install")
class TestKeys(MediaCase):
    def test_keys_of_the_customer_are_in_the_timeline_and_in_the_panel(self):
        call = self.answered_anchored()
        for key in "1#":
            self.report(call, "dtmf", digit=key, duration_ms=120, **{"from": "peer"})
        notes = call.event_ids.filtered(lambda e: e.kind == "media_dtmf").mapped("note")
        self.assertEqual(
            sorted(notes), ["The customer pressed #", "The customer pressed 1"]
        )
        view = self.phone(self.anna).softphone_calls([call.id])[0]
        self.assertEqual(view["digits"], "1#")

    def test_a_key_reported_twice_is_one_key(self):
        call = self.answered_anchored()
        data = {"digit": "5", "duration_ms": 100, "from": "peer"}
        event = self.report(call, "dtmf", **data)
        self.report(call, "dtmf", key=event["id"], **data)
        self.assertEqual(call.digits, "5")

    def test_keys_of_the_operator_are_told_apart(self):
        call = self.answered_anchored()
        self.report(call, "dtmf", digit="7", **{"from": "operator"})
        self.assertFalse(call.digits)
        notes = call.event_ids.filtered(lambda e: e.kind == "media_dtmf").mapped("note")
        self.assertEqual(notes, ["The operator pressed 7"])

    def test_what_is_no_key_is_not_shown(self):
        call = self.answered_anchored()
        self.report(call, "dtmf", digit="<b>", **{"from": "peer"})
        self.assertFalse(call.digits)

    def test_nobody_reads_the_keys_of_another_companys_call(self):
        call = self.answered_anchored()
        self.report(call, "dtmf", digit="5", **{"from": "peer"})
        with self.assertRaises(AccessError):
            call.with_user(self.carlos).read(["digits"])
