"""Requests to the provider: order, expiry, second tries, lost workers, secrets."""

from datetime import timedelta

import requests

from odoo.tests import tagged
from odoo.tools import SQL

from ..models.call import whatsapp_call_request_sweep
from . import meta_bodies as meta
from .common import SENT_OFFER, WhatsappCallingCase
from .graph import Refusal

PATH = "/v25.0/290000000000001/calls"


@tagged("post_install", "-at_install")
class TestRequests(WhatsappCallingCase):
    def hang_up(self, call):
        """The terminate of a call that Anna ends."""
        self.phone(self.anna).softphone_hang_up(call.id)
        return call.request_ids.filtered(lambda r: r.action == "terminate")

    def stored(self, text):
        """How many requests and calls hold a text anywhere."""
        self.env.flush_all()
        counts = [
            self.env.execute_query(
                SQL(
                    "SELECT count(*) FROM %s AS row WHERE row::text LIKE %s",
                    SQL.identifier(table),
                    f"%{text}%",
                )
            )[0][0]
            for table in (
                "whatsapp_call",
                "whatsapp_call_request",
                "whatsapp_call_event",
            )
        ]
        return sum(counts)

    # ---- order

    def test_requests_of_a_call_leave_in_order_one_after_the_other(self):
        call = self.ring()
        self.accept(self.anna, call)
        pre_accept, accept = call.request_ids.sorted("id")
        take = self.env["whatsapp.call.request"]._take_next
        self.assertEqual(take(call.id, None), pre_accept)
        self.assertIsNone(take(call.id, None), "the first is still under way")
        self.assertIsNone(take(None, accept.id), "nor is it taken out of turn")
        pre_accept.state = "done"
        pre_accept.flush_recordset()
        self.assertEqual(take(call.id, None), accept)
        self.assertIsNone(take(call.id, None), "nobody takes it twice")

    def test_a_request_that_waits_for_its_second_try_holds_up_later_ones(self):
        call = self.ring()
        self.phone(self.anna).softphone_decline(call.id, "We will call you back.")
        self.graph.answer("reject", Refusal(503, 2, "Temporary"))
        self.send_due(call)
        self.assertEqual(self.graph.actions, ["reject"])
        self.pass_time(2, call)
        self.send_due(call)
        self.assertEqual(self.graph.actions, ["reject", "reject", "messages"])

    def test_requests_of_different_calls_do_not_wait_for_each_other(self):
        first = self.ring()
        second = self.ring(id="wacid.second", **{"from": "436645557002"})
        self.accept(self.anna, first)
        self.accept(self.berta, second)
        take = self.env["whatsapp.call.request"]._take_next
        self.assertEqual(take(first.id, None).call_id, first)
        self.assertEqual(take(second.id, None).call_id, second)

    # ---- expiry

    def test_a_request_is_not_sent_after_its_time(self):
        call = self.answered()
        request = self.hang_up(call)
        self.pass_time(61, call)
        self.send_due(call)
        self.assertEqual(self.graph.requests, [])
        self.assertRecordValues(request, [{"state": "expired", "payload": False}])
        self.assertIn("terminate_expired", self.timeline(call))

    def test_an_accept_that_came_too_late_is_not_sent_and_rings_on(self):
        call = self.ring()
        self.accept(self.anna, call)
        self.pass_time(13, call)
        self.send_due(call)
        self.assertEqual(self.graph.requests, [])
        self.assertEqual((call.state, call.handler_id.id), ("ringing", False))

    def test_a_connect_that_came_too_late_is_a_call_that_could_not_be_placed(self):
        self.permit()
        call = self.env["whatsapp.call"].browse(self.dial()["call"]["id"])
        self.pass_time(16, call)
        self.send_due(call)
        self.assertEqual(self.graph.requests, [])
        self.assertEqual((call.state, call.closed_reason), ("failed", "not_sent"))

    # ---- second tries

    def test_a_terminate_is_tried_again_after_a_5xx_later_each_time(self):
        call = self.answered()
        request = self.hang_up(call)
        self.graph.answer("terminate", *[Refusal(503, 2, "Temporary")] * 3)
        for attempt, wait in ((1, 1), (2, 2), (3, 4)):
            self.send_due(call)
            self.assertEqual((request.state, request.attempts), ("queued", attempt))
            self.assertAround(request.not_before, wait)
            self.send_due(call)
            self.assertEqual(len(self.graph.requests), attempt, "not before its time")
            self.pass_time(wait + 1, call)
        self.send_due(call)
        self.assertEqual(request.state, "done")
        self.assertEqual(self.graph.actions, ["terminate"] * 4)

    def test_a_terminate_is_tried_again_after_time_outs_and_lost_connections(self):
        for error in (requests.ReadTimeout(), requests.ConnectionError()):
            with self.subTest(error=error):
                call = self.answered(id=f"wacid.{type(error).__name__}")
                self.hang_up(call)
                self.graph.answer("terminate", error)
                self.send_due(call)
                self.pass_time(2, call)
                self.send_due(call)
                self.assertEqual(self.graph.actions, ["terminate", "terminate"])

    def test_the_time_the_provider_asks_for_is_kept(self):
        call = self.answered()
        request = self.hang_up(call)
        slow_down = Refusal(429, 130429, "Rate limit", **{"Retry-After": "17"})
        self.graph.answer("terminate", slow_down)
        self.send_due(call)
        self.assertEqual(request.state, "queued")
        self.assertAround(request.not_before, 17)

    def test_second_tries_end(self):
        call = self.answered()
        request = self.hang_up(call)
        self.graph.answer("terminate", *[Refusal(503, 2, "Temporary")] * 9)
        for _attempt in range(9):
            self.send_due(call)
            request.not_before = False
            request.flush_recordset()
        self.assertEqual(len(self.graph.requests), 6)
        self.assertRecordValues(
            request,
            [{"state": "failed", "error_code": 2, "error_message": "Temporary"}],
        )

    def test_a_refusal_is_not_tried_again(self):
        call = self.answered()
        request = self.hang_up(call)
        self.graph.answer("terminate", Refusal(400, 131008, "Missing parameter"))
        self.send_due(call)
        self.pass_time(10, call)
        self.send_due(call)
        self.assertEqual(self.graph.actions, ["terminate"])
        self.assertRecordValues(
            request, [{"state": "failed", "http_status": 400, "error_code": 131008}]
        )

    def test_connect_is_never_sent_twice(self):
        failures = (
            requests.ReadTimeout(),
            requests.exceptions.ChunkedEncodingError(),
            Refusal(500, 1, "Unknown error"),
            {"messaging_product": "whatsapp"},
        )
        self.permit()
        for failure in failures:
            with self.subTest(failure=failure):
                self.graph.requests.clear()
                call = self.env["whatsapp.call"].browse(self.dial()["call"]["id"])
                self.graph.answer("connect", failure)
                self.send_due(call)
                self.assertEqual(call.request_ids.state, "unknown")
                self.pass_time(10, call)
                self.env["whatsapp.call.request"]._sweep()
                self.send_due(call)
                self.assertEqual(self.graph.actions, ["connect"])
                self.phone(self.anna).softphone_hang_up(call.id)

    # ---- a worker that died

    def test_what_a_dead_worker_was_sending_is_sent_again_if_that_does_no_harm(self):
        call = self.answered()
        request = self.hang_up(call)
        self.env["whatsapp.call.request"]._take_next(call.id, None)
        self.assertEqual(request.state, "sending")
        self.pass_time(30, call)
        self.env["whatsapp.call.request"]._sweep()
        self.assertEqual(request.state, "sending", "it may still be under way")
        self.pass_time(15, call)
        self.env["whatsapp.call.request"]._sweep()
        self.assertEqual(request.state, "queued")
        self.send_due(call)
        self.assertEqual(self.graph.actions, ["terminate"])

    def test_an_expired_one_of_a_dead_worker_is_unknown(self):
        call = self.answered()
        request = self.hang_up(call)
        self.env["whatsapp.call.request"]._take_next(call.id, None)
        self.pass_time(61, call)
        self.env["whatsapp.call.request"]._sweep()
        self.assertRecordValues(request, [{"state": "unknown", "payload": False}])

    def test_a_connect_that_a_dead_worker_was_sending_is_unknown(self):
        self.permit()
        call = self.env["whatsapp.call"].browse(self.dial()["call"]["id"])
        self.env["whatsapp.call.request"]._take_next(call.id, None)
        self.pass_time(45, call)
        self.env["whatsapp.call.request"]._sweep()
        self.assertRecordValues(
            call.request_ids, [{"state": "unknown", "payload": False}]
        )
        self.assertTrue(call._is_live(), "it may ring: webhooks or the deadline tell")
        self.send_due(call)
        self.assertEqual(self.graph.requests, [])
        early = meta.status("RINGING", biz_opaque_callback_data=call.opaque)
        self.deliver(meta.statuses(early))
        self.assertEqual((call.state, call.request_ids.state), ("ringing", "done"))

    # ---- the end of a call

    def test_a_terminate_cancels_what_is_still_queued(self):
        call = self.ring()
        self.accept(self.anna, call)
        self.deliver(meta.calls(meta.terminate()))
        self.assertEqual(call.request_ids.mapped("state"), ["cancelled"] * 2)
        self.send_due(call)
        self.assertEqual(self.graph.requests, [])

    def test_no_sdp_is_left_when_a_call_has_ended(self):
        # given a call whose offer and answer are stored
        call = self.ring()
        self.accept(self.anna, call)
        self.assertGreater(self.stored(meta.ICE_PASSWORD), 0)
        # when it is answered, talked and over
        self.send_due(call)
        self.deliver(meta.calls(meta.terminate()))
        # then neither the call nor a request nor the timeline holds any SDP
        self.assertEqual(self.stored(meta.ICE_PASSWORD), 0)

    def test_a_request_that_was_sent_holds_no_sdp(self):
        call = self.ring()
        self.accept(self.anna, call)
        self.send_due(call)
        self.assertEqual(call.request_ids.mapped("payload"), [False, False])

    def test_a_dialled_call_leaves_no_sdp_either(self):
        call = self.dialled()
        self.deliver(meta.calls(meta.answer()))
        self.deliver(meta.calls(meta.terminate("BUSINESS_INITIATED")))
        self.assertEqual(self.stored(meta.ICE_PASSWORD), 0)
        self.assertFalse(call._is_live())

    # ---- secrets

    def aged(self, requests, days):
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE whatsapp_call_request SET create_date = create_date - %s"
            " WHERE id IN %s",
            [timedelta(days=days), tuple(requests.ids)],
        )
        self.env.invalidate_all()
        return requests

    def test_requests_of_ended_calls_are_forgotten_after_90_days_events_stay(self):
        call = self.answered()
        old = self.aged(call.request_ids, days=91)
        self.assertTrue(old)
        requests = self.env["whatsapp.call.request"]
        requests._gc_old()
        self.assertEqual(old.exists(), old, "the call goes on")
        self.phone(self.anna).softphone_hang_up(call.id)
        self.send_due(call)
        timeline = self.timeline(call)
        recent = call.request_ids - old
        self.assertTrue(recent)
        self.assertEqual(requests._gc_old(), (len(old), False))
        self.assertEqual(call.request_ids, recent)
        self.assertEqual(self.timeline(call), timeline)

    def test_old_requests_are_forgotten_in_batches(self):
        self.patch(whatsapp_call_request_sweep, "FORGET_AT_ONCE", 2)
        requests = self.env["whatsapp.call.request"]
        for _each in range(3):
            request = requests._enqueue(self.number, "check", {}, expires_in=60)
            request.state = "done"
            self.aged(request, days=91)
        waits = requests._enqueue(self.number, "check", {}, expires_in=60)
        self.aged(waits, days=91)
        self.assertEqual(requests._gc_old(), (2, True))
        self.assertEqual(requests._gc_old(), (1, False))
        self.assertTrue(waits.exists(), "what still waits is not forgotten")

    def test_a_rejected_token_is_a_red_account(self):
        call = self.answered()
        request = self.hang_up(call)
        expired = Refusal(401, 190, "Error validating access token: expired")
        self.graph.answer("terminate", expired)
        self.send_due(call)
        self.assertEqual(request.state, "failed")
        self.assertEqual(self.account.state, "token_rejected")
        self.assertEqual(
            self.account.state_message, "Error validating access token: expired"
        )
        self.assertTrue(self.account.checked_at)

    def test_a_token_whose_key_is_missing_is_not_sent_and_not_called_rejected(self):
        call = self.answered()
        self.account.state = "connected"
        request = self.hang_up(call)
        self.account.token_encrypted = "0123456789abcdef:AAAA"
        self.send_due(call)
        self.assertEqual(self.graph.requests, [])
        self.assertEqual(request.state, "failed")
        # the same token is taken again when the key is back
        self.assertEqual(self.account.state, "connected")

    def test_a_request_is_logged_without_token_sdp_or_number(self):
        self.permit()
        call = self.env["whatsapp.call"].browse(self.dial()["call"]["id"])
        with self.assertLogs("odoo.addons.whatsapp_calling", "DEBUG") as captured:
            self.send_due(call)
        self.assertIn("POST /v25.0/290000000000001/calls: 200", captured.output[0])
        for secret in ("token-1", meta.ICE_PASSWORD, meta.CUSTOMER, "appsecret"):
            self.assertNotIn(secret, "".join(captured.output))

    def test_each_answer_is_a_line_with_status_and_time(self):
        call = self.answered()
        self.hang_up(call)
        self.send_due(call)
        event = call.event_ids.filtered(lambda e: e.kind == "terminate_ok")
        self.assertEqual((event.source, event.user_id), ("request", self.anna))
        self.assertEqual(event.data["action"], "terminate")
        self.assertEqual(event.data["attempts"], 1)
        self.assertGreaterEqual(event.data["took_ms"], 0)

    def test_connect_carries_number_offer_and_our_reference(self):
        self.permit()
        call = self.env["whatsapp.call"].browse(self.dial()["call"]["id"])
        self.send_due(call)
        self.assertEqual(
            self.graph.requests,
            [
                (
                    "POST",
                    PATH,
                    {
                        "messaging_product": "whatsapp",
                        "to": meta.CUSTOMER,
                        "action": "connect",
                        "session": {"sdp_type": "offer", "sdp": SENT_OFFER},
                        "biz_opaque_callback_data": call.opaque,
                    },
                )
            ],
        )
