"""Messages about a call, to one or many: the composer, the preview, the sending."""

from datetime import timedelta

from freezegun import freeze_time

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, tagged

from . import meta_bodies as meta
from .test_asking import MESSAGES
from .test_templates import TemplateCase


class WizardCase(TemplateCase):
    def wizard(self, *partners, kind="permission", user=None, **values):
        records = self.env["res.partner"].union(*(partners or [self.eva]))
        user = user or self.anna
        records = records.with_user(user).with_context(
            allowed_company_ids=user.company_id.ids
        )
        action = records._whatsapp_message(kind)
        wizard = records.env["whatsapp.calling.send"].browse(action["res_id"])
        wizard.write(values)
        return wizard

    def partner(self, index, hours=None):
        """A customer who wrote so many hours ago."""
        digits = f"4366012340{index:02}"
        partner = self.env["res.partner"].create(
            {"name": f"Customer {index}", "phone": f"+{digits}"}
        )
        contact = self.contact(digits)
        contact.partner_id = partner
        if hours is not None:
            self.wrote(contact, hours)
        return partner


@tagged("post_install", "-at_install")
class TestCallButton(WizardCase):
    def test_the_button_leaves_with_exactly_what_was_composed(self):
        self.wizard(
            kind="call_button",
            text="Questions? Call us.",
            label="Call Vienna",
            ttl_value=2,
            ttl_unit="hours",
            payload="mortgage",
        ).action_send()
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
                            "type": "voice_call",
                            "body": {"text": "Questions? Call us."},
                            "action": {
                                "name": "voice_call",
                                "parameters": {
                                    "display_text": "Call Vienna",
                                    "ttl_minutes": 120,
                                    "payload": "mortgage",
                                },
                            },
                        },
                    },
                )
            ],
        )
        self.assertEqual(
            self.notes(),
            ["Eva Berger was sent a WhatsApp call button: “Questions? Call us.”"],
        )
        self.assertEqual(self.ledger().state, "none")

    def test_what_whatsapp_would_refuse_is_said_before_anything_is_sent(self):
        for values, words in (
            ({"label": "x" * 21}, "1 to 20 characters"),
            ({"label": " "}, "1 to 20 characters"),
            ({"ttl_value": 0}, "1 minute to 30 days"),
            ({"ttl_value": 31, "ttl_unit": "days"}, "1 minute to 30 days"),
            ({"ttl_value": 43201, "ttl_unit": "minutes"}, "1 minute to 30 days"),
            ({"payload": "x" * 513}, "at most 512"),
            ({"text": "x" * 1025}, "1 to 1024"),
            ({"text": ""}, "1 to 1024"),
        ):
            with self.subTest(values):
                wizard = self.wizard(kind="call_button", **values)
                with self.assertRaisesRegex(UserError, words):
                    wizard.action_send()
        self.assertFalse(self.sent_messages("call_button"))

    def test_the_bounds_themselves_are_sent(self):
        for values in (
            {"label": "x" * 20, "ttl_value": 30, "ttl_unit": "days"},
            {"label": "x", "ttl_value": 1, "ttl_unit": "minutes"},
            {"label": "x", "payload": "x" * 512},
        ):
            with self.subTest(values):
                self.wizard(kind="call_button", **values).action_send()

    def test_after_24_hours_a_template_with_the_button_is_sent(self):
        self.wrote(hours=25)
        template = self.template(
            "talk", kind="call_button", label="Call us", body="Questions, {{1}}?"
        )
        wizard = self.wizard(
            kind="call_button",
            template_id=template.id,
            ttl_value=10,
            ttl_unit="hours",
            payload="spring",
        )
        self.assertEqual(wizard.line_ids.way, "template")
        wizard.action_send()
        self.send_messages()
        self.assertEqual(
            self.graph.requests[0][2]["template"],
            {
                "name": "talk",
                "language": {"code": "en_US"},
                "components": [
                    {
                        "type": "body",
                        "parameters": [{"type": "text", "text": "Eva Berger"}],
                    },
                    {
                        "type": "button",
                        "sub_type": "voice_call",
                        "parameters": [
                            {"type": "ttl_minutes", "ttl_minutes": 600},
                            {"type": "payload", "payload": "spring"},
                        ],
                    },
                ],
            },
        )

    def test_the_form_asks_for_what_is_needed(self):
        with Form(self.wizard(kind="call_button")) as form:
            self.assertEqual(form.text, "You can call us right here on WhatsApp.")
            form.kind = "permission"
            self.assertEqual(form.text, "Can we give you a quick call?")


@tagged("post_install", "-at_install")
class TestBatch(WizardCase):
    """Many at once: the same limits, seen before."""

    def test_the_table_says_who_how_and_who_not_why_and_when_again(self):
        self.template()
        fresh, old, asked = (
            self.partner(1, 1),
            self.partner(2, 30),
            self.partner(3, 1),
        )
        silent = self.env["res.partner"].create({"name": "No phone"})
        self.wizard(asked).action_send()
        wizard = self.wizard(fresh, old, asked, silent)
        rows = {line.name: line for line in wizard.line_ids}
        self.assertEqual(rows["Customer 1"].way, "message")
        self.assertEqual(rows["Customer 2"].way, "template")
        self.assertEqual(rows["Customer 2"].template_id.name, "may_we_call")
        refused = rows["Customer 3"]
        self.assertEqual((refused.way, refused.requests), ("none", "1 of 2"))
        self.assertIn("was asked by Anna", refused.reason)
        self.assertAround(refused.next_at, 86400)
        self.assertEqual(rows["No phone"].way, "none")
        self.assertIn("no phone number", rows["No phone"].reason)
        self.assertEqual(
            wizard.summary, "By message: 1. By template: 1. Not possible now: 2."
        )
        wizard.action_send()
        self.assertEqual(
            self.sent_messages().contact_id.partner_id, fresh | old | asked
        )

    def test_one_customer_in_two_rows_is_asked_once(self):
        twin = self.eva.copy({"name": "Eva again", "phone": self.eva.phone})
        wizard = self.wizard(self.eva, twin)
        self.assertEqual(sorted(wizard.line_ids.mapped("way")), ["message", "none"])
        self.assertIn("Already in this list.", wizard.line_ids.mapped("reason"))
        wizard.action_send()
        self.assertEqual(len(self.sent_messages()), 1)

    def test_a_colleague_who_was_faster_is_noticed_when_sending(self):
        wizard = self.wizard()
        self.assertEqual(wizard.line_ids.way, "message")
        self.ask(user=self.berta)
        wizard.line_ids.invalidate_recordset()
        with self.assertRaisesRegex(UserError, "was asked by Berta"):
            wizard.action_send()
        self.assertEqual(len(self.sent_messages()), 1)

    def test_many_leave_paced(self):
        partners = [self.partner(index, 1) for index in range(12)]
        wizard = self.wizard(*partners)
        started = fields.Datetime.now()
        with freeze_time(started):
            wizard.action_send()
        waits = [
            message.request_id.not_before and message.request_id.not_before - started
            for message in self.sent_messages().sorted("id")
        ]
        self.assertEqual(waits[:5], [False] * 5)
        self.assertEqual(waits[5:10], [timedelta(seconds=1)] * 5)
        self.assertEqual(waits[10:], [timedelta(seconds=2)] * 2)

    def test_nobody_who_can_be_asked_is_said(self):
        self.wrote(hours=25)
        with self.assertRaisesRegex(UserError, "approved template"):
            self.wizard().action_send()

    def test_call_when_allowed_is_one_activity_each(self):
        partners = [self.partner(index, 1) for index in range(2)]
        self.wizard(*partners, call_when_allowed=True).action_send()
        for partner in partners:
            self.assertEqual(partner.activity_ids.user_id, self.anna)

    def test_who_is_no_operator_gets_no_dialog(self):
        with self.assertRaises(AccessError):
            self.wizard(user=self.nora)

    def test_contacts_and_permissions_have_it_too(self):
        contact = self.wrote()
        permission = self.permit(contact, granted=False)
        for record in (contact, permission):
            with self.subTest(record._name):
                action = record.with_user(self.anna)._whatsapp_message("permission")
                wizard = self.env["whatsapp.calling.send"].browse(action["res_id"])
                line = wizard.with_user(self.anna).line_ids
                self.assertEqual((line.name, line.way), ("Eva Berger", "message"))


@tagged("post_install", "-at_install")
class TestListColumn(WizardCase):
    def test_the_column_shows_the_state_of_each_customer(self):
        self.permit(self.wrote())
        stranger = self.partner(1)
        silent = self.env["res.partner"].create({"name": "No phone"})
        people = (self.eva | stranger | silent).with_user(self.anna)
        self.assertEqual(
            people.mapped("whatsapp_permission"), ["granted", "none", False]
        )

    def test_eighty_rows_cost_as_many_queries_as_two_and_no_request(self):
        partners = self.env["res.partner"].union(
            *(self.partner(index) for index in range(80))
        )
        partners = partners.with_user(self.anna)
        partners.with_user(self.anna).mapped("whatsapp_permission")
        for batch in (partners[:2], partners):
            self.env.flush_all()
            self.env.invalidate_all()
            batch.mapped("name")
            with self.subTest(len(batch)), self.assertQueryCount(1):
                batch.mapped("whatsapp_permission")
        self.assertEqual(self.graph.requests, [])


@tagged("post_install", "-at_install")
class TestWhichNumber(WizardCase):
    """Last used with the customer, the team's, the user's, the company's, the first."""

    def setUp(self):
        super().setUp()
        self.lines = self.number
        for index in (5, 6, 7):
            self.lines |= self.another_number(index)

    def chosen(self, **target):
        lookup = self.phone(self.anna).softphone_lookup(
            target or {"partner_id": self.eva.id}
        )
        self.assertEqual(len(lookup["numbers"]), 4)
        return numbers_name(self.lines, lookup["number_id"])

    def test_the_order_of_the_defaults(self):
        self.assertEqual(self.chosen(), "Line 1")
        self.company.whatsapp_calling_number_id = self.lines[1]
        self.assertEqual(self.chosen(), "Line 5")
        self.anna.whatsapp_calling_number_id = self.lines[2]
        self.assertEqual(self.chosen(), "Line 6")
        self.env["whatsapp.call"].create(
            {
                "account_id": self.account.id,
                "company_id": self.company.id,
                "number_id": self.lines[3].id,
                "contact_id": self.wrote().id,
                "direction": "inbound",
                "state": "missed",
            }
        )
        self.assertEqual(self.chosen(), "Line 7")

    def test_what_the_operator_chooses_comes_before_all(self):
        self.company.whatsapp_calling_number_id = self.lines[1]
        target = {"partner_id": self.eva.id, "number_id": self.lines[2].id}
        self.assertEqual(self.chosen(**target), "Line 6")
        self.permit(self.wrote(), self.lines[2])
        call_id = self.dial(**target)["call"]["id"]
        call = self.env["whatsapp.call"].browse(call_id)
        self.assertEqual(call.number_id.name, "Line 6")

    def test_a_default_that_is_switched_off_is_passed_over(self):
        self.company.whatsapp_calling_number_id = self.lines[1]
        self.lines[1].active = False
        lookup = self.phone(self.anna).softphone_lookup({"partner_id": self.eva.id})
        self.assertEqual(numbers_name(self.lines, lookup["number_id"]), "Line 1")

    def test_the_dialog_asks_from_the_chosen_number(self):
        phone = self.phone(self.anna)
        target = {"partner_id": self.eva.id, "number_id": self.lines[1].id}
        view = phone.softphone_ask_view(target)
        self.assertEqual(view["number_id"], self.lines[1].id)
        self.assertEqual(len(view["numbers"]), 4)
        phone.softphone_request_permission(target)
        message = self.env["whatsapp.calling.message"].search(
            [("number_id", "=", self.lines[1].id)]
        )
        self.assertEqual(message.kind, "permission")


def numbers_name(numbers, number_id):
    return numbers.browse(number_id).name
