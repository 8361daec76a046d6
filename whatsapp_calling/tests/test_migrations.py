"""What an upgrade must not forget."""

from datetime import timedelta

from odoo import fields
from odoo.modules.module import load_script
from odoo.tests import tagged
from odoo.tools import file_path

from . import meta_bodies as meta
from .common import WhatsappCallingCase

FOLDER = "whatsapp_calling/migrations"


@tagged("post_install", "-at_install")
class TestMigrations(WhatsappCallingCase):
    def migrate(self, name):
        """Run a script of the upgrade to 19.0.1.1.0."""
        path = file_path(f"{FOLDER}/19.0.1.1.0/{name}.py")
        self.env.flush_all()
        load_script(path, name.replace("-", "_")).migrate(self.env.cr, "19.0.1.0.0")
        self.env.invalidate_all()

    def asked(self, wa_id, days, answered=None, **values):
        """A permission as 19.0.1.0.0 kept it; `days` since it was asked for."""
        now = fields.Datetime.now()
        return self.env["whatsapp.call.permission"].create(
            {
                "number_id": self.number.id,
                "contact_id": self.contact(wa_id).id,
                "requested_at": now - timedelta(days=days),
                "requested_by_id": self.anna.id,
                "request_ref": f"wamid.{wa_id}",
                "answered_at": answered is not None and now - timedelta(days=answered),
                **values,
            }
        )

    def test_requests_of_the_last_week_are_counted_and_those_open_stay_open(self):
        waits = self.asked(meta.CUSTOMER, days=0.5)
        again = self.asked("436645557002", days=2, answered=5)
        settled = self.asked("436645557003", days=2, answered=1, granted=True)
        old = self.asked("436645557004", days=8, answered=9)
        self.migrate("post-permission_requests")
        message = waits.message_ids
        self.assertEqual(
            (message.kind, message.state, message.counts, message.message_ref),
            ("permission", "sent", True, f"wamid.{meta.CUSTOMER}"),
        )
        self.assertEqual(message.asked_at, waits.requested_at)
        self.assertEqual(message.user_id, self.anna)
        self.assertEqual(message.number_id, self.number)
        self.assertEqual(message.contact_id, waits.contact_id)
        self.assertEqual(message.company_id, self.company)
        self.assertEqual((waits.state, again.state), ("requested", "requested"))
        self.assertEqual(waits._limits()["day"]["used"], 1)
        self.assertEqual(again._limits()["week"]["used"], 1)
        self.assertEqual(settled._limits()["week"]["used"], 1)
        self.assertFalse(settled.request_open)
        self.assertFalse(old.message_ids)

    def test_the_answer_to_a_request_from_before_closes_it(self):
        waits = self.asked(meta.CUSTOMER, days=1)
        self.migrate("post-permission_requests")
        reply = meta.permission_reply(
            "accept", is_permanent=True, context={"id": waits.request_ref}
        )
        self.deliver(meta.messages(reply))
        self.assertEqual(waits.state, "granted")
        self.assertFalse(waits.request_open)
        self.assertEqual(waits.message_ids.answer, "accepted")

    def test_a_second_upgrade_counts_nothing_twice(self):
        waits = self.asked(meta.CUSTOMER, days=1)
        self.migrate("post-permission_requests")
        self.migrate("post-permission_requests")
        self.assertEqual(len(waits.message_ids), 1)
