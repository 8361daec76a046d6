"""The diagnostics file: states and counts, and nothing of anybody."""

import json

from odoo.exceptions import AccessError
from odoo.tests import tagged
from odoo.tools import config

from ..tools import crypto
from . import meta_bodies as meta
from .common import ADMINISTRATOR, WhatsappCallingCase, WhatsappCallingHttpCase
from .graph import Refusal

# fields whose values name a person, a number or an account, or are secrets
TELLING = {
    "whatsapp.calling.account": (
        ("name", "waba_id", "app_id", "verify_token", "webhook_key", "state_message"),
        ("token_encrypted", "app_secret_encrypted"),
    ),
    "whatsapp.calling.number": (
        ("name", "provider_ref", "display_number", "wa_id"),
        (),
    ),
    "whatsapp.call": (
        ("provider_ref", "peer_name", "peer_phone", "error_message", "notes"),
        (),
    ),
    "whatsapp.call.contact": (("wa_id", "bsuid", "name"), ()),
    "whatsapp.call.event": (("key", "note"), ()),
    "whatsapp.calling.notice": (("detail",), ()),
    "res.partner": (("name", "phone", "email"), ()),
    "res.users": (("login", "name"), ()),
    "res.company": (("name",), ()),
}


class DiagnosticsMixin:
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.ada = cls._user("ada", ADMINISTRATOR, cls.company)

    def eventful(self):
        """An account to which everything has happened."""
        self.account.app_id = "390000000000001"
        call = self.ring()
        self.accept(self.anna, call)
        refusal = Refusal(400, 100, "No call of +43 664 5557001", "Eva was not there")
        self.graph.answer("pre_accept", refusal)
        self.send_due(call)
        call.write({"notes": "Eva Berger wants a refund"})
        self.env["whatsapp.calling.notice"]._raise_notice(
            self.account, "token_rejected", detail="Object 290000000000001 not found"
        )
        self.env["whatsapp.calling.received"]._note({(self.account.id, "calls")})
        check = self.account.with_user(self.ada).action_check_setup()
        return self.env["whatsapp.calling.check"].browse(check["res_id"])


@tagged("post_install", "-at_install")
class TestDiagnostics(DiagnosticsMixin, WhatsappCallingCase):
    def told(self):
        return self.account.with_user(self.ada)._diagnostics()

    def test_no_secret_number_name_or_id_of_the_database_is_in_it(self):
        self.eventful()
        told = json.dumps(self.told(), ensure_ascii=False).lower()
        found = [value for value in self._telling() if value.lower() in told]
        self.assertEqual(found, [])

    def _telling(self):
        """Every value in the database that must not leave it, six letters and more.

        Shorter ones ("Anna") would be found in ordinary words.
        """
        values = set()
        for model, (names, secrets) in TELLING.items():
            records = self.env[model].sudo().with_context(active_test=False).search([])
            for record in records:
                values |= {record[name] for name in names if name in record._fields}
                for name in filter(record.__getitem__, secrets):
                    values.add(record[name])
                    values.add(crypto.decrypt(record[name], config["data_dir"]))
        ours = {module.name for module in self.env["ir.module.module"].search([])}
        return {each for each in values if each and len(each) > 5} - ours

    def test_the_values_that_must_not_leave_are_really_looked_for(self):
        self.eventful()
        values = self._telling()
        for value in ("token-1", "app-secret-1", "verify-1", "test-key-1", meta.WACID):
            self.assertIn(value, values)
        for value in (meta.OURS, meta.CUSTOMER, "Eva Berger", "290000000000001"):
            self.assertIn(value, values)

    def test_it_tells_versions_states_and_counts(self):
        self.eventful()
        told = self.told()
        self.assertEqual(told["account"]["state"], self.account.state)
        self.assertTrue(told["versions"]["modules"]["whatsapp_calling"])
        self.assertEqual(told["numbers"][0]["rings"], 2)
        self.assertEqual(told["company"]["users_who_may_ring"], [2])
        self.assertEqual(told["check"]["company"], "ok")
        self.assertIn("limit-1", told["check"])
        self.assertEqual(told["notices"][0]["kind"], "token_rejected")
        self.assertEqual(list(told["fields_received"]), ["calls"])
        failed = [row for row in told["requests"] if row["error_code"] == 100]
        self.assertEqual(failed[0]["action"], "pre_accept")

    def test_only_administrators_of_the_company_get_it(self):
        for user in (self.anna, self.maria, self.carlos):
            with self.subTest(user=user.name), self.assertRaises(AccessError):
                self.account.with_user(user)._diagnostics()


@tagged("post_install", "-at_install")
class TestDiagnosticsFile(DiagnosticsMixin, WhatsappCallingHttpCase):
    def test_it_is_downloaded_as_a_file(self):
        action = self.account.with_user(self.ada).action_diagnostics()
        self.authenticate("calling_ada", "calling_ada")
        answer = self.url_open(action["url"])
        self.assertEqual(answer.status_code, 200)
        self.assertIn("attachment", answer.headers["Content-Disposition"])
        self.assertEqual(answer.json()["account"]["state"], "draft")

    def test_an_operator_gets_none(self):
        self.authenticate("calling_anna", "calling_anna")
        path = f"/whatsapp_calling/diagnostics/{self.account.id}"
        self.assertNotEqual(self.url_open(path).status_code, 200)
