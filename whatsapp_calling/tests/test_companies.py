"""Calling is switched on company by company; where it is off nothing of it works."""

from odoo.exceptions import UserError
from odoo.tests import tagged

from . import meta_bodies as meta
from .common import WhatsappCallingCase

OFF = (
    "WhatsApp Calling is switched off for Calls Vienna. An administrator can switch it "
    "on in the settings of WhatsApp Calling."
)


@tagged("post_install", "-at_install")
class TestCompanySwitch(WhatsappCallingCase):
    """A company that has calling switched off."""

    def switch_off(self):
        self.company.whatsapp_calling_enabled = False

    def test_a_new_company_does_not_call(self):
        company = self.env["res.company"].create({"name": "New"})
        self.assertFalse(company.whatsapp_calling_enabled)
        self.assertIn("switched off for New", company._whatsapp_calling_refusal())

    def test_an_incoming_call_is_kept_but_rings_for_nobody(self):
        self.switch_off()
        with self.bus() as sent:
            call = self.ring()
        self.assertRings(call, self.env["res.users"])
        self.assertFalse(sent)
        note = call.event_ids.filtered(lambda e: e.kind == "nobody_rings").note
        self.assertEqual(note, OFF)

    def test_a_call_is_not_placed(self):
        self.permit()
        self.switch_off()
        answer = self.dial()
        self.assertFalse(answer["ok"])
        self.assertEqual((answer["reason"], answer["message"]), ("disabled", OFF))
        made = [("number_id", "=", self.number.id)]
        self.assertFalse(self.env["whatsapp.call"].search_count(made))

    def test_a_permission_is_not_asked_for(self):
        self.switch_off()
        answer = self.phone(self.anna).softphone_request_permission(
            {"partner_id": self.eva.id}
        )
        self.assertEqual(answer, {"ok": False, "message": OFF})

    def test_a_number_is_not_switched_on(self):
        self.number.calling_enabled = False
        self.switch_off()
        with self.assertRaisesRegex(UserError, "switched off for Calls Vienna"):
            self.number.with_user(self.maria).calling_enabled = True

    def test_a_ringing_call_is_not_answered(self):
        call = self.ring()
        self.switch_off()
        answer = self.accept(self.anna, call)
        self.assertEqual((answer["ok"], answer["message"]), (False, OFF))
        self.assertFalse(self.queued(call))

    def test_what_was_queued_before_does_not_leave(self):
        call = self.ring()
        self.accept(self.anna, call)
        self.switch_off()
        self.send_due(call)
        self.assertFalse(self.graph.requests)
        accept = call.request_ids.filtered(lambda r: r.action == "accept")
        self.assertEqual((accept.state, accept.error_message), ("failed", OFF))

    def test_a_running_call_can_still_be_hung_up(self):
        call = self.answered()
        self.switch_off()
        self.phone(self.anna).softphone_hang_up(call.id)
        self.send_due(call)
        self.assertEqual(self.graph.actions, ["terminate"])

    def test_past_calls_stay_readable(self):
        call = self.answered()
        self.deliver(meta.calls(meta.terminate()))
        self.switch_off()
        for user in (self.anna, self.maria):
            self.assertEqual(call.with_user(user).state, "completed")

    def test_the_other_company_goes_on(self):
        self.switch_off()
        self.assertEqual(self.company_2._whatsapp_calling_refusal(), "")
