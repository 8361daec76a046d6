"""Recording while a call runs: switches, announcement, consent, pause, turns."""

import json

from odoo import Command
from odoo.exceptions import ValidationError
from odoo.tests import Form, tagged

from .common import WhatsappCallingCase
from .recording import SidecarMixin, sound

ANNOUNCED = "This call is recorded. If you do not want that, press 9."


@tagged("post_install", "-at_install")
class TestSwitches(SidecarMixin, WhatsappCallingCase):
    """Three switches of a number, one of the company; a call keeps what it has."""

    def test_the_sidecar_is_told_what_the_number_says(self):
        call, record = self.anchored()
        self.assertEqual(
            record,
            {
                "agent": True,
                "caller": True,
                "announce": {"text": ANNOUNCED, "language": "en"},
                "order": "before",
                "refuse_key": "9",
                "recording": call.recording_uid,
                "key": self.sidecar.public_key,
            },
        )
        self.assertIsNone(call._media_transcribe())

    def test_the_transcript_is_a_switch_of_its_own(self):
        self.number.write(
            {"record_agent": False, "record_caller": False, "record_text": True}
        )
        call, record = self.anchored()
        self.assertEqual((record["agent"], record["caller"]), (False, False))
        self.assertEqual(record["announce"]["text"], ANNOUNCED)
        self.assertEqual(call._media_transcribe()["language"], "en")

    def test_with_all_three_off_the_call_is_not_recorded(self):
        self.number.write({"record_agent": False, "record_caller": False})
        call, record = self.anchored()
        self.assertIsNone(record)
        self.assertFalse(self.number._wants_recording())
        self.assertEqual(call.recording_off, "number")

    def test_where_the_company_records_nothing_no_number_does(self):
        self.company.whatsapp_calling_recording_enabled = False
        call, record = self.anchored()
        self.assertIsNone(record)
        self.assertIsNone(call._media_transcribe())
        self.assertFalse(self.number._wants_recording())
        self.assertEqual(call.recording_off, "gate")
        self.assertEqual(
            self.number.recording_refusal,
            "Call recording is switched off for Calls Vienna.",
        )

    def test_where_it_is_off_the_switches_of_a_number_are_locked_with_the_reason(self):
        self.company.whatsapp_calling_recording_enabled = False
        with Form(self.number.with_user(self.maria)) as form:
            self.assertIn("is switched off for Calls Vienna", form.recording_refusal)
            for name in ("record_agent", "record_caller", "record_text"):
                with self.assertRaisesRegex(AssertionError, "readonly"):
                    form[name] = True

    def test_where_it_is_off_past_recordings_are_still_heard(self):
        call = self.finished()
        self.recording(call)
        self.turn(call, "Hello")
        self.company.whatsapp_calling_recording_enabled = False
        view = self.phone(self.listener(self.maria)).recording_view(call.id)
        self.assertEqual(len(view["tracks"]), 1)
        self.assertEqual([turn["text"] for turn in view["turns"]], ["Hello"])
        self.assertEqual(call.recording_ids._plain()[:4], sound(1000)[:4])

    def test_who_switches_during_a_call_changes_the_next_one(self):
        call, record = self.anchored()
        self.number.write({"record_agent": False, "record_text": True})
        self.assertEqual(call._media_record()["agent"], True)
        self.assertIsNone(call._media_transcribe())
        self.assertEqual(call._media_record()["recording"], record["recording"])

    def test_of_a_call_in_writing_off_no_turn_is_kept_anywhere(self):
        call, _record = self.anchored()
        self.happens(call, "turn", speaker="caller", text="my card is 4111", start_ms=1)
        self.assertFalse(call.turn_ids)
        self.assertFalse(call.has_transcript)
        said = json.dumps(call.event_ids.mapped("data"))
        self.assertNotIn("4111", said)


@tagged("post_install", "-at_install")
class TestAnnouncement(SidecarMixin, WhatsappCallingCase):
    def announced(self):
        return self.anchored()[1]["announce"]

    def test_it_is_in_the_language_of_the_customer(self):
        self.env["res.lang"]._activate_lang("de_DE")
        self.number.recording_announcement = "We record."
        in_german = self.number.with_context(lang="de_DE")
        in_german.recording_announcement = "Wir zeichnen auf."
        self.eva.lang = "de_DE"
        self.assertEqual(
            self.announced(), {"text": "Wir zeichnen auf.", "language": "de"}
        )

    def test_of_a_customer_whose_language_is_not_known_it_is_the_numbers(self):
        self.env["res.lang"]._activate_lang("de_DE")
        self.eva.lang = False
        self.number.recording_lang = "de_DE"
        self.assertEqual(self.announced()["language"], "de")
        self.number.recording_lang = False
        self.company.partner_id.lang = "en_US"
        self.assertEqual(self.announced()["language"], "en")

    def test_without_a_key_it_does_not_speak_of_one(self):
        self.number.recording_refuse_key = False
        record = self.anchored()[1]
        self.assertEqual(record["announce"]["text"], "This call is recorded.")
        self.assertIsNone(record["refuse_key"])

    def test_the_key_is_spoken(self):
        self.number.recording_refuse_key = "#"
        self.assertIn("press hash.", self.announced()["text"])

    def test_it_can_come_after_the_greeting_or_not_at_all(self):
        self.number.recording_order = "after"
        self.assertEqual(self.anchored()[1]["order"], "after")
        self.number.recording_announced = False
        call = self.the_call()
        call.closed_at = call._moment(None)
        call._derive()
        self.assertIsNone(self.anchored(id="wacid.second")[1]["announce"])

    def test_a_key_is_one_of_the_phone_and_a_text_has_an_end(self):
        for wrong in (
            {"recording_refuse_key": "x"},
            {"recording_announcement": "x" * 601},
        ):
            with self.assertRaises(ValidationError):
                self.number.write(wrong)


@tagged("post_install", "-at_install")
class TestRunningRecording(SidecarMixin, WhatsappCallingCase):
    """What the sidecar tells, what the operator does, what the tabs show."""

    def setUp(self):
        super().setUp()
        self.number.record_text = True
        self.call, self.record = self.anchored()

    def badge(self, user=None):
        phone = self.phone(user or self.anna)
        return phone.softphone_calls(self.call.ids)[0]["recording"]

    def press(self, action, user=None):
        return self.phone(user or self.anna).softphone_recording(self.call.id, action)

    def asked(self):
        queued = [(a, p) for a, p in self.queued(self.call) if a == "media_recording"]
        return [payload["action"] for _action, payload in queued]

    def notes(self):
        return self.call.event_ids.sorted("id").mapped("note")

    def test_announcement_and_recording_are_lines_in_the_timeline(self):
        self.assertEqual(self.badge()["state"], "planned")
        self.happens(self.call, "announcement_played", language="en")
        self.happens(self.call, "recording_started", tracks=["agent", "caller"])
        self.assertEqual(self.call.consent, "announced")
        self.assertEqual(self.badge()["state"], "recording")
        self.assertEqual(
            self.notes()[-2:],
            [
                "The customer was told of the recording",
                "The recording began: Our side, Customer",
            ],
        )

    def test_what_is_missing_in_the_transcript_says_from_when_to_when_and_why(self):
        gap = {"from_ms": 61500, "to_ms": 75000, "reason": "Deepgram gave no answer."}
        self.happens(self.call, "transcript_gap", speaker="caller", **gap)
        self.assertEqual(
            self.notes()[-1],
            "Not written down: the customer, from 1:01 to 1:15. "
            "Deepgram gave no answer.",
        )

    def test_an_engine_that_gives_up_is_told_to_the_operator_at_once(self):
        said = "Deepgram refused (HTTP 401): the API key is not accepted."
        failed = {"engine": "deepgram", "status": 401, "message": said}
        with self.bus() as sent:
            self.happens(self.call, "stt_failed", **failed)
        self.assertEqual(
            self.notes()[-1], f"From here on nothing is written down. {said}"
        )
        (notice,) = [load for _u, kind, load in sent if kind == "simple_notification"]
        self.assertIn(said, notice["message"])

    def test_a_voice_that_fails_is_replaced_and_told(self):
        said = "ElevenLabs refused the text (HTTP 429)."
        failed = {"engine": "elevenlabs", "status": 429, "message": said}
        self.happens(self.call, "tts_failed", **failed, instead="local")
        note = f"The voice on the media server spoke instead. {said}"
        self.assertEqual(self.notes()[-1], note)

    def test_pausing_asks_the_sidecar_and_all_tabs_see_it_when_it_has(self):
        self.happens(self.call, "recording_started", tracks=["caller"])
        self.assertEqual(self.press("pause"), {"ok": True, "message": False})
        self.assertEqual(self.asked(), ["pause"])
        self.assertEqual(self.badge()["state"], "recording")
        with self.bus() as sent:
            self.happens(self.call, "recording_paused", offset_ms=1, reason="operator")
        self.assertEqual(self.badge()["state"], "paused")
        told = [payload["id"] for user, kind, payload in sent if user == self.anna]
        self.assertIn(self.call.id, told)
        self.assertEqual(self.press("resume")["ok"], True)
        self.happens(self.call, "recording_resumed", offset_ms=1, reason="operator")
        self.assertEqual(self.badge()["state"], "recording")
        self.assertEqual(self.asked(), ["pause", "resume"])
        kinds = self.timeline(self.call)
        self.assertEqual(
            [kind for kind in kinds if "pause" in kind or "resume" in kind],
            [
                "recording_pause",
                "media_recording_paused",
                "recording_resume",
                "media_recording_resumed",
            ],
        )

    def test_a_button_that_no_longer_fits_changes_nothing(self):
        for action in ("pause", "resume"):
            self.assertFalse(self.press(action)["ok"])
        self.assertFalse(self.press("erase")["ok"])
        self.assertEqual(self.asked(), [])

    def test_only_who_handles_the_call_touches_its_recording(self):
        self.happens(self.call, "recording_started", tracks=["caller"])
        for user in (self.berta, self.maria, self.carlos, self.nora):
            self.assertFalse(self.press("pause", user)["ok"], user.login)
            self.assertFalse(self.press("refuse", user)["ok"], user.login)
        self.assertEqual(self.asked(), [])

    def test_the_operators_no_consent_stops_and_deletes(self):
        self.happens(self.call, "recording_started", tracks=["caller"])
        self.happens(self.call, "turn", speaker="caller", text="Hello")
        self.assertTrue(self.press("refuse")["ok"])
        self.assertEqual(self.asked(), ["discard"])
        self.assertEqual(self.call.recording_state, "discarded")
        self.assertEqual(self.badge()["state"], "refused")
        self.assertFalse(self.call.turn_ids)
        self.assertFalse(self.call.has_transcript)
        line = self.call.event_ids.sorted("id")[-1]
        self.assertEqual(line.note, "The customer does not agree to the recording")
        self.assertEqual((line.source, line.user_id), ("operator", self.anna))

    def test_the_customers_key_does_the_same(self):
        self.happens(self.call, "recording_started", tracks=["caller"])
        self.happens(self.call, "turn", speaker="caller", text="Hello")
        self.happens(self.call, "consent_refused", key="9")
        self.happens(self.call, "recording_discarded", reason="consent_refused")
        self.assertEqual(self.call.recording_state, "discarded")
        self.assertFalse(self.call.turn_ids)
        self.assertIn("The customer pressed 9: no recording", self.notes())

    def test_after_no_consent_nothing_is_written_down_and_nothing_begins(self):
        self.happens(self.call, "consent_refused", key="9")
        self.happens(self.call, "turn", speaker="caller", text="Hello")
        self.happens(self.call, "recording_started", tracks=["caller"])
        self.assertFalse(self.call.turn_ids)
        self.assertEqual(self.call.recording_state, "discarded")
        self.assertIsNone(self.call._media_record())
        self.assertIsNone(self.call._media_transcribe())

    def test_a_recorder_that_fails_is_told_and_the_call_goes_on(self):
        self.happens(self.call, "recording_started", tracks=["caller"])
        self.happens(self.call, "recording_failed", reason="The disk is full")
        self.assertEqual(self.call.state, "connected")
        badge = self.badge()
        self.assertEqual(
            (badge["state"], badge["problem"]), ("failed", "The disk is full")
        )

    def test_what_the_recorder_said_is_told_in_words_not_as_its_code(self):
        self.happens(self.call, "recording_started", tracks=["caller"])
        self.happens(self.call, "recording_failed", reason="disk_full")
        words = "the disk of the media sidecar is full"
        self.assertEqual(self.badge()["problem"], words)
        self.assertIn(f"The recording failed: {words}", self.notes())
        view = self.phone(self.listener(self.maria)).recording_view(self.call.id)
        self.assertEqual(view["why"], f"The call could not be recorded: {words}")

    def test_the_timeline_shows_neither_turns_nor_quality_the_history_has_both(self):
        self.number.record_text = self.call.record_text = True
        self.happens(self.call, "recording_started", tracks=["caller"])
        self.happens(self.call, "turn", speaker="caller", text="Hello")
        self.happens(self.call, "quality", rtt_ms=20, leg="peer")
        kinds = set(self.call.event_ids.mapped("kind"))
        shown = set(self.call.timeline_ids.mapped("kind"))
        self.assertEqual(kinds - shown, {"media_turn", "media_quality"})
        self.assertIn("media_recording_started", shown)
        form = self.env.ref("whatsapp_calling.whatsapp_call_view_form").arch
        self.assertIn('name="timeline_ids"', form)
        self.assertNotIn('name="event_ids"', form)

    def test_a_command_that_the_sidecar_refuses_is_told_to_who_gave_it(self):
        self.happens(self.call, "recording_started", tracks=["caller"])
        self.press("pause")
        request = self.call.request_ids.filtered(
            lambda r: r.action == "media_recording"
        )
        error = type("Error", (), {"message": "The call is over."})()
        with self.bus() as sent:
            self.call._on_media_recording_failed(request, error)
        [(user, _kind, payload)] = sent
        self.assertEqual(user, self.anna)
        self.assertIn("The call is over.", json.dumps(payload))
        self.assertEqual(self.call.recording_state, "recording")

    def test_a_turn_is_there_while_the_call_runs_with_who_and_when(self):
        with self.bus() as sent:
            self.happens(
                self.call,
                "turn",
                speaker="agent",
                text="Good morning",
                start_ms=1200,
                end_ms=2100,
                engine="local",
            )
        [turn] = self.call.turn_ids
        self.assertEqual(
            (turn.speaker, turn.user_id, turn.start_ms, turn.end_ms, turn.text),
            ("agent", self.anna, 1200, 2100, "Good morning"),
        )
        told = [p for user, kind, p in sent if kind == "whatsapp_calling/turn"]
        self.assertEqual(told, [{"id": self.call.id, "turn_id": turn.id}])
        self.assertNotIn("Good morning", json.dumps([p for _u, _k, p in sent]))
        self.assertNotIn("Good morning", json.dumps(self.call.event_ids.mapped("data")))

    def test_a_turn_told_twice_is_there_once(self):
        event = self.happens(self.call, "turn", speaker="caller", text="Hello")
        self.env["whatsapp.call"]._media_events(self.sidecar, [event])
        self.assertEqual(self.call.turn_ids.mapped("text"), ["Hello"])

    def test_nonsense_is_no_turn(self):
        for data in (
            {"text": "x"},
            {"speaker": "dog", "text": "x"},
            {"speaker": "agent"},
        ):
            self.happens(self.call, "turn", **data)
        self.assertFalse(self.call.turn_ids)


@tagged("post_install", "-at_install")
class TestWhy(SidecarMixin, WhatsappCallingCase):
    """The player has tracks, or says why there are none."""

    def view(self, call, user=None):
        return self.phone(self.listener(user or self.maria)).recording_view(call.id)

    def end(self, call):
        self.deliver_end(call)
        return call

    def test_tracks_and_turns_of_a_recorded_call(self):
        call = self.finished()
        for track in ("caller", "agent", "mix"):
            self.recording(call, track)
        self.turn(call, "Hello", start_ms=500, end_ms=900)
        view = self.view(call)
        self.assertEqual(view["why"], "")
        self.assertTrue(view["may_download"])
        self.assertEqual(
            [t["track"] for t in view["tracks"]], ["mix", "agent", "caller"]
        )
        mix = view["tracks"][0]
        self.assertEqual(
            mix,
            {
                "id": mix["id"],
                "track": "mix",
                "url": f"/whatsapp_calling/recording/{mix['id']}/audio",
                "duration_ms": 4000,
                "peaks": [0, 255],
            },
        )
        [turn] = view["turns"]
        self.assertEqual(
            (turn["speaker"], turn["name"], turn["start_ms"], turn["text"]),
            ("caller", "Eva Berger", 500, "Hello"),
        )

    def test_without_the_right_neither_tracks_nor_turns_but_the_reason(self):
        call = self.finished()
        self.recording(call)
        self.turn(call)
        view = self.phone(self.anna).recording_view(call.id)
        self.assertEqual((view["tracks"], view["turns"]), ([], []))
        self.assertFalse(view["may_download"])
        self.assertIn("You may not listen to recordings.", view["why"])
        stranger = self.phone(self.listener(self.carlos)).recording_view(call.id)
        self.assertEqual(stranger["why"], "There is no such call.")

    def test_who_has_left_the_company_reads_nothing_of_the_calls_they_had(self):
        call = self.finished()
        self.recording(call)
        self.turn(call, "Hello")
        anna = self.listener(self.anna)
        self.assertEqual(len(self.phone(anna).recording_view(call.id)["turns"]), 1)
        elsewhere = self.carlos.company_id
        self.assertNotEqual(elsewhere, call.company_id)
        anna.write(
            {"company_id": elsewhere.id, "company_ids": [Command.set(elsewhere.ids)]}
        )
        view = self.phone(anna).recording_view(call.id)
        self.assertEqual((view["turns"], view["tracks"]), ([], []))
        self.assertEqual(view["why"], "There is no such call.")

    def test_each_reason_is_a_sentence(self):
        calls = []

        def why(change=None, **vals):
            call, _record = self.anchored(id=f"wacid.{len(calls)}")
            calls.append(call)
            if change:
                change(call)
            self.end(call)
            call.write(vals)
            view = self.view(call)
            self.assertEqual(view["tracks"], [])
            return view["why"]

        uploading = {"recording_state": "uploading"}
        self.assertIn("is still being uploaded", why(**uploading))
        self.unit.seen_at = "2020-01-01"
        self.assertIn("“Sidecar rec-sidecar”, which does not answer", why(**uploading))
        self.assertIn("ended before the recording began", why())
        refused = why(lambda call: self.happens(call, "consent_refused", key="9"))
        self.assertIn("did not agree", refused)
        failed = {"recording_state": "failed", "recording_problem": "disk full"}
        self.assertIn("disk full", why(**failed))
        purged = {"recording_state": "purged", "recording_purged_at": "2026-01-31"}
        self.assertIn("was deleted on 01/31/2026", why(**purged))
        self.assertIn("erased together with all", why(recording_state="erased"))
        self.number.write({"record_agent": False, "record_caller": False})
        self.assertIn("switched off for the number Line 1", why())
        self.company.whatsapp_calling_recording_enabled = False
        self.assertIn("switched off for Calls Vienna", why())

    def test_a_call_that_went_directly_says_so(self):
        call = self.finished()
        self.assertIn(
            "straight between the browser and WhatsApp", self.view(call)["why"]
        )

    def test_a_call_that_no_sidecar_took_shows_no_recording_and_says_so(self):
        call, _record = self.anchored()
        self.assertEqual(
            self.phone(self.anna).softphone_calls(call.ids)[0]["recording"]["state"],
            "planned",
        )
        call.anchored = False
        self.assertFalse(
            self.phone(self.anna).softphone_calls(call.ids)[0]["recording"]
        )
        self.end(call)
        self.assertIn("without a media server", self.view(call)["why"])

    def test_a_call_that_nobody_answered_says_so(self):
        call = self.ring()
        self.end(call)
        self.assertIn("Nobody answered", self.view(call)["why"])

    def test_a_running_call_says_when_it_can_be_heard(self):
        call, _record = self.anchored()
        self.assertIn("can be heard when it is over", self.view(call)["why"])
