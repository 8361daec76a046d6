"""Who looks at a call hears of its changes on the bus, where they may read it."""

import json

from odoo.tests import tagged

from .common import WhatsappCallingCase


@tagged("post_install", "-at_install")
class TestCallChannel(WhatsappCallingCase):
    def channels(self, user, *wanted):
        websocket = self.env["ir.websocket"].with_user(user)
        return websocket._with_whatsapp_calls(list(wanted))

    def test_who_may_read_a_call_may_listen_to_it(self):
        call = self.ring()
        name = f"whatsapp.call_{call.id}"
        self.assertIn(call, self.channels(self.maria, name))
        self.assertIn(call, self.channels(self.anna, name))

    def test_nobody_else_may(self):
        call = self.ring()
        name = f"whatsapp.call_{call.id}"
        for user in (self.carlos, self.nora, self.env.ref("base.public_user")):
            channels = self.channels(user, name, "whatsapp.call_0", "whatsapp.call_x")
            self.assertNotIn(call, channels)
            self.assertNotIn(name, channels)

    def test_a_change_is_told_on_the_calls_channel_with_ids_only(self):
        call = self.ring()
        self.env.cr.precommit.run()
        bus = self.env["bus.bus"]
        last = bus.search([], order="id desc", limit=1).id
        self.accept(self.anna, call)
        self.env.cr.precommit.run()
        told = [
            json.loads(row.message)
            for row in bus.search([("id", ">", last)], order="id")
            if json.loads(row.channel)[1:] == ["whatsapp.call", call.id]
        ]
        self.assertEqual({each["type"] for each in told}, {"whatsapp_calling/update"})
        self.assertEqual(
            told[-1]["payload"].keys(),
            {
                "id",
                "version",
                "state",
                "live",
                "connecting",
                "handler_id",
                "server_time",
            },
        )
