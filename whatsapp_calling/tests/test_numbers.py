"""The switch of a number: WhatsApp is told, and only its yes changes anything."""

from unittest.mock import patch

import requests

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from ..providers.base import Capabilities
from . import meta_bodies as meta
from .common import ADMINISTRATOR, WhatsappCallingCase
from .graph import Refusal

SETTINGS = "/v25.0/290000000000001/settings"


class NumberMixin:
    """Maria, a manager, and a number whose calling is off."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.admin = cls._user("ada", ADMINISTRATOR, cls.company)
        cls.number.write(
            {"calling_enabled": False, "enabled_at": False, "enabled_by_id": False}
        )

    def as_user(self, user):
        return self.number.with_env(self.phone(user).env)

    def switch(self, on, user=None):
        self.as_user(user or self.maria).action_set_calling(on)

    def requests(self, state="queued"):
        return self.env["whatsapp.call.request"].search(
            [("number_id", "=", self.number.id), ("state", "=", state)], order="id"
        )

    def send_all(self):
        """Send what is queued for the number, and what comes of it."""
        while waiting := self.requests():
            for request in waiting:
                self.send_due(request=request)
        self.number.invalidate_recordset()

    def told(self, sent, user=None):
        """Texts of the notifications among bus messages."""
        return [
            (payload["type"], payload["message"])
            for to, kind, payload in sent
            if kind == "simple_notification" and to == (user or self.maria)
        ]


@tagged("post_install", "-at_install")
class TestToggle(NumberMixin, WhatsappCallingCase):
    def _users(self):
        return super()._users() | self.admin

    def test_switching_on_tells_whatsapp_and_its_yes_sets_user_and_time(self):
        self.switch(True)
        self.assertFalse(self.number.calling_enabled, "WhatsApp has not answered yet")
        self.assertEqual(self.number.calling_pending, "on")
        with self.bus() as sent:
            self.send_all()
        self.assertEqual(
            self.graph.requests[0],
            ("POST", SETTINGS, {"calling": {"status": "ENABLED"}}),
        )
        self.assertRecordValues(
            self.number,
            [
                {
                    "calling_enabled": True,
                    "calling_pending": False,
                    "enabled_by_id": self.maria.id,
                    "settings_error": False,
                }
            ],
        )
        self.assertAround(self.number.enabled_at, 0)
        ((kind, message),) = self.told(sent)[:1]
        self.assertEqual(kind, "success")
        self.assertIn("after up to 7 days", message)

    def test_switching_off_tells_whatsapp_and_keeps_when_it_was_last_on(self):
        self.number.calling_enabled = True
        since = self.number.enabled_at
        self.switch(False)
        self.assertTrue(self.number.calling_enabled, "on until WhatsApp says yes")
        self.send_all()
        self.assertEqual(
            self.graph.requests[0],
            ("POST", SETTINGS, {"calling": {"status": "DISABLED"}}),
        )
        self.assertFalse(self.number.calling_enabled)
        self.assertEqual(self.number.enabled_at, since)

    def test_a_refusal_leaves_it_off_and_says_why_and_what_to_do(self):
        words = "(#138015) The messaging limit is below 2000 recipients a day"
        self.graph.answer("settings", Refusal(400, 138015, words))
        self.switch(True)
        with self.bus() as sent:
            self.send_all()
        self.assertFalse(self.number.calling_enabled or self.number.enabled_at)
        self.assertFalse(self.number.calling_pending)
        self.assertIn(words, self.number.settings_error)
        self.assertIn("messaging limit", self.number.settings_error.split(words)[1])
        ((kind, message),) = self.told(sent)
        self.assertEqual(kind, "danger")
        self.assertIn(words, message)

    def test_missing_prerequisites_are_explained_too(self):
        self.graph.answer("settings", Refusal(400, 138018, "No app is subscribed"))
        self.switch(True)
        self.send_all()
        self.assertFalse(self.number.calling_enabled)
        error = self.number.settings_error
        self.assertIn("No app is subscribed", error)
        self.assertGreater(len(error), len("No app is subscribed") + 30)

    def test_the_next_yes_takes_the_refusal_away(self):
        self.graph.answer("settings", Refusal(400, 138018, "No app is subscribed"))
        self.switch(True)
        self.send_all()
        self.switch(True)
        self.assertFalse(self.number.settings_error)
        self.send_all()
        self.assertTrue(self.number.calling_enabled)

    def test_without_a_certain_answer_whatsapp_is_asked_what_it_has(self):
        request = self.requests()
        self.switch(True)
        request = self.requests() - request
        self.graph.answer("settings", requests.ReadTimeout())
        request.expires_at = request.create_date  # no time for another try
        request.expires_at = request.create_date.replace(year=2099)
        request.attempts = 6
        self.graph.answer("settings", {"calling": {"status": "ENABLED"}})
        self.send_all()
        self.assertEqual(self.graph.requests[-1][:2], ("GET", SETTINGS))
        self.assertTrue(self.number.calling_enabled, "WhatsApp had taken it after all")

    # ---- two managers

    def test_two_who_switch_the_same_way_make_one_request(self):
        self.switch(True)
        self.switch(True, self.admin)
        self.assertEqual(len(self.requests()), 1)

    def test_who_switches_the_other_way_meanwhile_reads_who_was_first(self):
        self.switch(True)
        with self.assertRaisesRegex(UserError, "Maria is changing the settings"):
            self.switch(False, self.admin)
        self.send_all()
        self.assertTrue(self.number.calling_enabled)

    def test_a_request_lost_with_its_server_blocks_nobody_for_ever(self):
        self.switch(True)
        before = self.number.settings_sent_at.replace(year=2020)
        self.number.settings_sent_at = before
        self.switch(False, self.admin)
        self.assertEqual(self.number.calling_pending, "off")

    # ---- who cannot be asked

    def test_a_provider_that_cannot_be_told_is_refused_and_nothing_changes(self):
        provider = type(self.account._provider)
        for missing in (Capabilities.SETTINGS, Capabilities.ANSWER):
            able = provider.capabilities & ~missing
            with (
                self.subTest(missing=missing),
                patch.object(provider, "capabilities", able),
                self.assertRaisesRegex(UserError, "does not let Odoo switch calling"),
            ):
                self.switch(True)
            self.assertFalse(self.number.calling_enabled or self.number.enabled_at)
            self.assertFalse(self.requests(), "nothing is sent")

    def test_in_a_company_without_calling_it_stays_off_with_the_reason(self):
        self.company.whatsapp_calling_enabled = False
        with self.assertRaisesRegex(UserError, "switched off for Calls Vienna"):
            self.switch(True)
        self.assertFalse(self.requests())

    # ---- no way around

    def test_writing_the_field_asks_whatsapp_too(self):
        self.as_user(self.maria).write({"calling_enabled": True, "name": "Hotline"})
        self.assertEqual(self.number.name, "Hotline")
        self.assertFalse(self.number.calling_enabled)
        self.assertEqual(self.requests().action, "set_settings")

    def test_a_new_number_of_an_administrator_is_on_once_whatsapp_says_so(self):
        values = {
            "name": "New",
            "account_id": self.account.id,
            "provider_ref": "290000000000077",
            "display_number": "+43 720 999177",
            "calling_enabled": True,
        }
        number = self.as_user(self.admin).create(values).sudo()
        self.assertFalse(number.calling_enabled or number.enabled_at)
        self.assertEqual(number.calling_pending, "on")
        request = self.env["whatsapp.call.request"].search(
            [("number_id", "=", number.id)]
        )
        self.send_due(request=request)
        self.assertTrue(number.calling_enabled)
        self.assertEqual(number.enabled_by_id, self.admin)

    def test_nobody_writes_what_whatsapp_says(self):
        for user in (self.maria, self.admin):
            for values in (
                {"enabled_at": "2026-01-01 00:00:00"},
                {"health": "GREEN"},
                {"outbound_until": False},
                {"meta_settings": {}},
                {"settings_sent_by_id": user.id},
            ):
                with self.subTest(user=user.name, values=values):
                    with self.assertRaises(AccessError):
                        self.as_user(user).write(values)

    def test_a_manager_chooses_who_rings_but_not_which_number_it_is(self):
        number = self.as_user(self.maria)
        number.write(
            {
                "name": "Hotline",
                "sequence": 3,
                "ring_user_ids": [(6, 0, self.anna.ids)],
                "ring_seconds": 40,
                "assignee_seconds": 5,
                "pre_accept": False,
            }
        )
        for values in (
            {"active": False},
            {"provider_ref": "1"},
            {"display_number": "+43 1 1"},
            {"account_id": self.account_2.id},
        ):
            with self.subTest(values=values), self.assertRaises(AccessError):
                number.write(values)
        self.as_user(self.admin).write({"display_number": "+43 720 999101"})

    def test_an_operator_switches_nothing(self):
        with self.assertRaises(AccessError):
            self.switch(True, self.anna)
        self.assertFalse(self.requests())

    # ---- what it means

    def test_a_number_that_is_off_says_so_when_somebody_dials(self):
        self.assertIn("switched off", self.number._calling_refusal())
        self.number.calling_enabled = True
        self.assertEqual(self.number._calling_refusal(), "")

    def test_the_list_shows_number_label_health_calling_and_who_enabled_it_when(self):
        view = self.as_user(self.maria).get_view(view_type="list")
        for name in (
            "display_number",
            "name",
            "connection",
            "calling_enabled",
            "enabled_at",
            "enabled_by_id",
        ):
            self.assertIn(f'name="{name}"', view["arch"])

    def test_connection_says_how_the_account_is(self):
        for state, connection in (
            ("draft", "untested"),
            ("connected", "connected"),
            ("token_rejected", "token_rejected"),
            ("failed", "failing"),
        ):
            self.account.state = state
            self.assertEqual(self.number.connection, connection)
            self.assertEqual(self.as_user(self.anna).connection, connection)

    def test_a_test_of_the_number_notes_what_it_needs_for_calling(self):
        self.graph.answer(meta.NUMBER_REF, {"messaging_limit_tier": "TIER_2K"})
        self.env["whatsapp.call.request"]._enqueue(
            self.number, "check", {}, expires_in=60, user=self.maria
        )
        self.send_all()
        self.assertEqual(self.number.messaging_limit, "2,000 customers a day")
