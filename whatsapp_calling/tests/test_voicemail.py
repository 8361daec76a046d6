"""The caller leaves a message: claim, program, message, and who deals with it."""

from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessError
from odoo.tests import tagged

from . import meta_bodies as meta
from .common import SENT_ANSWER
from .forged_sidecar import SidecarRefusal
from .media_common import MediaCase
from .recording import LISTENERS

GREETING = "You have reached Calls Vienna. Please speak after the tone."


class VoicemailCase(MediaCase):
    policy = "direct"

    def setUp(self):
        super().setUp()
        self.number.write(
            {"media_policy": self.policy, "no_answer": "voicemail"},
        )
        assistants = self.env["whatsapp.call.assistant"]
        assistants.search([]).active = False  # the demo's
        self.assistant = assistants.create(
            {
                "name": "Front desk",
                "company_id": self.company.id,
                "language": "en",
                "message_greeting": GREETING,
            }
        )
        self.eva.user_id = self.anna

    def send_all(self, call):
        requests = self.env["whatsapp.call.request"]
        for _round in range(9):
            queued = [("call_id", "=", call.id), ("state", "=", "queued")]
            if not requests.search_count(queued):
                return
            requests._send_due(call.id)
        self.fail("Requests are left that do not leave")

    def unanswered(self, send=True):
        """A call that has rung in vain for 15 seconds."""
        call = self.ring()
        if send:
            self.send_all(call)
        self.let_wait(call)
        if send:
            self.send_all(call)
        return call

    def let_wait(self, call):
        self.pass_time(15, call)
        call.no_answer_at = fields.Datetime.now()
        self.tick()

    def greeted(self):
        """A call whose caller hears the greeting."""
        call = self.unanswered()
        self.assertEqual((call.state, call.handler_kind), ("connected", "voicemail"))
        self.graph.requests.clear()
        self.media.requests.clear()
        return call

    def left(self, text="My boiler is cold", length=4200, ended_by="silence"):
        """A call whose caller has left a message."""
        call = self.greeted()
        self.report(call, "voicemail_started")
        if text:
            self.report(
                call, "turn", speaker="caller", start_ms=9000, end_ms=11000, text=text
            )
        self.report(call, "voicemail_recorded", duration_ms=length, ended_by=ended_by)
        self.send_all(call)
        self.tell_records()
        return call

    def tell_records(self):
        calls = self.env["whatsapp.call"]
        for call in calls.search([("follow_up_due", "=", True)]):
            calls._follow_up_due(call.id)
        for call in calls.search([("chatter_due", "=", True)]):
            calls._post_due(call.id)
        notes = self.env["whatsapp.call.voice.note"]
        for note in notes.search([("due", "=", True)]):
            notes._tell_due(note.id)

    def reminder(self):
        return self.eva.activity_ids


@tagged("post_install", "-at_install")
class TestVoicemailAnswers(VoicemailCase):
    def test_the_sidecar_gets_the_offer_and_the_program_and_whatsapp_its_answer(self):
        call = self.unanswered()
        self.assertEqual(self.media.actions, ["open", "accepted"])
        (opened,) = self.media.bodies("open")
        self.assertEqual(
            opened["program"],
            {
                "kind": "voicemail",
                "greeting": {"text": GREETING, "language": "en"},
                "tone": True,
                "max_seconds": 120,
                "silence_seconds": 5,
                "end_key": "#",
            },
        )
        self.assertEqual(opened["direction"], "inbound")
        self.assertEqual(self.graph.actions, ["pre_accept", "accept"])
        self.assertEqual(self.graph.bodies[1]["session"]["sdp"], SENT_ANSWER)
        self.assertEqual((call.state, call.handler_kind), ("connected", "voicemail"))

    def test_the_callers_track_is_recorded_and_written_down_and_nothing_else(self):
        self.unanswered()
        settings = self.media.bodies("open")[0]["settings"]
        record = settings["record"]
        self.assertEqual((record["agent"], record["caller"]), (False, True))
        self.assertEqual(record["key"], self.sidecar.public_key)
        self.assertEqual(settings["transcribe"], {"engine": "local", "language": "en"})

    def test_without_an_assistant_the_usual_words_are_said(self):
        self.assistant.active = False
        self.unanswered()
        greeting = self.media.bodies("open")[0]["program"]["greeting"]
        self.assertIn("leave a message after the tone", greeting["text"])

    def test_no_other_phone_rings_any_more(self):
        call = self.unanswered()
        self.assertFalse(self.phone(self.berta).softphone_poll()["calls"])
        self.assertFalse(call.handler_id)

    def test_without_a_media_server_the_caller_is_asked_in_the_chat(self):
        self.silence()
        call = self.unanswered()
        self.assertEqual(self.graph.actions, ["reject", "messages"])
        self.assertEqual(call.state, "missed")
        self.assertIn("no_voicemail", self.timeline(call))

    def test_a_sidecar_that_refuses_is_followed_by_the_next(self):
        self._unit(2)
        self.media.answer("open", SidecarRefusal(503, "busy", "Late"))
        call = self.unanswered()
        self.assertEqual(
            [unit for unit, action, _body in self.media.requests if action == "open"],
            ["unit-1", "unit-2"],
        )
        self.assertEqual(call.handler_kind, "voicemail")

    def test_when_none_takes_it_the_caller_is_asked_in_the_chat(self):
        self.media.answer("open", SidecarRefusal(503, "busy", "Late"))
        call = self.unanswered()
        self.assertEqual(self.graph.actions, ["reject", "messages"])
        self.assertEqual((call.state, call.no_answer), ("missed", "voice_note"))

    def test_an_answer_that_whatsapp_does_not_take_in_time_ends_it(self):
        call = self.ring()
        self.let_wait(call)
        self.assertEqual((call.handler_kind, call.state), ("voicemail", "ringing"))
        call.lease_until = fields.Datetime.now()
        call._set_deadline()
        self.tick()
        self.assertEqual(call.state, "missed")

    def test_a_caller_who_hangs_up_before_the_program_starts_is_simply_missed(self):
        call = self.ring()
        self.let_wait(call)
        self.deliver(meta.calls(meta.terminate()))
        self.send_all(call)
        self.assertEqual(call.state, "missed")
        self.assertEqual(self.graph.actions, [])
        self.assertEqual(self.media.actions, ["close"])

    def test_an_accept_that_crosses_the_hang_up_is_taken_back(self):
        call = self.ring()
        self.let_wait(call)
        self.env["whatsapp.call.request"]._send_due(call.id, None, "media")
        self.env["whatsapp.call.request"]._take_next(call.id, None, "provider")
        self.deliver(meta.calls(meta.terminate()))
        self.assertEqual((call.state, call.left_message), ("missed", False))


@tagged("post_install", "-at_install")
class TestVoicemailOnAnchored(VoicemailCase):
    policy = "anchored"

    def test_a_call_that_the_sidecar_has_since_the_ring_gets_the_program(self):
        call = self.unanswered()
        self.assertEqual(self.media.actions, ["open", "program", "accepted"])
        (program,) = self.media.bodies("program")
        self.assertEqual(program["greeting"], {"text": GREETING, "language": "en"})
        self.assertEqual(self.graph.actions, ["pre_accept", "accept"])
        self.assertEqual(call.state, "connected")

    def test_it_learns_only_then_that_it_is_to_record(self):
        self.unanswered()
        self.assertIsNone(self.media.bodies("open")[0]["settings"]["record"])
        (program,) = self.media.bodies("program")
        record = program["record"]
        self.assertEqual((record["agent"], record["caller"]), (False, True))
        self.assertEqual(program["transcribe"], {"engine": "local", "language": "en"})


@tagged("post_install", "-at_install")
class TestOperatorAndVoicemail(VoicemailCase):
    """Only one of operator and voicemail ever handles a call."""

    def test_a_claim_at_fourteen_point_nine_seconds_keeps_the_voicemail_away(self):
        call = self.ring()
        self.pass_time(14.9, call)
        self.accept(self.anna, call)
        call.no_answer_at = fields.Datetime.now()
        call._act_on_deadline()
        self.send_all(call)
        self.assertEqual((call.handler_id, call.handler_kind), (self.anna, "user"))
        self.assertEqual(self.media.actions, [])

    def test_while_the_voicemail_is_just_answering_it_is_not_taken(self):
        call = self.ring()
        self.let_wait(call)
        refused = self.accept_anchored(self.anna, call)
        self.assertEqual((refused["ok"], refused["reason"]), (False, "taken"))
        self.assertEqual(
            refused["message"],
            "The voicemail is just answering this caller: try again in a moment.",
        )

    def test_once_it_runs_an_operator_takes_the_call_from_it(self):
        call = self.greeted()
        taken = self.accept_anchored(self.anna, call)
        self.assertTrue(taken["ok"])
        self.send_all(call)
        self.assertRecordValues(
            call,
            [
                {
                    "handler_kind": "user",
                    "handler_id": self.anna.id,
                    "state": "connected",
                }
            ],
        )
        self.assertEqual(self.media.actions, ["legs"])
        (leg,) = self.media.bodies("legs")
        self.assertEqual(
            (leg["role"], leg["mode"], leg["user"]),
            ("operator", "talk", {"id": self.anna.id, "name": "Anna"}),
        )
        self.assertEqual(self.graph.actions, [], "WhatsApp is told nothing new")

    def taken_with_a_message_begun(self):
        call = self.greeted()
        self.report(call, "recording_started", tracks=["caller"])
        self.report(call, "turn", speaker="caller", text="Hello")
        self.assertTrue(self.accept_anchored(self.anna, call)["ok"])
        self.send_all(call)
        return call

    def assertNotRecorded(self, call):
        self.assertEqual(
            (call.recording_state, call.consent, len(call.turn_ids)),
            ("dropped", False, 0),
        )
        phone = self.phone(self.anna)
        self.assertFalse(phone.softphone_calls(call.ids)[0]["recording"])
        why = phone.recording_view(call.id)["why"]
        self.assertEqual(why, "This call was not recorded.")

    def test_that_the_message_is_dropped_says_nothing_of_the_customers_consent(self):
        call = self.taken_with_a_message_begun()
        told = {"offset_ms": 900, "reason": "taken_over"}
        self.report(call, "recording_discarded", **told)
        self.assertNotRecorded(call)

    def test_nor_does_it_when_the_recorder_says_so_before_the_event_comes(self):
        call = self.taken_with_a_message_begun()
        recordings = self.env["whatsapp.call.recording"]
        recordings._discarded(self.sidecar, call.recording_uid)
        self.assertNotRecorded(call)

    def test_of_two_operators_one_takes_it(self):
        self.eva.user_id = False
        call = self.greeted()
        self.assertTrue(self.accept_anchored(self.anna, call)["ok"])
        refused = self.accept_anchored(self.berta, call)
        self.assertEqual(refused["reason"], "taken")
        self.assertIn("Anna", refused["message"])

    def test_a_call_that_was_taken_over_is_a_completed_one(self):
        call = self.greeted()
        self.accept_anchored(self.anna, call)
        self.deliver(
            meta.calls(
                meta.terminate(
                    start_time=meta.stamp(-9), end_time=meta.stamp(), duration=9
                )
            )
        )
        self.assertEqual((call.state, call.left_message), ("completed", False))

    def test_who_was_not_rung_does_not_take_it(self):
        call = self.greeted()
        self.assertEqual(self.accept_anchored(self.maria, call)["reason"], "disabled")


@tagged("post_install", "-at_install")
class TestMessage(VoicemailCase):
    def test_the_call_stays_missed_and_says_that_a_message_was_left(self):
        call = self.left()
        self.assertRecordValues(
            call,
            [
                {
                    "state": "missed",
                    "left_message": True,
                    "reason": "Left a message (0:04)",
                    "duration": 0,
                    "wait_seconds": 0,
                }
            ],
        )
        self.assertIn(
            call, self.env["whatsapp.call"].search([("state", "=", "missed")])
        )

    def test_the_end_of_the_message_ends_the_call(self):
        self.left(ended_by="key")
        self.assertEqual(self.graph.actions, ["terminate"])
        self.assertEqual(self.media.actions, ["close"])

    def test_the_assigned_person_has_it_on_the_list_with_its_words(self):
        call = self.left()
        (reminder,) = self.reminder()
        self.assertEqual(reminder.user_id, self.anna)
        self.assertEqual(reminder.summary, f"{call.peer_name} left a voice message")
        self.assertIn("“My boiler is cold”", reminder.note)
        self.assertIn("Voice message of 0:04", reminder.note)
        self.assertIn(f"/odoo/whatsapp.call/{call.id}", reminder.note)

    def test_the_chatter_has_the_words_as_well(self):
        call = self.left()
        self.assertIn("Left a message (0:04)", call.message_id.body)
        self.assertIn("“My boiler is cold”", call.message_id.body)

    def test_what_is_understood_after_the_end_completes_the_reminder(self):
        call = self.left()
        self.report(
            call, "turn", speaker="caller", start_ms=11500, end_ms=12500, text="Help"
        )
        self.tell_records()
        (reminder,) = self.reminder()
        self.assertIn("“My boiler is cold Help”", reminder.note)

    def test_the_message_may_be_reported_after_the_call_has_ended(self):
        call = self.greeted()
        self.deliver(meta.calls(meta.terminate()))
        self.assertEqual((call.state, call.left_message), ("missed", False))
        self.report(call, "voicemail_recorded", duration_ms=2000, ended_by="hang_up")
        self.tell_records()
        self.assertEqual((call.state, call.left_message), ("missed", True))
        self.assertEqual(len(self.reminder()), 1)

    def test_who_hangs_up_in_the_greeting_is_plainly_missed(self):
        call = self.greeted()
        self.deliver(meta.calls(meta.terminate()))
        self.report(call, "voicemail_recorded", duration_ms=0, ended_by="hang_up")
        self.tell_records()
        self.assertRecordValues(
            call,
            [
                {
                    "state": "missed",
                    "left_message": False,
                    "reason": "Reached the voicemail and left no message",
                }
            ],
        )
        self.assertFalse(self.reminder())

    def test_a_message_that_was_not_understood_says_so(self):
        self.left(text="")
        self.assertIn("What was said was not written down.", self.reminder().note)

    def test_a_sidecar_that_is_lost_leaves_a_missed_call(self):
        call = self.greeted()
        self.report(call, "ended", reason="error", seconds=4)
        self.assertEqual(call.state, "missed")

    def test_nothing_holds_the_call_for_ever(self):
        call = self.greeted()
        # whose sidecar is heard of all the time
        self.unit.seen_at = fields.Datetime.now() + timedelta(hours=1)
        self.assertAround(call._next_deadline(), 300)
        self.pass_time(301, call)
        call._set_deadline()
        self.tick()
        self.assertEqual((call.state, call.closed_reason), ("missed", "hung_up"))


@tagged("post_install", "-at_install")
class TestHeard(VoicemailCase):
    def setUp(self):
        super().setUp()
        self.call = self.left()

    def unheard(self):
        return self.env["whatsapp.call"].search([("message_unheard", "=", True)])

    def test_a_message_is_unheard_until_somebody_plays_it(self):
        self.assertEqual(self.unheard(), self.call)
        recording = self.env["whatsapp.call.recording"]._store_plain(
            self.call, "caller", "voicemail", b"OggS" + bytes(50)
        )
        self.anna.group_ids |= self.env.ref(LISTENERS)
        listens = self.env["whatsapp.call.listen"].with_user(self.anna)
        listens._note(recording.with_user(self.anna), "play")
        self.assertFalse(self.unheard())
        self.assertEqual(self.call.message_heard_by_id, self.anna)

    def test_an_operator_marks_it_and_takes_that_back(self):
        call = self.call.with_user(self.anna)
        call.action_message_heard()
        self.assertTrue(self.call.message_heard_at)
        call.action_message_heard()
        self.assertFalse(self.call.message_heard_at)
        self.assertFalse(self.call.message_heard_by_id)

    def test_who_is_no_operator_does_not(self):
        with self.assertRaises(AccessError):
            self.call.with_user(self.nora).action_message_heard()

    def test_the_filters_find_it(self):
        calls = self.env["whatsapp.call"]
        self.assertEqual(calls.search([("left_message", "=", True)]), self.call)
        self.call._mark_heard()
        self.assertFalse(calls.search([("message_unheard", "=", True)]))
        others = calls.search([("message_unheard", "=", False)])
        self.assertIn(self.call, others)
