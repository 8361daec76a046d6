"""Automation Rules about calls fire for what WhatsApp tells, and never lose a call."""

from unittest.mock import patch

from psycopg2 import errorcodes, errors

from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.whatsapp_calling.tests import meta_bodies as meta
from odoo.addons.whatsapp_calling.tests.common import (
    WhatsappCallingCase,
    WhatsappCallingHttpCase,
)
from odoo.addons.whatsapp_calling.tools import transaction

TRANSACTION = "odoo.addons.whatsapp_calling.tools.transaction"
POOL = (
    "odoo.addons.whatsapp_calling.models.automation"
    ".whatsapp_calling_happening_dealing"
)
NOTE = 'record.write({"notes": (record.notes or "") + record.happening + " "})'


class Lost(errors.SerializationFailure):
    pgcode = errorcodes.SERIALIZATION_FAILURE


class RulesMixin:
    def setUp(self):
        super().setUp()
        # the rules of a test patch the models of the whole process
        self.addCleanup(self.env["base.automation"]._unregister_hook)
        self.addCleanup(self.env.registry.clear_cache)

    def rule(self, model="whatsapp.call", watch="happening", domain="[]", **values):
        """An automation rule that runs Python when a field changes."""
        model_id = self.env["ir.model"]._get_id(model)
        action = self.env["ir.actions.server"].create(
            {
                "name": "Test",
                "model_id": model_id,
                "state": "code",
                "usage": "base_automation",
                "code": values.pop("code", NOTE),
            }
        )
        return self.env["base.automation"].create(
            {
                "name": "Test",
                "model_id": model_id,
                "trigger": "on_create_or_write",
                "trigger_field_ids": [
                    (6, 0, self.env["ir.model.fields"]._get(model, watch).ids)
                ],
                "filter_domain": domain,
                "action_server_ids": [(6, 0, action.ids)],
                **values,
            }
        )

    def run_pool(self):
        """What the pool does after the commit; nothing reaches it under tests."""
        happenings = self.env["whatsapp.calling.happening"]
        happenings._deal_with_due()
        happenings._run_rules()
        self.env.invalidate_all()

    def failures(self, call):
        return call.event_ids.filtered(lambda event: event.kind == "rule_failed")


@tagged("post_install", "-at_install")
class TestAutomation(RulesMixin, WhatsappCallingCase):
    def test_ringing_answered_and_ended_of_an_incoming_call_each_fire_once(self):
        self.rule()
        call = self.answered()
        self.deliver(meta.calls(meta.terminate()))
        self.deliver(meta.calls(meta.terminate()))
        self.assertFalse(call.notes, "a rule ran inside the webhook")
        self.run_pool()
        self.assertEqual(call.notes.split(), ["ringing", "answered", "ended"])
        self.run_pool()
        self.assertEqual(call.notes.split(), ["ringing", "answered", "ended"])

    def test_a_rule_for_missed_calls_fires_for_these_only(self):
        self.rule(domain='[("happening", "=", "missed")]')
        missed = self.ring(id="wacid.1")
        missed._close("unanswered")
        rejected = self.ring(id="wacid.2")
        self.phone(self.anna).softphone_decline(rejected.id)
        self.run_pool()
        self.assertEqual((missed.notes, rejected.notes), ("missed ", False))

    def test_a_declined_call_is_rejected_and_ended(self):
        self.rule()
        call = self.ring()
        self.phone(self.anna).softphone_decline(call.id)
        self.run_pool()
        self.assertEqual(call.notes.split(), ["ringing", "rejected", "ended"])

    def test_a_call_placed_here_fires_as_its_customer_answers(self):
        self.rule()
        call = self.dialled()
        for status in ("RINGING", "ACCEPTED"):
            self.deliver(meta.statuses(meta.status(status)))
        self.run_pool()
        self.assertEqual(call.notes.split(), ["ringing", "answered"])

    def test_answers_to_permission_requests_fire(self):
        self.rule(
            "whatsapp.call.permission",
            code='record.contact_id.write({"name": record.happening})',
        )
        contact = self.contact()
        self.deliver(meta.messages(meta.permission_reply("accept")))
        self.run_pool()
        self.assertEqual(contact.name, "granted")
        self.deliver(
            meta.messages(
                meta.permission_reply(
                    "reject", ref="wamid.X3", timestamp=meta.stamp(60)
                )
            )
        )
        self.run_pool()
        self.assertEqual(contact.name, "declined")

    def test_a_rule_that_raises_loses_neither_the_call_nor_other_rules(self):
        self.rule(code="raise UserError('broken rule')")
        self.rule(domain='[("happening", "=", "ringing")]')
        call = self.ring()
        self.assertRings(call, self.anna | self.berta)
        with mute_logger(POOL):
            self.run_pool()
        self.assertEqual((call.state, call.notes), ("ringing", "ringing "))
        (line,) = self.failures(call)
        self.assertIn("broken rule", line.note)
        self.assertTrue(line.flagged)

    def test_a_rule_runs_when_what_it_watches_is_committed(self):
        """A slow rule holds no lock of the call, which clicks and webhooks wait for."""
        self.rule()
        call = self.ring()
        steps = []
        commit, run = transaction._commit, type(self.env["ir.actions.server"]).run

        def committed(cr):
            steps.append(call.happening)
            commit(cr)

        def ran(action):
            steps.append("the rule")
            return run(action)

        with (
            patch.object(transaction, "_commit", committed),
            patch.object(type(self.env["ir.actions.server"]), "run", ran),
        ):
            self.run_pool()
        self.assertEqual(steps.count("the rule"), 1)
        self.assertIn("ringing", steps[: steps.index("the rule")])

    def test_webhooks_are_queued_before_any_rule_runs(self):
        self.env["whatsapp.calling.hook"].create(
            {
                "name": "Warehouse",
                "url": "https://example.com/calls",
                "company_id": self.company.id,
            }
        )
        self.rule()
        call = self.ring()
        call._close("unanswered")
        happenings = self.env["whatsapp.calling.happening"]
        happenings._deal_with_due()
        self.assertFalse(call.notes or call.happening)
        deliveries = self.env["whatsapp.calling.delivery"].search([], order="id")
        self.assertEqual(deliveries.mapped("event"), ["call.missed", "call.ended"])
        self.run_pool()
        self.assertEqual(call.notes.split(), ["ringing", "missed", "ended"])

    @mute_logger("odoo.sql_db")
    def test_a_rule_that_breaks_a_rule_of_the_database_stops_no_other(self):
        self.rule(
            code='env["res.lang"].create({"name": "X", "code": "en_US", '
            '"url_code": "en_US"})'
        )
        self.rule()
        call = self.ring()
        call._close("unanswered")
        with mute_logger(POOL):
            self.run_pool()
        self.assertEqual(call.notes.split(), ["ringing", "missed", "ended"])
        self.assertEqual(len(self.failures(call)), 3)

    def test_a_rule_that_loses_each_try_is_given_up_and_the_others_go_on(self):
        loser = self.rule(domain='[("happening", "=", "missed")]')
        self.rule(code='record.write({"contact_id": record.contact_id.id})')
        call = self.ring()
        call._close("unanswered")
        run = type(self.env["ir.actions.server"]).run

        def lose(action):
            if action in loser.action_server_ids:
                raise Lost("could not serialize access")
            return run(action)

        with (
            patch.object(type(self.env["ir.actions.server"]), "run", lose),
            mute_logger(TRANSACTION),
        ):
            self.run_pool()
        happenings = self.env["whatsapp.calling.happening"].search([])
        failed = happenings.filtered(lambda each: each.state == "failed")
        self.assertEqual(failed.automation_id, loser)
        self.assertEqual(set((happenings - failed).mapped("state")), {"done"})
        self.assertIn("could not serialize", self.failures(call).note)

    def test_a_rule_on_any_other_field_waits_for_the_commit_too(self):
        self.rule(
            watch="state",
            domain='[("state", "=", "missed")]',
            code='record.write({"notes": "seen"})',
        )
        call = self.ring()
        call._close("unanswered")
        self.assertFalse(call.notes)
        self.run_pool()
        self.assertEqual(call.notes, "seen")

    def test_a_broken_rule_on_any_other_field_loses_no_call_either(self):
        self.rule(watch="state", code="raise UserError('broken rule')")
        call = self.ring()
        self.assertEqual(call.state, "ringing")
        with mute_logger(POOL):
            self.run_pool()
        self.assertIn("broken rule", self.failures(call)[:1].note)

    def test_without_rules_and_webhooks_nothing_is_noted(self):
        call = self.ring()
        call._close("unanswered")
        self.assertFalse(self.env["whatsapp.calling.happening"].search([]))
        self.assertFalse(call.happening)

    def test_the_examples_are_switched_off_and_work_when_switched_on(self):
        example = self.env.ref("whatsapp_calling_automation.automation_missed")
        allowed = self.env.ref("whatsapp_calling_automation.automation_allowed")
        self.assertFalse(example.active or allowed.active)
        (example | allowed).active = True
        self.ring()._close("unanswered")
        self.deliver(meta.messages(meta.permission_reply("accept")))
        self.run_pool()
        self.assertEqual(
            self.eva.activity_ids.sorted("id").mapped("summary"),
            ["Call back: missed WhatsApp call", "May be called on WhatsApp now"],
        )


@tagged("post_install", "-at_install")
class TestAutomationOverHttp(RulesMixin, WhatsappCallingHttpCase):
    def test_a_webhook_is_answered_and_the_call_rings_although_a_rule_raises(self):
        self.rule(watch="state", code="raise UserError('broken rule')")
        self.rule(code="raise UserError('broken rule')")
        body = meta.calls(meta.offer(), contacts=[meta.contact()])
        response = self.post(body)
        self.assertEqual(response.status_code, 200)
        call = self.the_call()
        self.assertEqual(call.state, "ringing")
        with mute_logger(POOL):
            self.run_pool()
        self.assertEqual(len(self.failures(call)), 2)
