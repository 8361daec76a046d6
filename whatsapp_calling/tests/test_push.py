"""Web pushes of calls: to whom, for how long, and what arrives decrypted."""

import base64
import json
from unittest.mock import patch

import requests
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from odoo.tests import tagged

from ..tools import pool
from .common import WhatsappCallingCase, WhatsappCallingHttpCase

SERVICE = "https://push.example.com/"


def encoded(content):
    return base64.urlsafe_b64encode(content).decode().strip("=")


class PushedBrowser:
    """A browser's subscription: the keys that only it has (RFC 8291)."""

    def __init__(self, name):
        self.endpoint = SERVICE + name
        self._private = ec.generate_private_key(ec.SECP256R1())
        self._public = self._private.public_key().public_bytes(
            Encoding.X962, PublicFormat.UncompressedPoint
        )
        self._auth = b"0123456789abcdef"
        self.keys = {"p256dh": encoded(self._public), "auth": encoded(self._auth)}

    def decrypted(self, body):
        """The JSON inside an encrypted push."""
        salt, sender = body[:16], body[21:86]
        curve = ec.SECP256R1()
        other = ec.EllipticCurvePublicKey.from_encoded_point(curve, sender)
        shared = self._private.exchange(ec.ECDH(), other)
        context = b"WebPush: info\x00" + self._public + sender
        secret = self._derive(shared, self._auth, context, 32)
        key = self._derive(secret, salt, b"Content-Encoding: aes128gcm\x00", 16)
        nonce = self._derive(secret, salt, b"Content-Encoding: nonce\x00", 12)
        return json.loads(AESGCM(key).decrypt(nonce, body[86:], None).rstrip(b"\x02"))

    def _derive(self, secret, salt, info, length):
        return HKDF(hashes.SHA256(), length, salt, info).derive(secret)


@tagged("post_install", "-at_install")
class TestPush(WhatsappCallingCase):
    def setUp(self):
        super().setUp()
        self.env["mail.push.device"].get_web_push_vapid_public_key()
        self.pushes = []  # (endpoint, headers, body)
        self.answers = {}
        cls = type(self)
        cls.push_service = self
        self.jobs = []
        self.startPatcher(patch.object(pool, "run_soon", self._submitted))

    def _submitted(self, _dbname, model, method, *args, lane=pool.URGENT, share=None):
        if lane == pool.PUSH:
            self.jobs.append((model, method, args))

    @classmethod
    def _request_handler(cls, s, r, /, **kw):
        if r.url.startswith(SERVICE):
            return cls.push_service._receive(r)
        return super()._request_handler(s, r, **kw)

    def _receive(self, request):
        self.pushes.append((request.url, request.headers, request.body))
        response = requests.Response()
        response.status_code = self.answers.get(request.url, 201)
        response._content = b""
        return response

    def device(self, user, name):
        browser = PushedBrowser(name)
        self.env["mail.push.device"].create(
            {
                "partner_id": user.partner_id.id,
                "endpoint": browser.endpoint,
                "keys": json.dumps(browser.keys),
            }
        )
        return browser

    def commit_and_push(self):
        """What the pool does once the transaction has committed."""
        self.env.cr.postcommit.run()
        while self.jobs:
            model, method, args = self.jobs.pop(0)
            getattr(self.env[model], method)(*args)

    def test_a_ring_reaches_who_has_no_page_open_and_says_who_calls(self):
        browser = self.device(self.anna, "anna")
        call = self.ring()
        self.assertEqual(self.pushes, [])  # nothing leaves inside the transaction
        self.commit_and_push()
        ((endpoint, headers, body),) = self.pushes
        self.assertEqual(endpoint, browser.endpoint)
        self.assertEqual(
            browser.decrypted(body),
            {
                "title": "Incoming WhatsApp call",
                "options": {
                    "body": "Eva Berger → Line 1",
                    "icon": "/whatsapp_calling/static/description/icon.png",
                    "tag": f"whatsapp-call-{call.id}",
                    "requireInteraction": True,
                    "vibrate": [200, 100, 200, 100, 200],
                    "data": {
                        "type": "CALL",
                        "model": "whatsapp.call",
                        "res_id": call.id,
                    },
                },
            },
        )
        self.assertEqual(headers["Urgency"], "high")
        self.assertEqual(headers["Topic"], f"whatsapp-call-{call.id}")

    def test_a_push_lives_no_longer_than_the_call_rings(self):
        self.device(self.anna, "anna")
        self.number.ring_seconds = 40
        call = self.ring()
        self.pass_time(15, call)
        self.commit_and_push()
        ((_endpoint, headers, _body),) = self.pushes
        self.assertAlmostEqual(int(headers["TTL"]), 25, delta=2)

    def test_a_call_that_rings_no_more_is_not_pushed(self):
        self.device(self.anna, "anna")
        call = self.ring()
        call._close("unanswered")
        self.env["whatsapp.call"]._push_ring(call.id, self.anna.ids)
        self.assertEqual(self.pushes, [])

    def test_who_has_odoo_open_is_not_pushed(self):
        self.device(self.anna, "anna")
        berta = self.device(self.berta, "berta")
        self.env["mail.presence"]._update_presence(self.anna)
        self.ring()
        self.commit_and_push()
        self.assertEqual([push[0] for push in self.pushes], [berta.endpoint])

    def test_nobody_who_is_not_rung_is_pushed(self):
        self.device(self.maria, "maria")
        self.device(self.carlos, "carlos")
        self.ring()
        self.commit_and_push()
        self.assertEqual(self.pushes, [])

    def test_who_is_away_from_an_open_page_is_pushed(self):
        browser = self.device(self.anna, "anna")
        away = 31 * 60 * 1000  # milliseconds without a click or key
        self.env["mail.presence"]._update_presence(self.anna, away)
        self.ring()
        self.commit_and_push()
        self.assertEqual([push[0] for push in self.pushes], [browser.endpoint])

    def test_what_takes_it_away_waits_for_a_sleeping_device_in_place_of_the_ring(self):
        self.device(self.berta, "berta")
        call = self.ring()
        self.commit_and_push()
        self.accept(self.anna, call)
        self.send_due(call)
        self.commit_and_push()
        ring, *cancels = [headers for _url, headers, _body in self.pushes]
        self.assertTrue(cancels)
        for headers in cancels:
            self.assertEqual(headers["TTL"], "3600")  # Microsoft's service refuses 0
            self.assertEqual(headers["Topic"], ring["Topic"])

    def test_answered_or_declined_takes_the_notification_away(self):
        for index, end in enumerate((self.accept, self.decline)):
            browser = self.device(self.berta, f"berta-{index}")
            call = self.ring(id=f"wacid.{index}")
            self.commit_and_push()
            self.pushes.clear()
            end(self.anna, call)
            self.send_due(call)
            self.commit_and_push()
            bodies = [body for url, _h, body in self.pushes if url == browser.endpoint]
            self.assertEqual(
                [browser.decrypted(body) for body in bodies],
                [
                    {
                        "title": "",
                        "options": {
                            "tag": f"whatsapp-call-{call.id}",
                            "data": {"type": "CANCEL"},
                        },
                    }
                ],
            )
            if call._is_live():
                call._close("hung_up")

    def decline(self, user, call):
        self.phone(user).softphone_decline(call.id)

    def test_a_device_that_is_gone_is_forgotten(self):
        gone = self.device(self.anna, "gone")
        kept = self.device(self.berta, "kept")
        self.answers[gone.endpoint] = 410
        self.ring()
        with self.assertLogs("odoo.addons.mail.tools.web_push", "WARNING"):
            self.commit_and_push()
        devices = self.env["mail.push.device"].search([])
        self.assertEqual(devices.mapped("endpoint"), [kept.endpoint])

    def test_the_push_speaks_the_language_of_who_is_rung(self):
        self.env["res.lang"]._activate_lang("de_DE")
        self.anna.lang = "de_DE"
        browser = self.device(self.anna, "anna")
        calls = type(self.env["whatsapp.call"])
        langs = []
        original = calls._push_payload

        def payload(call, partner, ring):
            langs.append(partner.lang)
            return original(call, partner, ring)

        self.patch(calls, "_push_payload", payload)
        self.ring()
        self.commit_and_push()
        self.assertEqual(langs, ["de_DE"])
        self.assertTrue(browser.decrypted(self.pushes[0][2])["title"])


@tagged("post_install", "-at_install")
class TestServiceWorker(WhatsappCallingHttpCase):
    def test_a_click_on_a_pushed_call_is_ours_before_it_is_odoos(self):
        self.authenticate(self.anna.login, self.anna.login)
        script = self.url_open("/web/service-worker.js").text
        self.assertLess(
            script.index('model !== "whatsapp.call"'),
            script.index('model === "discuss.channel"'),
        )
        self.assertIn("self.clients.openWindow(`/odoo/${model}/${res_id}`)", script)
