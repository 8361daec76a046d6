"""Placing a call: who may be called, what is refused before any request, P-rows."""

import requests

from odoo.tests import tagged

from . import meta_bodies as meta
from .common import SENT_OFFER, WhatsappCallingCase
from .graph import Refusal

DIALLED = "BUSINESS_INITIATED"


@tagged("post_install", "-at_install")
class TestRefusedDial(WhatsappCallingCase):
    """Each is refused before a request is made, with the next step offered."""

    def assertRefused(self, result, reason, message, next_step=False):
        self.assertEqual(
            {name: result[name] for name in ("ok", "reason", "message", "next_step")},
            {
                "ok": False,
                "reason": reason,
                "message": message,
                "next_step": next_step,
            },
        )
        self.env.flush_all()
        self.assertFalse(
            self.env["whatsapp.call"].search([("direction", "=", "outbound")])
            & self.env["whatsapp.call"].search([("company_id", "=", self.company.id)])
        )
        self.assertFalse(
            self.env["whatsapp.call.request"].search(
                [("account_id", "=", self.account.id)]
            )
        )
        self.assertEqual(self.graph.requests, [])

    def test_without_permission_a_request_for_it_is_offered(self):
        self.assertRefused(
            self.dial(),
            "no_permission",
            "No permission to call yet. Send a permission request first: WhatsApp "
            "connects only customers who have agreed to be called.",
            "request_permission",
        )

    def test_a_declined_permission_is_no_permission(self):
        self.permit(granted=False, permanent=False, declined_at="2026-01-01")
        result = self.dial()
        self.assertEqual(result["reason"], "no_permission")
        self.assertIn("Declined to be called", result["message"])

    def test_an_expired_permission_is_no_permission(self):
        self.permit(permanent=False, expires_at="2020-01-01")
        result = self.dial()
        self.assertEqual(result["reason"], "no_permission")
        self.assertIn("has expired", result["message"])
        self.assertEqual(result["next_step"], "request_permission")

    def test_a_permission_is_for_one_number_only(self):
        other = self.number.copy({"provider_ref": "290000000000009"})
        self.permit(number=other)
        self.assertEqual(self.dial()["reason"], "no_permission")

    def test_a_blacklisted_phone_is_not_called(self):
        self.permit()
        self.env["phone.blacklist"].create({"number": "+436645557001"})
        self.assertRefused(
            self.dial(), "blacklisted", "+436645557001 is on the phone blacklist."
        )

    def test_a_partner_without_a_phone_gets_one_first(self):
        self.eva.phone = False
        self.assertRefused(
            self.dial(), "no_phone", "There is no phone number here.", "add_phone"
        )

    def test_half_a_phone_number_is_no_phone_number(self):
        self.assertRefused(
            self.dial(phone="123"),
            "bad_phone",
            "123 is no complete phone number. Write it with the country code, "
            "like +43 660 1234567.",
            "add_phone",
        )

    def test_words_are_no_phone_number(self):
        self.assertFalse(self.dial(phone="Eva")["ok"])

    def test_nothing_to_call_is_no_phone_number(self):
        self.assertEqual(self.dial(phone="")["reason"], "no_phone")
        self.assertEqual(self.dial(partner_id=2**31 - 2)["reason"], "no_phone")

    def test_a_number_switched_off_does_not_dial(self):
        self.permit()
        self.number.calling_enabled = False
        self.assertRefused(
            self.dial(),
            "disabled",
            "No number of your company is switched on for calling.",
        )

    def test_who_is_no_operator_does_not_dial(self):
        self.permit()
        self.assertEqual(self.dial(self.nora)["reason"], "disabled")
        self.assertFalse(
            self.env["whatsapp.call.request"].search_count(
                [("account_id", "=", self.account.id)]
            )
        )

    def test_a_second_call_of_the_same_operator_is_refused(self):
        self.dialled()
        result = self.dial()
        self.assertEqual(
            (result["reason"], result["message"]),
            ("busy", "You are in another call: end it first."),
        )

    def test_a_second_call_to_the_same_customer_is_refused(self):
        self.dialled()
        result = self.dial(self.berta)
        self.assertEqual(
            (result["reason"], result["message"]),
            ("busy", "Eva Berger already is in a call with us."),
        )
        self.assertEqual(self.graph.requests, [])

    def test_a_customer_who_is_just_calling_us_is_not_called(self):
        call = self.ring()
        self.permit(contact=call.contact_id)
        self.assertEqual(self.dial()["reason"], "busy")

    def test_a_useless_offer_is_refused(self):
        self.permit()
        result = self.phone(self.anna).softphone_dial(
            {"partner_id": self.eva.id}, "tab-1", "v=0\r\n"
        )
        self.assertEqual(
            (result["ok"], result["reason"], result["next_step"]),
            (False, "invalid_sdp", False),
        )

    def test_the_button_tells_the_same_before_the_click(self):
        view = self.phone(self.anna).softphone_lookup({"partner_id": self.eva.id})
        self.assertEqual(
            (view["allowed"], view["next_step"]), (False, "request_permission")
        )
        self.assertTrue(view["reason"])
        self.assertEqual(self.graph.requests, [], "not even a query")


@tagged("post_install", "-at_install")
class TestDial(WhatsappCallingCase):
    def connect(self, *answers):
        """A call to Eva whose connect WhatsApp answers so."""
        call = self.env["whatsapp.call"].browse(self.dial()["call"]["id"])
        self.graph.answer("connect", *answers)
        self.send_due(call)
        return call

    def test_a_dial_makes_a_dialing_call_and_queues_one_connect(self):
        self.permit()
        result = self.dial()
        self.assertTrue(result["ok"])
        call = self.env["whatsapp.call"].browse(result["call"]["id"])
        self.assertRecordValues(
            call,
            [
                {
                    "state": "dialing",
                    "direction": "outbound",
                    "handler_id": self.anna.id,
                    "handler_tab": "tab-1",
                    "number_id": self.number.id,
                    "company_id": self.company.id,
                    "partner_id": self.eva.id,
                    "res_model": "res.partner",
                    "res_id": self.eva.id,
                    "provider_ref": False,
                }
            ],
        )
        self.assertRegex(call.opaque, r"^odoo:[0-9a-f]{24}$")
        wanted = {"to": meta.CUSTOMER, "sdp": SENT_OFFER, "opaque": call.opaque}
        self.assertEqual(self.queued(call), [("connect", wanted)])
        self.assertEqual(self.graph.requests, [], "nothing is sent by the click")
        self.assertTrue(call.deadline)

    def test_the_timeline_shows_permission_then_request_then_answer(self):
        self.permit()
        call = self.connect({"calls": [{"id": meta.WACID}]})
        self.assertEqual(self.timeline(call), ["dialled", "connect_ok"])
        note = call.event_ids.sorted("id")[0].note
        self.assertEqual(note, "Anna calls; permission: May be called at any time")

    def test_the_id_whatsapp_gives_is_kept_and_later_events_match_it(self):
        self.permit()
        call = self.connect({"calls": [{"id": meta.WACID}]})
        self.assertEqual(call.provider_ref, meta.WACID)
        self.deliver(meta.statuses(meta.status("RINGING")))
        self.assertEqual(call.state, "ringing")
        self.assertEqual(len(self.the_call()), 1)

    def test_the_same_click_sent_again_is_no_second_call(self):
        self.permit()
        first, second = self.dial(), self.dial()
        self.assertEqual((first["ok"], second["reason"]), (True, "busy"))
        call = self.env["whatsapp.call"].browse(first["call"]["id"])
        self.assertEqual(call.request_ids.mapped("action"), ["connect"])

    def test_a_customer_without_a_number_is_called_by_user_id(self):
        contact = self.contact(wa_id=False, bsuid="AT.900000000009", name="Zoë")
        self.permit(contact=contact)
        result = self.dial(contact_id=contact.id)
        call = self.env["whatsapp.call"].browse(result["call"]["id"])
        self.send_due(call)
        body = self.graph.bodies[0]
        self.assertEqual((body["recipient"], body.get("to")), ("AT.900000000009", None))

    def test_a_national_spelling_is_read_in_the_companys_country(self):
        self.permit()
        view = self.phone(self.anna).softphone_lookup({"phone": "0664 555 7001"})
        self.assertEqual(
            (view["phone_raw"], view["phone"], view["allowed"], view["name"]),
            (meta.CUSTOMER, "+43 664 5557001", True, "Eva Berger"),
        )

    def test_dialling_from_a_record_links_the_call_to_it(self):
        self.permit()
        child = self.env["res.partner"].create(
            {"name": "Eva at home", "phone": "0664 5557001", "parent_id": self.eva.id}
        )
        child.country_id = self.env.ref("base.at")
        result = self.dial(res_model="res.partner", res_id=child.id)
        record = result["call"]["record"]
        self.assertEqual((record["model"], record["id"]), ("res.partner", child.id))

    def test_the_chosen_number_dials(self):
        other = self.number.copy(
            {"provider_ref": "290000000000009", "calling_enabled": True}
        )
        contact = self.contact()
        self.permit(contact)
        self.permit(contact, number=other)
        first = self.env["whatsapp.call"].browse(self.dial()["call"]["id"])
        self.assertEqual(first.number_id, self.number)
        self.phone(self.anna).softphone_hang_up(first.id)
        chosen = self.dial(partner_id=self.eva.id, number_id=other.id)
        self.assertEqual(chosen["call"]["number"]["id"], other.id)
        self.phone(self.anna).softphone_hang_up(chosen["call"]["id"])
        again = self.dial()
        self.assertEqual(again["call"]["number"]["id"], other.id, "the last one used")

    def test_the_customer_rejects_and_the_reason_is_shown(self):
        call = self.dialled()
        self.deliver(
            meta.statuses(meta.status("REJECTED")),
            meta.calls(meta.terminate(DIALLED, status="FAILED")),
        )
        view = self.phone(self.anna).softphone_calls([call.id])[0]
        self.assertEqual(
            (view["state"], view["reason"]), ("rejected", "The customer declined")
        )

    def test_nobody_picks_up_and_the_reason_is_shown(self):
        call = self.dialled()
        self.deliver(meta.calls(meta.terminate(DIALLED, status="COMPLETED")))
        self.assertEqual(
            (call.state, call.reason), ("unanswered", "The customer did not answer")
        )

    def test_hanging_up_before_the_customer_answers_cancels(self):
        call = self.dialled()
        self.deliver(meta.statuses(meta.status("RINGING")))
        self.phone(self.anna).softphone_hang_up(call.id)
        self.send_due(call)
        self.assertEqual(self.graph.actions, ["terminate"])
        self.assertEqual((call.state, call.reason), ("cancelled", "Hung up by us"))
        self.deliver(meta.calls(meta.terminate(DIALLED, status="FAILED")))
        self.assertEqual(call.state, "cancelled")

    def test_hanging_up_before_whatsapp_gave_an_id_ends_the_call_once_it_has(self):
        self.permit()
        call = self.env["whatsapp.call"].browse(self.dial()["call"]["id"])

        def hang_up_meanwhile():
            self.phone(self.anna).softphone_hang_up(call.id)
            return {"calls": [{"id": meta.WACID}]}

        self.graph.answer("connect", hang_up_meanwhile)
        self.send_due(call)
        self.assertEqual(self.graph.actions, ["connect", "terminate"])
        self.assertEqual(self.graph.bodies[1]["call_id"], meta.WACID)
        self.assertEqual(call.state, "cancelled")

    def test_hanging_up_before_the_connect_left_sends_nothing(self):
        self.permit()
        call = self.env["whatsapp.call"].browse(self.dial()["call"]["id"])
        self.phone(self.anna).softphone_hang_up(call.id)
        self.send_due(call)
        self.assertEqual(self.graph.requests, [])
        self.assertEqual(call.state, "cancelled")

    # ---- what WhatsApp refuses

    def test_138006_shows_what_whatsapp_said_and_withdraws_our_permission(self):
        permission = self.permit()
        call = self.connect(
            Refusal(400, 138006, "No approved call permission", "Ask the user first.")
        )
        self.assertRecordValues(
            call,
            [
                {
                    "state": "failed",
                    "error_code": 138006,
                    "error_message": "No approved call permission Ask the user first.",
                    "deadline": False,
                }
            ],
        )
        self.assertFalse(permission.granted)
        self.assertEqual(self.dial()["reason"], "no_permission")

    def test_138012_shows_when_the_next_call_is_allowed(self):
        self.permit()
        self.anna.tz = "UTC"
        call = self.connect(
            Refusal(
                400,
                138012,
                "Call limit reached",
                "You may call this user again at 2030-12-24T08:05:00Z.",
            )
        )
        self.assertEqual((call.state, call.error_code), ("failed", 138012))
        self.assertRegex(call.reason, r"Possible again from 12/24/30, 8:05\sAM\.$")
        error = self.phone(self.anna).softphone_calls([call.id])[0]["error"]
        self.assertTrue(error["title"] and error["advice"])

    def test_138001_shows_what_to_do(self):
        self.permit()
        call = self.connect(Refusal(400, 138001, "Receiver cannot take calls"))
        self.assertEqual((call.state, call.closed_reason), ("failed", "not_sent"))
        view = self.phone(self.anna).softphone_calls([call.id])[0]
        self.assertEqual(view["error"]["message"], "Receiver cannot take calls")
        self.assertTrue(view["error"]["advice"])
        self.assertEqual(view["reason"], "Receiver cannot take calls")

    def test_a_provider_that_cannot_be_reached_fails_the_call(self):
        self.permit()
        call = self.connect(requests.ConnectTimeout())
        self.assertEqual((call.state, call.request_ids.state), ("failed", "failed"))
        self.assertEqual(call.reason, "The provider could not be reached in time.")

    def test_a_connect_without_an_answer_is_unknown_and_a_webhook_settles_it(self):
        self.permit()
        call = self.connect(requests.ReadTimeout())
        self.assertEqual((call.state, call.request_ids.state), ("dialing", "unknown"))
        self.deliver(
            meta.statuses(
                meta.status("RINGING", biz_opaque_callback_data=call.opaque),
                meta.status("ACCEPTED", biz_opaque_callback_data=call.opaque),
            )
        )
        self.assertEqual((call.state, call.provider_ref), ("connected", meta.WACID))
        self.assertEqual(call.request_ids.state, "done")

    def test_a_connect_without_an_answer_can_be_hung_up_once_a_webhook_names_it(self):
        self.permit()
        call = self.connect(requests.ReadTimeout())
        self.phone(self.anna).softphone_hang_up(call.id)
        self.send_due(call)
        self.assertEqual(self.graph.actions, ["connect"])
        self.deliver(
            meta.statuses(meta.status("RINGING", biz_opaque_callback_data=call.opaque))
        )
        self.send_due(call)
        self.assertEqual(self.graph.actions, ["connect", "terminate"])
        self.assertEqual(self.graph.bodies[1]["call_id"], meta.WACID)
