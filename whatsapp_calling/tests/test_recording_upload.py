"""Handing over a recording: in pieces, once, checked, and only what may be kept."""

from odoo.tests import tagged

from ..controllers.recording_upload import MAX_PIECE
from ..models.recording import whatsapp_call_recording_upload as upload
from ..tools import crypto
from .common import WhatsappCallingHttpCase
from .recording import SidecarMixin, sound


@tagged("post_install", "-at_install")
class TestRecordingUpload(SidecarMixin, WhatsappCallingHttpCase):
    def setUp(self):
        super().setUp()
        self.call, self.record = self.anchored()
        self.ref = self.record["recording"]
        self.happens(self.call, "recording_started", tracks=["agent", "caller"])
        self.content = {track: sound(100_000) for track in ("agent", "caller", "mix")}

    def stored(self):
        recordings = self.call.recording_ids.sorted("id")
        return {r.track: r._plain() for r in recordings if r.state == "ready"}

    def test_what_was_sent_in_pieces_is_the_sound_that_was_recorded(self):
        files, told = self.recorded_by_sidecar(self.record, self.content)
        for track, sealed in files.items():
            at = 0
            while at < len(sealed):
                piece = sealed[at : at + 40_000]
                at += len(piece)
                answer = self.put(self.ref, track, at - len(piece), piece)
                self.assertEqual(answer, (200, {"size": at}))
        self.assertEqual(self.finish(self.ref, told), (200, {"ok": True}))
        self.assertEqual(self.stored(), self.content)
        self.assertEqual(self.call.recording_state, "stored")
        mix = self.call.recording_ids.filtered(lambda r: r.track == "mix")
        self.assertEqual(
            (mix.duration_ms, mix.expected_ms, mix.peaks, mix.gaps, mix.kind),
            (4000, 4020, [0, 17, 255], [[1000, 2000]], "call"),
        )
        self.assertEqual(mix.attachment_id.raw, files["mix"])
        self.assertFalse(self.env["whatsapp.call.recording.part"].search([]))
        self.assertIn("recording_stored", self.timeline(self.call))

    def test_nothing_can_be_heard_before_the_end_was_told(self):
        files, _told = self.recorded_by_sidecar(self.record, self.content)
        self.put(self.ref, "mix", 0, files["mix"])
        self.assertEqual(self.stored(), {})
        self.assertEqual(self.call.recording_state, "recording")

    def test_a_piece_at_another_place_is_409_with_the_place(self):
        sealed = self.recorded_by_sidecar(self.record, self.content)[0]["mix"]
        for offset, piece, answer in (
            (5, sealed[5:9], (409, {"size": 0})),
            (0, sealed[:1000], (200, {"size": 1000})),
            (0, sealed[:1000], (409, {"size": 1000})),  # its answer was lost
            (2000, sealed[2000:], (409, {"size": 1000})),
            (1000, sealed[1000:], (200, {"size": len(sealed)})),
        ):
            self.assertEqual(self.put(self.ref, "mix", offset, piece), answer)

    def test_an_end_that_comes_too_early_names_the_track_and_where_to_go_on(self):
        files, told = self.recorded_by_sidecar(self.record, {"caller": sound(5000)})
        self.put(self.ref, "caller", 0, files["caller"][:3000])
        answer = self.finish(self.ref, told)
        self.assertEqual(answer, (409, {"track": "caller", "size": 3000}))
        self.put(self.ref, "caller", 3000, files["caller"][3000:])
        self.assertEqual(self.finish(self.ref, told), (200, {"ok": True}))

    def test_another_checksum_begins_that_track_anew(self):
        files, told = self.recorded_by_sidecar(self.record, {"caller": sound(5000)})
        broken = bytearray(files["caller"])
        broken[77] ^= 1
        self.put(self.ref, "caller", 0, bytes(broken))
        answer = self.finish(self.ref, told)
        self.assertEqual(answer, (409, {"track": "caller", "size": 0}))
        self.assertEqual(
            self.put(self.ref, "caller", 0, files["caller"]),
            (200, {"size": len(files["caller"])}),
        )
        self.assertEqual(self.finish(self.ref, told), (200, {"ok": True}))
        self.assertEqual(self.stored(), {"caller": sound(5000)})

    def test_the_end_told_twice_changes_nothing(self):
        self.hand_over(self.record, self.content)
        before = self.call.recording_ids.ids, self.timeline(self.call)
        _files, told = self.recorded_by_sidecar(self.record, self.content)
        self.assertEqual(self.finish(self.ref, told), (200, {"ok": True}))
        self.env.invalidate_all()
        self.assertEqual(
            (self.call.recording_ids.ids, self.timeline(self.call)), before
        )
        size = self.call.recording_ids[0].size
        track = self.call.recording_ids[0].track
        self.assertEqual(self.put(self.ref, track, 0, b"x"), (409, {"size": size}))

    def test_a_recording_of_which_nothing_came_has_failed(self):
        _files, told = self.recorded_by_sidecar(self.record, {})
        self.happens(self.call, "recording_stopped", reason="end")
        for _twice in range(2):
            self.assertEqual(self.finish(self.ref, told), (200, {"ok": True}))
        self.env.invalidate_all()
        self.assertEqual(self.call.recording_state, "failed")
        view = self.phone(self.listener(self.anna)).recording_view(self.call.id)
        self.assertEqual(
            view["why"], "The call could not be recorded: no reason was given"
        )

    def test_where_only_the_text_is_wanted_no_file_is_missing(self):
        self.call.write({"record_agent": False, "record_caller": False})
        _files, told = self.recorded_by_sidecar(self.record, {})
        self.happens(self.call, "recording_stopped", reason="end")
        self.assertEqual(self.finish(self.ref, told), (200, {"ok": True}))
        self.env.invalidate_all()
        view = self.phone(self.listener(self.anna)).recording_view(self.call.id)
        self.assertIn("only the text is kept", view["why"])
        self.assertFalse(view["pending"])

    def test_late_news_of_the_recorder_do_not_undo_what_is_stored(self):
        self.hand_over(self.record, self.content)
        for kind in ("recording_stopped", "recording_paused", "recording_failed"):
            self.happens(self.call, kind, reason="end", offset_ms=5)
        self.assertEqual(self.call.recording_state, "stored")

    def test_an_unknown_recording_and_one_of_another_sidecar_are_404(self):
        secret = "secret-of-a-foreign-sidecar-0123"
        self._sidecar("foreign", secret)
        for uid, who in (
            ("f" * 32, {}),
            (self.ref, {"ref": "foreign", "secret": secret}),
        ):
            status, answer = self.put(uid, "mix", 0, b"x", **who)
            self.assertEqual(status, 404)
            self.assertEqual(answer["error"]["code"], "unknown_recording")
        status, answer = self.put(self.ref, "video", 0, b"x")
        self.assertEqual((status, answer["error"]["code"]), (404, "unknown_track"))

    def test_what_may_not_be_kept_is_410_with_the_reason(self):
        files, told = self.recorded_by_sidecar(self.record, self.content)
        for state in ("discarded", "dropped", "purged", "erased"):
            with self.subTest(state):
                self.call.recording_state = state
                status, answer = self.put(self.ref, "mix", 0, files["mix"])
                self.assertEqual((status, answer["error"]["code"]), (410, state))
                status, answer = self.finish(self.ref, told)
                self.assertEqual((status, answer["error"]["code"]), (410, state))
        self.assertFalse(self.call.recording_ids)

    def test_no_consent_while_it_is_uploaded_leaves_nothing(self):
        files, told = self.recorded_by_sidecar(self.record, self.content)
        self.put(self.ref, "mix", 0, files["mix"])
        self.assertTrue(self.env["whatsapp.call.recording.part"].search([]))
        self.happens(self.call, "consent_refused", key="9")
        self.assertFalse(self.env["whatsapp.call.recording.part"].search([]))
        self.assertFalse(self.call.recording_ids)
        self.assertEqual(self.finish(self.ref, told)[0], 410)
        told = self.signed("POST", f"recordings/{self.ref}/discarded", {})
        self.assertEqual(told, (200, {"ok": True}))

    def test_the_sidecar_tells_that_it_deleted_one(self):
        self.hand_over(self.record, self.content)
        told = self.signed("POST", f"recordings/{self.ref}/discarded", {})
        self.assertEqual(told, (200, {"ok": True}))
        self.env.invalidate_all()
        self.assertEqual(self.call.recording_state, "discarded")
        self.assertFalse(self.call.recording_ids)

    def test_unsigned_and_too_large_are_401_and_413(self):
        path = f"/whatsapp_calling/media/rec-sidecar/recordings/{self.ref}/mix?offset=0"
        answer = self.opener.put(self.base_url() + path, data=b"x", timeout=20)
        self.assertEqual(answer.status_code, 401)
        self.assertEqual(answer.json()["error"]["code"], "unsigned")
        status, answer = self.put(self.ref, "mix", 0, bytes(MAX_PIECE + 1))
        self.assertEqual((status, answer["error"]["code"]), (413, "too_large"))
        self.assertFalse(self.call.recording_ids)

    def test_a_track_has_an_end(self):
        self.patch(upload, "LARGEST_TRACK", 1000)
        self.assertEqual(self.put(self.ref, "mix", 0, bytes(900))[0], 200)
        status, answer = self.put(self.ref, "mix", 900, bytes(101))
        self.assertEqual(
            (status, answer["error"]["code"]), (413, "recording_too_large")
        )

    def test_nonsense_is_400(self):
        for offset, piece in (("", b"x"), ("-1", b"x"), ("1.5", b"x"), ("0", b"")):
            status, answer = self.put(self.ref, "mix", offset, piece)
            self.assertEqual((status, answer["error"]["code"]), (400, "bad_piece"))
        _files, told = self.recorded_by_sidecar(self.record, self.content)
        track = told["tracks"][0]
        for wrong in (
            {},
            {**told, "kind": "video"},
            {**told, "tracks": [{}]},
            {**told, "tracks": [{**track, "peaks": [256]}]},
            {**told, "tracks": [{**track, "sha256": "no hex"}]},
            {**told, "tracks": [{**track, "duration_ms": -1}]},
            {**told, "tracks": "mix"},
        ):
            status, answer = self.finish(self.ref, wrong)
            self.assertEqual((status, answer["error"]["code"]), (400, "bad_finish"))

    def test_a_key_that_is_not_for_us_is_400_and_the_sidecar_keeps_it_all(self):
        files, told = self.recorded_by_sidecar(self.record, {"mix": sound(10)})
        self.put(self.ref, "mix", 0, files["mix"])
        status, answer = self.finish(self.ref, {**told, "sealed_key": "bm8="})
        self.assertEqual((status, answer["error"]["code"]), (400, "bad_key"))
        self.assertEqual(self.finish(self.ref, told), (200, {"ok": True}))

    def test_while_our_encryption_key_is_missing_it_is_503(self):
        files, told = self.recorded_by_sidecar(self.record, {"mix": sound(10)})
        self.put(self.ref, "mix", 0, files["mix"])
        missing = crypto.KeyMissing("0123456789ab")

        def no_key(_sidecar):
            raise missing

        self.patch(type(self.sidecar), "_private_key", no_key)
        status, answer = self.finish(self.ref, told)
        self.assertEqual((status, answer["error"]["code"]), (503, "key_missing"))
        self.assertEqual(self.stored(), {})

    def test_the_four_combinations_ask_for_exactly_their_tracks(self):
        for agent in (False, True):
            for caller in (False, True):
                with self.subTest(agent=agent, caller=caller):
                    self.number.write({"record_agent": agent, "record_caller": caller})
                    self.call.closed_at = self.call._moment(None)
                    self.call._derive()
                    ref = f"wacid.combination-{agent}-{caller}"
                    self.call, record = self.anchored(id=ref)
                    if not (agent or caller):
                        self.assertIsNone(record)
                        self.assertEqual(self.call.recording_off, "number")
                        continue
                    self.assertEqual(
                        (record["agent"], record["caller"]), (agent, caller)
                    )
