"""Why there is no call button: the diagnosis names the condition that fails."""

from odoo import fields
from odoo.exceptions import AccessError
from odoo.tests import Form, tagged

from . import meta_bodies as meta
from .common import ADMINISTRATOR, MANAGER, WhatsappCallingCase

KEYS = [
    "user_company",
    "database",
    "group",
    "company",
    "number",
    "restricted",
    "record_company",
    "record",
    "field",
    "phone",
    "valid",
    "blacklisted",
    "busy",
    "permission",
]


@tagged("post_install", "-at_install")
class TestDiagnosis(WhatsappCallingCase):
    def setUp(self):
        super().setUp()
        self.permit()

    def diagnose(self, record=None, user=None, by=None, **values):
        """What Maria reads of Anna and the customer Eva."""
        record = self.eva if record is None else record
        user, by = user or self.anna, by or self.maria
        model = self.env(user=by, su=False)["whatsapp.call.diagnosis"]
        return model.with_context(allowed_company_ids=by.company_id.ids).create(
            {
                "user_id": user.id,
                "company_id": self.company.id,
                "res_model": record._name,
                "res_id": record.id,
                **values,
            }
        )

    def assertFails(self, key, explanation, record=None, target=None, **values):
        """The first condition that fails; and the softphone refuses indeed."""
        diagnosis = self.diagnose(record, **values)
        self.assertEqual(diagnosis.problem, explanation)
        self.assertFalse(diagnosis.possible)
        lines = diagnosis.line_ids
        failed = lines.filtered(lambda line: line.state == "failed")
        self.assertEqual(failed[:1].mapped("key"), [key])
        self.assertEqual(failed[0].explanation, explanation)
        self.assertTrue(failed[0].fix)
        record = self.eva if record is None else record
        target = {"res_model": record._name, "res_id": record.id, **(target or {})}
        info = self.phone(values.get("user") or self.anna).softphone_lookup(target)
        self.assertFalse(info["allowed"])
        return lines

    def test_with_everything_in_order_each_condition_is_met(self):
        diagnosis = self.diagnose()
        self.assertEqual(diagnosis.line_ids.mapped("key"), KEYS)
        self.assertEqual(set(diagnosis.line_ids.mapped("state")), {"ok"})
        self.assertTrue(diagnosis.possible)
        self.assertTrue(
            self.phone(self.anna).softphone_lookup(
                {"res_model": "res.partner", "res_id": self.eva.id}
            )["allowed"]
        )

    def test_nothing_is_wrong_before_anybody_to_call_is_named(self):
        nobody = {"res_model": False, "res_id": False}
        diagnosis = self.diagnose(**nobody)
        self.assertEqual((diagnosis.problem, diagnosis.possible), (False, False))
        self.assertEqual(set(diagnosis.line_ids.mapped("state")), {"ok"})
        self.assertNotIn("phone", diagnosis.line_ids.mapped("key"))
        typed = self.diagnose(phone=self.eva.phone, **nobody)
        self.assertTrue(typed.possible)
        self.assertNotIn("field", typed.line_ids.mapped("key"))

    def test_calling_is_off_for_the_company(self):
        self.company.whatsapp_calling_enabled = False
        said = "WhatsApp Calling is switched off for Calls Vienna."
        lines = self.assertFails("company", said)
        later = lines.filtered(lambda line: line.key in ("number", "phone", "busy"))
        self.assertEqual(set(later.mapped("state")), {"unknown"})

    def test_no_number_is_switched_on(self):
        self.number.calling_enabled = False
        said = "No number of Calls Vienna is switched on for calling."
        self.assertFails("number", said)

    def test_the_user_is_no_operator(self):
        self.assertFails("group", "Nora is no calling operator.", user=self.nora)

    def test_the_user_may_not_work_in_the_company(self):
        both = self.company | self.company_2
        self.maria.company_ids = both
        lines = self.diagnose(user=self.carlos).line_ids
        self.assertEqual(lines.mapped("key"), ["user_company"])
        said = "Carlos may not work in Calls Vienna."
        self.assertEqual(lines.explanation, said)

    def test_the_record_is_of_another_company(self):
        self.eva.company_id = self.company_2
        said = "The record belongs to Calls Madrid, which is not ticked."
        self.assertFails("record_company", said)

    def test_the_user_may_not_read_the_record(self):
        server = self.env["ir.mail_server"].create({"name": "x", "smtp_host": "x"})
        self.assertFails("record", "The user may not read it.", server)

    def test_the_records_have_no_phone_field(self):
        country = self.env.ref("base.at")
        said = "These records have no phone field and no customer."
        self.assertFails("field", said, country)

    def test_the_phone_is_empty(self):
        self.eva.phone = False
        self.assertFails("phone", "There is no phone number here.")

    def test_the_phone_is_no_complete_number(self):
        self.eva.phone = "12"
        self.env["whatsapp.call.contact"].search([]).partner_id = False
        self.assertFails("valid", "12 is no complete phone number.")

    def test_the_phone_is_on_the_blacklist(self):
        self.env["phone.blacklist"].create({"number": "+436645557001"})
        said = "+43 664 5557001 is on the phone blacklist."
        self.assertFails("blacklisted", said)

    def test_whatsapp_restricts_the_number(self):
        self.number.outbound_until = fields.Datetime.add(fields.Datetime.now(), days=2)
        refusal = self.number.with_user(self.anna)._calling_refusal()
        self.assertIn("does not let", refusal)
        self.assertFails("restricted", refusal)

    def test_the_permission_is_missing(self):
        self.env["whatsapp.call.permission"].search([]).granted = False
        said = (
            "No permission to call yet. Send a permission request first: WhatsApp "
            "connects only customers who have agreed to be called."
        )
        self.assertFails("permission", said)

    def test_the_line_is_busy(self):
        self.answered()
        self.assertFails("busy", "You are in another call: end it first.")

    def test_a_copied_database_is_named(self):
        self.env["ir.config_parameter"].set_param("database.uuid", "of-the-copy")
        said = "Calling is paused: this database may be a copy."
        self.assertFails("database", said)

    def test_a_number_typed_in_is_looked_at_without_a_record(self):
        diagnosis = self.diagnose(
            self.env["res.partner"], phone="+" + meta.CUSTOMER, res_model=False
        )
        self.assertTrue(diagnosis.possible)

    def test_the_form_answers_as_one_types(self):
        context = {"allowed_company_ids": self.company.ids}
        model = self.env(user=self.maria, su=False)["whatsapp.call.diagnosis"]
        with Form(model.with_context(**context)) as form:
            form.user_id = self.anna
            form.phone = "12"
            self.assertFalse(form.possible)
            form.phone = "+" + meta.CUSTOMER
            self.assertTrue(form.possible)

    def test_managers_ask_for_colleagues_of_their_companies_only(self):
        self.assertTrue(
            self.diagnose(by=self._user("ada", ADMINISTRATOR, self.company))
        )
        with self.assertRaises(AccessError):
            self.diagnose(by=self.anna)
        boss = self._user("manuel", MANAGER, self.company_2)
        with self.assertRaises(AccessError):
            self.diagnose(by=boss, user=self.anna)
