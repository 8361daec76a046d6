"""The settings of WhatsApp Calling: one screen, and no secret ever comes out of it."""

import json

from odoo.exceptions import AccessError, ValidationError
from odoo.tests import Form, tagged

from .common import ADMINISTRATOR, WhatsappCallingCase

SECRETS = ("token-1", "app-secret-1", "token-2", "app-secret-2")


@tagged("post_install", "-at_install")
class TestSettings(WhatsappCallingCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.ada = cls._user("ada", ADMINISTRATOR, cls.company)
        cls.ada.group_ids |= cls.env.ref("base.group_system")

    def settings(self, user=None):
        env = self.env(user=user or self.ada, su=False)
        context = {"allowed_company_ids": self.company.ids}
        return env["res.config.settings"].with_context(**context)

    def test_calling_is_switched_for_the_company_alone(self):
        with Form(self.settings()) as form:
            self.assertTrue(form.whatsapp_calling_enabled)
            form.whatsapp_calling_enabled = False
            form.save().execute()
        self.assertFalse(self.company.whatsapp_calling_enabled)
        self.assertTrue(self.company_2.whatsapp_calling_enabled)

    def test_features_that_come_later_cannot_be_switched_on(self):
        field = "whatsapp_calling_assistant_enabled"
        with Form(self.settings()) as form:
            with self.assertRaises(AssertionError):  # the form has it read-only
                form[field] = True
        with self.assertRaisesRegex(ValidationError, "needs the media sidecar"):
            self.company[field] = True
        self.assertEqual(self.company._whatsapp_calling_refusal(), "")

    def test_a_feature_that_is_off_is_refused_with_its_name(self):
        self.assertEqual(
            self.company._whatsapp_calling_refusal("recording"),
            "Call recording is switched off for Calls Vienna.",
        )
        self.assertEqual(
            self.company._whatsapp_calling_refusal("assistant"),
            "The AI voice agent is switched off for Calls Vienna.",
        )

    def test_no_feature_works_where_calling_is_off(self):
        self.company.whatsapp_calling_enabled = False
        for feature in ("calling", "recording", "assistant"):
            refusal = self.company._whatsapp_calling_refusal(feature)
            self.assertIn("WhatsApp Calling is switched off", refusal)

    def test_one_screen_shows_accounts_and_key_of_the_company(self):
        with Form(self.settings()) as form:
            self.assertEqual(form.whatsapp_calling_account_ids.ids, self.account.ids)
            self.assertRegex(form.whatsapp_calling_key, r"^Key [0-9a-f]{12}, from ")
            self.assertFalse(form.whatsapp_calling_key_problem)
            self.assertFalse(form.whatsapp_calling_paused)

    def test_no_way_of_reading_the_settings_gives_a_secret(self):
        model = self.settings()
        account_fields = dict.fromkeys(
            self.account.with_user(self.ada).fields_get(), {}
        )
        specification = {
            **dict.fromkeys((n for n in model._fields if "whatsapp" in n), {}),
            "whatsapp_calling_account_ids": {"fields": account_fields},
        }
        settings = model.create({})
        said = [
            model.onchange({}, [], specification),
            settings.web_read(specification),
            settings.read(),
            settings.onchange({"whatsapp_calling_enabled": False}, [], specification),
        ]
        self.assertNoSecret(said)

    def test_no_change_of_an_account_leaves_a_secret_in_its_history(self):
        account = self.account.with_user(self.ada)
        account.write({"token": "EAAnew", "app_secret": "shhh", "name": "Renamed"})
        self.env.flush_all()
        self.env.cr.precommit.run()
        history = account.message_ids.sudo()
        said = [*history.mapped("body"), history.tracking_value_ids.read()]
        self.assertNoSecret(said, "EAAnew", "shhh")
        typed = account.onchange(
            {"token": "EAAtyped"}, ["token"], {"token": {}, "token_set": {}}
        )
        self.assertNoSecret(typed, "EAAtyped")

    def assertNoSecret(self, said, *more):
        text = json.dumps(said, default=str)
        hidden = self.account.sudo()
        ciphertexts = (hidden.token_encrypted, hidden.app_secret_encrypted)
        for secret in (*SECRETS, *more, *ciphertexts):
            self.assertNotIn(secret, text)

    def test_who_is_no_administrator_of_calling_reads_no_account_there(self):
        boss = self._user("boss", "base.group_system", self.company)
        with Form(self.settings(boss)):
            pass  # it opens
        with self.assertRaises(AccessError):
            self.settings(boss).create({}).read(["whatsapp_calling_account_ids"])
