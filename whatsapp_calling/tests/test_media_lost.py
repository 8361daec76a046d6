"""A media sidecar that fails (L8): its calls end with the reason, and it is told."""

from datetime import timedelta

from odoo import fields
from odoo.tests import tagged

from . import meta_bodies as meta
from .forged_sidecar import SidecarRefusal
from .media_common import MediaCase

HUNG_UP = "Hung up by the customer"


@tagged("post_install", "-at_install")
class TestSidecarLost(MediaCase):
    def notices(self, kind):
        return self.env["whatsapp.calling.notice"].search(
            [("account_id", "=", self.account.id), ("kind", "=", kind)]
        )

    def assertLost(self, call):
        self.assertEqual((call.state, call.closed_reason), ("failed", "sidecar_lost"))
        self.assertEqual(
            call.reason, "The media server that carried the call has failed"
        )
        self.send_due(call)
        self.assertEqual(self.graph.actions, ["terminate"])

    def opened_long_ago(self, call, seconds=11):
        call.media_opened_at -= timedelta(seconds=seconds)
        self.env.flush_all()

    def test_a_unit_that_starts_anew_has_lost_its_calls(self):
        call = self.answered_anchored()
        self.hello(started=1.0, calls=[])
        self.assertLost(call)

    def test_a_call_that_a_unit_no_longer_names_is_lost(self):
        call = self.answered_anchored()
        self.opened_long_ago(call)
        self.hello(calls=[])
        self.assertLost(call)

    def test_a_heartbeat_from_before_the_opening_loses_nothing(self):
        call = self.answered_anchored()
        self.hello(calls=[])
        self.assertEqual(call.state, "connected")

    def test_a_heartbeat_that_names_it_keeps_it(self):
        call = self.answered_anchored()
        self.opened_long_ago(call)
        self.assertEqual(self.hello(calls=[call.media_ref]), [])
        self.assertEqual(call.state, "connected")

    def test_a_silent_unit_loses_its_calls_after_30_seconds(self):
        call = self.answered_anchored()
        self.opened_long_ago(call, 60)
        call.pinged_at = fields.Datetime.now()
        self.silence(seconds=29)
        call.deadline = fields.Datetime.now()
        self.env.flush_all()
        self.tick()
        self.assertEqual(call.state, "connected")
        self.assertAround(call.deadline, 1)
        self.silence(seconds=31)
        call.deadline = fields.Datetime.now()
        self.env.flush_all()
        self.tick()
        self.assertLost(call)

    def test_the_pings_of_the_tab_do_not_put_that_off(self):
        call = self.answered_anchored()
        self.silence(seconds=25)
        call._set_deadline()
        before = call.deadline
        self.env.flush_all()
        self.phone(self.anna).softphone_ping(call.id, "tab-1")
        call.invalidate_recordset()
        self.assertEqual(call.deadline, before)

    def test_administrators_are_told(self):
        call = self.answered_anchored()
        self.hello(started=1.0)
        notice = self.notices("sidecar_lost")
        self.assertEqual((notice.state, notice.detail), ("open", "Media (unit-1)"))
        self.assertEqual(call.state, "failed")

    def test_a_unit_that_does_not_know_the_call_has_lost_it(self):
        call = self.answered_anchored()
        self.media.answer("hold", SidecarRefusal(404, "unknown_call", "No such call."))
        call._ask_sidecar("media_hold", {"on": True})
        self.send_due(call)
        self.assertEqual((call.state, call.closed_reason), ("failed", "sidecar_lost"))

    def test_a_call_that_rings_and_is_not_promised_yet_goes_to_the_next(self):
        self._unit(2)
        self.number.pre_accept = False
        call = self.ring_anchored()
        self.hello(started=1.0)
        self.assertEqual(call.media_unit_id.unit, "unit-2")
        self.send_due(call)
        self.assertEqual(call.state, "ringing")
        self.accept_anchored(self.anna, call)
        self.send_due(call)
        self.assertEqual(call.state, "connected")

    def test_a_call_that_is_over_here_is_ended_there(self):
        call = self.answered_anchored()
        self.deliver(meta.calls(meta.terminate()))
        self.assertEqual(self.hello(calls=[call.media_ref]), [call.media_ref])

    def test_why_the_sidecar_ended_it_is_why_it_ended(self):
        for reason, closed, state in (
            ("no_media", "no_media", "completed"),
            ("peer", "peer_gone", "completed"),
            ("no_operator", "lost_tab", "completed"),
            ("max_seconds", "too_long", "completed"),
            ("error", "sidecar_lost", "failed"),
            ("draining", "sidecar_lost", "failed"),
        ):
            with self.subTest(reason=reason):
                call = self.answered_anchored(id=f"{meta.WACID}{reason}")
                self.report(call, "ended", reason=reason, seconds=5)
                self.assertEqual((call.state, call.closed_reason), (state, closed))
                self.send_due(call)
                self.assertEqual(self.graph.actions, ["terminate"])

    def test_a_customer_who_hangs_up_did_so_whoever_reports_it_first(self):
        call = self.answered_anchored()
        self.report(call, "ended", reason="peer", seconds=5)
        self.assertEqual(call.reason, "The line to the customer has ended")
        self.deliver(meta.calls(meta.terminate()))
        call.invalidate_recordset()
        self.assertEqual((call.state, call.reason), ("completed", HUNG_UP))

    def test_what_we_ended_ourselves_is_ended_once(self):
        call = self.answered_anchored()
        self.phone(self.anna).softphone_hang_up(call.id)
        self.report(call, "ended", reason="odoo", seconds=5)
        self.assertEqual(call.closed_reason, "hung_up")

    def test_a_number_that_wants_one_and_has_none_is_a_notice(self):
        sidecars = self.env["whatsapp.media.sidecar"]
        sidecars._watch()
        self.assertFalse(self.notices("sidecar_down"))
        self.silence(seconds=16)
        sidecars._watch()
        notice = self.notices("sidecar_down")
        self.assertEqual(notice.detail, self.number.display_name)
        self.hello()
        sidecars._watch()
        self.assertEqual(notice.state, "resolved")

    def test_the_sweep_of_each_minute_looks(self):
        self.silence(seconds=16)
        self.env["whatsapp.call"]._cron_sweep()
        self.assertTrue(self.notices("sidecar_down"))


@tagged("post_install", "-at_install")
class TestMediaEvents(MediaCase):
    def test_an_event_is_one_line_however_often_it_comes(self):
        call = self.answered_anchored()
        event = self.report(call, "leg_connected", leg=call.leg_ref, role="operator")
        self.report(call, "leg_connected", key=event["id"], leg=call.leg_ref)
        lines = call.event_ids.filtered(lambda e: e.kind == "media_leg_connected")
        self.assertEqual(len(lines), 1)
        self.assertEqual((lines.source, lines.key), ("media", event["id"]))

    def test_late_and_doubled_events_of_an_ended_call_change_nothing(self):
        call = self.answered_anchored()
        leg = call.leg_ref
        self.deliver(meta.calls(meta.terminate()))
        before = (call.state, call.closed_reason, call.duration)
        for kind in ("ended", "leg_lost", "leg_closed", "peer_lost", "ended"):
            self.report(call, kind, leg=leg, reason="error")
        self.assertEqual((call.state, call.closed_reason, call.duration), before)

    def test_what_was_said_stays_out_of_the_history(self):
        call = self.answered_anchored()
        self.report(call, "turn", speaker="caller", text="My PIN is 1234")
        line = call.event_ids.filtered(lambda e: e.kind == "media_turn")
        self.assertNotIn("1234", str(line.data) + line.note)

    def test_one_that_breaks_is_flagged_and_holds_up_nothing(self):
        call = self.answered_anchored()

        def broken(self, data, at):
            raise KeyError("x")

        self.patch(type(call), "_on_media_ended", broken)
        with self.assertLogs("odoo.addons.whatsapp_calling", "ERROR"):
            self.report(call, "ended", reason="error")
        line = call.event_ids.filtered(lambda e: e.kind == "media_ended")
        self.assertTrue(line.flagged)
        self.assertEqual(call.state, "connected")

    def test_an_event_of_another_sidecars_call_is_not_ours_to_believe(self):
        call = self.answered_anchored()
        other = self.env["whatsapp.media.sidecar"].create({"name": "B", "ref": "other"})
        event = {
            "id": "e" * 32,
            "call": call.media_ref,
            "at": 1.0,
            "kind": "ended",
            "data": {"reason": "error"},
        }
        answer = self.env["whatsapp.call"]._media_events(other, [event])
        self.assertEqual(answer, (["e" * 32], 1))
        self.assertEqual(call.state, "connected")

    def test_nonsense_is_taken_so_that_it_does_not_come_for_ever(self):
        events = [{"id": "a" * 32}, "x", {"id": "b" * 32, "call": "?", "kind": 5}]
        answer = self.env["whatsapp.call"]._media_events(self.sidecar, events)
        self.assertEqual(answer, (["a" * 32, "b" * 32], 3))
