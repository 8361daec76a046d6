"""Check setup: the lines about media sidecars."""

from odoo.tests import tagged

from ..providers.base import ProviderError
from .forged_sidecar import SidecarRefusal
from .media_common import MediaCase
from .test_check_setup import CheckMixin


@tagged("post_install", "-at_install")
class TestCheckMedia(CheckMixin, MediaCase):
    def unit_line(self, check):
        return self.line(check, f"sidecar-{self.unit.id}")

    def keys(self, check):
        return [line["key"] for line in check.lines]

    def test_a_number_that_goes_directly_needs_none(self):
        self.number.media_policy = "direct"
        check = self.check()
        self.assertEqual(self.line(check, "sidecar")["state"], "unknown")
        self.assertNotIn(f"sidecar-{self.unit.id}", self.keys(check))
        self.assertEqual(self.media.requests, [])

    def test_one_that_runs_and_answers_is_told_with_its_load(self):
        call = self.answered_anchored()
        self.report(call, "peer_connected")
        self.unit.write({"version": "1.2", "url": "https://unit-1.sidecar.test"})
        check = self.check()
        self.assertEqual(self.line(check, "sidecar")["state"], "ok")
        self.assertEqual(
            self.line(check, "sidecar")["said"],
            "1 of 1 processes run, with room for 10 more calls.",
        )
        line = self.unit_line(check)
        self.assertEqual(line["state"], "ok")
        self.assertIn("It answers. Version 1.2", line["said"])
        self.assertEqual(self.media.requests[-1], ("unit-1", "purge", {"calls": []}))

    def test_one_without_sound_so_far_is_amber_with_the_ports_and_the_address(self):
        line = self.unit_line(self.check())
        self.assertEqual(line["state"], "warning")
        self.assertIn("PUBLIC_ADDRESS", line["todo"])

    def test_one_that_says_nothing_is_red_and_a_notice(self):
        self.silence()
        check = self.check()
        self.assertEqual(self.line(check, "sidecar")["state"], "error")
        self.assertEqual(self.unit_line(check)["state"], "error")
        self.assertTrue(self.notice("sidecar_down"))
        action = check.action_line("sidecar")
        self.assertEqual(action["res_model"], "whatsapp.media.sidecar")

    def test_one_that_odoo_does_not_reach_is_red_with_its_address(self):
        check = self.check()
        request = self.env["whatsapp.call.request"].search(
            [("action", "=", "media_purge")], order="id desc", limit=1
        )
        error = ProviderError("No way there.", kind="unreachable")
        check._on_media_purge_failed(request, error)
        line = self.unit_line(check)
        self.assertEqual(line["state"], "error")
        self.assertIn("No way there.", line["said"])
        self.assertIn(self.unit.url, line["todo"])

    def test_one_with_another_secret_is_red_and_told_apart(self):
        self.media.answer("purge", SidecarRefusal(401, "bad_signature", "Not signed."))
        line = self.unit_line(self.check())
        self.assertEqual(line["state"], "error")
        self.assertIn("Start it with the secret of its entry", line["todo"])

    def test_a_clock_that_drifts_is_red_before_all_is_refused(self):
        self.unit.skew = -45
        line = self.unit_line(self.check())
        self.assertEqual(line["state"], "error")
        self.assertIn("45 seconds", line["said"])

    def test_a_full_one_is_amber(self):
        self.unit.call_count = 10
        self.assertEqual(self.line(self.check(), "sidecar")["state"], "warning")
