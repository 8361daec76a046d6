"""Encryption keys: several at once, a new one, and one that is gone."""

import tempfile
from pathlib import Path
from unittest.mock import patch

from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, tagged
from odoo.tools import SQL, mute_logger

from ..tools import crypto
from . import meta_bodies as meta
from .common import ADMINISTRATOR, WhatsappCallingCase, WhatsappCallingHttpCase

OLD, NEW = "an old key that is long enough", "a new key that is long enough"


class KeysMixin:
    """A data directory of one's own, and keys from the environment as one likes."""

    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.data_dir = Path(folder.name)
        cls.key_file = cls.data_dir / crypto.FILE_NAME
        super().setUpClass()
        cls.ada = cls._user("ada", ADMINISTRATOR, cls.company)
        cls.keys = cls.env["whatsapp.calling.keys"]

    def setUp(self):
        super().setUp()
        # what there is so far has a key of the real directory
        self.env.flush_all()
        for model, field in self.keys._secret_fields():
            self.env.cr.execute(
                SQL(
                    "UPDATE %s SET %s = NULL",
                    SQL.identifier(self.env[model]._table),
                    SQL.identifier(field),
                )
            )
        self.env.invalidate_all()
        self.patch(crypto, "_given_texts", self._given)
        self.given = None
        for method in ("encrypt", "decrypt", "is_current", "key_ids", "key_sources"):
            self._in_folder(method)
        for method in ("add_key", "may_add_key"):
            self._in_folder(method)
        for account, index in ((self.account, 1), (self.account_2, 2)):
            account.write({"token": f"token-{index}", "app_secret": f"secret-{index}"})

    def _given(self):
        if self.given is None:
            return [], ""
        return self.given.split(","), crypto.ENVIRONMENT

    def _in_folder(self, name):
        """The module works on the folder of the test, whatever directory it is told."""
        function = getattr(crypto, name)

        def moved(*args, data_dir=None):
            takes_value = name in ("encrypt", "decrypt", "is_current")
            return function(*args[: 1 if takes_value else 0], self.data_dir)

        self.patch(crypto, name, moved)

    def tearDown(self):
        super().tearDown()
        self.key_file.unlink(missing_ok=True)

    def ciphertexts(self):
        self.env.flush_all()
        return {value for *_where, value in self.keys._secrets()}

    def used(self):
        return {crypto.key_id_of(value) for value in self.ciphertexts()}

    def lose_key(self):
        self.lost = self.key_file.read_text()
        self.key_file.unlink()

    def rotation(self, user=None):
        user = user or self.ada
        return self.env(user=user, su=False)["whatsapp.calling.rotation"].create({})


@tagged("post_install", "-at_install")
class TestRotation(KeysMixin, WhatsappCallingCase):
    def test_a_new_key_of_our_own_takes_over_every_secret(self):
        (before,) = crypto.key_ids()
        told = self.rotation().action_new_key()["params"]
        after, still = crypto.key_ids()
        self.assertIn(after, told["message"])
        self.assertIn(str(self.key_file), told["message"])
        self.assertTrue(told["sticky"])
        self.assertEqual((self.used(), still), ({after}, before))
        self.assertEqual(self.account._credentials().token, "token-1")
        self.assertEqual(self.account_2._credentials().app_secret, "secret-2")
        self.assertEqual(self.key_file.stat().st_mode & 0o777, 0o600)

    def test_a_new_key_of_the_environment_takes_over_every_secret(self):
        self.given = OLD
        self.account.token = "under the old one"
        self.given = f"{NEW},{OLD}"
        new = crypto.key_ids()[0]
        # several keys at once: each ciphertext names its own
        self.assertEqual(len(self.used() | {new}), 3)
        self.assertEqual(self.account._credentials().token, "under the old one")
        rotation = self.rotation()
        self.assertEqual((rotation.given, rotation.stale_count), (True, 4))
        rotation.action_encrypt_again()
        self.assertEqual(self.used(), {new})
        self.given = NEW
        self.key_file.unlink()
        self.assertEqual(self.account._credentials().token, "under the old one")

    def test_a_rotation_that_breaks_off_in_the_middle_changes_nothing(self):
        before = self.ciphertexts()
        encrypt, count = crypto.encrypt, iter(range(99))

        def breaking(*args):
            if next(count) == 2:
                raise SystemExit("killed")
            return encrypt(*args)

        with self.assertRaises(SystemExit), self.env.cr.savepoint():
            with patch.object(crypto, "encrypt", breaking):
                self.rotation().action_new_key()
        self.env.invalidate_all()
        # the new key is there already, the secrets have the old one: both can be read
        self.assertEqual(len(crypto.key_ids()), 2)
        self.assertEqual(self.ciphertexts(), before)
        self.assertEqual(self.account._credentials().token, "token-1")
        self.rotation().action_encrypt_again()
        self.assertEqual(self.used(), {crypto.key_ids()[0]})

    def test_without_the_old_key_nothing_is_encrypted_again(self):
        before = self.ciphertexts()
        self.lose_key()
        self.given = NEW
        rotation = self.rotation()
        self.assertEqual(rotation.missing_count, 4)
        with self.assertRaisesRegex(UserError, "Nothing was changed"):
            rotation.action_encrypt_again()
        self.assertEqual(self.ciphertexts(), before)

    def test_the_environment_is_changed_by_nobody_here(self):
        self.given = NEW
        with self.assertRaisesRegex(UserError, "come from WHATSAPP_CALLING_KEY"):
            self.rotation().action_new_key()

    def test_the_screen_shows_ids_and_no_key(self):
        lines = self.rotation().line_ids
        self.assertEqual(lines.mapped("state"), ["first"])
        self.assertEqual((lines.key_id, lines.secrets), (crypto.key_ids()[0], 4))
        said = str(self.rotation().read()) + str(lines.read())
        self.assertNotIn(self.key_file.read_text().strip(), said)

    def test_only_administrators_change_keys(self):
        for user in (self.maria, self.anna, self.nora):
            with self.assertRaises(AccessError):
                self.rotation(user)


@tagged("post_install", "-at_install")
class TestKeyThatIsGone(KeysMixin, WhatsappCallingCase):
    """Every path says so, none breaks, and none makes another key."""

    def setUp(self):
        super().setUp()
        self.permit()
        self.lost_id = crypto.key_ids()[0]
        self.lose_key()

    def assertNoNewKey(self):
        self.assertFalse(self.key_file.exists())

    def test_a_call_that_is_dialled_fails_and_says_why(self):
        answer = self.dial()
        call = self.env["whatsapp.call"].browse(answer["call"]["id"])
        self.send_due(call)
        self.assertFalse(self.graph.requests)
        self.assertEqual(call.state, "failed")
        self.assertIn(f"encryption key {self.lost_id} is missing", call.error_message)
        self.assertNoNewKey()

    def test_the_test_of_the_connection_fails_and_says_why(self):
        self.account.action_test_connection()
        request = self.env["whatsapp.call.request"].search(
            [("account_id", "=", self.account.id)], limit=1
        )
        self.send_due(request=request)
        self.assertIn(self.lost_id, request.error_message)
        self.assertFalse(self.graph.requests)
        self.assertNoNewKey()

    def test_the_settings_open_with_a_red_line(self):
        self.ada.group_ids |= self.env.ref("base.group_system")
        with Form(self.env(user=self.ada)["res.config.settings"]) as form:
            self.assertIn(self.lost_id, form.whatsapp_calling_key_problem)
            self.assertIn("4 secrets", form.whatsapp_calling_key_problem)
        self.assertNoNewKey()

    def test_a_notice_stands_on_the_account_until_the_key_is_back(self):
        self.keys._watch()
        notice = self.env["whatsapp.calling.notice"].search(
            [("account_id", "=", self.account.id), ("kind", "=", "key_missing")]
        )
        self.assertEqual((notice.state, notice.severity), ("open", "danger"))
        self.assertIn(self.lost_id, notice.detail)
        self.key_file.write_text(self.lost)
        self.keys._watch()
        self.assertEqual(notice.state, "resolved")

    def test_a_secret_entered_anew_makes_no_key_behind_ones_back(self):
        with self.assertRaisesRegex(UserError, "Bring it back"):
            self.account.with_user(self.ada).write({"token": "typed in"})
        self.assertNoNewKey()

    def test_a_new_key_is_made_when_asked_for_and_secrets_can_be_entered(self):
        self.rotation().action_new_key()
        account = self.account.with_user(self.ada)
        account.write({"token": "typed in", "app_secret": "too"})
        self.assertEqual(self.account._credentials().token, "typed in")
        # what was not entered again is not thrown away: its key may come back
        with self.assertRaises(crypto.KeyMissing):
            self.account_2._credentials()
        with self.key_file.open("a") as file:
            file.write(self.lost)
        self.assertEqual(self.account_2._credentials().token, "token-2")

    def test_a_key_that_is_too_short_is_said_when_a_secret_is_saved(self):
        self.given = "short"
        with self.assertRaisesRegex(UserError, "shorter than 16"):
            self.account.with_user(self.ada).write({"token": "typed in"})
        self.assertIn("shorter than 16", self.rotation().problem)


@tagged("post_install", "-at_install")
class TestWebhookWithoutKey(KeysMixin, WhatsappCallingHttpCase):
    def test_a_webhook_is_refused_for_now_and_comes_again(self):
        body = meta.calls(meta.offer())
        self.lose_key()
        with mute_logger("odoo.addons.whatsapp_calling.controllers.webhook"):
            refused = self.post(body, secret="secret-1")
        self.assertEqual(refused.status_code, 503)
        self.assertFalse(self.the_call())
        self.assertFalse(self.key_file.exists())
        self.key_file.write_text(self.lost)
        self.assertEqual(self.post(body, secret="secret-1").status_code, 200)
        self.assertTrue(self.the_call())
