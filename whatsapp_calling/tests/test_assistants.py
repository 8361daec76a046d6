"""Who speaks for a company: assistants, engines, keys, and trying them out."""

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged
from odoo.tools import config

from ..providers.base import Answer, ProviderError
from ..providers.speech import SpeechProvider
from ..tools import crypto
from .common import ADMINISTRATOR, WhatsappCallingCase
from .speaking_sidecar import SidecarMixin, SidecarRefusal

OGG = b"OggS" + bytes(60) + b"OpusHead"
KEY = "dg-key-0123456789"


class VoicesCase(SidecarMixin, WhatsappCallingCase):
    def setUp(self):
        super().setUp()
        self.boss = self._user("boss", ADMINISTRATOR, self.company)
        assistants = self.env["whatsapp.call.assistant"]
        assistants.search([]).active = False  # the demo's
        self.assistant = assistants.create(
            {"name": "Front desk", "company_id": self.company.id, "language": "en"}
        )

    def speech(self, **vals):
        settings = self.env["whatsapp.calling.speech"].with_user(self.boss)
        return settings.create({"company_id": self.company.id, **vals})

    def send_all(self):
        requests = self.env["whatsapp.call.request"]
        for request in requests.search([("state", "=", "queued")]):
            requests._send_due(None, request.id)


@tagged("post_install", "-at_install")
class TestAssistant(VoicesCase):
    def test_a_manager_makes_one_and_an_operator_does_not(self):
        made = self.assistant.with_user(self.maria).create({"name": "Night"})
        self.assertEqual(made.company_id, self.company)
        with self.assertRaises(AccessError):
            made.with_user(self.anna).name = "Mine"

    def test_another_companys_is_not_seen(self):
        seen = self.assistant.with_user(self.carlos).search([])
        self.assertNotIn(self.assistant, seen)

    def test_names_and_texts_have_lengths_of_a_call(self):
        for name, most in (("name", 120), ("voice", 80), ("voicemail_text", 500)):
            with self.assertRaises(ValidationError), self.cr.savepoint():
                self.assistant[name] = "x" * (most + 1)

    def test_an_assistant_always_has_something_to_say(self):
        for name in ("voicemail_text", "message_greeting"):
            with self.assertRaises(ValidationError), self.cr.savepoint():
                self.assistant[name] = "  "

    def test_a_number_uses_its_own_else_the_first_active_one(self):
        other = self.assistant.copy({"sequence": 99})
        self.assertEqual(other.name, "Front desk (copy)")
        self.assertEqual(self.number._assistant(), self.assistant)
        self.number.assistant_id = other
        self.assertEqual(self.number._assistant(), other)
        other.active = False
        self.assertEqual(self.number._assistant(), self.assistant)

    def test_a_numbers_assistant_is_of_its_company(self):
        foreign = self.assistant.copy({"company_id": self.company_2.id})
        with self.assertRaises(UserError):
            self.number.assistant_id = foreign

    def test_the_greeting_is_tried_out_by_a_media_server(self):
        self.assistant.write({"voice": "slt", "message_greeting": "Hello there"})
        self.sidecar.answer("/v1/speech", OGG)
        self.assistant.with_user(self.maria).action_sample()
        self.assertEqual(self.assistant.sample_state, "waiting")
        with self.bus() as sent:
            self.send_all()
        (asked,) = self.sidecar.requests
        self.assertEqual(
            asked[2],
            {
                "text": "Hello there",
                "language": "en",
                "voice": "slt",
                "tts": {"engine": "local"},
            },
        )
        self.assertEqual(self.assistant.sample_state, "ok")
        self.assertEqual(self.assistant.sample_id.raw, OGG)
        self.assertIn(
            f"/web/content/{self.assistant.sample_id.id}", self.assistant.sample_url
        )
        told = [(user, kind) for user, kind, _payload in sent]
        self.assertIn((self.maria, "whatsapp_calling/record"), told)

    def test_what_the_engine_says_of_a_refusal_is_shown(self):
        refusal = SidecarRefusal(400, "tts_failed", "ElevenLabs: voice_not_found")
        self.sidecar.answer("/v1/speech", refusal)
        self.assistant.action_sample()
        self.send_all()
        self.assertEqual(self.assistant.sample_state, "failed")
        self.assertEqual(self.assistant.sample_said, "ElevenLabs: voice_not_found")

    def test_without_a_media_server_that_is_said_at_once(self):
        self.sidecar_down()
        with self.assertRaises(UserError) as caught:
            self.assistant.action_sample()
        self.assertIn("No media server is up", caught.exception.args[0])


@tagged("post_install", "-at_install")
class TestSpeechSettings(VoicesCase):
    def test_keys_are_encrypted_and_never_shown_again(self):
        speech = self.speech(stt_key=KEY, stt_engine="deepgram")
        self.assertEqual((speech.stt_key, speech.stt_key_set), (False, True))
        (row,) = speech.read()
        self.assertNotIn(KEY, str(row))
        hidden = speech.sudo().stt_key_encrypted
        self.assertNotIn(KEY, hidden)
        self.assertEqual(crypto.decrypt(hidden, config["data_dir"]), KEY)

    def test_a_blank_field_keeps_the_key(self):
        speech = self.speech(stt_key=KEY, stt_engine="deepgram")
        speech.write({"stt_key": "", "stt_model": "nova-3"})
        self.assertTrue(speech.stt_key_set)

    def test_the_keys_are_part_of_a_key_rotation(self):
        self.speech(stt_key=KEY, tts_key="el-key")
        found = {
            (model, field)
            for model, field in self.env["whatsapp.calling.keys"]._secret_fields()
        }
        self.assertIn(("whatsapp.calling.speech", "stt_key_encrypted"), found)
        self.assertIn(("whatsapp.calling.speech", "tts_key_encrypted"), found)

    def test_an_engine_is_not_chosen_without_its_key(self):
        for vals in ({"stt_engine": "deepgram_flux"}, {"tts_engine": "elevenlabs"}):
            with self.assertRaises(ValidationError), self.cr.savepoint():
                self.speech(**vals)

    def test_a_key_does_not_travel_in_the_open(self):
        with self.assertRaises(ValidationError):
            self.speech(stt_url="http://deepgram.example")

    def test_a_manager_does_not_see_them(self):
        with self.assertRaises(AccessError):
            self.speech().with_user(self.maria).read(["stt_engine"])

    def test_a_company_has_one(self):
        first = self.env["whatsapp.calling.speech"].with_user(self.boss).action_open()
        again = self.env["whatsapp.calling.speech"].with_user(self.boss).action_open()
        self.assertEqual(first["res_id"], again["res_id"])

    def test_without_settings_everything_is_local(self):
        call = self.ring()
        self.assertEqual(
            call._media_speech(),
            {"tts": {"engine": "local"}, "stt": {"engine": "local"}},
        )

    def test_a_call_gets_engines_voice_and_keys_when_its_request_leaves(self):
        self.speech(
            stt_engine="deepgram_flux",
            stt_key=KEY,
            stt_model="flux-general-en",
            tts_engine="elevenlabs",
            tts_key="el-key",
            tts_voice="Rachel",
        )
        self.assistant.voice = "Bella"
        call = self.ring()
        self.assertEqual(
            call._media_speech(),
            {
                "tts": {"engine": "elevenlabs", "voice": "Bella", "key": "el-key"},
                "stt": {
                    "engine": "deepgram_flux",
                    "model": "flux-general-en",
                    "key": KEY,
                },
            },
        )

    def test_a_key_is_in_no_request_row(self):
        self.speech(tts_engine="elevenlabs", tts_key="el-key")
        self.sidecar.answer("/v1/speech", OGG)
        self.assistant.action_sample()
        request = self.env["whatsapp.call.request"].search(
            [("action", "=", "media_speech")], limit=1, order="id desc"
        )
        self.assertNotIn("el-key", str(request.payload))
        self.send_all()
        self.assertEqual(self.sidecar.requests[0][2]["tts"]["key"], "el-key")

    def test_deepgram_is_asked_whether_it_knows_the_key(self):
        asked = []

        def send(provider, credentials, action, number_ref, payload):
            asked.append((action, credentials.key))
            return Answer(200, {"projects": ["Demo"]})

        self.patch(SpeechProvider, "send", send)
        speech = self.speech(stt_key=KEY, stt_engine="deepgram")
        speech.action_check_stt()
        self.send_all()
        self.assertEqual(asked, [("check_key", KEY)])
        self.assertEqual((speech.stt_check, speech.stt_said), ("ok", "Demo"))

    def test_deepgrams_own_words_are_shown(self):
        def send(provider, credentials, action, number_ref, payload):
            raise ProviderError("Invalid credentials.", kind="auth", http_status=401)

        self.patch(SpeechProvider, "send", send)
        speech = self.speech(stt_key=KEY, stt_engine="deepgram")
        speech.action_check_stt()
        self.send_all()
        self.assertEqual(
            (speech.stt_check, speech.stt_said), ("failed", "Invalid credentials.")
        )
