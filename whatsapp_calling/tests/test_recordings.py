"""Recordings: sealed where they lie, heard by a group of its own, each time noted."""

import base64

from odoo.exceptions import AccessError
from odoo.tests import tagged
from odoo.tools import config, mute_logger

from ..tools import crypto
from .common import WhatsappCallingCase, WhatsappCallingHttpCase
from .recording import RecordingMixin, sound
from .test_access import AccessMixin

SIZE = 200_000  # bytes: four chunks


@tagged("post_install", "-at_install")
class TestRecordings(RecordingMixin, AccessMixin, WhatsappCallingCase):
    """Who sees what, and how it lies in the database."""

    def sees(self, user, records):
        model = self.as_user(user, records._name)
        found = model.search([("id", "in", records.ids)])
        readable = model.browse(records.ids).has_access("read")
        self.assertEqual(bool(found), readable, "search and read disagree")
        return readable

    def test_a_manager_or_administrator_does_not_hear_calls_by_that_alone(self):
        call = self.finished()
        recording, turn = self.recording(call), self.turn(call)
        for user in (self.anna, self.maria, self.admin):
            for record in (recording, turn):
                with self.subTest(user=user.login, model=record._name):
                    with self.assertRaises(AccessError):
                        self.as_user(user, record._name).search([])
                    with self.assertRaises(AccessError):
                        record.with_user(user).read(["id"])
        for field in ("recording_ids", "turn_ids"):
            self.assertNotIn(field, call.with_user(self.maria).fields_get())

    def test_who_may_listen_hears_the_calls_they_may_read_and_no_others(self):
        self.number.ring_user_ids = self.anna
        call = self.finished()
        self.eva.unlink()  # or whoever reads the customer reads the call
        records = [self.recording(call), self.turn(call)]
        for record in records:
            for user in (self.anna, self.maria):
                self.assertTrue(self.sees(self.listener(user), record), user.login)
            for user in (self.berta, self.carlos):
                self.assertFalse(self.sees(self.listener(user), record), user.login)

    def test_nobody_writes_or_deletes_a_recording_a_turn_or_a_line_of_the_log(self):
        call = self.finished()
        recording, turn = self.recording(call), self.turn(call)
        boss = self.listener(self.admin)
        self.env["whatsapp.call.listen"].with_user(boss).sudo()._note(recording, "play")
        listen = self.env["whatsapp.call.listen"].search([], limit=1)
        for record in (recording, turn, listen):
            for operation in ("write", "create", "unlink"):
                self.assertFalse(record.with_user(boss).has_access(operation))
        with self.assertRaisesRegex(AccessError, "cannot be changed"):
            listen.sudo().write({"how": "export"})
        with self.assertRaisesRegex(AccessError, "cannot be deleted"):
            listen.sudo().unlink()

    def test_what_lies_in_the_database_is_neither_the_sound_nor_its_key(self):
        content = sound(SIZE)
        recording = self.recording(self.finished(), content=content)
        attachment = recording.attachment_id
        self.assertNotIn(content[:64], attachment.raw)
        self.assertEqual(attachment.raw[:4], b"WCR1")
        self.assertFalse(attachment.public)
        self.assertEqual(
            (attachment.res_model, attachment.res_id),
            ("whatsapp.call.recording", recording.id),
        )
        key = base64.b64encode(recording._key()).decode()
        self.assertNotIn(key, recording.key_encrypted)
        self.assertEqual(recording._plain(), content)

    def test_the_attachment_is_read_by_whoever_reads_the_recording(self):
        attachment = self.recording(self.finished()).attachment_id
        for user in (self.anna, self.maria, self.nora, self.portal):
            with self.subTest(user=user.login), self.assertRaises(AccessError):
                attachment.with_user(user).read(["raw"])
        self.assertTrue(attachment.with_user(self.listener(self.maria)).read(["raw"]))
        with self.assertRaises(AccessError):
            attachment.with_user(self.maria).write({"raw": b""})

    def test_a_new_encryption_key_opens_the_old_recordings(self):
        content = sound(10)
        recording = self.recording(self.finished(), content=content)
        before = recording.key_encrypted
        self.patch(crypto.os, "environ", {crypto.ENVIRONMENT: "another-key-of-ours"})
        self.assertFalse(crypto.is_current(before, config["data_dir"]))
        self.env["whatsapp.calling.keys"]._encrypt_again()
        self.assertTrue(crypto.is_current(recording.key_encrypted, config["data_dir"]))
        self.assertEqual(recording._plain(), content)

    def test_a_missing_encryption_key_of_a_recording_is_a_notice(self):
        recording = self.recording(self.finished())
        recording.key_encrypted = "0123456789ab:" + recording.key_encrypted[13:]
        self.env["whatsapp.calling.keys"]._watch()
        notice = self.env["whatsapp.calling.notice"].search(
            [("account_id", "=", self.account.id), ("kind", "=", "key_missing")]
        )
        self.assertIn("0123456789ab", notice.detail)
        recording._erase_sound()
        self.env["whatsapp.calling.keys"]._watch()
        self.assertEqual(notice.state, "resolved")


@tagged("post_install", "-at_install")
class TestListening(RecordingMixin, AccessMixin, WhatsappCallingHttpCase):
    """The route of the sound."""

    def setUp(self):
        super().setUp()
        self.content = sound(SIZE)
        self.call = self.finished()
        self.rec = self.recording(self.call, content=self.content)

    def get(self, user=None, wanted=None, query="", method="GET", recording=None):
        user = user or self.listener(self.maria)
        self.authenticate(user.login, user.login)
        recording = recording or self.rec
        return self.url_open(
            f"/whatsapp_calling/recording/{recording.id}/audio{query}",
            headers={"Range": wanted} if wanted else {},
            method=method,
        )

    def test_all_of_it_is_the_sound_that_was_recorded(self):
        answer = self.get()
        self.assertEqual(answer.status_code, 200)
        self.assertEqual(answer.content, self.content)
        wanted = {
            "Content-Type": "audio/ogg",
            "Content-Length": str(SIZE),
            "Accept-Ranges": "bytes",
            "Cache-Control": "private, no-store",
            "X-Content-Type-Options": "nosniff",
        }
        self.assertEqual({name: answer.headers[name] for name in wanted}, wanted)
        self.assertNotIn("Content-Disposition", answer.headers)

    def test_a_range_is_206_with_exactly_its_bytes(self):
        ranges = {
            "bytes=0-": (0, SIZE),
            "bytes=0-0": (0, 1),
            "bytes=65535-65536": (65535, 65537),
            "bytes=100000-": (100000, SIZE),
            "bytes=-5": (SIZE - 5, SIZE),
            f"bytes=10-{SIZE * 2}": (10, SIZE),
        }
        for wanted, (start, end) in ranges.items():
            with self.subTest(wanted):
                answer = self.get(wanted=wanted)
                self.assertEqual(answer.status_code, 206)
                self.assertEqual(answer.content, self.content[start:end])
                said = f"bytes {start}-{end - 1}/{SIZE}"
                self.assertEqual(answer.headers["Content-Range"], said)
                self.assertEqual(answer.headers["Content-Length"], str(end - start))

    def test_a_range_behind_the_end_is_416_with_the_size(self):
        answer = self.get(wanted=f"bytes={SIZE}-")
        self.assertEqual(answer.status_code, 416)
        self.assertEqual(answer.headers["Content-Range"], f"bytes */{SIZE}")
        self.assertEqual(self.listens(self.rec), [])

    def test_a_range_that_is_none_and_several_ranges_give_all_of_it(self):
        for wanted in ("bytes=9-3", "chunks=1-2", "nonsense", "bytes=0-1,5-6"):
            with self.subTest(wanted):
                answer = self.get(wanted=wanted)
                self.assertEqual(answer.status_code, 200)
                self.assertEqual(len(answer.content), SIZE)

    def test_head_says_the_size_and_is_no_listening(self):
        answer = self.get(method="HEAD")
        self.assertEqual(answer.status_code, 200)
        self.assertEqual(answer.headers["Content-Length"], str(SIZE))
        self.assertEqual(answer.content, b"")
        self.assertEqual(self.listens(self.rec), [])

    def test_without_the_group_it_is_403_and_not_a_byte(self):
        for user in (self.anna, self.admin, self.nora, self.portal):
            with self.subTest(user=user.login):
                answer = self.get(user, wanted="bytes=0-")
                self.assertEqual(answer.status_code, 403)
                self.assertNotIn(self.content[:16], answer.content)
        self.assertEqual(self.listens(self.rec), [])

    def test_without_a_log_in_one_is_sent_to_log_in(self):
        path = f"/whatsapp_calling/recording/{self.rec.id}/audio"
        answer = self.url_open(path, allow_redirects=False)
        self.assertEqual(answer.status_code, 303)
        self.assertIn("/web/login", answer.headers["Location"])

    def test_of_a_call_one_may_not_read_there_is_no_recording(self):
        answer = self.get(self.listener(self.carlos))
        self.assertEqual(answer.status_code, 404)
        self.assertEqual(self.listens(self.rec), [])

    def test_each_listening_is_noted_once_a_minute_and_a_download_for_itself(self):
        self.patch_minute(100)
        for wanted in ("bytes=0-", "bytes=65536-", None):
            self.get(wanted=wanted)
        self.get(query="?download=1")
        self.assertEqual(
            self.listens(self.rec), [(self.maria, "play"), (self.maria, "download")]
        )
        self.get(self.listener(self.anna))
        self.patch_minute(101)
        self.get()
        self.assertEqual(
            self.listens(self.rec)[2:], [(self.anna, "play"), (self.maria, "play")]
        )

    def patch_minute(self, minute):
        path = "odoo.addons.whatsapp_calling.models.recording.whatsapp_call_listen.time"
        self.patch(self.module(path), "time", lambda: minute * 60.0)

    @staticmethod
    def module(path):
        module, _dot, name = path.rpartition(".")
        return getattr(__import__(module, fromlist=[name]), name)

    def test_managers_read_the_log_and_operators_do_not(self):
        self.get()
        lines = self.as_user(self.maria, "whatsapp.call.listen").search([])
        self.assertEqual(
            [(line.user_id, line.call_id, line.how, line.track) for line in lines],
            [(self.maria, self.call, "play", "mix")],
        )
        with self.assertRaises(AccessError):
            self.as_user(self.anna, "whatsapp.call.listen").search([])

    def test_a_download_has_the_name_of_its_call(self):
        answer = self.get(query="?download=1")
        self.assertEqual(answer.content, self.content)
        said = answer.headers["Content-Disposition"]
        self.assertIn(f"_{self.call.id}_mix.ogg", said)
        self.assertTrue(said.startswith("attachment"))

    def test_what_was_purged_is_404(self):
        self.rec._erase_sound()
        answer = self.get()
        self.assertEqual(answer.status_code, 404)

    def test_a_damaged_file_is_told_and_not_cut_off(self):
        raw = bytearray(self.rec.attachment_id.raw)
        raw[100] ^= 1
        self.rec.attachment_id.raw = bytes(raw)
        answer = self.get()
        self.assertEqual(answer.status_code, 503)
        self.assertIn("damaged", answer.text)
        self.assertEqual(self.listens(self.rec), [])

    @mute_logger("odoo.http")
    def test_without_the_encryption_key_it_is_told_which_is_missing(self):
        ciphertext = self.rec.key_encrypted
        self.rec.key_encrypted = "0123456789ab:" + ciphertext[13:]
        answer = self.get()
        self.assertEqual(answer.status_code, 503)
        self.assertIn("0123456789ab is missing", answer.text)
