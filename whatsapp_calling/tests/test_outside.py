"""What happens outside Odoo: settings changed elsewhere, warnings, restrictions."""

import time
from datetime import timedelta

from odoo import fields
from odoo.tests import tagged
from odoo.tools import mute_logger

from . import meta_bodies as meta
from .common import WhatsappCallingCase
from .test_numbers import NumberMixin


def settings(status, at=None, **members):
    """account_settings_update of the first number."""
    value = {
        "timestamp": meta.stamp() if at is None else str(int(at)),
        "type": "phone_number_settings",
        "phone_number_settings": {
            "phone_number_id": meta.NUMBER_REF,
            "calling": {"status": status, **members},
        },
    }
    return meta.body({"field": "account_settings_update", "value": value})


def account_update(event, phone=meta.OURS, **members):
    """account_update with Meta's odd entry id."""
    value = {"event": event, **members}
    if phone:
        value["phone_number"] = phone
    return meta.body({"field": "account_update", "value": value}, waba="0")


def restriction(*kinds, expires_in=5 * 86400, **members):
    end = int(time.time()) + expires_in
    items = [
        {"restriction_type": kind, "expiration": str(end), "remediation": "Wait."}
        for kind in kinds
    ]
    return account_update("ACCOUNT_RESTRICTION", restriction_info=items, **members)


@tagged("post_install", "-at_install")
class TestOutside(NumberMixin, WhatsappCallingCase):
    def _users(self):
        return super()._users() | self.admin

    def setUp(self):
        super().setUp()
        self.number.calling_enabled = True

    def notices(self, kind):
        return self.env["whatsapp.calling.notice"].search(
            [
                ("account_id", "=", self.account.id),
                ("kind", "=", kind),
                ("state", "=", "open"),
            ]
        )

    # ---- settings

    def test_switched_off_in_whatsapp_manager_is_off_here_with_a_note(self):
        with self.bus() as sent:
            self.deliver(settings("DISABLED"))
        self.assertFalse(self.number.calling_enabled)
        self.assertEqual(self.number.changed_outside, "off")
        self.assertAround(self.number.changed_outside_at, 0)
        ((kind, message),) = self.told(sent)
        self.assertEqual(kind, "warning")
        self.assertIn("switched off outside Odoo", message)
        changed = [
            (user, payload)
            for user, kind, payload in sent
            if kind == "whatsapp_calling/record"
        ]
        record = {"model": "whatsapp.calling.number", "ids": self.number.ids}
        self.assertIn((self.maria, record), changed)
        self.as_user(self.maria).action_dismiss_note()
        self.assertFalse(self.number.changed_outside)

    def test_switched_on_outside_names_nobody(self):
        self.number.write({"calling_enabled": False, "enabled_by_id": False})
        self.deliver(settings("ENABLED"))
        self.assertTrue(self.number.calling_enabled)
        self.assertEqual(self.number.changed_outside, "on")
        self.assertAround(self.number.enabled_at, 0)
        self.assertFalse(self.number.enabled_by_id, "WhatsApp does not say who")

    def test_the_webhook_of_our_own_request_is_no_change_outside(self):
        self.switch(False)
        self.deliver(settings("DISABLED"))
        self.assertFalse(self.number.changed_outside)
        self.assertTrue(self.number.calling_enabled, "our answer is under way")
        self.send_all()
        self.assertFalse(self.number.calling_enabled)
        self.deliver(settings("DISABLED"))
        self.assertFalse(self.number.changed_outside)

    def test_news_older_than_what_is_known_change_nothing(self):
        self.deliver(settings("DISABLED"))
        self.deliver(settings("ENABLED", at=time.time() - 300))
        self.assertFalse(self.number.calling_enabled)

    def test_our_yes_that_was_overtaken_has_whatsapp_asked_what_it_has(self):
        self.switch(False)
        ahead = time.time() + 3600
        self.deliver(settings("ENABLED", at=ahead, call_icon_visibility="DEFAULT"))
        self.graph.answer("settings", {"success": True})
        self.graph.answer("settings", {"calling": {"status": "DISABLED"}})
        self.send_all()
        self.assertEqual([each[0] for each in self.graph.requests], ["POST", "GET"])
        self.assertFalse(self.number.calling_enabled)

    def test_other_settings_follow_unless_something_was_entered_here(self):
        self.deliver(settings("ENABLED", call_icon_visibility="DISABLE_ALL"))
        self.assertEqual(self.number.icon_visibility, "hidden")
        self.assertFalse(self.number.changed_outside)

    def test_a_body_without_settings_is_kept_and_no_harm(self):
        value = {"phone_number_settings": {"phone_number_id": meta.NUMBER_REF}}
        self.deliver(meta.body({"field": "account_settings_update", "value": value}))
        self.assertTrue(self.number.calling_enabled)

    # ---- settings that cannot be entered here

    def flagged(self):
        return self.env["whatsapp.call.event"].search(
            [("account_id", "=", self.account.id), ("kind", "=", "settings")]
        )

    def test_hours_that_odoo_does_not_take_hold_up_nothing_of_their_delivery(self):
        def week(*spans):
            return [
                {"day_of_week": "MONDAY", "open_time": opens, "close_time": closes}
                for opens, closes in spans
            ]

        entered = {"weekday": "1", "opens": 9.0, "closes": 17.0}
        for words, slots in (
            ("between 00:00 and 23:59", week(("0900", "2400"))),
            ("between 00:00 and 23:59", week(("2200", "0200"))),
            (
                "more than 2 periods",
                week(("0800", "1000"), ("1100", "1200"), ("1300", "1400")),
            ),
            ("cannot be read", week(("9am", "5pm"))),
            ("cannot be read", ["MONDAY"]),
        ):
            with self.subTest(words=words, slots=slots):
                self.env["whatsapp.call.event"].flush_model()
                self.number.write(
                    {
                        "meta_settings": False,
                        "settings_at": False,
                        "settings_read_at": fields.Datetime.now(),
                        "hours_ids": [(5, 0, 0), (0, 0, entered)],
                    }
                )
                hours = {
                    "status": "ENABLED",
                    "timezone_id": "Europe/Vienna",
                    "weekly_operating_hours": slots,
                }
                body = settings(
                    "ENABLED", call_icon_visibility="DISABLE_ALL", call_hours=hours
                )
                seen = self.flagged()
                ref = f"wacid.{len(seen)}"
                self.deliver(body, meta.calls(meta.offer(id=ref)))
                self.assertTrue(self.the_call(ref), "it came with them")
                event = self.flagged() - seen
                self.assertTrue(event.flagged)
                self.assertIn(words, event.note)
                self.assertIn(words, self.number.settings_unread)
                self.assertEqual(
                    self.number.meta_settings["call_hours"], hours, "as WhatsApp has it"
                )
                self.assertEqual(self.number.hours_ids.closes, 17.0, "left as it was")
                self.assertEqual(self.number.icon_visibility, "hidden", "what can, may")
                self.assertTrue(self.number.settings_differ)
                self.assertTrue(self.number.settings_differences)
        self.deliver(settings("ENABLED", call_hours={"status": "DISABLED"}))
        self.assertFalse(self.number.settings_unread, "over as soon as it is readable")

    def test_settings_of_other_types_are_kept_and_break_nothing(self):
        body = settings(
            {"on": 1},
            call_icon_visibility=["DEFAULT"],
            call_icons=[{"restrict_to_user_countries": "AT"}],
            callback_permission_status=7,
            call_hours=["ENABLED"],
            restrictions=["none"],
        )
        self.deliver(body, meta.calls(meta.offer()))
        self.assertTrue(self.the_call())
        self.assertTrue(self.number.calling_enabled, "nothing said that it is off")
        self.assertTrue(self.flagged().flagged)
        self.number.settings_read_at = fields.Datetime.now()
        self.number.icon_visibility = "hidden"
        self.assertTrue(self.number.settings_differences, "the form can be opened")

    @mute_logger("odoo.addons.whatsapp_calling.tools.transaction")
    def test_whatever_breaks_in_settings_leaves_the_calls_beside_them(self):
        def breaks(*_args, **_kwargs):
            raise KeyError("unforeseen")

        self.patch(type(self.number), "_note_settings", breaks)
        self.deliver(settings("DISABLED"), meta.calls(meta.offer()))
        self.assertTrue(self.the_call())
        self.assertTrue(self.flagged().flagged)
        self.assertIn("could not be taken in", self.flagged().note)

    # ---- restrictions

    def test_a_restriction_stops_dialling_and_names_its_end(self):
        self.permit()
        self.deliver(restriction("RESTRICTED_BUSINESS_INITIATED_CALLING"))
        self.assertAround(self.number.outbound_until, 5 * 86400)
        self.assertFalse(self.number.inbound_until)
        answer = self.dial()
        self.assertFalse(answer["ok"])
        until = self.number._moment_text(self.number.outbound_until)
        self.assertIn(until, self.number._calling_refusal())
        self.assertIn("does not let", answer["message"])
        self.assertEqual(self.graph.requests, [])
        notice = self.notices("restricted")
        self.assertEqual(notice.number_id, self.number)
        self.assertEqual(notice.until, self.number.outbound_until)
        self.assertIn("Wait.", notice.detail)
        self.assertEqual(notice.activity_ids.user_id, self.account._administrators())

    def test_calls_of_customers_still_ring_when_only_outgoing_ones_are_stopped(self):
        self.deliver(restriction("RESTRICTED_BUSINESS_INITIATED_CALLING"))
        self.assertRings(self.ring(), self.anna | self.berta)

    def test_without_an_end_it_is_whatsapps_seven_days(self):
        item = {"restriction_type": "RESTRICTED_USER_INITIATED_CALLING"}
        self.deliver(account_update("ACCOUNT_RESTRICTION", restriction_info=[item]))
        self.assertAround(self.number.inbound_until, 7 * 86400)

    def test_when_it_is_over_one_may_dial_and_the_notice_goes(self):
        self.permit()
        self.deliver(restriction("RESTRICTED_BUSINESS_INITIATED_CALLING"))
        past = fields.Datetime.now() - timedelta(seconds=1)
        self.number.outbound_until = past
        self.assertEqual(self.number._calling_refusal(), "", "without any cron")
        self.env["whatsapp.calling.number"]._cron_restrictions()
        self.assertFalse(self.number.outbound_until)
        self.assertFalse(self.notices("restricted"))
        self.assertTrue(self.dial()["ok"])

    def test_settings_that_are_read_tell_restrictions_too_and_their_end(self):
        listed = {"restrictions_list": [{"type": "RESTRICTED_USER_INITIATED_CALLING"}]}
        calling = {"status": "ENABLED", "restrictions": listed}
        self.graph.answer("settings", {"calling": calling}, {"calling": {}})
        self.as_user(self.maria).action_read_settings()
        self.send_all()
        self.assertAround(self.number.inbound_until, 7 * 86400)
        self.number._note_restrictions({})
        self.assertFalse(self.number.inbound_until)
        self.assertFalse(self.notices("restricted"))

    def test_a_hidden_call_button_is_shown_with_its_end(self):
        kind = "RESTRICTED_USER_INITIATED_CALLING_CALL_BUTTON_HIDDEN"
        self.deliver(restriction(kind))
        self.assertAround(self.number.button_hidden_until, 5 * 86400)
        self.assertIn("hides the call button", self.number.restriction_text)
        self.assertEqual(self.number._calling_refusal(), "")

    def test_of_several_numbers_only_the_named_one_is_restricted(self):
        other = self.number.copy(
            {"provider_ref": "290000000000009", "display_number": "+43 720 999109"}
        )
        self.deliver(restriction("RESTRICTED_BUSINESS_INITIATED_CALLING"))
        self.assertTrue(self.number.outbound_until)
        self.assertFalse(other.outbound_until)
        self.deliver(
            restriction("RESTRICTED_USER_INITIATED_CALLING", phone=None, expires_in=60)
        )
        self.assertFalse(self.number.inbound_until or other.inbound_until)
        self.assertTrue(
            self.notices("restricted").filtered(lambda notice: not notice.number_id)
        )

    # ---- warnings

    def test_a_warning_is_a_notice_until_somebody_dealt_with_it(self):
        info = {
            "violation_type": "USER_INITIATED_CALLS_LOW_PICKUP_RATE",
            "remediation": "Answer more calls.",
        }
        self.deliver(account_update("ACCOUNT_VIOLATION", violation_info=info))
        self.assertIn("hide the call button", self.number.violation)
        self.assertIn("Answer more calls.", self.number.violation)
        notice = self.notices("violation")
        self.assertIn("Answer more calls.", notice.detail)
        self.assertTrue(notice.activity_ids)
        self.as_user(self.maria).action_dismiss_violation()
        self.assertFalse(self.number.violation or self.notices("violation"))

    def test_a_warning_of_30_days_ago_goes_by_itself(self):
        info = {"violation_type": "SOMETHING_NEW"}
        self.deliver(account_update("ACCOUNT_VIOLATION", violation_info=info))
        self.assertIn("SOMETHING_NEW", self.number.violation)
        self.number.violation_at -= timedelta(days=31)
        self.env["whatsapp.calling.number"]._cron_restrictions()
        self.assertFalse(self.number.violation or self.notices("violation"))

    def test_news_of_the_account_that_are_neither_are_kept_only(self):
        self.deliver(account_update("VERIFIED_ACCOUNT"))
        event = self.env["whatsapp.call.event"].search(
            [("account_id", "=", self.account.id)]
        )
        self.assertEqual(event.kind, "account")
        self.assertFalse(self.number.violation or self.number.restriction_text)


@tagged("post_install", "-at_install")
class TestPickupRate(NumberMixin, WhatsappCallingCase):
    def calls(self, answered, missed, days_ago=1):
        started = fields.Datetime.now() - timedelta(days=days_ago)
        values = {
            "account_id": self.account.id,
            "number_id": self.number.id,
            "company_id": self.company.id,
            "direction": "inbound",
            "started_at": started,
        }
        calls = self.env["whatsapp.call"]
        done = {**values, "state": "completed", "accepted_at": started}
        calls.create([done for _call in range(answered)])
        calls.create([{**values, "state": "missed"} for _call in range(missed)])
        self.number.invalidate_recordset()

    def test_it_counts_answered_ones_of_all_incoming_of_30_days(self):
        self.calls(answered=3, missed=1)
        self.calls(answered=0, missed=5, days_ago=31)
        self.assertEqual(self.number.pickup_calls, 4)
        self.assertAlmostEqual(self.number.pickup_rate, 0.75)
        self.assertFalse(self.number.pickup_low)

    def test_a_declined_call_lowers_it_and_a_ringing_one_does_not_count_yet(self):
        self.calls(answered=1, missed=0)
        call = self.ring()
        self.assertEqual(self.number.pickup_calls, 1)
        self.number.calling_enabled = True
        call._close("declined")
        self.number.invalidate_recordset()
        self.assertEqual(self.number.pickup_rate, 0.5)

    def test_it_is_low_below_half_when_there_are_calls_enough_to_tell(self):
        self.calls(answered=1, missed=4)
        self.assertFalse(self.number.pickup_low, "five calls tell nothing")
        self.calls(answered=1, missed=4)
        self.assertTrue(self.number.pickup_low)

    def test_list_and_form_show_it_and_the_form_warns(self):
        number = self.as_user(self.maria)
        for kind in ("list", "form"):
            self.assertIn("pickup_rate", number.get_view(view_type=kind)["arch"])
        form = number.get_view(view_type="form")["arch"]
        self.assertIn("Few calls of customers are answered", form)
        self.assertIn("Missed and declined calls both lower it", " ".join(form.split()))
