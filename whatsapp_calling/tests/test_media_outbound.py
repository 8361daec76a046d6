"""A call placed through a media sidecar: the offer that WhatsApp gets is its."""

from odoo.tests import tagged

from ..providers.sdp import prepare_offer, remote_for_browser
from . import meta_bodies as meta
from .common import SENT_OFFER
from .forged_sidecar import SidecarRefusal
from .media_common import MediaCase


@tagged("post_install", "-at_install")
class TestOutboundAnchored(MediaCase):
    def test_the_click_opens_the_call_at_the_sidecar_with_the_browser(self):
        self.permit()
        result = self.dial()
        call = self.env["whatsapp.call"].browse(result["call"]["id"])
        self.assertEqual(
            self.queued(call),
            [
                (
                    "media_open",
                    {
                        "call": call.media_ref,
                        "direction": "outbound",
                        "operator": {
                            "leg": call.leg_ref,
                            "offer": meta.OFFER_SDP,
                            "user": {"id": self.anna.id, "name": "Anna"},
                        },
                    },
                )
            ],
        )

    def test_whatsapp_gets_the_sidecars_offer_and_the_tab_its_answer(self):
        call = self.dialled_anchored()
        [connect] = self.graph.bodies
        self.assertEqual(connect["action"], "connect")
        self.assertEqual(connect["session"]["sdp"], prepare_offer(meta.OFFER_SDP))
        view = self.phone(self.anna).softphone_calls([call.id])[0]
        self.assertEqual(
            (view["sdp"], view["sdp_type"], view["leg"]),
            (meta.ANSWER_SDP, "answer", call.leg_ref),
        )

    def test_whatsapps_answer_goes_to_the_sidecar_once(self):
        call = self.dialled_anchored()
        self.deliver(meta.calls(meta.answer()), meta.calls(meta.answer()))
        self.send_due(call)
        self.assertEqual(
            self.media.bodies("remote"),
            [{"answer": remote_for_browser(meta.ANSWER_SDP, "answer")}],
        )

    def test_sound_leaves_when_the_customer_has_answered_not_before(self):
        call = self.dialled_anchored()
        self.deliver(meta.calls(meta.answer()))
        self.deliver(meta.calls(statuses=[meta.status("RINGING")]))
        self.send_due(call)
        self.assertNotIn("accepted", self.media.actions)
        self.deliver(meta.calls(statuses=[meta.status("ACCEPTED")]))
        self.deliver(meta.calls(statuses=[meta.status("ACCEPTED")]))
        self.send_due(call)
        self.assertEqual(self.media.actions.count("accepted"), 1)
        self.assertEqual(call.state, "connected")

    def test_events_that_overtake_our_answer_are_told_in_order(self):
        """WhatsApp's webhooks may be quicker than its answer to our connect."""
        self.permit()
        result = self.dial()
        call = self.env["whatsapp.call"].browse(result["call"]["id"])

        def early():
            self.deliver(
                meta.calls(meta.answer()),
                meta.calls(statuses=[meta.status("ACCEPTED")]),
            )
            return {"calls": [{"id": meta.WACID}]}

        self.graph.answer("connect", early)
        self.send_due(call)
        self.assertEqual(self.media.actions, ["open", "remote", "accepted"])
        self.assertEqual(call.state, "connected")

    def test_without_a_sidecar_it_goes_directly_with_the_same_offer(self):
        self.permit()
        result = self.dial()
        call = self.env["whatsapp.call"].browse(result["call"]["id"])
        self.media.answer("open", SidecarRefusal(503, "busy", "Full."))
        self.send_due(call)
        [connect] = self.graph.bodies
        self.assertEqual(connect["session"]["sdp"], SENT_OFFER)
        self.assertEqual((call.anchored, call.fell_back), (False, True))
        self.deliver(meta.calls(meta.answer(id="wacid.out1")))
        view = self.phone(self.anna).softphone_calls([call.id])[0]
        self.assertEqual(view["sdp_type"], "answer")

    def test_where_calls_must_not_go_directly_none_is_placed_and_why_is_said(self):
        self.permit()
        self.number.media_fallback = "refuse"
        self.silence()
        info = self.phone(self.anna).softphone_lookup({"partner_id": self.eva.id})
        self.assertFalse(info["allowed"])
        self.assertIn("No media server can take calls of Line 1", info["reason"])
        result = self.dial()
        self.assertEqual((result["ok"], result["reason"]), (False, "no_sidecar"))
        self.assertEqual(result["message"], info["reason"])

    def test_where_calls_must_not_go_directly_a_failed_opening_fails_the_call(self):
        self.permit()
        self.number.media_fallback = "refuse"
        result = self.dial()
        call = self.env["whatsapp.call"].browse(result["call"]["id"])
        self.media.answer("open", SidecarRefusal(503, "busy", "Full."))
        with self.bus() as sent:
            self.send_due(call)
        self.assertEqual((call.state, call.closed_reason), ("failed", "no_sidecar"))
        self.assertEqual(self.graph.requests, [])
        [notice] = [load for _u, kind, load in sent if kind == "simple_notification"]
        self.assertIn("No media server can take calls", notice["message"])

    def test_hanging_up_before_the_sidecar_answered_calls_nobody(self):
        self.permit()
        result = self.dial()
        call = self.env["whatsapp.call"].browse(result["call"]["id"])
        self.phone(self.anna).softphone_hang_up(call.id)
        self.send_due(call)
        self.assertEqual(self.graph.requests, [])
        self.assertNotIn("open", self.media.actions)
        self.assertEqual(call.state, "cancelled")

    def test_an_answer_the_sidecar_cannot_take_ends_the_call(self):
        call = self.dialled_anchored()
        self.graph.requests.clear()
        self.media.answer("remote", SidecarRefusal(400, "bad_sdp", "No candidate."))
        self.deliver(meta.calls(meta.answer()))
        self.send_due(call)
        self.assertEqual((call.state, call.closed_reason), ("failed", "sidecar_lost"))
        self.assertEqual(self.graph.actions, ["terminate"])
        line = call.event_ids.filtered(lambda e: e.kind == "media_remote_failed")
        self.assertEqual(line.note, "No candidate.")
