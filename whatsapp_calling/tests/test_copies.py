"""A copied database calls and writes to nobody until somebody decides."""

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged
from odoo.tools import file_open

from . import meta_bodies as meta
from .common import ADMINISTRATOR, WhatsappCallingCase

PAUSED = (
    "Calling is paused: this database looks like a copy of another one. An "
    "administrator decides in the settings of WhatsApp Calling."
)


@tagged("post_install", "-at_install")
class TestCopiedDatabase(WhatsappCallingCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.ada = cls._user("ada", ADMINISTRATOR, cls.company)

    def copy_database(self):
        """What Odoo does when it duplicates a database or restores it as a copy."""
        self.env["ir.config_parameter"].init(force=True)
        self.env.registry.clear_cache("stable")

    def neutralize(self):
        with file_open("whatsapp_calling/data/neutralize.sql") as file:
            self.env.flush_all()
            self.env.cr.execute(file.read())
        self.env.invalidate_all()
        self.env.registry.clear_cache("stable")

    def paused(self):
        return self.env["res.company"]._whatsapp_calling_paused()

    def decide(self, method, user=None):
        user = user or self.ada
        wizard = self.env(user=user, su=False)["whatsapp.calling.copy"].create({})
        getattr(wizard, method)()

    def hook(self):
        """An outgoing webhook with a delivery that waits."""
        hook = self.env["whatsapp.calling.hook"].create(
            {
                "name": "Warehouse",
                "url": "https://example.com/calls",
                "company_id": self.company.id,
            }
        )
        hook.action_test()
        return hook

    def notices(self):
        return self.env["whatsapp.calling.notice"].search(
            [("kind", "=", "copied_database"), ("account_id", "=", self.account.id)]
        )

    def test_the_database_it_was_installed_in_is_not_paused(self):
        self.assertFalse(self.paused())

    def test_what_was_queued_before_the_copy_does_not_leave(self):
        call = self.ring()
        self.accept(self.anna, call)
        self.copy_database()
        self.send_due(call)
        self.assertFalse(self.graph.requests)
        requests = call.request_ids
        self.assertEqual(set(requests.mapped("state")), {"failed"})
        self.assertFalse(any(requests.mapped("payload")))
        self.assertEqual(set(requests.mapped("error_message")), {PAUSED})

    def test_not_even_the_end_of_a_call_leaves_from_a_copy(self):
        call = self.answered()
        self.copy_database()
        self.phone(self.anna).softphone_hang_up(call.id)
        self.send_due(call)
        self.assertFalse(self.graph.requests)

    def test_a_webhook_is_taken_in_but_rings_for_nobody(self):
        self.copy_database()
        with self.bus() as sent:
            call = self.ring()
        self.assertTrue(call)
        self.assertFalse(call.rung_user_ids or sent)
        note = call.event_ids.filtered(lambda e: e.kind == "nobody_rings").note
        self.assertEqual(note, PAUSED)

    def test_nobody_is_called_or_asked(self):
        self.permit()
        self.copy_database()
        self.assertEqual(self.dial()["message"], PAUSED)
        asked = self.phone(self.anna).softphone_request_permission(
            {"partner_id": self.eva.id}
        )
        self.assertEqual(asked, {"ok": False, "message": PAUSED})

    def test_not_even_the_connection_is_tested(self):
        self.account.action_test_connection()
        request = self.env["whatsapp.call.request"].search(
            [("account_id", "=", self.account.id)], limit=1
        )
        self.copy_database()
        self.send_due(request=request)
        self.assertFalse(self.graph.requests)
        self.assertEqual(request.error_message, PAUSED)

    def test_the_server_raises_a_notice_that_leads_to_the_decision(self):
        self.copy_database()
        self.env["whatsapp.call"]._cron_sweep()
        notice = self.notices()
        self.assertEqual(notice.state, "open")
        action = notice.with_user(self.ada).action_fix()
        self.assertEqual(action["res_model"], "whatsapp.calling.copy")
        self.decide("action_go_on")
        self.assertEqual(notice.state, "resolved")

    def test_where_nothing_is_paused_nobody_decides(self):
        self.account_2.token = "token-2"
        for method in ("action_forget", "action_go_on"):
            with (
                self.subTest(method=method),
                self.assertRaisesRegex(UserError, "not paused"),
            ):
                self.decide(method)
        self.assertTrue(self.account.token_set)
        self.assertTrue(self.account_2.token_set)

    def test_the_original_that_moved_goes_on(self):
        self.permit()
        call = self.ring()
        self.accept(self.anna, call)
        self.copy_database()
        self.decide("action_go_on")
        self.assertFalse(self.paused())
        # what had been queued before the copy is not sent any more
        self.assertEqual(set(call.request_ids.mapped("state")), {"cancelled"})
        self.env.flush_all()
        self.send_due(call)
        self.assertFalse(self.graph.requests)
        second = self.ring(id="wacid.second", **{"from": "436645557002"})
        self.assertRings(second, self.anna | self.berta)

    def test_a_copy_forgets_its_accounts_and_is_silent_for_good(self):
        self.copy_database()
        self.decide("action_forget")
        self.assertFalse(self.paused())
        for account in self.account | self.account_2:
            self.assertFalse(account.token_set or account.app_secret_set)
        self.assertFalse(self.number.calling_enabled)
        self.permit()
        self.assertFalse(self.dial()["ok"])

    def test_neutralizing_pauses_and_leaves_no_secret_and_nothing_queued(self):
        call = self.ring()
        self.accept(self.anna, call)
        self.neutralize()
        self.assertTrue(self.paused())
        self.assertFalse(self.account.token_set or self.account.app_secret_set)
        self.assertFalse(self.number.calling_enabled)
        self.assertEqual(set(call.request_ids.mapped("state")), {"cancelled"})
        self.assertFalse(any(call.request_ids.mapped("payload")))

    def test_who_is_told_of_calls_is_not_told_by_a_copy(self):
        hook = self.hook()
        self.copy_database()
        delivery = hook.delivery_ids
        self.env["whatsapp.calling.delivery"]._send_due(delivery.id)
        self.assertEqual((delivery.state, delivery.attempts), ("queued", 0))
        self.decide("action_forget")
        self.assertEqual(delivery.state, "failed")
        self.assertFalse(hook.active or hook.secret_set)

    def test_neutralizing_silences_outgoing_webhooks_too(self):
        hook = self.hook()
        self.neutralize()
        self.assertFalse(hook.active or hook.secret_set)
        self.assertEqual(hook.delivery_ids.state, "failed")

    def test_only_an_administrator_decides(self):
        self.copy_database()
        for user in (self.maria, self.anna, self.nora):
            with self.assertRaises(AccessError):
                self.decide("action_go_on", user)
        self.assertTrue(self.paused())

    def test_an_update_of_the_module_confirms_no_copy(self):
        self.copy_database()
        self.env["res.company"]._whatsapp_calling_first_database()
        self.assertTrue(self.paused())

    def test_calls_of_before_stay_readable(self):
        call = self.answered()
        self.deliver(meta.calls(meta.terminate()))
        self.copy_database()
        self.assertEqual(call.with_user(self.anna).state, "completed")
