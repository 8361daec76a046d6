"""The softphone in a browser, with the real models behind it."""

import time

from odoo.tests import tagged

from .common import WhatsappCallingHttpCase


@tagged("post_install", "-at_install")
class TestSoftphoneTours(WhatsappCallingHttpCase):
    def requests_of(self, action):
        return self.env["whatsapp.call.request"].search([("action", "=", action)])

    def test_a_call_that_rings_already_is_declined_for_everyone(self):
        call = self.ring(timestamp=str(int(time.time())))
        self.start_tour("/odoo", "whatsapp_calling_ringing_call", login="calling_anna")
        self.assertIn(call, self.requests_of("reject").call_id)

    def test_a_customer_is_asked_for_permission_from_the_form(self):
        self.wrote()  # or only a template may be sent
        self.start_tour(
            f"/odoo/res.partner/{self.eva.id}",
            "whatsapp_calling_ask_permission",
            login="calling_anna",
        )
        self.assertTrue(self.requests_of("permission_request"))
