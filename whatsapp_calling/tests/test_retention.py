"""Retention: on time, everywhere, but for what a legal hold keeps; the fact stays."""

import json
from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, tagged

from ..providers.base import Answer
from .common import WhatsappCallingCase, WhatsappCallingHttpCase
from .recording import SidecarMixin, sound
from .test_access import AccessMixin

WORDS = "Donaudampfschifffahrt"
SIZE = 100_000  # bytes


class OldMixin(SidecarMixin, AccessMixin):
    def setUp(self):
        super().setUp()
        self.company.write(
            {
                "whatsapp_calling_keep_call": 90,
                "whatsapp_calling_keep_voicemail": 30,
                "whatsapp_calling_keep_text": 10,
            }
        )
        self.calls = 0

    def old(self, days, kind="call", with_sound=True, with_text=True):
        """A call that was so many days ago, with a recording and a transcript."""
        self.calls += 1
        call, _record = self.anchored(id=f"wacid.old-{self.calls}")
        self.deliver_end(call)
        if with_sound:
            self.recording(call, kind=kind, content=sound(SIZE))
        if with_text:
            self.turn(call, WORDS)
        call.started_at = fields.Datetime.now() - timedelta(days=days)
        return call

    def purge(self):
        """What runs every night."""
        self.env["whatsapp.call.recording"]._gc_sound()
        self.env["whatsapp.call"]._gc_text()
        self.env.invalidate_all()

    def left(self, call):
        """(whether there is sound, whether there is text)."""
        states = call.recording_ids.mapped("state")
        return "ready" in states, bool(call.turn_ids)

    def hold(self, reason="Dispute 17", **where):
        holds = self.env["whatsapp.call.legal.hold"].with_user(self.maria)
        return holds.create(
            {"reason": reason, **{k: v.id for k, v in where.items()}}
        ).sudo()


@tagged("post_install", "-at_install")
class TestRetention(OldMixin, WhatsappCallingCase):
    def test_each_kind_goes_after_its_own_days(self):
        wanted = {
            ("call", 9): (True, True),
            ("call", 11): (True, False),
            ("call", 89): (True, False),
            ("call", 91): (False, False),
            ("whatsapp", 91): (False, False),
            # of a voice message words and sound go together
            ("voicemail", 11): (True, True),
            ("voicemail", 31): (False, False),
        }
        calls = {(kind, days): self.old(days, kind) for kind, days in wanted}
        self.purge()
        self.assertEqual({key: self.left(call) for key, call in calls.items()}, wanted)

    def test_the_fact_stays_and_the_history_says_when_it_went(self):
        call = self.old(91)
        self.purge()
        [recording] = call.recording_ids
        self.assertEqual((recording.state, recording.duration_ms), ("purged", 4000))
        self.assertEqual(call.recording_state, "purged")
        self.assertEqual(call.recording_purged_at.date(), fields.Date.today())
        self.assertFalse(call.has_transcript)
        self.assertEqual((call.state, call.handler_id), ("completed", self.anna))
        notes = call.event_ids.sorted("id").mapped("note")
        self.assertIn("The recording was deleted after 90 days", notes)
        self.assertIn("The transcript was deleted after 10 days", notes)

    def test_no_copy_is_left_anywhere(self):
        call = self.old(91)
        attachment, key = call.recording_ids.attachment_id, call.recording_ids._key()
        self.assertTrue(key)
        self.purge()
        self.assertFalse(attachment.exists())
        [recording] = call.recording_ids
        self.assertFalse(recording.key_encrypted or recording.peaks or recording.sha256)
        self.assertNotIn(WORDS, self.everything_about(call))
        asked = call.env["whatsapp.call.request"].search(
            [("action", "=", "media_purge")]
        )
        self.assertEqual(
            [(r.media_unit_id, r.payload) for r in asked],
            [(self.unit, {"calls": [call.media_ref]})],
        )

    def test_a_sidecar_that_was_away_all_day_is_asked_again_when_it_is_back(self):
        call = self.old(91)
        requests = self.env["whatsapp.call.request"]

        def asked():
            return requests.search([("action", "=", "media_purge")], order="id")

        self.purge()
        asked()._expire()
        self.unit.seen_at = "2020-01-01"
        call._gc_at_sidecar()
        self.assertEqual(len(asked()), 1, "it is still away")
        self.unit.seen_at = fields.Datetime.now()
        call._gc_at_sidecar()
        call._gc_at_sidecar()
        _first, again = asked()
        self.assertEqual(again.payload, {"calls": [call.media_ref]})
        again._succeed(Answer(200, {}))
        call._gc_at_sidecar()
        self.assertEqual(len(asked()), 2)
        self.assertFalse(call.purge_request_id)

    def everything_about(self, call):
        """Whatever lies in tables that name the call, and on the bus."""
        said = []
        for table in (
            *("whatsapp_call", "whatsapp_call_event", "whatsapp_call_request"),
            *("whatsapp_call_turn", "mail_message", "mail_activity", "bus_bus"),
        ):
            self.env.cr.execute(f"SELECT row_to_json(t)::text FROM {table} t")
            said += [row for (row,) in self.env.cr.fetchall()]
        return json.dumps(said)

    def test_the_words_of_a_voice_message_leave_chatter_and_reminders(self):
        call = self.old(31, "voicemail")
        call.write({"left_message": True, "message_ms": 3000, "follow_up_due": True})
        call._follow_up()
        call.chatter_due = True
        call._post()
        self.assertIn(WORDS, self.everything_about(call))
        call.follow_up_id.action_done()
        self.purge()
        call._post()  # in the pool
        self.env.flush_all()
        self.assertNotIn(WORDS, self.everything_about(call))
        self.assertTrue(call.message_id)

    def test_what_is_kept_without_end_is_kept(self):
        self.company.write(
            {
                "whatsapp_calling_keep_call": 0,
                "whatsapp_calling_keep_text": 0,
            }
        )
        call = self.old(5000)
        self.purge()
        self.assertEqual(self.left(call), (True, True))

    def test_each_company_has_its_own_days(self):
        self.company_2.whatsapp_calling_keep_call = 1
        call = self.old(50)
        self.purge()
        self.assertEqual(self.left(call), (True, False))

    def test_nobody_keeps_for_less_than_no_days(self):
        with self.assertRaises(ValidationError):
            self.company.whatsapp_calling_keep_text = -1

    def test_it_goes_in_batches_and_says_whether_there_is_more(self):
        path = "odoo.addons.whatsapp_calling.models.recording.whatsapp_call_retention"
        module = __import__(path, fromlist=["BATCH"])
        self.patch(module, "BATCH", 2)
        for _each in range(3):
            self.old(91)
        recordings = self.env["whatsapp.call.recording"]
        calls = self.env["whatsapp.call"]
        self.assertEqual(recordings._gc_sound(), (2, True))
        self.assertEqual(recordings._gc_sound(), (1, False))
        self.assertEqual(calls._gc_text(), (2, True))
        self.assertEqual(calls._gc_text(), (1, False))

    def test_a_call_without_a_known_customer_goes_as_well(self):
        call = self.old(91)
        call.contact_id = False
        self.purge()
        self.assertEqual(self.left(call), (False, False))

    def test_an_upload_that_never_ended_goes_as_well(self):
        call = self.old(91, with_sound=False)
        recordings = self.env["whatsapp.call.recording"]
        recordings._take_piece(self.sidecar, call.recording_uid, "mix", 0, b"piece")
        self.purge()
        self.assertFalse(self.env["whatsapp.call.recording.part"].search([]))
        self.assertEqual(call.recording_ids.state, "purged")

    # ---- legal hold

    def test_a_hold_on_the_call_or_on_its_customer_keeps_it_until_released(self):
        for where in ("call_id", "contact_id"):
            with self.subTest(where):
                call = self.old(91)
                held = call if where == "call_id" else call.contact_id
                hold = self.hold(**{where: held})
                self.purge()
                self.assertEqual(self.left(call), (True, True))
                hold.with_user(self.maria).action_release()
                self.purge()
                self.assertEqual(self.left(call), (False, False))

    def test_who_held_why_and_who_released_it_stays(self):
        call = self.old(1)
        hold = self.hold(call_id=call)
        self.assertEqual(hold.user_id, self.maria)
        self.assertEqual(
            call.with_user(self.maria).legal_hold_text, "Dispute 17 (Maria)"
        )
        hold.with_user(self.admin).action_release()
        self.assertEqual(hold.released_by_id, self.admin)
        self.assertTrue(hold.released_at)
        lines = call.event_ids.sorted("id")[-2:]
        self.assertEqual(
            [(line.note, line.user_id) for line in lines],
            [
                ("Legal hold: Dispute 17", self.maria),
                ("Legal hold released", self.admin),
            ],
        )
        with self.assertRaisesRegex(UserError, "released already"):
            hold.with_user(self.maria).action_release()

    def test_a_hold_is_on_one_thing_and_only_managers_place_it(self):
        call = self.old(1)
        for where in ({}, {"call_id": call, "contact_id": call.contact_id}):
            with self.assertRaises(UserError):
                self.hold(**where)
        hold = self.hold(call_id=call)
        for user in (self.anna, self.nora):
            with self.assertRaises(AccessError):
                call.with_user(user).action_legal_hold()
            with self.assertRaises(AccessError):
                hold.with_user(user).action_release()
        with self.assertRaises(AccessError):
            hold.with_user(self.maria).write({"reason": "another"})

    # ---- dry run

    def dry_run(self, user):
        env = self.phone(user).env
        return Form(env["whatsapp.call.purge"]).save()

    def test_a_dry_run_counts_what_would_go_now_and_soon_and_deletes_nothing(self):
        self.old(91)
        self.old(61)
        self.old(31, "voicemail", with_text=False)
        self.hold(call_id=self.old(95))
        wizard = self.dry_run(self.admin)
        found = {
            line.kind: (
                *(line.days, line.now_count, line.soon_count, line.held_count),
                line.now_mb,
            )
            for line in wizard.line_ids
        }
        self.assertEqual(
            found,
            {
                "call": (90, 1, 2, 1, 0.1),
                "voicemail": (30, 1, 1, 0, 0.1),
                "text": (10, 2, 2, 1, 0.0),
            },
        )
        self.assertEqual(self.env["whatsapp.call.recording"]._gc_sound(), (2, False))

    def test_deleting_now_deletes_exactly_that(self):
        gone, kept = self.old(91), self.old(89, with_text=False)
        self.dry_run(self.admin).action_purge()
        self.env.invalidate_all()
        self.assertEqual(self.left(gone), (False, False))
        self.assertEqual(self.left(kept), (True, False))

    def test_retention_is_for_administrators(self):
        for user in (self.anna, self.maria, self.nora):
            with self.assertRaises(AccessError):
                self.dry_run(user)


@tagged("post_install", "-at_install")
class TestPurgeWhilePlaying(OldMixin, WhatsappCallingHttpCase):
    def test_who_is_listening_hears_it_to_its_end(self):
        call = self.old(91)
        recording = call.recording_ids
        file, sealed = recording._open()
        pieces = sealed.pieces()
        self.purge()
        self.env["ir.attachment"]._gc_file_store_unsafe()
        self.assertFalse(recording.attachment_id)
        with file:
            self.assertEqual(b"".join(pieces), sound(SIZE))
        self.authenticate(self.maria.login, self.maria.login)
        self.listener(self.maria)
        answer = self.url_open(f"/whatsapp_calling/recording/{recording.id}/audio")
        self.assertEqual(answer.status_code, 404)
