"""An incoming call through a media sidecar: opened at the ring, joined by the click."""

import requests

from odoo.tests import tagged

from ..providers.sdp import prepare_answer, remote_for_browser
from . import meta_bodies as meta
from .common import SENT_ANSWER
from .forged_sidecar import SidecarRefusal
from .graph import Refusal
from .media_common import MediaCase


@tagged("post_install", "-at_install")
class TestInboundAnchored(MediaCase):
    def test_the_webhook_only_queues_the_opening(self):
        call = self.ring()
        self.assertEqual(self.media.requests, [])
        self.assertEqual(
            self.queued(call),
            [
                (
                    "media_open",
                    {
                        "call": call.media_ref,
                        "direction": "inbound",
                        "offer": remote_for_browser(meta.OFFER_SDP, "offer"),
                    },
                )
            ],
        )
        self.assertRings(call, self.anna | self.berta)

    def test_it_is_opened_as_it_rings_and_pre_accepted_with_the_sidecars_sdp(self):
        call = self.ring_anchored()
        [opened] = self.media.bodies("open")
        self.assertEqual(opened["call"], call.media_ref)
        settings = dict(opened["settings"])
        self.assertIn("stt", settings.pop("speech"))
        self.assertEqual(
            settings,
            {
                "record": None,
                "transcribe": None,
                "watchdog": {
                    "no_media": 20,
                    "no_odoo": 120,
                    "max_seconds": 14400,
                    # longer than Odoo waits, for a tab or for a transfer
                    "reattach": 80,
                },
                "language": "en",
                "hold": {"music": "hold"},
            },
        )
        self.assertEqual(self.graph.actions, ["pre_accept"])
        [body] = self.graph.bodies
        self.assertEqual(body["session"]["sdp"], prepare_answer(meta.ANSWER_SDP))
        self.assertEqual(call.state, "ringing")
        self.assertAround(call.media_opened_at, 0)

    def test_what_the_sidecar_is_told_of_keys_is_never_stored(self):
        call = self.ring()
        self.patch(
            type(call), "_media_speech", lambda self: {"tts": {"key": "vendor-key"}}
        )
        self.send_due(call)
        [opened] = self.media.bodies("open")
        self.assertEqual(opened["settings"]["speech"]["tts"]["key"], "vendor-key")
        self.env.flush_all()
        self.env.cr.execute("SELECT payload::text FROM whatsapp_call_request")
        self.assertFalse(
            [row for row in self.env.cr.fetchall() if "vendor-key" in (row[0] or "")]
        )

    def test_the_click_joins_the_operator_and_accepts_at_once(self):
        call = self.ring_anchored()
        view = self.phone(self.anna).softphone_calls([call.id])[0]
        self.assertEqual((view["anchored"], view["sdp"]), (True, False))
        result = self.accept_anchored(self.anna, call)
        self.assertTrue(result["ok"])
        self.assertEqual(result["call"]["leg"], call.leg_ref)
        self.assertEqual(
            self.queued(call),
            [
                (
                    "media_leg",
                    {
                        "call": call.media_ref,
                        "leg": call.leg_ref,
                        "role": "operator",
                        "mode": "talk",
                        "offer": meta.OFFER_SDP,
                        "user": {"id": self.anna.id, "name": "Anna"},
                    },
                ),
                (
                    "accept",
                    {
                        "call_ref": meta.WACID,
                        "sdp": SENT_ANSWER,
                        "opaque": call.opaque,
                    },
                ),
            ],
        )

    def test_whatsapps_yes_lets_the_sound_leave_and_the_tab_gets_its_answer(self):
        call = self.ring_anchored()
        self.accept_anchored(self.anna, call)
        self.send_due(call)
        self.assertEqual(call.state, "connected")
        self.assertEqual(self.media.actions, ["open", "legs", "accepted"])
        self.assertEqual(self.graph.actions, ["pre_accept", "accept"])
        view = self.phone(self.anna).softphone_calls([call.id])[0]
        self.assertEqual(
            (view["sdp_type"], view["sdp"], view["leg"]),
            ("answer", meta.ANSWER_SDP, call.leg_ref),
        )
        other = self.phone(self.berta).softphone_calls([call.id])[0]
        self.assertEqual((other["sdp"], other["leg"]), (False, False))

    def test_who_clicks_before_the_sidecar_answered_is_joined_when_it_has(self):
        call = self.ring()
        self.accept_anchored(self.anna, call)
        self.assertEqual(
            [action for action, _payload in self.queued(call)],
            ["media_open", "media_leg"],
        )
        self.send_due(call)
        self.assertEqual(self.graph.actions, ["pre_accept", "accept"])
        self.assertEqual(self.media.actions, ["open", "legs", "accepted"])
        self.assertEqual(call.state, "connected")

    def test_a_number_without_pre_accept_only_accepts(self):
        self.number.pre_accept = False
        call = self.ring_anchored()
        self.accept_anchored(self.anna, call)
        self.send_due(call)
        self.assertEqual(self.graph.actions, ["accept"])

    def test_an_answer_for_whatsapp_is_no_answer_to_an_anchored_call(self):
        """Its way changed between the look and the click: the tab makes the other."""
        call = self.ring_anchored()
        result = self.accept(self.anna, call)
        self.assertEqual((result["ok"], result["reason"]), (False, "other_way"))
        self.assertTrue(result["call"]["anchored"])
        self.assertFalse(call.handler_id)

    def test_a_refused_accept_rings_on_and_another_answers_with_the_same_sdp(self):
        call = self.ring_anchored()
        self.accept_anchored(self.anna, call)
        leg = call.leg_ref
        self.graph.answer("accept", Refusal(400, 138000, "Not now"))
        self.send_due(call)
        self.assertEqual((call.state, call.handler_id.id), ("ringing", False))
        self.assertIn("leg_close", self.media.actions)
        self.assertFalse(call.leg_ref)
        self.accept_anchored(self.berta, call)
        self.assertNotEqual(call.leg_ref, leg)
        self.send_due(call)
        self.assertEqual((call.state, call.handler_id), ("connected", self.berta))
        sdps = {
            body["session"]["sdp"] for body in self.graph.bodies if "session" in body
        }
        self.assertEqual(sdps, {SENT_ANSWER})

    def test_the_second_click_reads_the_name_of_the_first(self):
        call = self.ring_anchored()
        self.accept_anchored(self.anna, call)
        result = self.accept_anchored(self.berta, call, "tab-2")
        self.assertEqual(
            result["message"], "already accepted by another teammate: Anna"
        )
        self.assertEqual([r.action for r in call.request_ids].count("media_leg"), 1)

    def test_a_program_holds_a_call_as_a_person_does(self):
        call = self.ring_anchored()
        call.handler_kind = "assistant"
        result = self.accept_anchored(self.anna, call)
        self.assertEqual((result["ok"], result["reason"]), (False, "taken"))
        self.assertEqual(result["message"], "The caller is being answered.")
        self.assertFalse(
            self.phone(self.anna).softphone_calls([call.id])[0]["mine_to_answer"]
        )

    def test_hanging_up_ends_it_at_whatsapp_and_at_the_sidecar(self):
        call = self.answered_anchored()
        self.phone(self.anna).softphone_hang_up(call.id)
        self.send_due(call)
        self.assertEqual(self.graph.actions, ["terminate"])
        self.assertEqual(
            self.media.requests, [("unit-1", "close", {"reason": "hung_up"})]
        )
        self.assertFalse(call.leg_answer or call.leg_offer or call.answer_sdp)

    def test_a_customer_who_hangs_up_ends_it_at_the_sidecar(self):
        call = self.answered_anchored()
        self.deliver(meta.calls(meta.terminate()))
        self.send_due(call)
        self.assertEqual(call.state, "completed")
        self.assertEqual(self.media.actions, ["close"])
        self.assertEqual(self.graph.actions, [])

    def test_a_call_missed_is_closed_at_the_sidecar(self):
        call = self.ring_anchored()
        self.deliver(meta.calls(meta.terminate()))
        self.send_due(call)
        self.assertEqual(call.state, "missed")
        self.assertEqual(self.media.actions, ["open", "close"])

    def test_a_call_over_before_the_sidecar_heard_of_it_is_never_opened(self):
        call = self.ring()
        self.deliver(meta.calls(meta.terminate()))
        self.send_due(call)
        self.assertNotIn("open", self.media.actions)

    def test_a_direct_number_asks_no_sidecar(self):
        self.number.media_policy = "direct"
        call = self.answered()
        self.assertFalse(call.anchored)
        self.assertEqual(self.media.requests, [])


@tagged("post_install", "-at_install")
class TestNoSidecar(MediaCase):
    def test_a_busy_sidecar_is_passed_over_for_the_next(self):
        self._unit(2)
        call = self.ring()
        self.media.answer("open", SidecarRefusal(503, "busy", "The loop is late."))
        self.send_due(call)
        self.assertEqual(
            [(unit, action) for unit, action, _body in self.media.requests],
            [("unit-1", "open"), ("unit-2", "open")],
        )
        self.assertEqual(call.media_unit_id.unit, "unit-2")
        self.assertEqual(self.graph.actions, ["pre_accept"])

    def test_one_that_does_not_answer_in_time_is_left_with_a_name_of_its_own(self):
        """What it opened all the same is no call of ours: its heartbeat hears so."""
        self._unit(2)
        call = self.ring()
        first = call.media_ref
        self.media.answer("open", requests.ReadTimeout())
        self.send_due(call)
        self.assertEqual(call.media_unit_id.unit, "unit-2")
        self.assertNotEqual(call.media_ref, first)
        self.assertEqual(self.hello(calls=[first]), [first])

    def test_who_has_clicked_already_is_joined_at_the_next(self):
        self._unit(2)
        call = self.ring()
        self.accept_anchored(self.anna, call)
        self.media.answer("open", SidecarRefusal(503, "busy", "Full."))
        self.send_due(call)
        self.assertEqual(self.media.actions, ["open", "open", "accepted"])
        operator = self.media.bodies("open")[1]["operator"]
        self.assertEqual(operator["offer"], meta.OFFER_SDP)
        self.assertEqual(call.state, "connected")

    def test_without_one_the_call_goes_directly_and_says_so(self):
        self.silence()
        call = self.ring()
        self.assertEqual((call.anchored, call.fell_back), (False, True))
        self.assertIn("media_fallback", self.timeline(call))
        self.accept(self.anna, call)
        self.send_due(call)
        self.assertEqual(call.state, "connected")
        self.assertTrue(
            self.phone(self.anna).softphone_calls([call.id])[0]["fell_back"]
        )

    def test_when_the_last_one_fails_it_rings_on_directly(self):
        call = self.ring()
        self.media.answer("open", SidecarRefusal(503, "draining", "Shutting down."))
        self.send_due(call)
        self.assertEqual((call.state, call.anchored), ("ringing", False))
        view = self.phone(self.anna).softphone_calls([call.id])[0]
        self.assertEqual(view["sdp_type"], "offer")
        self.accept(self.anna, call)
        self.send_due(call)
        self.assertEqual(self.graph.actions, ["pre_accept", "accept"])

    def test_who_had_clicked_then_answers_once_more(self):
        call = self.ring()
        self.accept_anchored(self.anna, call)
        self.media.answer("open", SidecarRefusal(503, "busy", "Full."))
        self.send_due(call)
        self.assertEqual((call.state, call.handler_id.id), ("ringing", False))
        view = self.phone(self.anna).softphone_calls([call.id])[0]
        self.assertTrue(view["mine_to_answer"])
        self.assertEqual(
            view["error"]["message"],
            "The media server failed. Please answer once more.",
        )

    def test_where_calls_must_not_go_directly_nobody_is_rung_and_the_caller_told(self):
        self.number.media_fallback = "refuse"
        self.silence()
        call = self.ring()
        self.assertEqual((call.state, call.closed_reason), ("missed", "no_sidecar"))
        self.assertRings(call, self.env["res.users"])
        self.assertEqual(call.reason, "No media server could take the call")
        line = call.event_ids.filtered(lambda e: e.kind == "no_sidecar")
        self.assertIn("No media server can take calls of Line 1", line.note)
        self.send_due(call)
        self.assertEqual(self.graph.actions, ["reject"])

    def test_where_calls_must_not_go_directly_a_failed_opening_ends_the_call(self):
        self.number.media_fallback = "refuse"
        call = self.ring()
        self.media.answer("open", SidecarRefusal(503, "busy", "Full."))
        self.send_due(call)
        self.assertEqual((call.state, call.closed_reason), ("missed", "no_sidecar"))
        self.assertEqual(self.graph.actions, ["reject"])

    def test_an_offer_the_sidecar_cannot_read_is_not_tried_at_the_next(self):
        self._unit(2)
        call = self.ring()
        self.media.answer("open", SidecarRefusal(400, "bad_sdp", "No Opus."))
        self.send_due(call)
        self.assertEqual(self.media.actions, ["open"])
        self.assertFalse(call.anchored)
        line = call.event_ids.filtered(lambda e: e.kind == "media_open_failed")
        self.assertEqual(line.note, "No Opus.")

    def test_a_sidecar_that_refuses_our_signature_says_nothing_of_the_token(self):
        self.sidecar._keep("quite-another-secret-0123456789abcdef")
        self.sidecar.next_secret_encrypted = False
        self.sidecar.secret_encrypted = self.env["whatsapp.calling.keys"]._encrypt(
            "quite-another-secret-0123456789abcdef"
        )
        self.account.state = "connected"
        call = self.ring()
        self.send_due(call)
        self.assertEqual(self.media.refused, ["bad_signature"])
        self.assertEqual(self.account.state, "connected")
        self.assertFalse(call.anchored)


@tagged("post_install", "-at_install")
class TestLanes(MediaCase):
    def test_a_slow_answer_of_whatsapp_delays_no_hold(self):
        call = self.answered_anchored()
        slow = self.env["whatsapp.call.request"]._enqueue(
            self.number, "accept", {"call_ref": "x"}, expires_in=60, call=call
        )
        slow.state = "sending"
        call._ask_sidecar("media_hold", {"on": True})
        self.env.flush_all()
        self.env["whatsapp.call.request"]._send_due(call.id, None, "media")
        self.assertEqual(self.media.requests, [("unit-1", "hold", {"on": True})])

    def test_commands_to_a_sidecar_leave_in_the_order_of_the_clicks(self):
        call = self.answered_anchored()
        call._ask_sidecar("media_hold", {"on": True})
        call._ask_sidecar("media_hold", {"on": False})
        self.send_due(call)
        self.assertEqual(self.media.bodies("hold"), [{"on": True}, {"on": False}])

    def test_a_command_without_an_answer_is_repeated(self):
        call = self.answered_anchored()
        self.media.answer("hold", requests.ReadTimeout())
        request = call._ask_sidecar("media_hold", {"on": True})
        self.send_due(call)
        self.assertEqual((request.state, request.attempts), ("queued", 1))
        request.not_before = False
        self.env.flush_all()
        self.send_due(call)
        self.assertEqual(request.state, "done")
        self.assertEqual(self.media.actions, ["hold", "hold"])

    def test_a_call_that_is_not_anchored_asks_nobody(self):
        self.number.media_policy = "direct"
        call = self.answered()
        self.assertFalse(call._ask_sidecar("media_hold", {"on": True}))
