"""What went wrong once under attack, each as the rule that holds since."""

from unittest.mock import patch

from odoo import fields
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..providers.base import Answer, Peer
from ..tools import phone
from . import meta_bodies as meta
from .common import WhatsappCallingCase
from .graph import Refusal

OTHER = "290000000000077"  # a number of the WABA that another system serves


@tagged("post_install", "-at_install")
class TestCallsOfOthers(WhatsappCallingCase):
    """One webhook address gets the calls of all numbers and systems of a WABA."""

    def ringing_elsewhere(self, number_ref=meta.NUMBER_REF, **members):
        part = meta.status("RINGING", **members)
        change = meta.change(number_ref=number_ref, statuses=[part])
        self.deliver(meta.body(change))
        return self.the_call(members.get("id", meta.WACID))

    def test_a_call_of_a_number_that_is_not_ours_does_not_stop_the_clock(self):
        foreign = self.ringing_elsewhere(OTHER)
        ours = self.ring(id="wacid.ours")
        for call in (foreign, ours):
            self.pass_time(100, call)
        self.tick()
        self.assertEqual((foreign.state, ours.state), ("unanswered", "missed"))
        self.assertFalse(foreign.request_ids)

    def test_a_call_that_another_system_placed_is_never_ended_by_us(self):
        foreign = self.ringing_elsewhere()
        self.pass_time(100, foreign)
        self.tick()
        self.assertEqual(foreign.state, "unanswered")
        self.assertFalse(foreign.request_ids)

    def test_a_reference_that_others_use_for_many_calls_merges_none(self):
        first = self.ringing_elsewhere(biz_opaque_callback_data="campaign")
        second = self.ringing_elsewhere(
            id="wacid.2", customer="436645557002", biz_opaque_callback_data="campaign"
        )
        self.assertTrue(first and second)
        self.assertNotEqual(first, second)

    def test_a_reference_that_another_account_has_seen_is_taken_in(self):
        ours = self.dialled()
        part = meta.status(
            "RINGING", id="wacid.2", biz_opaque_callback_data=ours.opaque
        )
        change = meta.change(number_ref="290000000000002", statuses=[part])
        self.deliver(meta.body(change), account=self.account_2)
        call = self.the_call("wacid.2")
        self.assertEqual(call.account_id, self.account_2)


@tagged("post_install", "-at_install")
class TestDeadlinesUnderAttack(WhatsappCallingCase):
    def test_a_call_that_breaks_leaves_the_others_their_deadlines(self):
        broken, call = self.ring(), self.ring(id="wacid.2", customer="436645557002")
        for each in (broken, call):
            self.pass_time(100, each)
        calls = type(self.env["whatsapp.call"])
        act = calls._act_on_deadline

        def act_unless_broken(self):
            if self == broken:
                raise ValueError("broken")
            return act(self)

        with (
            patch.object(calls, "_act_on_deadline", act_unless_broken),
            mute_logger("odoo.addons.whatsapp_calling.tools.transaction"),
        ):
            self.tick()
        self.assertEqual((broken.state, call.state), ("ringing", "missed"))
        # and it is not tried each second
        self.assertGreater(broken.deadline, fields.Datetime.now())

    def test_a_tick_on_a_living_call_ends_nothing(self):
        call = self.answered()
        self.pass_time(300, call)
        call.pinged_at = fields.Datetime.now()
        self.tick()
        self.assertEqual(call.state, "connected")
        self.assertGreater(call.deadline, fields.Datetime.now())

    def test_an_assignee_who_cannot_answer_lets_everybody_ring(self):
        self.number.pre_accept = False
        self.eva.user_id = self.anna
        call = self.ring()
        self.assertRings(call, self.anna)
        self.accept(self.anna, call)
        self.graph.answer("accept", Refusal(400, 131009, "Parameter value invalid"))
        self.send_due(call)
        self.assertEqual((call.state, call.handler_id.id), ("ringing", False))
        self.assertRings(call, self.anna | self.berta)

    def test_a_call_whose_operator_is_deleted_is_answered_by_nobody(self):
        call = self.ring()
        self.accept(self.anna, call)
        self.anna.unlink()
        self.env.invalidate_all()
        self.send_due(call)
        self.assertEqual(call.closed_reason, "lost_tab")
        self.assertEqual(self.graph.actions[-1], "terminate")


@tagged("post_install", "-at_install")
class TestDialUnderAttack(WhatsappCallingCase):
    def test_the_answer_may_overtake_graphs_and_name_no_reference(self):
        self.permit()
        call = self.env["whatsapp.call"].browse(self.dial()["call"]["id"])
        call.request_ids.state = "sending"
        self.deliver(meta.calls(meta.answer()))
        self.assertEqual((call.provider_ref, self.the_call()), (meta.WACID, call))
        self.assertEqual(call.answer_sdp, meta.ANSWER_SDP)
        self.env["whatsapp.call"]._on_answer(
            call.request_ids, Answer(200, {}, call_ref=meta.WACID)
        )
        self.assertEqual(self.the_call(), call)

    def test_the_late_end_of_an_older_call_does_not_end_the_new_one(self):
        self.permit()
        call = self.env["whatsapp.call"].browse(self.dial()["call"]["id"])
        call.request_ids.state = "sending"
        self.deliver(meta.calls(meta.terminate("BUSINESS_INITIATED", id="wacid.older")))
        self.assertEqual((call.state, call.provider_ref), ("dialing", False))

    def test_an_answer_that_names_nobody_is_found_when_graph_answers(self):
        self.permit()
        call = self.env["whatsapp.call"].browse(self.dial()["call"]["id"])
        self.deliver(
            meta.calls(meta.answer(customer=None, to_user_id="AT.900000000001")),
            meta.statuses(
                meta.status(
                    "RINGING", customer=None, recipient_user_id="AT.900000000001"
                )
            ),
        )
        self.graph.answer("connect", {"calls": [{"id": meta.WACID}]})
        self.send_due(call)
        self.assertEqual(self.the_call(), call)
        self.assertEqual((call.state, call.answer_sdp), ("ringing", meta.ANSWER_SDP))
        self.assertLessEqual({"answer", "ringing"}, set(self.timeline(call)))

    def test_a_customer_one_may_not_read_is_not_linked(self):
        contact = self.contact("34612998611")
        self.permit(contact)
        elsewhere = self.env["res.partner"].create(
            {"name": "Elsewhere", "company_id": self.company_2.id}
        )
        result = self.dial(
            phone="+34612998611", res_model="res.partner", res_id=elsewhere.id
        )
        call = self.env["whatsapp.call"].browse(result["call"]["id"])
        self.assertEqual((call.res_model, call.res_id), (False, False))

    def test_a_call_is_linked_to_no_model_without_records(self):
        call = self.answered()
        linked = self.phone(self.anna).softphone_link(call.id, "mail.thread", 1)
        self.assertFalse(linked["ok"])


@tagged("post_install", "-at_install")
class TestRequestsUnderAttack(WhatsappCallingCase):
    def test_what_may_only_be_sent_after_its_time_is_given_up(self):
        call = self.answered()
        self.phone(self.anna).softphone_hang_up(call.id)
        for seconds in ("3600", "99999999"):
            with self.subTest(seconds=seconds):
                self.graph.answer(
                    "terminate",
                    Refusal(429, 130429, "Slow down", **{"Retry-After": seconds}),
                )
                request = call.request_ids.filtered(lambda r: r.action == "terminate")
                request.write({"state": "queued", "payload": {"call_ref": "wacid.1"}})
                self.env.flush_all()
                self.send_due(call)
                self.assertEqual(request.state, "failed")
        self.assertFalse(self.tick(), "nothing keeps the clock going")


@tagged("post_install", "-at_install")
class TestBodiesUnderAttack(WhatsappCallingCase):
    def test_an_end_thousands_of_years_away_is_taken_in(self):
        call = self.answered()
        self.deliver(meta.calls(meta.terminate(timestamp="99999999999")))
        self.assertEqual(call.state, "completed")

    def test_whatsapps_clock_ahead_opens_the_window_no_longer(self):
        self.deliver(
            meta.calls(meta.offer(timestamp=meta.stamp(3600))),
        )
        contact = self.the_call().contact_id
        self.assertLessEqual(contact.last_inbound, fields.Datetime.now())

    def test_what_comes_after_an_account_moved_stays_in_the_calls_company(self):
        call = self.ring()
        self.account.company_id = self.company_2
        self.deliver(meta.calls(meta.terminate()))
        self.assertEqual(call.state, "missed")
        self.assertEqual(call.event_ids.company_id, self.company)


@tagged("post_install", "-at_install")
class TestContactsUnderAttack(WhatsappCallingCase):
    def identify(self, wa_id=None, **members):
        contacts = self.env["whatsapp.call.contact"]
        return contacts._identify(self.company, Peer(wa_id=wa_id, **members))

    def test_who_moved_to_another_number_is_called_there(self):
        eva = self.identify(meta.CUSTOMER, bsuid="AT.900000000001")
        self.identify("436645557099", bsuid="AT.900000000001")
        self.assertEqual(eva._address(), {"to": "436645557099"})

    def test_who_moved_to_a_number_that_is_taken_is_called_by_user_id(self):
        eva = self.identify(meta.CUSTOMER, bsuid="AT.900000000001")
        self.identify("436645557099")
        self.identify("436645557099", bsuid="AT.900000000001")
        self.assertEqual(eva._address(), {"recipient": "AT.900000000001"})

    def test_a_brazilian_landline_is_nobodys_mobile(self):
        for digits in ("551131234567", "5511931234567"):
            with self.subTest(digits=digits):
                self.assertEqual(phone.look_alikes(digits), [digits])
