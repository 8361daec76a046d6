"""WhatsApp's own recording: asked for, fetched while it is there, kept like others."""

import base64
import hashlib
import json
from datetime import timedelta

from odoo import fields
from odoo.exceptions import ValidationError
from odoo.tests import tagged

from ..providers.base import Answer, ProviderError
from ..providers.meta import MetaProvider
from . import meta_bodies as meta
from .common import SENT_ANSWER, SENT_OFFER, WhatsappCallingCase

SOUND = b"OggS" + bytes(range(256)) * 8
MEDIUM = "7000123"
SENT = {
    "status": "ENABLED",
    "purpose": "Training of our staff",
    "announcement_language": "de",
}
TRANSCRIPT = {
    "metadata": {},
    "transcript": {
        "language": "en",
        "duration": 9.5,
        "segments": [
            {"speaker": "Customer", "start": 1.5, "end": 3, "text": "I lost my card"},
            {"speaker": "Business", "start": 3.5, "end": 4, "text": "I see"},
        ],
    },
}


def digest(content):
    return base64.b64encode(hashlib.sha256(content).digest()).decode()


class CaptureCase(WhatsappCallingCase):
    def setUp(self):
        super().setUp()
        # a gate of its own, which is not the subject here
        self.patch(
            type(self.env["res.company"]),
            "_whatsapp_calling_lacks",
            lambda company, feature: "",
        )
        self.company.whatsapp_calling_recording_enabled = True
        self.number.write(
            {
                "media_policy": "whatsapp",
                "capture_sound": True,
                "capture_text": True,
                "capture_purpose": "Training of our staff",
                "capture_language": "de",
            }
        )
        self.fetched = []
        self.files = {}
        test, send = self, MetaProvider.send

        def instead(provider, credentials, action, number_ref, payload):
            if action != "get_recording":
                return send(provider, credentials, action, number_ref, payload)
            test.fetched.append(payload)
            found = test.files[payload["media_ref"]]
            if isinstance(found, Exception):
                raise found
            mime, content = found
            return Answer(200, {"mime_type": mime}, content=content)

        self.patch(MetaProvider, "send", instead)

    def ended(self):
        """A call of Eva that Anna answered, which is over."""
        call = self.answered()
        self.deliver(
            meta.calls(
                meta.terminate(
                    start_time=meta.stamp(-10), end_time=meta.stamp(), duration=10
                )
            )
        )
        return call

    def available(self, what="recording", content=SOUND, ref=MEDIUM, **members):
        mime = "audio/ogg; codecs=opus" if what == "recording" else "application/json"
        self.files.setdefault(ref, (mime, content))
        medium = {"id": ref, "sha256": digest(content), "mime_type": mime}
        made = {
            "recording": {"call_recording": {"type": "audio", "audio": medium}},
            "transcription": {"call_transcript": {"document": medium}},
        }[what]
        event = {
            "id": meta.WACID,
            "from": meta.CUSTOMER,
            "event": f"call_{what}_available",
            "timestamp": meta.stamp(),
            **made,
            **members,
        }
        self.deliver(meta.calls(event))
        self.fetch()

    def fetch(self):
        """What the pool does."""
        requests = self.env["whatsapp.call.request"]
        for request in requests.search(
            [("action", "=", "get_recording"), ("state", "=", "queued")]
        ):
            # what is tried again within seconds is tried now
            request.not_before = False
            requests._send_due(None, request.id)

    def captures(self, call):
        return call.capture_ids.sorted("id").mapped(lambda c: (c.what, c.state))


@tagged("post_install", "-at_install")
class TestAskedFor(CaptureCase):
    def test_the_answer_asks_whatsapp_to_record_and_pre_accept_does_not(self):
        call = self.ring()
        self.accept(self.anna, call)
        self.send_due(call)
        pre_accept, accept = self.graph.bodies
        self.assertNotIn("recording", pre_accept)
        self.assertEqual(
            accept,
            {
                "messaging_product": "whatsapp",
                "call_id": meta.WACID,
                "action": "accept",
                "session": {"sdp_type": "answer", "sdp": SENT_ANSWER},
                "recording": SENT,
                "transcription": SENT,
            },
        )
        self.assertEqual(
            self.captures(call), [("recording", "asked"), ("transcription", "asked")]
        )

    def test_dialling_asks_for_it_too(self):
        self.number.capture_text = False
        self.permit()
        call = self.env["whatsapp.call"].browse(self.dial()["call"]["id"])
        self.send_due(call)
        (connect,) = self.graph.bodies
        self.assertEqual(connect["session"]["sdp"], SENT_OFFER)
        self.assertEqual(connect["recording"], SENT)
        self.assertNotIn("transcription", connect)

    def test_an_accept_that_is_tried_again_asks_again_and_counts_once(self):
        call = self.ring()
        self.accept(self.anna, call)
        self.send_due(call)
        call.lease_until = fields.Datetime.now() + timedelta(seconds=9)
        call._accept_again(call.request_ids.sorted("id")[-1])
        self.assertEqual(
            self.captures(call), [("recording", "asked"), ("transcription", "asked")]
        )

    def test_another_policy_asks_for_nothing(self):
        self.number.media_policy = "direct"
        call = self.answered()
        self.assertFalse(call.capture_ids)

    def test_while_recording_is_off_for_the_company_nothing_is_asked_for(self):
        self.company.whatsapp_calling_recording_enabled = False
        call = self.ring()
        self.accept(self.anna, call)
        self.send_due(call)
        self.assertNotIn("recording", self.graph.bodies[-1])

    def test_whatsapp_wants_a_purpose_a_language_and_something_to_make(self):
        for vals, said in (
            ({"capture_purpose": "  "}, "WhatsApp wants to know why"),
            ({"capture_language": False}, "Choose the language of WhatsApp's"),
            (
                {"capture_sound": False, "capture_text": False},
                "Choose what WhatsApp makes of a call",
            ),
        ):
            with self.assertRaises(ValidationError) as caught, self.cr.savepoint():
                self.number.write(vals)
            self.assertIn(said, caught.exception.args[0])

    def test_the_languages_are_whatsapps(self):
        self.assertEqual(len(self.number._fields["capture_language"].selection), 18)
        with self.assertRaises(ValueError):
            self.number.capture_language = "sv"


@tagged("post_install", "-at_install")
class TestFetched(CaptureCase):
    def test_the_recording_is_fetched_by_media_id_with_its_checksum(self):
        call = self.ended()
        self.available()
        self.assertEqual(self.fetched, [{"media_ref": MEDIUM, "sha256": digest(SOUND)}])
        self.assertEqual(self.captures(call)[0], ("recording", "stored"))

    def test_it_is_kept_sealed_like_every_other_recording(self):
        call = self.ended()
        self.available()
        recording = call.recording_ids
        self.assertRecordValues(
            recording, [{"track": "mix", "kind": "whatsapp", "state": "ready"}]
        )
        self.assertEqual(recording._plain(), SOUND)
        self.assertNotIn(SOUND[4:64], recording.attachment_id.raw)
        self.assertEqual((call.recording_state, call.recording_off), ("stored", False))

    def test_the_transcript_becomes_turns(self):
        call = self.ended()
        self.available("transcription", json.dumps(TRANSCRIPT).encode(), "7001")
        self.assertEqual(
            call.turn_ids.mapped(
                lambda t: (t.speaker, t.user_id.name, t.start_ms, t.end_ms, t.text)
            ),
            [
                ("caller", False, 1500, 3000, "I lost my card"),
                ("agent", "Anna", 3500, 4000, "I see"),
            ],
        )
        self.assertTrue(call.has_transcript)

    def test_the_same_file_told_of_twice_is_fetched_once(self):
        call = self.ended()
        self.available()
        self.available(timestamp=meta.stamp(5))
        self.assertEqual(len(self.fetched), 1)
        self.assertEqual(len(call.recording_ids), 1)

    def test_a_call_whose_network_changed_has_two_files(self):
        call = self.ended()
        self.available()
        self.available(ref="7002", content=SOUND + b"more")
        self.assertEqual(len(call.recording_ids), 2)
        self.assertEqual(len(set(call.recording_ids.mapped("uid"))), 2)

    def test_of_a_call_that_is_none_of_ours_nothing_is_fetched(self):
        before = self.env["whatsapp.call"].search_count([])
        self.available(id="wacid.of.another.system")
        self.assertEqual(self.fetched, [])
        self.assertEqual(self.env["whatsapp.call"].search_count([]), before)

    def test_a_fetch_that_failed_is_tried_again_for_seven_days(self):
        call = self.ended()
        self.files[MEDIUM] = ProviderError("Busy", kind="refused")
        self.available()
        capture = call.capture_ids[0]
        self.assertEqual((capture.state, capture.problem), ("fetching", "Busy"))
        self.assertAround(capture.next_at, 60)
        self.files[MEDIUM] = ("audio/ogg", SOUND)
        capture.next_at = fields.Datetime.now()
        capture._sweep()
        self.fetch()
        self.assertEqual((capture.state, capture.problem), ("stored", False))

    def test_what_could_not_be_fetched_in_time_is_told_on_the_call(self):
        call = self.ended()
        self.files[MEDIUM] = ProviderError("Object does not exist", kind="refused")
        self.available()
        capture = call.capture_ids[0]
        capture.until = fields.Datetime.now() + timedelta(minutes=1)
        capture.next_at = fields.Datetime.now()
        capture._sweep()
        self.fetch()
        self.assertEqual(capture.state, "missed")
        self.assertIn(
            "Recording: it could not be fetched from WhatsApp, which keeps it for 7 "
            "days only. Object does not exist",
            call.capture_text,
        )
        self.assertIn("capture_missed", self.timeline(call))

    def test_what_is_no_sound_is_not_kept(self):
        call = self.ended()
        self.files[MEDIUM] = ("text/html", b"<html>")
        self.available()
        self.assertEqual(call.capture_ids[0].state, "missed")
        self.assertFalse(call.recording_ids)

    def test_a_stopped_server_leaves_nothing_unfetched(self):
        call = self.ended()
        self.available()
        capture = call.capture_ids[0]
        capture.write({"state": "fetching", "next_at": fields.Datetime.now()})
        call.recording_ids.unlink()
        capture._sweep()
        self.fetch()
        self.assertEqual(capture.state, "stored")
