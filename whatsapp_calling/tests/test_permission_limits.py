"""WhatsApp's limits, counted before one runs into them."""

import time
from datetime import datetime, timedelta

from freezegun import freeze_time
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from odoo import fields
from odoo.tests import tagged

from . import meta_bodies as meta
from .graph import Refusal
from .test_asking import AskingCase

STATES = ("none", "requested", "granted", "declined", "expired", "revoked")


@tagged("post_install", "-at_install")
class TestRequestLimits(AskingCase):
    def asked(self, hours, user=None, **values):
        """A request that went to Eva so many hours ago."""
        permission = self.env["whatsapp.call.permission"]._ensure(
            self.number, self.wrote()
        )
        return self.env["whatsapp.calling.message"].create(
            {
                "permission_id": permission.id,
                "kind": "permission",
                "state": "sent",
                "user_id": (user or self.anna).id,
                "asked_at": fields.Datetime.now() - timedelta(hours=hours),
                **values,
            }
        )

    def limits(self):
        return self.ledger()._limits()

    def test_nothing_is_used_up_before_anybody_was_asked(self):
        limits = self.env["whatsapp.call.permission"]._limits()
        self.assertEqual(
            (limits["day"], limits["week"]),
            (
                {"used": 0, "max": 1, "next_at": False},
                {"used": 0, "max": 2, "next_at": False},
            ),
        )
        self.assertEqual((limits["requests"], limits["unanswered"]), ([], 0))

    def test_one_request_in_24_hours_shared_by_the_team(self):
        message = self.asked(3)
        result = self.ask(user=self.berta)
        self.assertFalse(result["ok"])
        self.assertIn("was asked by Anna on", result["message"])
        self.assertIn("one request in 24 hours", result["message"])
        next_at = self.limits()["day"]["next_at"]
        self.assertEqual(next_at, message.asked_at + timedelta(hours=24))
        self.assertEqual(self.ledger().next_request_at, next_at)
        self.assertEqual(self.graph.requests, [])

    def test_two_requests_in_7_days(self):
        first = self.asked(6 * 24)
        self.asked(30, self.berta)
        result = self.ask()
        self.assertIn("was asked twice in 7 days", result["message"])
        self.assertIn("by Berta", result["message"])
        self.assertEqual(
            self.limits()["week"],
            {"used": 2, "max": 2, "next_at": first.asked_at + timedelta(days=7)},
        )

    def test_a_day_and_a_week_later_one_may_ask_again(self):
        self.asked(24.01)
        self.assertTrue(self.ask()["ok"])

    def test_who_asked_and_when_is_shown_before_asking(self):
        self.asked(30, self.berta)
        lines = self.ask_view()["limits"]
        self.assertEqual(lines[0], "Requests in 24 hours: 0 of 1")
        self.assertEqual(lines[1], "Requests in 7 days: 1 of 2")
        self.assertTrue(lines[2].startswith("Asked by Berta on "))

    def test_a_failed_request_and_a_call_button_do_not_count(self):
        self.asked(1, state="failed")
        self.asked(1, kind="call_button")
        self.assertTrue(self.ask()["ok"])

    def test_a_connected_call_in_either_direction_starts_the_count_anew(self):
        for direction in ("inbound", "outbound"):
            with self.subTest(direction):
                self.asked(5)
                self.assertFalse(self.ask()["ok"])
                call = self.talk(direction, hours=1)
                self.assertEqual(self.limits()["day"]["used"], 0)
                self.sent_messages().unlink()
                call.unlink()

    def test_a_call_before_the_request_resets_nothing(self):
        self.talk("inbound", hours=6)
        self.asked(5)
        self.assertEqual(self.limits()["day"]["used"], 1)

    def test_a_call_that_nobody_answered_resets_nothing(self):
        self.asked(5)
        self.talk("outbound", hours=1, state="unanswered", accepted_at=False)
        self.assertEqual(self.limits()["day"]["used"], 1)

    def talk(self, direction, hours, **values):
        moment = fields.Datetime.now() - timedelta(hours=hours)
        contact = self.wrote()
        return self.env["whatsapp.call"].create(
            {
                "account_id": self.account.id,
                "company_id": self.company.id,
                "number_id": self.number.id,
                "contact_id": contact.id,
                "direction": direction,
                "state": "completed",
                "started_at": moment,
                "accepted_at": moment,
                **values,
            }
        )

    # ---- what WhatsApp knows better

    def test_a_request_refused_for_the_limit_is_learnt_and_whatsapp_asked(self):
        self.ask()
        self.graph.answer("messages", Refusal(400, 138009, "Request limit reached"))
        self.send_messages()
        self.assertEqual(self.ledger().state, "none")
        self.assertAround(self.ledger().next_request_at, 24 * 3600)
        self.assertIn("WhatsApp allows no further request", self.ask()["message"])
        check = self.env["whatsapp.call.request"].search(
            [("action", "=", "permission_state")]
        )
        self.assertEqual(check.payload, {"wa_id": meta.CUSTOMER})
        until = int(time.time()) + 3 * 86400
        limit = {
            "time_period": "P7D",
            "max_allowed": 2,
            "current_usage": 2,
            "limit_expiration_time": until,
        }
        self.graph.answer(
            "call_permissions",
            {
                "permission": {"status": "no_permission"},
                "actions": [
                    {
                        "action_name": "send_call_permission_request",
                        "can_perform_action": False,
                        "limits": [limit],
                    }
                ],
            },
        )
        self.send_due(request=check)
        self.assertAround(self.ledger().next_request_at, 3 * 86400)
        self.assertEqual(self.ledger().can_request, "no")

    def test_what_whatsapp_told_is_over_after_a_connected_call(self):
        self.asked(30)
        permission = self.ledger()
        permission.write(
            {
                "checked_at": fields.Datetime.now() - timedelta(hours=2),
                "told_limits": [
                    {
                        "action": "send_call_permission_request",
                        "period": "PT24H",
                        "max": 1,
                        "used": 1,
                        "until": time.time() + 3600,
                    }
                ],
            }
        )
        self.assertFalse(self.ask()["ok"])
        self.talk("inbound", hours=1)
        self.assertTrue(self.ask()["ok"])

    # ---- calls

    def test_before_unanswered_call_3_and_4_the_operator_is_asked(self):
        permission = self.permit(self.wrote())
        for count, asks in enumerate([False, False, True, True]):
            with self.subTest(unanswered=count):
                lookup = self.phone(self.anna).softphone_lookup(
                    {"partner_id": self.eva.id}
                )
                self.assertEqual(bool(lookup["confirm"]), asks, lookup["confirm"])
                self.assertTrue(lookup["allowed"])
            self.talk("outbound", 20 - count, state="unanswered", accepted_at=False)
        self.assertEqual(permission._limits()["unanswered"], 4)

    def test_a_call_that_must_be_confirmed_is_placed_only_then(self):
        self.permit(self.wrote())
        for hours in (3, 2):
            self.talk("outbound", hours, state="rejected", accepted_at=False)
        result = self.dial()
        self.assertEqual((result["ok"], result["reason"]), (False, "confirm"))
        self.assertEqual(result["next_step"], "confirm")
        self.assertIn("did not answer the last 2 calls", result["message"])
        result = self.dial(partner_id=self.eva.id, confirmed=True)
        self.assertTrue(result["ok"])

    def test_an_answered_call_or_a_new_permission_ends_the_streak(self):
        self.permit(self.wrote())
        for hours in (9, 8):
            self.talk("outbound", hours, state="unanswered", accepted_at=False)
        self.talk("outbound", 5)
        self.assertEqual(self.limits()["unanswered"], 0)
        self.talk("outbound", 4, state="unanswered", accepted_at=False)
        self.assertEqual(self.limits()["unanswered"], 1)
        self.ledger().granted_at = fields.Datetime.now()
        self.assertEqual(self.limits()["unanswered"], 0)

    def test_a_call_we_hung_up_ourselves_is_no_unanswered_one(self):
        self.permit(self.wrote())
        self.talk("outbound", 5, state="cancelled", accepted_at=False)
        self.assertEqual(self.limits()["unanswered"], 0)

    def test_after_four_whatsapp_revokes_and_dialling_is_refused(self):
        self.permit(self.wrote())
        self.reply("reject", response_source="automatic", context={})
        self.assertEqual(self.ledger().state, "revoked")
        result = self.dial()
        self.assertEqual(result["reason"], "no_permission")
        self.assertIn("WhatsApp withdrew the permission", result["message"])

    def test_an_expired_permission_is_shown_and_dialling_refused(self):
        self.permit(
            self.wrote(),
            permanent=False,
            expires_at=fields.Datetime.now() - timedelta(seconds=1),
        )
        lookup = self.phone(self.anna).softphone_lookup({"partner_id": self.eva.id})
        self.assertEqual(lookup["permission"]["state"], "expired")
        self.assertIn("has expired", self.dial()["message"])

    def test_a_call_refused_for_the_daily_limit_names_the_next_time(self):
        call = self.dialled_refused(138012, 7200)
        permission = self.ledger()
        self.assertEqual(call.state, "failed")
        self.assertAround(permission.call_blocked_until, 7200)
        result = self.dial()
        self.assertEqual(result["reason"], "limit")
        self.assertIn("The next call is possible from", result["message"])

    def dialled_refused(self, code, seconds):
        self.permit(self.wrote())
        call = self.env["whatsapp.call"].browse(self.dial()["call"]["id"])
        refusal = Refusal(400, code, "Limit reached")
        refusal.content["error"]["error_data"]["next_allowed_time"] = int(
            time.time() + seconds
        )
        self.graph.answer("connect", refusal)
        self.send_due(call)
        return call

    # ---- many at once

    def test_limits_of_eighty_cost_as_many_queries_as_those_of_two(self):
        contacts = self.env["whatsapp.call.contact"].create(
            [
                {"company_id": self.company.id, "wa_id": f"4366012345{index:02}"}
                for index in range(80)
            ]
        )
        permissions = self.env["whatsapp.call.permission"].create(
            [
                {"number_id": self.number.id, "contact_id": contact.id}
                for contact in contacts
            ]
        )
        self.env.flush_all()
        for batch in (permissions[:2], permissions):
            self.env.invalidate_all()
            with self.subTest(len(batch)), self.assertQueryCount(4):
                batch._limits_by_id()


moments = st.one_of(st.none(), st.integers(-20, 20))


@tagged("post_install", "-at_install")
class TestState(AskingCase):
    """The state is the same in Python, in a filter and in a group, at any second."""

    NOW = datetime(2027, 3, 1, 12)

    @settings(
        max_examples=60,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(
        granted=st.booleans(),
        permanent=st.booleans(),
        request_open=st.booleans(),
        expires_at=moments,
        requested_at=moments,
        declined_at=moments,
        revoked_at=moments,
        later=st.integers(0, 30),
    )
    def check_state(self, later, **values):
        permission = self.env["whatsapp.call.permission"]._ensure(
            self.number, self.wrote()
        )
        for name, value in values.items():
            if name.endswith("_at"):
                moment = value is not None and self.NOW + timedelta(days=value)
                permission[name] = moment
            else:
                permission[name] = value
        self.env.flush_all()
        self.env.invalidate_all()
        with freeze_time(self.NOW + timedelta(days=later)):
            state = permission.state
            mine = [("id", "=", permission.id)]
            found = [
                each
                for each in STATES
                if permission.search_count([*mine, ("state", "=", each)])
            ]
            others = permission.search_count([*mine, ("state", "!=", state)])
            groups = permission._read_group(mine, ["state"], ["__count"])
        self.assertEqual((found, others, groups), ([state], 0, [(state, 1)]))

    def test_filter_group_and_field_agree(self):
        self.check_state()

    def test_a_permission_expires_in_the_second_it_expires(self):
        permission = self.permit(self.wrote(), permanent=False, expires_at=self.NOW)
        self.env.flush_all()
        for seconds, state in ((-1, "granted"), (0, "expired"), (1, "expired")):
            with (
                self.subTest(seconds),
                freeze_time(self.NOW + timedelta(seconds=seconds)),
            ):
                self.env.invalidate_all()
                self.assertEqual(permission.state, state)
                self.assertEqual(
                    permission.search(
                        [("id", "=", permission.id), ("state", "=", state)]
                    ),
                    permission,
                )

    def test_the_list_can_be_grouped_and_sorted_by_the_state(self):
        field = self.env["whatsapp.call.permission"].fields_get(["state"])["state"]
        self.assertTrue(
            field["groupable"] and field["sortable"] and field["searchable"]
        )
