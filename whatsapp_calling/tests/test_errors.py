"""The menu "Call errors": every code that messages explain, searchable, translated."""

from unittest.mock import patch

from odoo.tests import tagged
from odoo.tools.translate import code_translations

from ..tools.error_catalogue import explain, known_codes
from . import meta_bodies as meta
from .common import WhatsappCallingCase


@tagged("post_install", "-at_install")
class TestErrors(WhatsappCallingCase):
    def errors(self, user=None):
        return self.phone(user or self.anna).env["whatsapp.calling.error"]

    def test_every_code_that_messages_explain_is_in_the_table_with_the_same_words(self):
        rows = self.errors().search([])
        self.assertEqual(sorted(rows.mapped("code")), known_codes())
        for row in rows:
            title, meaning, advice, href = explain(row.code, self.env)
            self.assertEqual(
                (row.title, row.meaning, row.fix, row.href),
                (title, meaning, advice, href),
            )
            self.assertTrue(row.href.startswith("https://developers.facebook.com/"))

    def test_a_row_tells_code_title_meaning_fix_and_http_status(self):
        row = self.errors().search([("code", "=", 138006)])
        self.assertEqual(
            (row.code, row.title, row.http_status, row.area, row.display_name),
            (
                138006,
                "No permission to call",
                401,
                "calling",
                "138006 No permission to call",
            ),
        )
        self.assertIn("Send a permission request", row.fix)
        self.assertIn("has not allowed calls", row.meaning)

    def test_it_is_found_by_code_by_words_and_by_http_status(self):
        errors = self.errors()
        self.assertEqual(errors.search([("code_text", "ilike", "138006")]).code, 138006)
        self.assertIn(
            138021, errors.search([("title", "ilike", "no sound")]).mapped("code")
        )
        self.assertIn(138006, errors.search([("http_status", "=", 401)]).mapped("code"))
        self.assertEqual(
            errors.search_count([("area", "=", "calling")])
            + errors.search_count([("area", "=", "general")]),
            len(known_codes()),
        )

    def test_it_is_grouped_by_http_status(self):
        groups = self.errors().formatted_read_group([], ["http_status"], ["__count"])
        self.assertEqual(sum(group["__count"] for group in groups), len(known_codes()))

    def test_it_speaks_the_readers_language(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        words = {"No permission to call": "Pas le droit d'appeler"}
        with self.translated(words):
            row = (
                self.errors().with_context(lang="fr_FR").search([("code", "=", 138006)])
            )
            self.assertEqual(row.title, "Pas le droit d'appeler")
            found = (
                self.errors()
                .with_context(lang="fr_FR")
                .search([("title", "ilike", "droit d'app")])
            )
            self.assertEqual(found.code, 138006)

    def translated(self, words):
        """Odoo's translations of the addon's code in French, for a while."""

        return patch.object(
            code_translations, "get_python_translations", lambda module, lang: words
        )

    def test_the_callout_of_a_failed_call_leads_to_its_error(self):
        call = self.ring()
        error = {"code": 138021, "title": "x", "error_data": {"details": "no media"}}
        self.deliver(meta.calls(meta.terminate(status="FAILED", errors=[error])))
        self.assertEqual(call.state, "failed")
        action = call.with_user(self.anna).action_open_error()
        row = self.errors().browse(action["res_id"])
        self.assertEqual((action["res_model"], row.code), (row._name, 138021))
        self.assertEqual(row.title, call.error_title)

    def test_a_code_without_words_of_its_own_leads_to_the_table(self):
        call = self.ring()
        call.error_code = 999999
        self.assertFalse(call.action_open_error().get("res_id"))
        call.error_code = 230  # 200 to 299: a right is missing
        row = self.errors().browse(call.action_open_error()["res_id"])
        self.assertEqual(row.title, "A right is missing")

    def test_an_error_lists_its_calls(self):
        call = self.ring()
        call.error_code = 138021
        row = self.errors(self.maria).search([("code", "=", 138021)])
        found = self.phone(self.maria).search(row.action_calls()["domain"])
        self.assertEqual(found, call)
