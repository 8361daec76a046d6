"""One chatter message per call, on its record, rewritten once when it ends."""

import time

from odoo.tests import tagged

from . import meta_bodies as meta
from .common import WhatsappCallingCase


@tagged("post_install", "-at_install")
class TestChatter(WhatsappCallingCase):
    def post(self, call):
        """What the pool does after the commit."""
        self.env["whatsapp.call"]._post_due(call.id)

    def messages(self, record, call):
        return record.message_ids.filtered(
            lambda message: f'data-oe-id="{call.id}"' in (message.body or "")
        )

    def test_a_call_is_one_message_from_ring_to_end(self):
        call = self.ring()
        self.post(call)
        first = self.messages(self.eva, call)
        self.assertEqual(len(first), 1)
        self.assertEqual(call.message_id, first)
        self.accept(self.anna, call)
        self.send_due(call)
        self.post(call)
        start = int(time.time())
        self.deliver(meta.calls(meta.terminate(**meta.talked(start, 63))))
        self.post(call)
        self.assertEqual(self.messages(self.eva, call), first, "no second message")

    def test_the_message_holds_the_calls_id_and_tells_how_it_ended(self):
        call = self.answered()
        start = int(time.time())
        self.deliver(meta.calls(meta.terminate(**meta.talked(start, 63))))
        self.post(call)
        self.assertEqual(
            call.message_id.body,
            '<div class="o_whatsapp_call_card" data-oe-type="whatsapp-call" '
            f'data-oe-model="whatsapp.call" data-oe-id="{call.id}"><p>WhatsApp call '
            "from Eva Berger (+43 664 5557001) · Completed · 01:03 · Anna</p></div>",
        )

    def test_a_missed_call_says_why(self):
        call = self.ring()
        self.deliver(meta.calls(meta.terminate()))
        self.post(call)
        self.assertIn(
            "Missed · The caller hung up before anybody answered", call.message_id.body
        )

    def test_an_outgoing_call_says_to_whom(self):
        call = self.dialled()
        self.post(call)
        self.assertIn("WhatsApp call to Eva Berger", call.message_id.body)
        self.assertEqual(call.message_id.author_id, self.anna.partner_id)

    def test_the_rewritten_message_is_not_stamped_edited(self):
        call = self.ring()
        self.post(call)
        self.deliver(meta.calls(meta.terminate()))
        self.post(call)
        self.assertNotIn("o-mail-Message-edited", call.message_id.body)
        self.assertFalse(call.message_id.tracking_value_ids)

    def test_a_message_is_a_note_that_mails_nobody(self):
        self.eva.message_subscribe(self.maria.partner_id.ids)
        call = self.ring()
        self.post(call)
        message = call.message_id
        self.assertEqual(message.subtype_id, self.env.ref("mail.mt_note"))
        self.assertEqual(message.message_type, "notification")
        self.assertFalse(message.notification_ids)
        self.assertNotIn(self.anna.partner_id, self.eva.message_partner_ids)

    def test_a_call_on_another_record_is_told_there(self):
        call = self.answered()
        self.post(call)
        office = self.env["res.partner"].create({"name": "Office"})
        self.phone(self.anna).softphone_link(call.id, "res.partner", office.id)
        self.post(call)
        self.assertEqual(len(self.messages(office, call)), 1)
        self.assertEqual(
            (call.res_model, call.res_id, call.message_id.res_id),
            ("res.partner", office.id, office.id),
        )

    def test_moving_a_call_leaves_no_second_card_behind(self):
        call = self.answered()
        self.post(call)
        office = self.env["res.partner"].create({"name": "Office"})
        self.phone(self.anna).softphone_link(call.id, "res.partner", office.id)
        self.post(call)
        self.eva.invalidate_recordset()
        self.assertFalse(self.messages(self.eva, call))

    def test_a_caller_nobody_knows_has_no_chatter_and_does_no_harm(self):
        self.deliver(meta.calls(meta.offer("436645557999")))
        call = self.the_call()
        self.post(call)
        self.assertFalse(call.message_id)
        self.assertFalse(call.chatter_due)

    def test_nothing_is_posted_inside_the_webhook(self):
        call = self.ring()
        self.assertTrue(call.chatter_due)
        self.assertFalse(call.message_id)

    def test_a_name_is_no_html(self):
        self.eva.name = "<b>Eva</b>"
        call = self.ring()
        self.post(call)
        self.assertIn("&lt;b&gt;Eva&lt;/b&gt;", call.message_id.body)
