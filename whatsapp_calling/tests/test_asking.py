"""Asking a customer whether we may call, and what becomes of it."""

from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessError
from odoo.tests import tagged

from . import meta_bodies as meta
from .common import WhatsappCallingCase
from .graph import Refusal

MESSAGES = "/v25.0/290000000000001/messages"


class AskingCase(WhatsappCallingCase):
    def setUp(self):
        super().setUp()
        self.wrote()

    def ask(self, text=False, user=None, **options):
        return self.phone(user or self.anna).softphone_request_permission(
            {"partner_id": self.eva.id}, text, options
        )

    def ask_view(self, user=None):
        phone = self.phone(user or self.anna)
        return phone.softphone_ask_view({"partner_id": self.eva.id})

    def ledger(self):
        return self.env["whatsapp.call.permission"].search(
            [("number_id", "=", self.number.id)]
        )

    def reply(self, response, **members):
        self.deliver(meta.messages(meta.permission_reply(response, **members)))
        self.tell_records()
        return self.ledger()

    def notes(self, record=None):
        """The texts in the chatter of Eva, the oldest first."""
        record = record or self.eva
        messages = record.message_ids.filtered(lambda m: m.message_type != "comment")
        return [
            message.preview
            for message in messages.sorted("id")
            if "WhatsApp" in (message.preview or "")
        ]

    def activities(self, user=None):
        return self.eva.activity_ids.filtered(
            lambda activity: activity.user_id == (user or self.anna)
        )


@tagged("post_install", "-at_install")
class TestAsking(AskingCase):
    def test_within_24_hours_an_interactive_request_leaves_and_the_state_says_so(self):
        result = self.ask()
        self.assertEqual(
            result,
            {"ok": True, "message": "Eva Berger is asked for permission to be called."},
        )
        self.assertEqual(self.graph.requests, [])
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
                        "type": "interactive",
                        "interactive": {
                            "type": "call_permission_request",
                            "action": {"name": "call_permission_request"},
                            "body": {"text": "Can we give you a quick call?"},
                        },
                    },
                )
            ],
        )
        permission = self.ledger()
        self.assertEqual(
            (permission.state, permission.requested_by_id, permission.request_ref),
            ("requested", self.anna, "wamid.X1"),
        )

    def test_the_text_is_the_numbers_else_the_companys_else_ones_own(self):
        self.company.whatsapp_calling_permission_text = "May the company call?"
        self.assertEqual(self.ask_view()["text"], "May the company call?")
        self.number.permission_text = "May line 1 call?"
        self.assertEqual(self.ask_view()["text"], "May line 1 call?")
        self.ask("May we call about your order?")
        self.assertEqual(
            self.sent_messages().request_id.payload,
            {"to": meta.CUSTOMER, "text": "May we call about your order?"},
        )

    def test_the_chatter_tells_what_was_asked_once_it_was_sent(self):
        self.ask()
        self.assertEqual(self.notes(), [])
        self.send_messages()
        self.assertEqual(
            self.notes(),
            [
                "Eva Berger was asked on WhatsApp for permission to be called: "
                "“Can we give you a quick call?”"
            ],
        )

    def test_a_request_that_whatsapp_refuses_is_told_and_does_not_count(self):
        self.ask()
        self.graph.answer("messages", Refusal(400, 131026, "Message undeliverable"))
        with self.bus() as sent:
            self.send_messages()
        user, kind, load = sent[-1]
        self.assertEqual((user, kind), (self.anna, "whatsapp_calling/message_refused"))
        self.assertIn("Message undeliverable", load["message"])
        self.assertEqual((self.ledger().state, self.notes()), ("none", []))
        self.assertTrue(self.ask()["ok"])

    def test_who_may_be_called_for_good_is_not_asked(self):
        self.permit(self.wrote())
        self.assertEqual(
            self.ask(), {"ok": False, "message": "Eva Berger may be called already."}
        )

    def test_who_is_no_operator_does_not_ask_and_learns_nothing(self):
        self.assertFalse(self.ask(user=self.nora)["ok"])
        self.assertFalse(self.ledger())
        with self.assertRaises(AccessError):
            self.ask_view(user=self.nora)

    # ---- the 24 hours

    def test_after_24_hours_without_a_template_the_reason_and_the_way_out_are_said(
        self,
    ):
        self.wrote(hours=25)
        result = self.ask()
        self.assertFalse(result["ok"])
        self.assertIn("has not written or called in the last 24", result["message"])
        self.assertIn("Configuration, Templates", result["message"])
        view = self.ask_view()
        self.assertEqual((view["way"], view["refusal"]), (False, result["message"]))

    def test_a_window_that_has_closed_at_whatsapp_is_said_and_a_template_offered(self):
        self.ask()
        self.graph.answer("messages", Refusal(400, 131047, "Re-engagement message"))
        with self.bus() as sent:
            self.send_messages()
        load = sent[-1][2]
        self.assertIn("Re-engagement message", load["message"])
        self.assertIn("send a template instead", load["message"])
        contact = self.ledger().contact_id
        self.assertEqual(
            load["target"],
            {"contact_id": contact.id, "number_id": self.number.id},
        )
        self.assertFalse(contact._window_open())
        self.assertEqual(self.ask_view()["way"], False)

    def test_a_message_that_fails_after_it_was_taken_does_not_count_either(self):
        self.ask()
        self.send_messages()
        failed = {
            "id": "wamid.X1",
            "status": "failed",
            "timestamp": meta.stamp(),
            "recipient_id": meta.CUSTOMER,
            "errors": meta.failure(131047, "Re-engagement message"),
        }
        with self.bus() as sent:
            self.deliver(meta.body(meta.change("messages", statuses=[failed])))
        self.assertEqual(sent[-1][1], "whatsapp_calling/message_refused")
        self.assertEqual(self.ledger().state, "none")
        self.assertFalse(self.ledger().contact_id._window_open())

    def test_the_next_word_of_the_customer_opens_the_24_hours_again(self):
        self.wrote().window_closed_at = fields.Datetime.now() - timedelta(seconds=1)
        self.assertTrue(self.wrote()._window_open())


@tagged("post_install", "-at_install")
class TestAnswers(AskingCase):
    """What the customer answers, and who is told."""

    def asked(self, **options):
        self.ask(**options)
        self.send_messages()
        return self.sent_messages()

    def test_an_accept_is_told_to_who_asked_with_an_activity_and_a_note(self):
        message = self.asked()
        with self.bus() as sent:
            self.reply("accept", is_permanent=True)
        told = [load for user, kind, load in sent if kind.endswith("/permission")]
        self.assertEqual(
            [(load["state"], load["name"], load["call"]) for load in told],
            [("granted", "Eva Berger", False)],
        )
        self.assertEqual(
            self.activities().mapped("summary"), ["Eva Berger may be called now"]
        )
        self.assertEqual(
            self.notes()[-1], "Eva Berger allows us to call on WhatsApp at any time."
        )
        self.assertEqual(message.answer, "accepted")

    def test_a_decline_is_told_blocks_dialling_and_allows_a_later_request(self):
        message = self.asked()
        permission = self.reply("reject")
        self.assertEqual((permission.state, message.answer), ("declined", "declined"))
        self.assertEqual(self.dial()["reason"], "no_permission")
        self.assertEqual(
            self.activities().mapped("summary"), ["Eva Berger declined to be called"]
        )
        self.assertEqual(
            self.notes()[-1], "Eva Berger declined to be called on WhatsApp."
        )
        message.asked_at -= timedelta(hours=25)
        self.assertTrue(self.ask()["ok"])
        self.assertEqual(self.ledger().state, "requested")

    def test_a_decline_of_an_older_request_leaves_the_newer_one_open(self):
        older = self.asked()
        older.asked_at -= timedelta(hours=25)
        self.graph.answer("messages", {"messages": [{"id": "wamid.second"}]})
        self.asked()
        permission = self.reply(
            "reject", context={"id": "wamid.X1"}, timestamp=meta.stamp(-60)
        )
        self.assertEqual((permission.state, older.answer), ("requested", "declined"))
        permission = self.reply("accept", ref="w.3", context={"id": "wamid.second"})
        self.assertEqual(permission.state, "granted")

    def test_a_request_nobody_answers_is_open_for_seven_days(self):
        message = self.asked()
        message.asked_at -= timedelta(days=7, seconds=1)
        self.ledger()._fold_answers()
        self.assertEqual(self.ledger().state, "none")

    def test_an_answer_that_overtakes_our_own_request_is_its_answer(self):
        self.ask()
        self.reply("reject", context={"id": "wamid.X1"})
        self.send_messages()
        self.assertEqual(
            (self.sent_messages().answer, self.ledger().state),
            ("declined", "declined"),
        )

    # ---- call when allowed

    def test_call_when_allowed_is_an_activity_from_now_on(self):
        self.ask(call_when_allowed=True)
        self.assertEqual(
            self.activities().mapped("summary"),
            ["Call Eva Berger as soon as it is allowed"],
        )
        self.assertFalse(self.activities(self.berta))

    def test_once_allowed_one_is_prompted_and_nobody_is_called(self):
        self.asked(call_when_allowed=True)
        with self.bus() as sent:
            permission = self.reply("accept", is_permanent=True)
        (load,) = [load for _user, kind, load in sent if kind.endswith("/permission")]
        self.assertEqual(
            load["call"],
            {"contact_id": permission.contact_id.id, "number_id": self.number.id},
        )
        self.assertEqual(
            self.activities().mapped("summary"), ["Eva Berger may be called now"]
        )
        calls = self.env["whatsapp.call"].search(
            [("contact_id", "=", permission.contact_id.id)]
        )
        self.assertFalse(calls)

    def test_a_decline_prompts_nobody_to_call(self):
        self.asked(call_when_allowed=True)
        with self.bus() as sent:
            self.reply("reject")
        (load,) = [load for _user, kind, load in sent if kind.endswith("/permission")]
        self.assertFalse(load["call"])
        self.assertEqual(
            self.activities().mapped("summary"), ["Eva Berger declined to be called"]
        )

    def test_a_refused_request_leaves_no_activity(self):
        self.ask(call_when_allowed=True)
        self.graph.answer("messages", Refusal(400, 131026, "Message undeliverable"))
        self.send_messages()
        self.assertFalse(self.activities())
