"""What webhook events make of calls: parsed, tolerated, ordered, told apart."""

import time
from datetime import datetime

from odoo.tests import tagged

from . import meta_bodies as meta
from .common import WhatsappCallingCase

DIALLED = "BUSINESS_INITIATED"


def moment(epoch):
    return datetime.utcfromtimestamp(epoch)


@tagged("post_install", "-at_install")
class TestInboundEvents(WhatsappCallingCase):
    def test_an_offer_becomes_a_ringing_call_with_all_its_fields(self):
        now = int(time.time())
        self.deliver(
            meta.calls(
                meta.offer(timestamp=str(now - 2), cta_payload="mortgage"),
                contacts=[meta.contact(user_id="AT.900000000001")],
            )
        )
        call = self.the_call()
        self.assertRecordValues(
            call,
            [
                {
                    "account_id": self.account.id,
                    "number_id": self.number.id,
                    "company_id": self.company.id,
                    "direction": "inbound",
                    "state": "ringing",
                    "started_at": moment(now - 2),
                    "offered_at": moment(now - 2),
                    "ended_at": False,
                    "duration": 0,
                    "partner_id": self.eva.id,
                    "peer_name": "Eva Berger",
                    "peer_phone": "+43 664 5557001",
                    "payload": "mortgage",
                    "offer_sdp": meta.OFFER_SDP,
                    "handler_id": False,
                    "error_code": 0,
                }
            ],
        )
        self.assertEqual(call.contact_id.wa_id, meta.CUSTOMER)
        self.assertEqual(call.contact_id.bsuid, "AT.900000000001")
        self.assertEqual(call.contact_id.name, "Eva")
        self.assertGreater(call.decision_ms, 0)

    def test_the_offer_is_told_in_the_timeline_without_its_sdp(self):
        call = self.ring()
        event = call.event_ids.filtered(lambda e: e.kind == "offer")
        self.assertEqual(event.note, "WhatsApp offers a call")
        self.assertEqual(event.source, "provider")
        self.assertEqual(event.data["raw"]["session"]["sdp"], "[removed]")
        self.assertNotIn(meta.ICE_PASSWORD, str(event.data))

    def test_from_and_to_swapped_still_links_the_customer(self):
        swapped = meta.offer(**{"from": meta.OURS, "to": meta.CUSTOMER})
        self.deliver(meta.calls(swapped))
        call = self.the_call()
        self.assertEqual(call.contact_id.wa_id, meta.CUSTOMER)
        self.assertEqual(call.partner_id, self.eva)
        self.assertRings(call, self.anna | self.berta)
        event = call.event_ids.filtered(lambda e: e.kind == "offer")
        self.assertTrue(event.flagged)
        self.assertIn("from and to are swapped", event.note)

    def test_a_call_works_without_contacts_direction_and_names(self):
        self.deliver(meta.calls(meta.offer(direction=None)))
        call = self.the_call()
        self.assertEqual((call.direction, call.state), ("inbound", "ringing"))
        self.assertEqual(call.partner_id, self.eva)

    def test_a_call_without_a_customer_number_rings_with_its_user_id(self):
        hidden = meta.offer(**{"from": None, "from_user_id": "AT.900000000009"})
        self.deliver(meta.calls(hidden))
        call = self.the_call()
        self.assertEqual(call.contact_id.bsuid, "AT.900000000009")
        self.assertFalse(call.contact_id.wa_id)
        self.assertRings(call, self.anna | self.berta)

    def test_a_call_of_nobody_known_rings_as_unknown_caller(self):
        self.deliver(meta.calls(meta.offer(**{"from": None})))
        call = self.the_call()
        self.assertEqual(call.peer_name, "Unknown caller")
        self.assertRings(call, self.anna | self.berta)
        self.assertTrue(call.event_ids.filtered("flagged"))

    def test_an_unknown_number_is_kept_and_flagged_and_rings_nobody(self):
        part = meta.change(number_ref="299", calls=[meta.offer()])
        self.deliver(meta.body(part))
        call = self.the_call()
        self.assertEqual((call.state, call.number_id.id), ("ringing", False))
        self.assertFalse(call.rung_user_ids)
        event = call.event_ids.filtered(lambda e: e.kind == "offer")
        self.assertTrue(event.flagged)
        self.assertIn("Unknown phone number ID 299", event.note)
        self.pass_time(70, call)
        self.tick()
        self.assertEqual((call.state, call.deadline), ("missed", False))

    def test_a_missing_phone_number_id_is_the_accounts_only_number(self):
        self.deliver(meta.body(meta.change(number_ref=None, calls=[meta.offer()])))
        self.assertEqual(self.the_call().number_id, self.number)
        self.assertRings(self.the_call(), self.anna | self.berta)

    def test_odd_types_and_cases_are_read(self):
        now = int(time.time())
        odd = meta.offer(
            timestamp=now,
            event="Connect",
            direction="user_initiated",
            **{"from": int(meta.CUSTOMER)},
        )
        self.deliver(meta.calls(odd))
        call = self.the_call()
        self.assertEqual(call.started_at, moment(now))
        self.assertEqual(call.partner_id, self.eva)
        self.assertRings(call, self.anna | self.berta)
        end = meta.terminate(
            status="Completed",
            start_time=now,
            end_time=float(now + 5),
            duration="5",
            timestamp=now + 5,
        )
        self.deliver(meta.calls(end))
        self.assertEqual((call.state, call.duration), ("completed", 5))

    def test_a_number_switched_off_rings_nobody_and_says_so(self):
        self.number.calling_enabled = False
        call = self.ring()
        self.assertFalse(call.rung_user_ids)
        note = call.event_ids.filtered(lambda e: e.kind == "nobody_rings").note
        self.assertEqual(note, "Calling is switched off for this number")

    def test_a_terminate_gives_the_official_times_and_duration(self):
        call = self.answered()
        start = int(time.time())
        self.deliver(meta.calls(meta.terminate(**meta.talked(start, 63))))
        self.assertRecordValues(
            call,
            [
                {
                    "state": "completed",
                    "official_start": moment(start),
                    "ended_at": moment(start + 63),
                    "duration": 63,
                    "outcome": "completed",
                    "reason": "Hung up by the customer",
                }
            ],
        )

    def test_another_duration_than_our_own_timer_is_noted_in_the_timeline(self):
        call = self.answered()
        start = int(time.time())
        end = meta.talked(start, 63) | {"duration": 20}
        self.deliver(meta.calls(meta.terminate(**end)))
        self.assertEqual(call.duration, 20)
        note = call.event_ids.filtered(lambda e: e.kind == "timer_mismatch").note
        self.assertRegex(note, r"^WhatsApp counts 20 s, our timer 6[0-9] s$")

    def test_an_unanswered_call_is_missed_although_whatsapp_says_completed(self):
        call = self.ring()
        self.deliver(meta.calls(meta.terminate(status="COMPLETED")))
        self.assertEqual((call.state, call.duration), ("missed", 0))
        self.assertEqual(call.reason, "The caller hung up before anybody answered")

    def test_an_answered_call_that_failed_keeps_its_times(self):
        call = self.answered()
        start = int(time.time())
        self.deliver(
            meta.calls(
                meta.terminate(
                    status="FAILED",
                    errors=meta.failure(138021, "Call ended", "No media for 20 s"),
                    **meta.talked(start, 20),
                )
            )
        )
        self.assertRecordValues(
            call, [{"state": "failed", "duration": 20, "error_code": 138021}]
        )

    def test_an_error_of_a_webhook_is_explained_with_the_providers_link(self):
        call = self.answered()
        errors = meta.failure(
            138021, "Call ended", "No media for 20 s", href="https://example.com/138021"
        )
        self.deliver(
            meta.body(
                meta.change(calls=[meta.terminate(status="FAILED")], errors=errors)
            )
        )
        error = call._error_view()
        self.assertEqual(error["code"], 138021)
        self.assertEqual(error["message"], "No media for 20 s")
        self.assertEqual(error["href"], "https://example.com/138021")
        self.assertTrue(error["title"] and error["advice"])

    def test_an_event_delivered_three_times_is_one_call_and_one_line(self):
        body = meta.calls(meta.offer())
        self.deliver(body, body, body)
        call = self.the_call()
        self.assertEqual(len(call), 1)
        self.assertEqual(self.timeline(call), ["offer", "rung"])
        end = meta.calls(meta.terminate())
        self.deliver(end, end, end)
        self.assertEqual(self.timeline(call), ["offer", "rung", "ended"])

    def test_a_terminate_before_its_connect_rings_nobody(self):
        with self.bus() as sent:
            self.deliver(meta.calls(meta.terminate()), meta.calls(meta.offer()))
        call = self.the_call()
        self.assertEqual((call.state, call.direction), ("missed", "inbound"))
        self.assertFalse(call.rung_user_ids or call.offer_sdp or call.request_ids)
        self.assertEqual(sent, [])

    def test_connect_and_terminate_in_one_body_ring_nobody_in_the_end(self):
        self.deliver(meta.calls(meta.offer(), meta.terminate()))
        call = self.the_call()
        self.assertEqual(call.state, "missed")
        self.assertFalse(call.deadline or call.offer_sdp)

    def test_a_connect_older_than_the_ring_window_is_missed_at_once(self):
        with self.bus() as sent:
            self.deliver(meta.calls(meta.offer(timestamp=meta.stamp(-61))))
        call = self.the_call()
        self.assertRecordValues(
            call, [{"state": "missed", "closed_reason": "stale", "offer_sdp": False}]
        )
        self.assertEqual(call.reason, "The call arrived too late to be answered")
        self.assertFalse(call.rung_user_ids, "nobody is rung")
        self.assertFalse(call.request_ids, "no request about the call is sent")
        self.assertEqual(sent, [])

    def test_a_connect_without_sdp_is_recorded_and_rings_nobody(self):
        self.deliver(meta.calls(meta.offer(session=None)))
        call = self.the_call()
        self.assertEqual(call.state, "missed")
        self.assertFalse(call.rung_user_ids)

    def test_an_unknown_event_is_kept_flagged_and_moves_nothing(self):
        call = self.ring()
        self.deliver(meta.calls(meta.offer(event="juggle")))
        self.assertEqual(call.state, "ringing")
        event = self.env["whatsapp.call.event"].search(
            [("account_id", "=", self.account.id)], order="id desc", limit=1
        )
        self.assertEqual((event.kind, event.flagged), ("unknown", True))
        self.assertIn('event "JUGGLE" is not known', event.note)

    def test_who_called_may_be_written_to_for_24_hours(self):
        call = self.ring()
        self.assertTrue(call.contact_id._window_open())
        call.contact_id.last_inbound = moment(time.time() - 25 * 3600)
        self.assertFalse(call.contact_id._window_open())

    def test_of_a_message_only_the_time_is_kept(self):
        sent = meta.stamp(-30)
        text = {
            "from": meta.CUSTOMER,
            "id": "wamid.T1",
            "timestamp": sent,
            "type": "text",
            "text": {"body": "my card number is 4111"},
        }
        self.deliver(meta.messages(text))
        contact = self.env["whatsapp.call.contact"].search(
            [("wa_id", "=", meta.CUSTOMER), ("company_id", "=", self.company.id)]
        )
        self.assertEqual(contact.last_inbound, moment(int(sent)))
        self.assertNotIn("4111", str(contact.read() + self._events().read()))

    def _events(self):
        return self.env["whatsapp.call.event"].search(
            [("account_id", "=", self.account.id)]
        )

    def test_a_history_can_be_neither_changed_nor_deleted(self):
        event = self.ring().event_ids[:1]
        for change in (lambda: event.write({"note": "x"}), event.unlink):
            with self.assertRaisesRegex(Exception, "history of a call cannot be"):
                change()

    # ---- companies

    def test_numbers_of_two_companies_get_their_own_calls_only(self):
        self.deliver(meta.calls(meta.offer(id="wacid.one")))
        there = meta.change(
            number_ref="290000000000002",
            ours="34911998100",
            calls=[meta.offer(to="34911998100", id="wacid.two")],
        )
        self.deliver(meta.body(there), account=self.account_2)
        one, two = self.the_call("wacid.one"), self.the_call("wacid.two")
        self.assertEqual(one.company_id, self.company)
        self.assertEqual(two.company_id, self.company_2)
        self.assertRings(one, self.anna | self.berta)
        self.assertRings(two, self.carlos)
        self.assertNotEqual(one.contact_id, two.contact_id)

    def test_the_number_of_another_account_is_unknown_here(self):
        theirs = meta.change(number_ref="290000000000002", calls=[meta.offer()])
        self.deliver(meta.body(theirs))
        call = self.the_call()
        self.assertEqual((call.company_id, call.number_id.id), (self.company, False))
        self.assertFalse(call.rung_user_ids)

    def test_the_same_call_id_in_two_accounts_is_two_calls(self):
        self.deliver(meta.calls(meta.offer()))
        there = meta.change(number_ref="290000000000002", calls=[meta.offer()])
        self.deliver(meta.body(there), account=self.account_2)
        self.assertEqual(len(self.the_call()), 2)


@tagged("post_install", "-at_install")
class TestOutboundEvents(WhatsappCallingCase):
    def test_the_sdp_answer_comes_at_once_and_the_call_stays_ringing(self):
        call = self.dialled()
        self.deliver(meta.statuses(meta.status("RINGING")))
        with self.bus() as sent:
            self.deliver(meta.calls(meta.answer()))
        self.assertEqual(call.state, "ringing")
        self.assertFalse(call.accepted_at)
        self.assertEqual(call.answer_sdp, meta.ANSWER_SDP)
        self.assertEqual(
            [(user, kind, load["id"], load["state"]) for user, kind, load in sent],
            [(self.anna, "whatsapp_calling/update", call.id, "ringing")],
        )
        view = self.phone(self.anna).softphone_calls([call.id])[0]
        self.assertEqual((view["sdp"], view["sdp_type"]), (meta.ANSWER_SDP, "answer"))

    def test_the_timer_starts_at_accepted(self):
        call = self.dialled()
        self.deliver(meta.calls(meta.answer()), meta.statuses(meta.status("RINGING")))
        now = int(time.time()) + 3
        self.deliver(meta.statuses(meta.status("ACCEPTED", timestamp=str(now))))
        self.assertEqual((call.state, call.accepted_at), ("connected", moment(now)))
        view = self.phone(self.anna).softphone_calls([call.id])[0]
        self.assertEqual(view["answered"], now * 1000)

    def test_each_status_is_one_line_and_moves_the_state(self):
        call = self.dialled()
        seen = [call.state]
        for name in ("RINGING", "ACCEPTED"):
            self.deliver(meta.statuses(meta.status(name)))
            seen.append(call.state)
        self.assertEqual(seen, ["dialing", "ringing", "connected"])
        lines = [
            kind for kind in self.timeline(call) if kind in ("ringing", "accepted")
        ]
        self.assertEqual(lines, ["ringing", "accepted"])

    def test_rejected_by_the_customer_is_rejected_once_the_call_ends(self):
        call = self.dialled()
        self.deliver(
            meta.statuses(meta.status("RINGING")),
            meta.statuses(meta.status("REJECTED")),
            meta.calls(meta.terminate(DIALLED, status="FAILED")),
        )
        self.assertEqual(call.state, "rejected")
        self.assertEqual(call.reason, "The customer declined")

    def test_an_unknown_status_is_kept_and_not_fatal(self):
        call = self.dialled()
        self.deliver(meta.statuses(meta.status("YODELLING")))
        self.assertEqual(call.state, "dialing")
        event = self.env["whatsapp.call.event"].search(
            [("kind", "=", "unknown"), ("account_id", "=", self.account.id)]
        )
        self.assertTrue(event.flagged)
        self.assertIn('status "YODELLING" is not known', event.note)

    def test_a_state_never_goes_back(self):
        call = self.dialled()
        self.deliver(meta.statuses(meta.status("ACCEPTED")))
        self.deliver(meta.statuses(meta.status("RINGING")), meta.calls(meta.answer()))
        self.assertEqual(call.state, "connected")
        self.deliver(meta.calls(meta.terminate(DIALLED)))
        self.deliver(meta.statuses(meta.status("REJECTED")))
        self.assertEqual(call.state, "completed")

    def test_an_event_that_overtakes_our_answer_finds_the_call_by_our_reference(self):
        self.permit()
        call = self.env["whatsapp.call"].browse(self.dial()["call"]["id"])
        self.assertFalse(call.provider_ref)
        early = meta.status("RINGING", biz_opaque_callback_data=call.opaque)
        self.deliver(meta.statuses(early))
        self.assertEqual((call.state, call.provider_ref), ("ringing", meta.WACID))
        self.graph.answer("connect", {"calls": [{"id": meta.WACID}]})
        self.send_due(call)
        self.assertEqual(len(self.the_call()), 1)
        self.assertEqual(call.state, "ringing")

    def test_our_reference_is_found_in_the_terminate(self):
        call = self.dialled()
        end = meta.terminate(DIALLED, biz_opaque_callback_data=call.opaque)
        self.deliver(meta.calls(end))
        event = call.event_ids.filtered(lambda e: e.kind == "ended")
        self.assertEqual(event.data["raw"]["biz_opaque_callback_data"], call.opaque)
        self.assertEqual(call.state, "unanswered")

    def test_a_call_placed_elsewhere_is_recorded_and_rings_nobody(self):
        self.deliver(
            meta.calls(meta.answer()),
            meta.statuses(meta.status("RINGING")),
            meta.statuses(meta.status("ACCEPTED")),
        )
        call = self.the_call()
        self.assertEqual((call.direction, call.state), ("outbound", "connected"))
        self.assertFalse(call.rung_user_ids or call.handler_id)

    def test_a_second_call_placed_elsewhere_is_kept_although_the_first_never_ended(
        self,
    ):
        self.deliver(
            meta.statuses(meta.status("ACCEPTED", id="wacid.first")),
            meta.statuses(meta.status("ACCEPTED", id="wacid.second")),
        )
        for ref in ("wacid.first", "wacid.second"):
            self.assertEqual(self.the_call(ref).state, "connected")

    def test_the_customer_hangs_up_and_the_panel_is_told_why(self):
        call = self.dialled()
        start = int(time.time())
        self.deliver(meta.statuses(meta.status("ACCEPTED")))
        with self.bus() as sent:
            self.deliver(meta.calls(meta.terminate(DIALLED, **meta.talked(start, 4))))
        user, kind, load = sent[-1]
        self.assertEqual((user, kind), (self.anna, "whatsapp_calling/update"))
        self.assertEqual((load["state"], load["live"]), ("completed", False))
        self.assertEqual(call.reason, "Hung up by the customer")
        self.assertEqual(call.duration, 4)
