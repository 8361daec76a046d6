"""Media sidecars: who they are, that they live, and that no other speaks for them."""

import json
import os

from odoo.tests import tagged

from ..providers.sidecar import SIDECAR, MediaCredentials
from ..tools import sidecar_signature
from . import meta_bodies as meta
from .forged_sidecar import REF, SECRET
from .media_common import MediaCase, MediaHttpCase

HELLO = f"/whatsapp_calling/media/{REF}/hello"
EVENTS = f"/whatsapp_calling/media/{REF}/events"
PERMISSIONS_OF_OTHERS = 0o077


@tagged("post_install", "-at_install")
class TestSidecarEntry(MediaCase):
    def test_a_secret_is_stored_encrypted_and_never_shown(self):
        hidden = self.sidecar.sudo()
        self.assertNotIn(SECRET, hidden.secret_encrypted)
        self.assertEqual(self.sidecar._secrets(), [SECRET])
        self.assertEqual((self.sidecar.secret, self.sidecar.secret_set), (False, True))

    def test_without_a_secret_one_is_made(self):
        sidecar = self.env["whatsapp.media.sidecar"].create({"name": "B", "ref": "b"})
        self.assertGreaterEqual(len(sidecar._secrets()[0]), 40)
        self.assertEqual(len(sidecar.public_key), 44)

    def test_a_new_secret_is_shown_once(self):
        answer = self.sidecar.action_new_secret()
        self.assertEqual(answer["params"]["message"], self.sidecar._secrets()[-1])
        self.assertFalse(self.sidecar.read(["secret"])[0]["secret"])

    def test_a_running_sidecar_keeps_its_secret_until_it_signs_with_the_new_one(self):
        secret = self.sidecar.action_new_secret()["params"]["message"]
        self.assertEqual(self.sidecar._secrets(), [SECRET, secret])
        self.assertEqual(self.unit._credentials().secret, SECRET)
        self.assertTrue(self.sidecar.secret_pending)
        self.sidecar._signed_with(SECRET)
        self.assertTrue(self.sidecar.secret_pending)
        self.sidecar._signed_with(secret)
        self.assertEqual(self.sidecar._secrets(), [secret])
        self.assertFalse(self.sidecar.secret_pending)

    def test_one_that_does_not_run_gets_the_new_secret_at_once(self):
        self.silence(seconds=16)
        self.sidecar.invalidate_recordset()
        secret = self.sidecar.action_new_secret()["params"]["message"]
        self.assertEqual(self.sidecar._secrets(), [secret])

    def test_a_neutralized_copy_has_no_secrets_and_no_sidecar(self):
        path = os.path.join(os.path.dirname(__file__), "..", "data", "neutralize.sql")
        with open(path) as script:
            self.env.cr.execute(script.read())
        self.env.invalidate_all()
        hidden = self.sidecar.sudo()
        self.assertFalse(hidden.secret_encrypted or hidden.private_key_encrypted)
        self.assertFalse(self.sidecar.unit_ids)
        self.assertFalse(self.sidecar._pick(self.company))

    def test_its_state_is_that_of_its_processes(self):
        states = []
        for said in ("ready", "busy", "draining", "stopped"):
            self.unit.said_state = said
            states.append(self.sidecar.state)
        self.assertEqual(states, ["up", "busy", "draining", "down"])
        self.unit.unlink()
        self.assertEqual(self.sidecar.state, "never")


@tagged("post_install", "-at_install")
class TestChoosing(MediaCase):
    def pick(self):
        return self.env["whatsapp.media.sidecar"]._pick(self.company)

    def test_the_least_loaded_one_takes_the_call(self):
        second = self._unit(2, capacity=20)
        self.assertEqual(self.pick(), self.unit)
        self.ring()
        self.assertEqual(self.pick(), second)
        self.ring(id="wacid.2")
        # one of 10 against one of 20
        self.assertEqual(self.pick(), second)

    def test_a_full_one_takes_none(self):
        self.unit.capacity = 1
        self.assertTrue(self.pick())
        self.ring()
        self.assertFalse(self.pick())

    def test_one_that_is_busy_draining_or_silent_takes_none(self):
        for said in ("busy", "draining", "stopped"):
            self.unit.said_state = said
            self.assertFalse(self.pick())
        self.unit.said_state = "ready"
        self.silence(seconds=16)
        self.assertFalse(self.pick())

    def test_each_company_has_its_own_where_it_says_so(self):
        self.sidecar.company_ids = self.company_2
        self.assertFalse(self.pick())
        self.sidecar.company_ids = self.company | self.company_2
        self.assertTrue(self.pick())

    def test_an_archived_one_takes_none(self):
        self.sidecar.active = False
        self.assertFalse(self.pick())

    def test_a_policy_says_which_calls_go_through_it(self):
        plan = self.number._media_plan
        self.assertEqual(plan("inbound"), (True, ""))
        self.number.media_policy = "recorded"
        self.assertEqual(plan("inbound"), (False, ""))
        self.patch(type(self.number), "_wants_recording", lambda self: True)
        self.assertEqual(plan("outbound"), (True, ""))
        self.number.media_policy = "direct"
        self.assertEqual(plan("inbound"), (False, ""))


@tagged("post_install", "-at_install")
class TestClient(MediaCase):
    def test_each_request_is_signed_anew(self):
        credentials = MediaCredentials(REF, SECRET, "http://unit-1.sidecar.test")
        for _time in range(2):
            SIDECAR.send(credentials, "media_accepted", "", {"call": "c" * 32})
        self.assertEqual(self.media.actions, ["accepted", "accepted"])
        self.assertEqual(self.media.refused, [])

    def test_nothing_that_is_no_command_leaves(self):
        credentials = MediaCredentials(REF, SECRET, "http://unit-1.sidecar.test")
        for action, payload in (
            ("connect", {}),
            ("media_hold", {"call": "c"}),
            ("media_hold", {"on": True}),
            ("media_hold", {"call": "c", "on": True, "strange": 1}),
        ):
            with self.assertRaises(ValueError):
                SIDECAR.send(credentials, action, "", payload)
        self.assertEqual(self.media.requests, [])

    def test_its_secret_is_in_no_repr(self):
        self.assertNotIn(SECRET, repr(self.unit._credentials()))


@tagged("post_install", "-at_install")
class TestSidecarRoutes(MediaHttpCase):
    def send(self, path, body, secret=SECRET, **changed):
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        headers = sidecar_signature.signed_headers(REF, secret, "POST", path, data)
        headers = {"Content-Type": "application/json", **headers, **changed}
        self.sent = (path, data, headers)
        return self.url_open(path, data=data, headers=headers)

    def again(self):
        path, data, headers = self.sent
        return self.url_open(path, data=data, headers=headers)

    def said(self, **members):
        return {
            "unit": "unit-9",
            "url": "http://127.0.0.1:8090",
            "capacity": 30,
            "calls": [],
            "lag_ms": 3.5,
            "state": "ready",
            "version": "1.0",
            "started": 1000.5,
            "recordings_pending": 2,
            "disk_free": 1e9,
            "stt": ["local"],
            "tts": ["local"],
            **members,
        }

    def assertRefused(self, answer, status, code, counter):
        self.assertEqual(answer.status_code, status)
        self.assertEqual(answer.json()["error"]["code"], code)
        self.assertTrue(answer.json()["error"]["message"])
        self.assertEqual(self.counted(), {(None, counter): 1})

    def test_a_heartbeat_registers_the_process(self):
        answer = self.send(HELLO, self.said(calls=["f" * 32]))
        self.assertEqual(answer.status_code, 200)
        self.assertEqual(answer.json()["public_key"], self.sidecar.public_key)
        self.assertEqual(answer.json()["unknown_calls"], ["f" * 32])
        self.assertAround(self.env["whatsapp.call"]._moment(answer.json()["time"]), 0)
        unit = self.sidecar.unit_ids.filtered(lambda u: u.unit == "unit-9")
        self.assertEqual(
            (unit.url, unit.capacity, unit.call_count, unit.lag_ms, unit.state),
            ("http://127.0.0.1:8090", 30, 1, 3.5, "ready"),
        )
        self.assertEqual(unit.speech, {"stt": ["local"], "tts": ["local"]})
        self.assertEqual(unit.recordings_pending, 2)

    def test_the_next_heartbeat_changes_it(self):
        self.send(HELLO, self.said())
        self.send(HELLO, self.said(state="draining", capacity=5))
        unit = self.sidecar.unit_ids.filtered(lambda u: u.unit == "unit-9")
        self.assertEqual((unit.state, unit.capacity), ("draining", 5))

    def test_an_unsigned_request_is_401(self):
        answer = self.url_open(HELLO, data=b"{}")
        self.assertRefused(answer, 401, "unsigned", "media_unsigned")

    def test_another_secret_or_another_body_is_401(self):
        answer = self.send(HELLO, self.said(), secret="x" * 30)
        self.assertRefused(answer, 401, "bad_signature", "media_unsigned")
        self.send(HELLO, self.said())
        self.counted()
        path, _data, headers = self.sent
        answer = self.url_open(path, data=b"{}", headers=headers)
        self.assertRefused(answer, 401, "bad_signature", "media_unsigned")

    def test_who_signs_with_a_wrong_secret_is_shown_on_its_form(self):
        self.unit.seen_at = "2020-01-01"
        self.send(HELLO, self.said(), secret="x" * 30)
        self.env.invalidate_all()
        self.assertTrue(self.sidecar.refused_at)
        self.assertTrue(self.sidecar.is_refused)
        self.sidecar.refused_at = first = "2020-01-02 00:00:00"
        self.unit.seen_at = "2020-01-03"
        self.assertFalse(self.sidecar.is_refused)
        self.send(HELLO, b"{}")
        self.env.invalidate_all()
        self.assertEqual(str(self.sidecar.refused_at), first, "that was signed")

    def test_a_signature_of_long_ago_is_401(self):
        stale = str(int(self.sent_at()) - 61)
        body = json.dumps(self.said()).encode()
        nonce = "a" * 32
        signature = sidecar_signature.sign(SECRET, "POST", HELLO, stale, nonce, body)
        answer = self.send(
            HELLO,
            body,
            **{"X-Timestamp": stale, "X-Nonce": nonce, "X-Signature": signature},
        )
        self.assertRefused(answer, 401, "stale", "media_unsigned")

    def sent_at(self):
        return sidecar_signature.time.time()

    def test_the_same_request_again_is_409_and_changes_nothing(self):
        call = self.answered_anchored()
        event = {
            "id": "1" * 32,
            "call": call.media_ref,
            "at": self.sent_at(),
            "kind": "peer_connected",
            "data": {},
        }
        answer = self.send(EVENTS, {"events": [event]})
        self.assertEqual(answer.json(), {"taken": ["1" * 32]})
        self.counted()
        self.assertRefused(self.again(), 409, "replayed", "media_replayed")
        self.assertEqual(self.timeline(call).count("media_peer_connected"), 1)

    def test_a_stranger_is_404(self):
        path = "/whatsapp_calling/media/nobody/hello"
        answer = self.send(path, self.said())
        self.assertRefused(answer, 404, "unknown_sidecar", "media_unknown")

    def test_one_sidecar_does_not_speak_for_another(self):
        self.env["whatsapp.media.sidecar"].create({"name": "B", "ref": "b"})
        answer = self.send("/whatsapp_calling/media/b/hello", self.said())
        self.assertRefused(answer, 404, "unknown_sidecar", "media_unknown")

    def test_an_archived_one_is_404(self):
        self.sidecar.active = False
        answer = self.send(HELLO, self.said())
        self.assertRefused(answer, 404, "unknown_sidecar", "media_unknown")

    def test_over_256_kib_is_413(self):
        answer = self.send(HELLO, b" " * (256 * 1024 + 1))
        self.assertRefused(answer, 413, "too_large", "media_too_large")

    def test_what_is_no_json_or_no_heartbeat_is_400(self):
        answer = self.send(HELLO, b"[1]")
        self.assertRefused(answer, 400, "bad_body", "media_bad_body")
        answer = self.send(HELLO, {"unit": "x"})
        self.assertRefused(answer, 400, "bad_hello", "media_bad_body")
        answer = self.send(EVENTS, {"events": 5})
        self.assertRefused(answer, 400, "bad_body", "media_bad_body")

    def test_a_copied_database_takes_in_nothing(self):
        """Its answer would end the calls of the original."""
        parameters = self.env["ir.config_parameter"].sudo()
        parameters.set_param("whatsapp_calling.confirmed_uuid", "another")
        answer = self.send(HELLO, self.said(calls=["f" * 32]))
        self.assertEqual(answer.status_code, 503)
        self.assertEqual(answer.json()["error"]["code"], "copied_database")

    def test_events_of_no_call_of_ours_are_taken_and_counted(self):
        event = {"id": "2" * 32, "call": "9" * 32, "at": 1.0, "kind": "ended"}
        answer = self.send(EVENTS, {"events": [event]})
        self.assertEqual(answer.json(), {"taken": ["2" * 32]})
        self.assertEqual(self.counted(), {(None, "media_strange"): 1})

    def test_a_restart_with_the_new_secret_makes_it_the_only_one(self):
        self.send(HELLO, self.said())
        secret = self.sidecar.action_new_secret()["params"]["message"]
        self.assertEqual(self.send(HELLO, self.said()).status_code, 200)
        self.assertEqual(self.send(HELLO, self.said(), secret=secret).status_code, 200)
        self.assertEqual(self.send(HELLO, self.said()).status_code, 401)

    def test_an_answered_call_is_closed_by_what_the_sidecar_reports(self):
        call = self.answered_anchored(id=meta.WACID)
        event = {
            "id": "3" * 32,
            "call": call.media_ref,
            "at": self.sent_at(),
            "kind": "ended",
            "data": {"reason": "no_media", "seconds": 20},
        }
        self.send(EVENTS, {"events": [event]})
        call.invalidate_recordset()
        self.assertEqual(call.reason, "No sound came from the customer any more")
