"""Managers listen in, whisper and join; operators are told where that is so (H12)."""

from odoo.tests import tagged

from . import meta_bodies as meta
from .common import MANAGER
from .forged_sidecar import SidecarRefusal
from .media_common import MediaCase


@tagged("post_install", "-at_install")
class TestMonitor(MediaCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.monica = cls._user("monica", MANAGER, cls.company_2)

    def monitor(self, call, mode="listen", user=None, tab="tab-m"):
        phone = self.phone(user or self.maria)
        return phone.softphone_monitor(call.id, tab, meta.OFFER_SDP, mode)

    def monitored(self, mode="listen"):
        """Anna's call, to which Maria listens."""
        call = self.answered_anchored()
        self.assertTrue(self.monitor(call, mode)["ok"])
        self.send_due(call)
        leg = self.row(call).leg_ref
        self.report(call, "leg_connected", leg=leg, role="monitor")
        self.media.requests.clear()
        return call

    def row(self, call):
        return call.monitor_ids.sorted("id")[-1:]

    def view(self, user, call):
        return self.phone(user).softphone_calls([call.id])[0]

    def history(self, call, user):
        """What a user reads of the history of a call."""
        events = self.env["whatsapp.call.event"].with_user(user)
        return events.search([("call_id", "=", call.id)]).sorted("id").mapped("note")

    # ---- who may

    def test_a_manager_listens_with_a_leg_of_their_own(self):
        call = self.answered_anchored()
        result = self.monitor(call)
        self.assertTrue(result["ok"])
        self.send_due(call)
        self.assertEqual(
            self.media.requests,
            [
                (
                    "unit-1",
                    "legs",
                    {
                        "leg": self.row(call).leg_ref,
                        "role": "monitor",
                        "mode": "listen",
                        "offer": meta.OFFER_SDP,
                        "user": {"id": self.maria.id, "name": "Maria"},
                    },
                )
            ],
        )
        side = self.view(self.maria, call)["side"]
        self.assertEqual(
            (side["role"], side["mode"], side["tab"], side["sdp"]),
            ("monitor", "listen", "tab-m", meta.ANSWER_SDP),
        )
        self.assertEqual(call.handler_id, self.anna)

    def test_operators_and_managers_of_other_companies_do_not(self):
        call = self.answered_anchored()
        for user in (self.berta, self.nora, self.monica):
            result = self.monitor(call, user=user)
            self.assertEqual(
                (result["ok"], result["message"]),
                (False, "Only managers of the company may listen to its calls."),
            )
        self.assertFalse(call.monitor_ids)
        self.send_due(call)
        self.assertEqual(self.media.requests, [])

    def test_nobody_listens_to_a_direct_call_and_why_is_said(self):
        self.number.media_policy = "direct"
        call = self.answered()
        result = self.monitor(call)
        self.assertFalse(result["ok"])
        self.assertIn("nobody can listen to it", result["message"])
        listed = self.phone(self.maria).live_calls()["calls"]
        self.assertEqual([one["why"] for one in listed], [result["message"]])

    def test_a_mode_that_does_not_exist_is_refused(self):
        call = self.answered_anchored()
        self.assertFalse(self.monitor(call, "record")["ok"])

    def test_an_own_call_is_not_listened_to(self):
        self.number.ring_user_ids = self.maria
        call = self.answered_anchored(user=self.maria)
        result = self.monitor(call)
        self.assertEqual(
            (result["ok"], result["message"]), (False, "This is your own call.")
        )

    # ---- what they do

    def test_whisper_and_join_are_one_command_each(self):
        call = self.monitored()
        leg = self.row(call).leg_ref
        phone = self.phone(self.maria)
        for mode in ("whisper", "join"):
            self.assertTrue(phone.softphone_monitor_mode(call.id, mode)["ok"])
        self.send_due(call)
        self.assertEqual(
            self.media.requests,
            [
                ("unit-1", "leg_mode", {"mode": "whisper"}),
                ("unit-1", "leg_mode", {"mode": "join"}),
            ],
        )
        self.assertTrue(leg)
        self.assertEqual(self.view(self.maria, call)["side"]["mode"], "join")

    def test_to_hang_up_as_a_manager_ends_no_call(self):
        call = self.monitored()
        self.phone(self.maria).softphone_monitor_leave(call.id)
        self.send_due(call)
        self.assertEqual(
            [action for _u, action, _b in self.media.requests], ["leg_close"]
        )
        self.assertEqual((call.state, call.handler_id), ("connected", self.anna))
        self.assertEqual(self.row(call).state, "over")
        self.assertFalse(self.view(self.maria, call)["side"])

    def test_a_lost_browser_of_a_manager_ends_no_call(self):
        call = self.monitored()
        leg = self.row(call).leg_ref
        self.report(call, "leg_lost", leg=leg, role="monitor", reason="failed")
        self.assertEqual((call.state, self.row(call).state), ("connected", "over"))
        self.assertFalse(call.reattach_until, "it is not the operator's")

    def test_who_is_refused_by_the_sidecar_reads_why(self):
        call = self.answered_anchored()
        self.media.answer("legs", SidecarRefusal(400, "bad_sdp", "No candidate."))
        self.monitor(call)
        with self.bus() as sent:
            self.send_due(call)
        said = [load["message"] for user, kind, load in sent if "simple" in kind]
        self.assertEqual(said, ["No sound came about: No candidate."])
        self.assertEqual(self.row(call).state, "over")

    def test_the_end_of_the_call_ends_the_listening(self):
        call = self.monitored()
        with self.bus() as sent:
            self.deliver(meta.calls(meta.terminate()))
        self.assertEqual(self.row(call).state, "over")
        self.assertIn(self.maria, [user for user, _kind, _load in sent])

    def test_another_tab_of_the_manager_takes_the_place_of_the_first(self):
        call = self.monitored()
        self.assertTrue(self.monitor(call, tab="tab-n")["ok"])
        self.assertEqual(call.monitor_ids.mapped("state"), ["over", "connecting"])

    def test_a_manager_joins_while_the_operator_is_away(self):
        call = self.monitored("join")
        self.phone(self.anna).softphone_tab_closed(call.id, "tab-1")
        self.assertTrue(call.reattach_until)
        result = self.phone(self.anna).softphone_reattach(
            call.id, "tab-2", meta.OFFER_SDP
        )
        self.assertTrue(result["ok"])
        self.assertEqual(result["call"]["monitors"][0]["name"], "Maria")
        self.assertEqual(self.row(call).state, "connected")

    # ---- who is told

    def test_by_default_the_operator_sees_who_listens(self):
        call = self.monitored()
        self.assertEqual(
            self.view(self.anna, call)["monitors"],
            [{"id": self.maria.id, "name": "Maria", "mode": "listen"}],
        )
        self.assertIn("Maria listens", self.history(call, self.anna))

    def test_where_nobody_is_told_the_operator_learns_nothing_of_it(self):
        self.company.whatsapp_calling_monitor_told = False
        call = self.monitored()
        self.assertEqual(self.view(self.anna, call)["monitors"], [])
        self.report(call, "leg_closed", leg=self.row(call).leg_ref, role="monitor")
        for note in self.history(call, self.anna):
            self.assertNotIn("Maria", note or "")
        events = self.env["whatsapp.call.event"].with_user(self.anna)
        seen = events.search([("call_id", "=", call.id)])
        self.assertNotIn("monitor", [(event.data or {}).get("role") for event in seen])
        self.assertNotIn(self.maria, seen.user_id)

    def test_the_history_tells_managers_in_any_case(self):
        self.company.whatsapp_calling_monitor_told = False
        call = self.monitored()
        self.phone(self.maria).softphone_monitor_leave(call.id)
        notes = self.history(call, self.maria)
        self.assertIn("Maria listens", notes)
        self.assertIn("Maria has left", notes)

    def test_who_whispers_or_joins_is_shown_whatever_the_company_wants(self):
        self.company.whatsapp_calling_monitor_told = False
        call = self.monitored()
        phone = self.phone(self.maria)
        for mode in ("whisper", "join"):
            phone.softphone_monitor_mode(call.id, mode)
            shown = self.view(self.anna, call)["monitors"]
            self.assertEqual([one["mode"] for one in shown], [mode])
        self.assertIn("Maria has joined", self.history(call, self.anna))

    def test_each_listening_is_a_row_with_its_times(self):
        call = self.monitored()
        self.phone(self.maria).softphone_monitor_leave(call.id)
        row = self.row(call)
        self.assertEqual((row.user_id, row.mode), (self.maria, "listen"))
        self.assertTrue(row.started_at and row.ended_at)

    # ---- the list

    def test_live_calls_are_those_of_the_managers_company(self):
        call = self.answered_anchored()
        listed = self.phone(self.maria).live_calls()
        self.assertEqual([one["id"] for one in listed["calls"]], [call.id])
        self.assertEqual(listed["calls"][0]["why"], "")
        self.assertEqual(listed["told"], {self.company.id: True})
        self.assertEqual(self.phone(self.monica).live_calls()["calls"], [])
        self.assertEqual(self.phone(self.anna).live_calls()["calls"], [])

    def test_a_manager_who_listens_is_told_of_changes_and_finds_the_call_again(self):
        call = self.monitored()
        with self.bus() as sent:
            self.phone(self.anna).softphone_hold(call.id, True)
        self.assertIn(self.maria, [user for user, _kind, _load in sent])
        calls = self.phone(self.maria).softphone_poll()["calls"]
        self.assertEqual([view["id"] for view in calls], [call.id])
