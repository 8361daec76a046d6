"""When nobody answers: what a number says happens then, and when that is."""

from datetime import timedelta

from odoo import fields
from odoo.exceptions import ValidationError
from odoo.tests import tagged

from . import meta_bodies as meta
from .common import WhatsappCallingCase
from .graph import Refusal
from .speaking_sidecar import SidecarMixin, SidecarRefusal

DEFAULT_TEXT = "Sorry we missed your call — please reply and we'll get back to you"
OGG = b"OggS" + bytes(60) + b"OpusHead" + bytes(200)


class NoAnswerCase(SidecarMixin, WhatsappCallingCase):
    plan = "voice_note"

    def setUp(self):
        super().setUp()
        self.number.no_answer = self.plan
        self.assistant = self.env["whatsapp.call.assistant"].create(
            {
                "name": "Front desk",
                "company_id": self.company.id,
                "language": "en",
                "voice": "slt",
                "voicemail_text": "We missed you. Write to us!",
            }
        )

    def after(self, seconds, call):
        """The clock ticks `seconds` later."""
        self.pass_time(seconds, call)
        self.tick()

    def pass_time(self, seconds, call):
        done = super().pass_time(seconds, call)
        if call.no_answer_at:
            call.no_answer_at -= timedelta(seconds=seconds)
        return done

    def send_all(self, call):
        """What the pool does: requests of both lanes until none is left."""
        requests = self.env["whatsapp.call.request"]
        queued = [("call_id", "=", call.id), ("state", "=", "queued")]
        for _round in range(9):
            if not requests.search_count(queued):
                return
            requests._send_due(call.id, None, "media")
            requests._send_due(call.id, None, "provider")
        self.fail("Requests are left that do not leave")

    def tell_records(self):
        done = super().tell_records()
        notes = self.env["whatsapp.call.voice.note"]
        for note in notes.search([("due", "=", True)]):
            notes._tell_due(note.id)
        calls = self.env["whatsapp.call"]
        for call in calls.search([("follow_up_due", "=", True)]):
            calls._follow_up_due(call.id)
        return done

    def messages(self):
        """Bodies of what was sent into the customer's chat."""
        return [
            body
            for _method, path, body in self.graph.requests
            if path.endswith("/messages")
        ]

    def notes(self, record):
        return [str(each.body) for each in record.message_ids.sorted("id")]

    def activities(self, record):
        return [(each.summary, each.user_id) for each in record.activity_ids]


@tagged("post_install", "-at_install")
class TestWhen(NoAnswerCase):
    def test_it_happens_at_the_numbers_second_and_not_before(self):
        self.number.no_answer_seconds = 15
        call = self.ring()
        self.after(14, call)
        self.assertEqual((call.state, call.no_answer), ("ringing", False))
        self.after(1, call)
        self.assertEqual((call.state, call.no_answer), ("missed", "voice_note"))

    def test_the_clock_looks_at_the_call_at_that_second(self):
        call = self.ring()
        self.assertEqual(call.deadline, call.no_answer_at)
        self.assertAround(call.deadline, 15)

    def test_the_end_of_the_ring_time_comes_first_where_it_is_earlier(self):
        self.number.write({"ring_seconds": 10, "assignee_seconds": 5})
        self.number.no_answer_seconds = 30
        call = self.ring()
        self.after(10, call)
        self.assertEqual(call.no_answer, "voice_note")

    def test_where_nobody_can_be_rung_it_happens_at_once(self):
        self.number.ring_user_ids = self.nora  # no operator
        call = self.ring()
        self.assertEqual((call.state, call.no_answer), ("missed", "voice_note"))

    def test_when_everybody_has_silenced_it_there_is_nothing_to_wait_for(self):
        call = self.ring()
        self.phone(self.anna).softphone_silence(call.id)
        self.assertEqual(call.state, "ringing")
        self.phone(self.berta).softphone_silence(call.id)
        call.invalidate_recordset()
        self.assertEqual(call.no_answer, "voice_note")

    def test_the_assignee_alone_who_silences_it_leaves_the_others(self):
        self.eva.user_id = self.anna
        call = self.ring()
        self.assertRings(call, self.anna)
        self.phone(self.anna).softphone_silence(call.id)
        call.invalidate_recordset()
        self.assertEqual((call.state, call.no_answer), ("ringing", False))

    def test_where_calling_is_off_nothing_happens(self):
        self.number.calling_enabled = False
        call = self.ring()
        self.assertEqual((call.state, call.no_answer_at), ("ringing", False))

    def test_a_number_that_only_logs_lets_it_ring(self):
        self.number.no_answer = "log"
        call = self.ring()
        self.after(45, call)
        self.assertEqual((call.state, call.no_answer_at), ("ringing", False))

    def test_a_caller_who_hangs_up_before_is_simply_missed(self):
        call = self.ring()
        self.after(5, call)
        self.deliver(meta.calls(meta.terminate()))
        self.after(20, call)
        self.assertEqual((call.state, call.no_answer), ("missed", False))
        self.assertFalse(call.voice_note_ids)

    def test_the_second_lies_within_whatsapps_own_window(self):
        for seconds in (0, 41):
            with self.assertRaises(ValidationError) as caught:
                self.number.no_answer_seconds = seconds
            self.assertEqual(
                caught.exception.args[0],
                "Choose 1 to 40 seconds: WhatsApp gives a call up 30 to 60 seconds "
                "after its first ring.",
            )


@tagged("post_install", "-at_install")
class TestWhoIsFaster(NoAnswerCase):
    """M17: of an operator's click and the timer one handles the call."""

    def test_a_claim_at_fourteen_point_nine_seconds_declines_nothing(self):
        call = self.ring()
        self.pass_time(14.9, call)
        self.assertTrue(self.accept(self.anna, call)["ok"])
        self.after(2, call)
        self.send_due(call)
        self.assertEqual(self.graph.actions, ["pre_accept", "accept"])
        self.assertEqual((call.handler_id, call.no_answer), (self.anna, False))

    def test_the_timer_that_was_late_finds_the_call_taken(self):
        """The tick has read the row before the click was committed."""
        call = self.ring()
        self.pass_time(15, call)
        self.accept(self.anna, call)
        call._nobody_answers()
        self.assertEqual((call.handler_kind, call.state), ("user", "ringing"))
        self.assertFalse(call.voice_note_ids)

    def test_a_click_after_the_timer_reads_that_the_call_is_over(self):
        call = self.ring()
        self.after(15, call)
        answer = self.accept(self.anna, call)
        self.assertEqual((answer["ok"], answer["reason"]), (False, "ended"))
        self.assertFalse(call.handler_id)

    def test_a_claim_that_failed_gives_the_timer_its_turn_again(self):
        self.number.pre_accept = False
        call = self.ring()
        self.accept(self.anna, call)
        self.graph.answer("accept", Refusal(400, 100, "Bad SDP"))
        self.send_due(call)
        self.assertFalse(call.handler_id)
        self.after(15, call)
        self.assertEqual(call.no_answer, "voice_note")

    def test_it_happens_once(self):
        call = self.ring()
        self.after(15, call)
        call._nobody_answers()
        self.assertEqual(len(call.voice_note_ids), 1)


@tagged("post_install", "-at_install")
class TestVoiceNote(NoAnswerCase):
    """WaDesk's way: declined, and a spoken answer in the chat."""

    def missed(self, **answers):
        self.sidecar.answer("/v1/speech", answers.pop("speech", OGG))
        for action, answer in answers.items():
            self.graph.answer(action, answer)
        call = self.ring()
        self.after(15, call)
        self.send_all(call)
        self.tell_records()
        return call

    def test_declined_spoken_uploaded_and_sent_as_a_voice_note(self):
        call = self.missed()
        self.assertEqual(self.graph.actions, ["reject", "media", "messages"])
        self.assertEqual(
            self.sidecar.requests,
            [
                (
                    "POST",
                    "/v1/speech",
                    {
                        "text": "We missed you. Write to us!",
                        "language": "en",
                        "voice": "slt",
                        "tts": {"engine": "local"},
                    },
                )
            ],
        )
        self.assertIn(OGG, self.graph.uploads[0])
        self.assertIn(b'name="type"\r\n\r\naudio/ogg', self.graph.uploads[0])
        self.assertEqual(
            self.messages(),
            [
                {
                    "messaging_product": "whatsapp",
                    "recipient_type": "individual",
                    "to": meta.CUSTOMER,
                    "type": "audio",
                    "audio": {"id": "8000", "voice": True},
                }
            ],
        )
        self.assertRecordValues(
            call.voice_note_ids,
            [{"kind": "voice", "state": "sent", "message_ref": "wamid.X1"}],
        )
        self.assertRecordValues(
            call,
            [
                {
                    "state": "missed",
                    "reason": "Nobody answered in time",
                    "handler_id": False,
                    "wait_seconds": 0,
                }
            ],
        )

    def test_the_chatter_holds_the_spoken_text_and_its_sound(self):
        call = self.missed()
        body = self.notes(self.eva)[-1]
        self.assertIn("was sent a voice note after the missed call", body)
        self.assertIn("We missed you. Write to us!", body)
        sound = call.voice_note_ids.message_id.attachment_ids
        self.assertEqual((sound.raw, sound.mimetype), (OGG, "audio/ogg"))
        self.assertEqual((sound.res_model, sound.res_id), ("res.partner", self.eva.id))
        self.assertTrue(sound.voice_ids)

    def test_an_assistant_says_the_seeds_words_unless_others_are_entered(self):
        assistant = self.env["whatsapp.call.assistant"].create({"name": "Plain"})
        self.assertEqual(assistant.voicemail_text, DEFAULT_TEXT)

    def test_the_numbers_own_assistant_speaks(self):
        own = self.assistant.copy({"voicemail_text": "The service line is away."})
        self.number.assistant_id = own
        call = self.missed()
        self.assertEqual(call.voice_note_ids.text, "The service line is away.")

    def test_without_an_assistant_it_is_missed_and_the_text_goes_out(self):
        """M16."""
        self.env["whatsapp.call.assistant"].search([]).active = False
        call = self.missed()
        self.assertEqual(self.sidecar.requests, [])
        self.assertEqual(self.graph.actions, ["reject", "messages"])
        self.assertEqual(
            self.messages()[0]["text"], {"body": DEFAULT_TEXT, "preview_url": False}
        )
        self.assertEqual(call.state, "missed")

    def test_an_assistant_without_a_voice_writes(self):
        self.assistant.speaks = False
        call = self.missed()
        self.assertEqual(
            self.messages()[0]["text"]["body"], "We missed you. Write to us!"
        )
        self.assertEqual(
            call.voice_note_ids.instead, "No assistant of this company has a voice."
        )
        self.assertIn(
            "was sent a message after the missed call", self.notes(self.eva)[-1]
        )

    def test_while_no_media_server_is_up_the_text_goes_out(self):
        self.sidecar_down()
        call = self.missed()
        self.assertEqual(self.graph.actions, ["reject", "messages"])
        self.assertEqual(
            call.voice_note_ids.instead, "No media server is up to speak it."
        )

    def test_what_the_speech_engine_refuses_goes_out_as_text(self):
        refusal = SidecarRefusal(400, "tts_failed", "ElevenLabs: quota_exceeded")
        call = self.missed(speech=refusal)
        self.assertEqual(self.messages()[0]["type"], "text")
        self.assertIn("quota_exceeded", call.voice_note_ids.instead)

    def test_what_whatsapp_does_not_take_as_sound_goes_out_as_text(self):
        call = self.missed(media=Refusal(400, 131053, "Unsupported media type"))
        self.assertEqual(self.messages()[0]["type"], "text")
        self.assertIn("Unsupported media type", call.voice_note_ids.instead)

    def test_a_sound_too_large_to_be_played_goes_out_as_text(self):
        call = self.missed(speech=OGG + bytes(512 * 1024))
        self.assertEqual(self.messages()[0]["type"], "text")
        self.assertEqual(call.voice_note_ids.kind, "text")

    def test_a_closed_window_is_told_plainly_and_somebody_is_to_follow_up(self):
        self.eva.user_id = self.anna
        call = self.missed(messages=Refusal(400, 131047, "More than 24 hours"))
        note = call.voice_note_ids
        self.assertEqual(note.state, "failed")
        self.assertIn("More than 24 hours", note.problem)
        self.assertIn("did not reach", self.notes(self.eva)[-1])
        self.assertEqual(
            self.activities(self.eva), [(f"Call {call.peer_name} back", self.anna)]
        )
        self.assertTrue(call.contact_id.window_closed_at)

    def test_what_was_taken_and_not_delivered_is_told_as_well(self):
        call = self.missed()
        failed = {
            "id": "wamid.X1",
            "status": "failed",
            "timestamp": meta.stamp(),
            "recipient_id": meta.CUSTOMER,
            "errors": [{"code": 131047, "title": "Re-engagement message"}],
        }
        self.deliver(meta.body(meta.change("messages", statuses=[failed])))
        self.tell_records()
        self.assertEqual(call.voice_note_ids.state, "failed")
        self.assertEqual(len(self.eva.activity_ids), 1)

    def test_the_caller_who_is_known_by_number_only_is_noted_on_the_contact(self):
        self.eva.phone = False
        call = self.missed()
        self.assertFalse(call.partner_id)
        self.assertIn("was sent a voice note", self.notes(call.contact_id)[-1])


@tagged("post_install", "-at_install")
class TestCallBack(NoAnswerCase):
    plan = "call_back"

    def setUp(self):
        super().setUp()
        self.eva.user_id = self.anna

    def missed(self):
        call = self.ring()
        self.after(15, call)
        self.assertEqual(call.state, "ringing", "It rings on")
        self.deliver(meta.calls(meta.terminate()))
        self.tell_records()
        return call

    def due(self, call):
        """An hour later, at the minute's sweep; what the bus tells Anna."""
        call.call_back_at = fields.Datetime.now()
        with self.bus() as sent:
            call._sweep_call_backs()
        return [
            payload
            for user, kind, payload in sent
            if (user, kind) == (self.anna, "whatsapp_calling/call_back")
        ]

    def test_the_assigned_person_has_it_on_the_list(self):
        call = self.missed()
        self.assertEqual(call.state, "missed")
        self.assertAround(call.call_back_at, 3600)
        (activity,) = self.eva.activity_ids
        self.assertEqual(activity.user_id, self.anna)
        self.assertTrue(activity.summary.startswith(f"Call {call.peer_name} back at "))
        self.assertIn(f"/odoo/whatsapp.call/{call.id}", activity.note)

    def test_an_hour_later_one_click_is_offered_and_nothing_dials_by_itself(self):
        call = self.missed()
        self.graph.requests.clear()
        self.assertEqual(
            self.due(call),
            [
                {
                    "name": call.peer_name,
                    "target": {
                        "contact_id": call.contact_id.id,
                        "number_id": self.number.id,
                        "res_model": "res.partner",
                        "res_id": self.eva.id,
                    },
                }
            ],
        )
        self.assertEqual((call.call_back_at, self.graph.requests), (False, []))

    def test_the_click_connects_only_with_permission(self):
        call = self.missed()
        (offer,) = self.due(call)
        refused = self.dial(self.anna, **offer["target"])
        self.assertEqual((refused["ok"], refused["reason"]), (False, "no_permission"))
        self.permit(call.contact_id)
        self.assertTrue(self.dial(self.anna, **offer["target"])["ok"])

    def test_whoever_was_reached_meanwhile_is_not_called_again(self):
        call = self.missed()
        self.answered(id="wacid.later")
        self.assertEqual(self.due(call), [])

    def test_an_answered_call_needs_no_call_back(self):
        call = self.answered()
        self.deliver(meta.calls(meta.terminate(start_time=meta.stamp(), duration=5)))
        self.assertFalse(call.call_back_at)

    def test_a_call_of_nobody_in_particular_goes_to_whom_the_number_names(self):
        self.eva.user_id = False
        self.number.no_answer_user_id = self.berta
        self.missed()
        self.assertEqual(self.eva.activity_ids.user_id, self.berta)

    def test_else_to_a_manager(self):
        self.eva.user_id = False
        self.missed()
        self.assertEqual(self.eva.activity_ids.user_id, self.maria)
