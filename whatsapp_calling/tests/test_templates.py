"""Templates: as Meta has them, made here, chosen, sent and refused."""

from datetime import timedelta

import requests
from psycopg2.errors import UniqueViolation

from odoo import fields
from odoo.exceptions import UserError, ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..providers.base import ProviderError
from . import meta_bodies as meta
from .graph import Refusal
from .test_asking import MESSAGES, AskingCase

ASKS = {"type": "call_permission_request"}


def listed(name, language="en_US", status="APPROVED", **members):
    """One template as Meta lists it."""
    return {
        "id": f"77{len(name)}{len(language)}",
        "name": name,
        "language": language,
        "status": status,
        "category": "UTILITY",
        "components": [{"type": "BODY", "text": f"{name} in {language}"}, ASKS],
        **members,
    }


def button(name, **members):
    part = {"type": "VOICE_CALL", "text": "Call us", "ttl_minutes": 2880}
    components = [
        {"type": "BODY", "text": "Questions, {{1}}?"},
        {"type": "BUTTONS", "buttons": [part]},
    ]
    return listed(name, components=components, **members)


class TemplateCase(AskingCase):
    def template(self, name="may_we_call", state="approved", **values):
        return self.env["whatsapp.calling.template"].create(
            {
                "name": name,
                "account_id": self.account.id,
                "state": state,
                "body": "May we call you?",
                "language": "en_US",
                **values,
            }
        )

    def sync(self, *entries):
        self.account.with_user(self.maria).action_sync_templates()
        self.list_comes(*entries)

    def list_comes(self, *entries):
        """Meta's answer to the question that waits."""
        self.graph.answer("message_templates", {"data": list(entries)})
        request = self.env["whatsapp.call.request"].search(
            [("action", "=", "list_templates"), ("state", "=", "queued")]
        )
        self.send_due(request=request)

    def templates(self):
        return self.account.template_ids.sorted("name")


@tagged("post_install", "-at_install")
class TestTemplateSync(TemplateCase):
    def test_templates_that_ask_or_carry_a_call_button_are_taken_over(self):
        other = listed("order_sent", components=[{"type": "BODY", "text": "Sent"}])
        self.sync(listed("ask"), button("talk"), other)
        self.assertEqual(
            self.templates().mapped(
                lambda t: (t.name, t.kind, t.state, t.language, t.label, t.ttl_minutes)
            )[1],
            ("talk", "call_button", "approved", "en_US", "Call us", 2880),
        )
        self.assertEqual(self.templates().mapped("name"), ["ask", "talk"])

    def test_their_state_follows_meta_with_its_reason(self):
        self.sync(listed("ask"))
        for status, state in (
            ("PAUSED", "paused"),
            ("REJECTED", "rejected"),
            ("DISABLED", "disabled"),
            ("PENDING", "pending"),
            ("A_NEW_WORD", "disabled"),
        ):
            with self.subTest(status):
                self.sync(listed("ask", status=status, rejected_reason="ABUSIVE"))
                self.assertEqual(self.templates().state, state)
                self.assertIn("ABUSIVE", self.templates()._refusal())
                self.assertFalse(self.templates()._sendable(self.account, "permission"))

    def test_what_meta_no_longer_lists_cannot_be_sent(self):
        self.sync(listed("ask"), listed("zero"))
        earlier = fields.Datetime.now() - timedelta(minutes=5)
        self.account.template_ids.synced_at = earlier
        self.sync(listed("ask"))
        self.assertEqual(
            self.templates().mapped(lambda t: (t.name, t.state)),
            [("ask", "approved"), ("zero", "missing")],
        )

    def test_a_webhook_about_a_template_is_taken_over_at_once(self):
        self.sync(listed("ask"))
        told = {
            "event": "PAUSED",
            "message_template_id": 77,
            "message_template_name": "ask",
            "message_template_language": "en_US",
            "reason": "LOW_QUALITY",
        }
        self.deliver(
            meta.body({"field": "message_template_status_update", "value": told})
        )
        self.assertEqual(self.templates().state, "paused")

    def test_the_cron_asks_daily_and_hourly_while_one_waits(self):
        self.account.state = "connected"
        accounts = self.env["whatsapp.calling.account"]
        queued = [
            ("action", "=", "list_templates"),
            ("account_id", "=", self.account.id),
        ]
        requests = self.env["whatsapp.call.request"]
        accounts._cron_sync_templates()
        self.assertEqual(requests.search_count(queued), 1)
        accounts._cron_sync_templates()
        self.assertEqual(requests.search_count(queued), 1)
        self.template(state="pending")
        accounts._cron_sync_templates()
        self.assertEqual(requests.search_count(queued), 2)

    def test_the_lists_button_asks_for_all_accounts_one_may_see(self):
        templates = self.env["whatsapp.calling.template"].with_user(self.maria)
        templates.action_sync()
        requests = self.env["whatsapp.call.request"].search(
            [("action", "=", "list_templates")]
        )
        self.assertIn(self.account, requests.account_id)
        self.assertNotIn(self.account_2, requests.account_id)

    def test_a_failed_update_is_told_and_changes_nothing(self):
        self.sync(listed("ask"))
        self.account.with_user(self.maria).action_sync_templates()
        request = self.env["whatsapp.call.request"].search(
            [("action", "=", "list_templates"), ("state", "=", "queued")]
        )
        self.graph.answer("message_templates", Refusal(403, 200, "Missing permission"))
        with self.bus() as sent:
            self.send_due(request=request)
        self.assertIn("Missing permission", sent[-1][2]["message"])
        self.assertEqual(self.templates().state, "approved")


@tagged("post_install", "-at_install")
class TestTemplateMaking(TemplateCase):
    def hand_in(self, template, answer):
        template.with_user(self.maria).action_hand_in()
        self.assertEqual(template.state, "pending")
        self.graph.answer("message_templates", answer)
        self.send_due(request=template.hand_in_id)

    def test_a_draft_is_handed_in_and_waits_for_meta(self):
        template = self.template(state="draft", body="Hello {{1}}, may we call?")
        self.hand_in(
            template, {"id": "880", "status": "PENDING", "category": "UTILITY"}
        )
        self.assertEqual((template.state, template.provider_ref), ("pending", "880"))
        method, path, body = self.graph.requests[-1]
        self.assertEqual(
            (method, path), ("POST", "/v25.0/190000000000001/message_templates")
        )
        self.assertEqual(
            body["components"],
            [
                {
                    "type": "BODY",
                    "text": "Hello {{1}}, may we call?",
                    "example": {"body_text": [["Maria"]]},
                },
                {"type": "call_permission_request"},
            ],
        )
        self.assertEqual(
            (body["name"], body["language"], body["category"]),
            ("may_we_call", "en_US", "UTILITY"),
        )

    def test_a_template_with_a_call_button_has_label_and_time(self):
        template = self.template(
            state="draft", kind="call_button", label="Talk to us", ttl_minutes=2880
        )
        self.hand_in(template, {"id": "881", "status": "PENDING"})
        self.assertEqual(
            self.graph.requests[-1][2]["components"][1],
            {
                "type": "BUTTONS",
                "buttons": [
                    {"type": "voice_call", "text": "Talk to us", "ttl_minutes": 2880}
                ],
            },
        )

    def test_what_meta_says_against_it_stands_on_the_draft(self):
        template = self.template(state="draft")
        self.hand_in(template, Refusal(400, 100, "Name is taken", "Use another name"))
        self.assertEqual(template.state, "draft")
        self.assertIn("Name is taken", template.reason)

    def test_no_answer_is_no_no_and_metas_list_is_asked(self):
        template = self.template(state="draft")
        with self.bus() as sent:
            self.hand_in(template, requests.Timeout("read timed out"))
        self.assertEqual(template.hand_in_id.state, "unknown")
        self.assertEqual((template.state, template.reason), ("pending", False))
        self.assertIn("simple_notification", [kind for _u, kind, _d in sent])
        # Meta had taken it
        self.list_comes(listed(template.name, status="APPROVED"))
        self.assertEqual(template.state, "approved")

    def test_what_was_handed_in_and_is_not_in_metas_list_later_is_a_draft_again(self):
        template = self.template(state="draft")
        self.hand_in(template, requests.Timeout("read timed out"))
        self.list_comes(listed("another"))
        self.assertEqual(template.state, "pending", "the list may be behind")
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE whatsapp_call_request"
            " SET write_date = write_date - interval '11 minutes' WHERE id = %s",
            [template.hand_in_id.id],
        )
        self.env.invalidate_all()
        self.sync(listed("another"))
        self.assertEqual(template.state, "draft")
        self.assertIn("hand it in again", template.reason)

    def test_what_meta_would_refuse_is_refused_before(self):
        for values in (
            {"name": "May we call?"},
            {"kind": "call_button", "label": "x" * 21},
            {"kind": "call_button", "label": "Call", "ttl_minutes": 43201},
            {"kind": "call_button", "label": "Call", "ttl_minutes": 1439},
        ):
            with self.subTest(values), self.assertRaises(ValidationError):
                self.template(**{"state": "draft", **values})

    def test_only_managers_make_templates(self):
        self.assertFalse(
            self.env["whatsapp.calling.template"]
            .with_user(self.anna)
            .has_access("create")
        )
        with self.assertRaises(UserError):
            self.template().with_user(self.maria).unlink()


@tagged("post_install", "-at_install")
class TestTemplateSending(TemplateCase):
    def setUp(self):
        super().setUp()
        self.wrote(hours=25)

    def test_after_24_hours_the_approved_template_is_sent(self):
        template = self.template(body="Hello {{1}}, may we call?")
        view = self.ask_view()
        self.assertEqual((view["way"], view["template_id"]), ("template", template.id))
        self.assertEqual(view["templates"][0]["text"], "Hello Eva Berger, may we call?")
        self.assertTrue(self.ask(template_id=template.id)["ok"])
        self.send_messages()
        self.assertEqual(
            self.graph.requests,
            [
                (
                    "POST",
                    MESSAGES,
                    {
                        "messaging_product": "whatsapp",
                        "recipient_type": "individual",
                        "to": meta.CUSTOMER,
                        "type": "template",
                        "template": {
                            "name": "may_we_call",
                            "language": {"code": "en_US"},
                            "components": [
                                {
                                    "type": "body",
                                    "parameters": [
                                        {"type": "text", "text": "Eva Berger"}
                                    ],
                                }
                            ],
                        },
                    },
                )
            ],
        )
        self.assertEqual(self.ledger().state, "requested")
        self.assertIn("Hello Eva Berger, may we call?", self.notes()[-1])

    def test_a_template_that_cannot_be_sent_is_refused_here_with_metas_reason(self):
        for state in ("pending", "rejected", "paused", "disabled", "missing", "draft"):
            with self.subTest(state):
                template = self.template(f"t_{state}", state, reason="Low quality.")
                result = self.ask(template_id=template.id)
                self.assertFalse(result["ok"])
                self.assertIn(f"t_{state}", result["message"])
                self.assertIn("Low quality.", result["message"])
        self.assertFalse(self.sent_messages())

    def test_one_that_meta_paused_meanwhile_is_told_in_metas_words_and_marked(self):
        template = self.template()
        self.ask(template_id=template.id)
        self.graph.answer("messages", Refusal(400, 132015, "Template is paused"))
        with self.bus() as sent:
            self.send_messages()
        self.assertIn("Template is paused", sent[-1][2]["message"])
        self.assertEqual(template.state, "paused")
        self.assertEqual(self.ledger().state, "none")
        self.assertIn("paused", self.ask(template_id=template.id)["message"])

    def test_one_that_is_gone_or_disabled_at_meta_is_marked_too(self):
        for code, state in ((132001, "missing"), (132016, "disabled")):
            with self.subTest(code):
                template = self.template(f"t_{code}")
                self.ask(template_id=template.id)
                self.graph.answer("messages", Refusal(400, code, "No such template"))
                self.send_messages()
                self.assertEqual(template.state, state)

    def test_many_refused_messages_write_their_templates_row_once(self):
        template = self.template()
        error = ProviderError("Paused", kind="refused", code=132015)
        template._note_refusal(error, "Paused")
        self.env.flush_all()
        template.state  # noqa: B018 - read before the queries are counted
        with self.assertQueryCount(0):
            template._note_refusal(error, "Paused again")
            self.env.flush_all()
        self.assertEqual((template.state, template.reason), ("paused", "Paused"))

    def test_the_language_is_the_customers_else_a_near_one_else_english(self):
        for language in ("de", "en_US", "es_MX", "pt_BR"):
            self.template(language=language)
        templates = self.templates()
        for lang, chosen in (
            ("de_AT", "de"),
            ("es_ES", "es_MX"),
            ("pt_BR", "pt_BR"),
            ("fr_FR", "en_US"),
            (False, "en_US"),
        ):
            with self.subTest(lang):
                self.assertEqual(templates._for_language(lang).language, chosen)

    def test_more_than_the_name_cannot_be_filled_in(self):
        template = self.template(body="Hello {{1}}, your order {{2}}")
        self.assertIn("more than one placeholder", template._refusal())
        heading = [{"type": "HEADER", "format": "IMAGE"}]
        template = self.template("pic", components=heading)
        self.assertIn("heading", template._refusal())

    def test_a_template_of_another_company_is_not_sent(self):
        template = self.template(account_id=self.account_2.id)
        self.assertFalse(self.ask(template_id=template.id)["ok"])

    @mute_logger("odoo.sql_db")
    def test_a_name_is_there_once_in_each_language(self):
        self.template()
        with self.assertRaises(UniqueViolation), self.cr.savepoint():
            self.template()
