"""Settings that WhatsApp keeps: read, changed here, applied whole or not at all."""

from datetime import timedelta

from odoo import fields
from odoo.exceptions import UserError, ValidationError
from odoo.tests import Form, tagged

from .common import WhatsappCallingCase
from .graph import Refusal
from .test_numbers import SETTINGS, NumberMixin

AT_META = {
    "status": "ENABLED",
    "call_icon_visibility": "DEFAULT",
    "callback_permission_status": "DISABLED",
    "sip": {"status": "DISABLED"},
}
HOURS = {
    "status": "ENABLED",
    "timezone_id": "Europe/Vienna",
    "weekly_operating_hours": [
        {"day_of_week": "MONDAY", "open_time": "0800", "close_time": "12:00"},
        {"day_of_week": "MONDAY", "open_time": "1300", "close_time": "1730"},
    ],
}


class SettingsMixin(NumberMixin):
    def read_settings(self, **members):
        """Ask WhatsApp, which has these settings."""
        self.graph.answer("settings", {"calling": {**AT_META, **members}})
        self.as_user(self.maria).action_read_settings()
        self.send_all()
        self.graph.requests.clear()

    def enter(self, **values):
        self.as_user(self.maria).write(values)

    def hours(self, *slots, **values):
        """Enter call hours: (weekday, from, to)."""
        lines = [
            (0, 0, {"weekday": str(day), "opens": start, "closes": end})
            for day, start, end in slots
        ]
        confirmed = {
            "hours_enabled": True,
            "hours_confirmed": True,
            "hours_tz": "Europe/Vienna",
        }
        self.enter(hours_ids=[(5, 0, 0), *lines], **{**confirmed, **values})

    def apply(self):
        self.as_user(self.maria).action_apply_settings()


@tagged("post_install", "-at_install")
class TestSettings(SettingsMixin, WhatsappCallingCase):
    def test_reading_fills_in_what_whatsapp_has(self):
        self.read_settings(
            call_icon_visibility="DISABLE_ALL",
            call_icons={"restrict_to_user_countries": ["AT", "DE"]},
            callback_permission_status="ENABLED",
            call_hours=HOURS,
        )
        number = self.number
        self.assertTrue(number.calling_enabled, "it is on at WhatsApp")
        self.assertEqual(number.icon_visibility, "hidden")
        self.assertEqual(sorted(number.country_ids.mapped("code")), ["AT", "DE"])
        self.assertTrue(number.callback_permission and number.hours_enabled)
        self.assertEqual(number.hours_tz, "Europe/Vienna")
        slots = number.hours_ids.mapped(lambda s: (s.weekday, s.opens, s.closes))
        self.assertEqual(slots, [("0", 8.0, 12.0), ("0", 13.0, 17.5)])
        self.assertFalse(number.settings_differ)

    def test_only_what_differs_is_sent_and_in_one_request(self):
        self.read_settings()
        austria = self.env.ref("base.at")
        self.enter(icon_visibility="hidden", country_ids=[(6, 0, austria.ids)])
        self.assertTrue(self.number.settings_differ)
        self.assertIn("Austria", self.number.settings_differences)
        self.apply()
        self.assertTrue(self.number.settings_pending)
        self.send_all()
        calling = {
            "call_icon_visibility": "DISABLE_ALL",
            "call_icons": {"restrict_to_user_countries": ["AT"]},
        }
        self.assertEqual(
            self.graph.requests, [("POST", SETTINGS, {"calling": calling})]
        )
        self.assertFalse(self.number.settings_differ or self.number.settings_pending)

    def test_a_refused_setting_leaves_all_as_it_was_and_says_why(self):
        self.read_settings()
        before = self.number.meta_settings
        self.enter(icon_visibility="hidden", callback_permission=True)
        self.apply()
        words = "(#100) call_icon_visibility is not available"
        self.graph.answer("settings", Refusal(400, 100, words))
        with self.bus() as sent:
            self.send_all()
        self.assertEqual(self.number.meta_settings, before, "WhatsApp has the old ones")
        self.assertTrue(self.number.calling_enabled)
        self.assertEqual(self.number.icon_visibility, "hidden", "to be corrected")
        self.assertTrue(self.number.settings_differ, "and shown as not applied")
        self.assertIn(words, self.number.settings_error)
        self.assertEqual([kind for kind, _text in self.told(sent)], ["danger"])

    def test_nothing_is_sent_before_whatsapps_settings_are_known(self):
        self.enter(icon_visibility="hidden")
        with self.assertRaisesRegex(UserError, "Read the settings"):
            self.apply()
        self.assertFalse(self.requests())

    def test_taking_over_forgets_what_was_not_applied(self):
        self.read_settings()
        self.enter(icon_visibility="hidden")
        self.as_user(self.maria).action_take_over_settings()
        self.assertEqual(self.number.icon_visibility, "shown")
        self.assertFalse(self.number.settings_differ)

    def test_reading_again_keeps_what_was_entered_and_not_applied(self):
        self.read_settings()
        self.enter(icon_visibility="hidden")
        self.read_settings(callback_permission_status="ENABLED")
        self.assertEqual(self.number.icon_visibility, "hidden")
        self.assertTrue(self.number.callback_permission, "this followed WhatsApp")
        self.assertEqual(self.number._to_change().keys(), {"call_icon_visibility"})

    def test_an_answer_that_cannot_be_read_changes_nothing(self):
        self.graph.answer("settings", {"other": 1})
        self.as_user(self.maria).action_read_settings()
        with self.bus() as sent:
            self.send_all()
        self.assertFalse(self.number.settings_read_at)
        self.assertEqual([kind for kind, _text in self.told(sent)], ["danger"])

    def test_hours_that_cannot_be_entered_here_are_told_to_who_reads_them(self):
        slot = {"day_of_week": "MONDAY", "open_time": "0900", "close_time": "2400"}
        hours = {**HOURS, "weekly_operating_hours": [slot]}
        with self.bus() as sent:
            self.read_settings(call_hours=hours, callback_permission_status="ENABLED")
        ((kind, message),) = self.told(sent)
        self.assertEqual(kind, "warning")
        self.assertIn("between 00:00 and 23:59", message)
        self.assertTrue(self.number.settings_read_at)
        self.assertEqual(self.number.meta_settings["call_hours"], hours)
        self.assertFalse(self.number.hours_enabled or self.number.hours_ids)
        self.assertTrue(self.number.callback_permission, "what can, may")
        self.read_settings(call_hours=hours)
        self.assertTrue(self.number.settings_unread, "it is still so")
        self.read_settings(call_hours=HOURS)
        self.assertFalse(self.number.settings_unread)

    def test_a_setting_of_whatsapp_without_a_name_here_is_left_alone(self):
        self.read_settings(call_icon_visibility="HIDE_IN_CHAT")
        self.assertFalse(self.number.icon_visibility or self.number.settings_differ)
        self.enter(callback_permission=True)
        self.assertNotIn("call_icon_visibility", self.number._to_change())


@tagged("post_install", "-at_install")
class TestCallHours(SettingsMixin, WhatsappCallingCase):
    def setUp(self):
        super().setUp()
        self.read_settings()

    def assertRefused(self, words, *slots, **values):
        with self.assertRaisesRegex(ValidationError, words):
            self.hours(*slots, **values)

    def test_whatsapps_hours_are_off_by_default(self):
        self.assertFalse(self.number.hours_enabled)
        self.assertEqual(self.number._wanted()["call_hours"], {"status": "DISABLED"})

    def test_in_the_form_they_begin_with_a_week_that_most_have(self):
        with Form(self.as_user(self.maria)) as form:
            form.hours_enabled = True
            form.hours_confirmed = True
            form.hours_tz = "Europe/Vienna"
        slots = self.number.hours_ids.mapped(lambda s: (s.weekday, s.opens, s.closes))
        self.assertEqual(slots, [(str(day), 9.0, 17.0) for day in range(5)])

    def test_they_are_switched_on_only_by_who_confirms_what_they_stop(self):
        self.assertRefused(
            "no call reaches Odoo", (0, 9.0, 17.0), hours_confirmed=False
        )
        view = self.as_user(self.maria).get_view(view_type="form")["arch"]
        self.assertIn("Outside these hours WhatsApp itself stops the calls", view)

    def test_they_are_sent_as_a_whole(self):
        tomorrow = fields.Date.today() + timedelta(days=1)
        self.hours((0, 9.5, 17.0), (4, 8.0, 12.0), (4, 13.0, 15.75))
        self.enter(holiday_ids=[(0, 0, {"date": tomorrow})])
        self.apply()
        self.send_all()
        hours = {
            "status": "ENABLED",
            "timezone_id": "Europe/Vienna",
            "weekly_operating_hours": [
                {"day_of_week": "MONDAY", "open_time": "0930", "close_time": "1700"},
                {"day_of_week": "FRIDAY", "open_time": "0800", "close_time": "1200"},
                {"day_of_week": "FRIDAY", "open_time": "1300", "close_time": "1545"},
            ],
            "holiday_schedule": [
                {
                    "date": tomorrow.isoformat(),
                    "start_time": "0000",
                    "end_time": "2359",
                }
            ],
        }
        sent = ("POST", SETTINGS, {"calling": {"call_hours": hours}})
        self.assertEqual(self.graph.requests, [sent])
        self.assertFalse(self.number.settings_differ)

    def test_switching_them_off_sends_the_week_that_whatsapp_demands(self):
        self.read_settings(call_hours=HOURS)
        self.assertTrue(self.number.hours_enabled)
        self.enter(hours_enabled=False, hours_ids=[(5, 0, 0)])
        hours = self.number._to_change()["call_hours"]
        self.assertEqual(hours["status"], "DISABLED")
        self.assertEqual(
            hours["weekly_operating_hours"], HOURS["weekly_operating_hours"]
        )

    def test_what_whatsapp_refuses_is_refused_here_before_anything_is_sent(self):
        self.assertRefused("at least one period")
        self.assertRefused("time zone", (0, 9.0, 17.0), hours_tz=False)
        self.assertRefused("first time must be before", (0, 17.0, 9.0))
        self.assertRefused("first time must be before", (0, 9.0, 24.0))
        self.assertRefused(
            "Monday has more than 2", (0, 8.0, 9.0), (0, 10.0, 11.0), (0, 12.0, 13.0)
        )
        self.assertRefused("Monday overlap", (0, 8.0, 12.0), (0, 11.0, 13.0))
        self.assertFalse(self.requests())

    def test_holidays_are_at_most_20(self):
        today = fields.Date.today()
        days = [(0, 0, {"date": today + timedelta(days=day)}) for day in range(21)]
        with self.assertRaisesRegex(ValidationError, "at most 20"):
            self.enter(holiday_ids=days)

    def test_holidays_of_the_past_are_refused(self):
        today = fields.Date.today()
        with self.assertRaisesRegex(ValidationError, "no holidays of the past"):
            self.enter(holiday_ids=[(0, 0, {"date": today - timedelta(days=2)})])

    def test_a_holiday_that_has_passed_meanwhile_is_not_sent(self):
        self.hours((0, 9.0, 17.0))
        tomorrow = fields.Date.today() + timedelta(days=1)
        self.enter(holiday_ids=[(0, 0, {"date": tomorrow})])
        self.env.flush_all()
        self.env.cr.execute("UPDATE whatsapp_calling_holiday SET date = date - 9")
        self.env.invalidate_all()
        self.assertNotIn("holiday_schedule", self.number._wanted()["call_hours"])
