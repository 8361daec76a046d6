"""The webhook route: who may deliver, what is refused, what each answer is."""

import json
import re

from odoo.tests import tagged
from odoo.tools import mute_logger

from ..tools import clock, counters
from . import meta_bodies as meta
from .common import WhatsappCallingHttpCase


@tagged("post_install", "-at_install")
class TestWebhook(WhatsappCallingHttpCase):
    def setUp(self):
        super().setUp()
        self.before = self._rows()

    def _rows(self):
        names = ("whatsapp.call", "whatsapp.call.event", "whatsapp.call.contact")
        return [self.env[name].search_count([]) for name in names]

    def _handshake(self, key="test-key-1", **query):
        query = {
            "hub.mode": "subscribe",
            "hub.verify_token": "verify-1",
            "hub.challenge": "1158201444",
            **query,
        }
        return self.url_open(f"/whatsapp_calling/webhook/{key}", params=query)

    def assertRefused(self, response, status, name, account, text):
        """Refused with a status and a text, nothing stored, counted in memory."""
        self.assertEqual((response.status_code, response.text), (status, text))
        self.assertEqual(self._rows(), self.before, "nothing is stored")
        account_id = account.id if account else None
        self.assertEqual(self.counted(), {(account_id, name): 1})

    # ---- the hand-shake

    def test_handshake_with_the_right_token_echoes_the_challenge_as_text(self):
        response = self._handshake()
        self.assertEqual(response.status_code, 200)
        self.assertEqual(response.text, "1158201444")
        self.assertEqual(response.headers["Content-Type"], "text/plain; charset=utf-8")

    def test_handshake_with_a_wrong_token_is_403(self):
        response = self._handshake(**{"hub.verify_token": "verify-2"})
        self.assertRefused(
            response,
            403,
            "bad_verify_token",
            self.account,
            "The verify token is not the one set.",
        )

    def test_handshake_without_a_verify_token_set_is_403_even_if_none_is_given(self):
        self.account.verify_token = False
        self.assertEqual(self._handshake(**{"hub.verify_token": ""}).status_code, 403)

    def test_handshake_at_an_unknown_address_is_404(self):
        self.assertEqual(self._handshake("nobody").status_code, 404)

    def test_handshake_with_an_odd_token_is_403_and_no_traceback(self):
        response = self._handshake(**{"hub.verify_token": "vérify-☎"})
        self.assertEqual(response.status_code, 403)

    # ---- who may deliver

    def test_a_good_signature_is_200_and_the_call_rings(self):
        response = self.post(meta.calls(meta.offer()))
        self.assertEqual((response.status_code, response.text), (200, ""))
        self.assertRings(self.the_call(), self.anna | self.berta)
        counted = {(self.account.id, name): 1 for name in ("accepted", "field_calls")}
        self.assertEqual(self.counted(), counted)

    def test_no_app_secret_is_503_and_nothing_is_stored(self):
        self.account.app_secret_encrypted = False
        self.assertRefused(
            self.post(meta.calls(meta.offer())),
            503,
            "no_secret",
            self.account,
            "Server misconfigured: no app secret is set.",
        )

    def test_an_app_secret_whose_key_is_missing_is_503_and_no_bypass(self):
        self.account.app_secret_encrypted = "0123456789abcdef:AAAA"
        with mute_logger("odoo.addons.whatsapp_calling.controllers.webhook"):
            response = self.post(meta.calls(meta.offer()))
        self.assertRefused(
            response,
            503,
            "no_secret",
            self.account,
            "Server misconfigured: no app secret is set.",
        )

    def test_a_wrong_signature_is_403_and_nothing_is_stored(self):
        self.assertRefused(
            self.post(meta.calls(meta.offer()), secret="app-secret-2"),
            403,
            "bad_signature",
            self.account,
            "The signature does not fit the body.",
        )

    def test_a_missing_signature_is_403(self):
        response = self.post(meta.calls(meta.offer()), secret=None)
        self.assertEqual(response.status_code, 403)
        self.assertEqual(self._rows(), self.before)

    def test_an_odd_signature_is_403_and_no_traceback(self):
        for given in ("sha256=", "sha1=00", "sha256=zz", "x" * 500):
            with self.subTest(given=given):
                response = self.post(
                    meta.calls(meta.offer()),
                    secret=None,
                    headers={"X-Hub-Signature-256": given},
                )
                self.assertEqual(response.status_code, 403)

    def test_the_signature_is_of_the_raw_body(self):
        raw = meta.calls(meta.offer(), contacts=[meta.contact(name="Zoë")])
        self.assertIn(b"Zo\\u00eb", raw)  # Meta escapes in its own way
        self.assertEqual(self.post(raw).status_code, 200)
        self.assertEqual(self.the_call().contact_id.name, "Zoë")

    def test_an_unknown_address_is_404_whatever_the_signature(self):
        self.assertRefused(
            self.post(meta.calls(meta.offer()), key="nobody"),
            404,
            "unknown_key",
            None,
            "Unknown webhook address.",
        )

    def test_an_archived_account_is_an_unknown_address(self):
        self.account.active = False
        self.assertEqual(self.post(meta.calls(meta.offer())).status_code, 404)

    def test_another_accounts_secret_does_not_open_this_address(self):
        response = self.post(meta.calls(meta.offer()), "test-key-2", "app-secret-1")
        self.assertEqual(response.status_code, 403)

    # ---- bodies

    def test_over_3_mb_is_413_and_nothing_is_stored(self):
        response = self.post(b" " * (3 * 1024 * 1024 + 1))
        self.assertEqual(response.status_code, 413)
        self.assertEqual(self._rows(), self.before)
        self.assertEqual(self.counted(), {(None, "too_large"): 1})

    def test_just_3_mb_is_read(self):
        body = meta.calls(meta.offer())
        body += b" " * (3 * 1024 * 1024 - len(body))
        self.assertEqual(self.post(body).status_code, 200)
        self.assertTrue(self.the_call())

    def test_a_body_that_is_not_json_is_400_and_nothing_is_stored(self):
        for body in (b" ", b"{", b"[1, 2]", b'"x"', b"\xff\xfe", b'{"a": NaN}'):
            with self.subTest(body=body):
                response = self.post(body)
                self.assertEqual(
                    (response.status_code, response.text),
                    (400, "The body is not JSON."),
                )
                self.assertEqual(self._rows(), self.before)

    def test_json_of_the_wrong_shape_is_200_with_a_flagged_event(self):
        for body in (
            {},
            {"object": "page", "entry": 7},
            {"entry": [None, "x", {"changes": [1]}]},
            {"entry": [{"changes": [{"field": "calls", "value": []}]}]},
            {"entry": [{"changes": [{"field": "calls", "value": {"calls": [3]}}]}]},
        ):
            with self.subTest(body=body):
                known = self.env["whatsapp.call.event"].search([])
                self.assertEqual(self.post(json.dumps(body).encode()).status_code, 200)
                events = self.env["whatsapp.call.event"].search([]) - known
                self.assertTrue(events)
                self.assertTrue(all(events.mapped("flagged")))
        self.assertFalse(
            self.env["whatsapp.call"].search([("account_id", "=", self.account.id)])
        )

    def test_events_of_a_batch_are_all_taken_in(self):
        first = meta.change(calls=[meta.offer(id="wacid.1")])
        second = meta.change(
            calls=[
                meta.offer("436645557002", id="wacid.2"),
                meta.terminate(customer="436645557002", id="wacid.2"),
            ]
        )
        self.assertEqual(self.post(meta.body(first, second)).status_code, 200)
        self.assertEqual(self.the_call("wacid.1").state, "ringing")
        self.assertEqual(self.the_call("wacid.2").state, "missed")

    # ---- what is counted

    def test_counts_stay_in_memory_until_the_clock_writes_them_as_rows(self):
        health = self.env["whatsapp.calling.health"]
        before = health.search_count([])
        self.post(meta.calls(meta.offer()))
        self.post(meta.calls(meta.offer()), secret="x")
        self.post(meta.calls(meta.offer()), secret="x")
        self.assertEqual(health.search_count([]), before)
        health._store_counts(counters.take(self.env.cr.dbname))
        rows = health.search([("account_id", "=", self.account.id)])
        self.assertEqual(
            sorted(rows.mapped(lambda row: (row.name, row.amount))),
            [("accepted", 1), ("bad_signature", 2)],
        )
        self.assertEqual(counters.take(self.env.cr.dbname), {})

    def test_the_clock_writes_the_counts_also_when_no_call_lives(self):
        self.post(meta.calls(meta.offer()), secret="x")
        clock.tick(self.env.cr.dbname, flush=True)
        row = self.env["whatsapp.calling.health"].search(
            [("account_id", "=", self.account.id)]
        )
        self.assertEqual((row.name, row.amount), ("bad_signature", 1))

    # ---- logs

    def test_no_body_sdp_secret_or_token_is_in_the_log(self):
        with self.assertLogs(level="DEBUG") as captured:
            self.post(meta.calls(meta.offer(), contacts=[meta.contact(name="Zoë")]))
            self.post(meta.calls(meta.offer()), secret="wrong")
            self.post(b"{" + meta.ICE_PASSWORD.encode())
        # SQL is no log of ours: Odoo writes it when it is told to
        lines = [
            line for line in captured.output if not re.search(r":odoo\.sql_db:", line)
        ]
        for secret in (
            meta.ICE_PASSWORD,
            meta.FINGERPRINT,
            "a=candidate",
            "app-secret-1",
            "token-1",
            meta.CUSTOMER,
            "Zo\\u00eb",
        ):
            self.assertFalse([line for line in lines if secret in line], secret)
