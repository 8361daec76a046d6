"""All that is known of one customer: given away, or erased; a legal hold keeps it."""

import base64
import csv
import io
import json
import zipfile

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from . import meta_bodies as meta
from .common import WhatsappCallingCase
from .recording import SidecarMixin, sound
from .test_access import AccessMixin

NAMES = ("Eva", "Berger", meta.CUSTOMER, "5557001")


@tagged("post_install", "-at_install")
class TestSubject(SidecarMixin, AccessMixin, WhatsappCallingCase):
    def setUp(self):
        super().setUp()
        self.call, self.record = self.anchored()
        self.happens(self.call, "recording_started", tracks=["caller"])
        self.deliver_end(self.call)
        self.call.write({"notes": "Eva wants a refund", "payload": "from-eva"})
        self.call.digits = "5557001#"  # they were asked for their number
        self.recording(self.call, content=sound(700))
        self.turn(self.call, "I am Eva Berger", start_ms=61_000)
        self.contact_ = self.call.contact_id
        self.permit(self.contact_)
        self.env["whatsapp.call.transfer"].create(
            {
                "call_id": self.call.id,
                "kind": "blind",
                "from_id": self.anna.id,
                "target": "Berta",
                "reason": "Eva Berger wants a refund",
                "state": "done",
            }
        )
        self.call._post()
        self.env.flush_all()

    def wizard(self, user, model="whatsapp.call.contact", record=None):
        record = record or self.contact_
        env = self.phone(user).env
        context = {"active_model": model, "active_ids": record.ids}
        return env["whatsapp.call.subject"].with_context(**context).create({})

    def exported(self, wizard):
        wizard.action_export()
        content = base64.b64decode(wizard.with_context(bin_size=False).file)
        with zipfile.ZipFile(io.BytesIO(content)) as zipped:
            return {name: zipped.read(name) for name in zipped.namelist()}

    def erase(self, user=None, contact=None):
        wizard = self.wizard(user or self.admin, record=contact)
        wizard.confirmed = True
        wizard.action_erase()
        self.env.flush_all()
        self.env.invalidate_all()
        return wizard

    # ---- export

    def test_the_archive_has_calls_transcript_and_the_sound_in_clear(self):
        files = self.exported(self.wizard(self.listener(self.maria)))
        said = json.loads(files["customer.json"])
        self.assertEqual(
            (said["number"], said["partner"]), (meta.CUSTOMER, "Eva Berger")
        )
        [call] = said["calls"]
        self.assertEqual(
            (call["id"], call["notes"], call["handled_by"], call["number"]),
            (self.call.id, "Eva wants a refund", "Anna", self.number.display_number),
        )
        self.assertEqual(call["transcript"][0]["text"], "I am Eva Berger")
        [row] = csv.DictReader(io.StringIO(files["calls.csv"].decode()))
        self.assertEqual(
            (row["id"], row["peer_name"]), (str(self.call.id), "Eva Berger")
        )
        self.assertTrue(row["peer_phone"].startswith("'+"))  # no formula
        self.assertEqual(
            files[f"transcripts/{self.call.id}.txt"].decode(),
            "[01:01] Eva Berger: I am Eva Berger",
        )
        [name] = [name for name in files if name.startswith("recordings/")]
        self.assertEqual(files[name], sound(700))
        self.assertEqual(len(said["permissions"]), 1)

    def test_sound_and_text_are_only_for_who_may_listen(self):
        wizard = self.wizard(self.maria)
        self.assertFalse(wizard.hears)
        files = self.exported(wizard)
        self.assertEqual(sorted(files), ["calls.csv", "customer.json"])
        self.assertNotIn("transcript", json.loads(files["customer.json"])["calls"][0])
        self.assertEqual(self.listens(self.call.recording_ids), [])

    def test_that_somebody_took_it_is_noted(self):
        self.exported(self.wizard(self.listener(self.maria)))
        self.assertEqual(
            self.listens(self.call.recording_ids), [(self.maria, "export")]
        )
        event = self.env["whatsapp.call.event"].search(
            [("kind", "=", "contact_exported")]
        )
        self.assertEqual((event.user_id, event.contact_id), (self.maria, self.contact_))

    def test_it_opens_from_a_partner_with_all_their_contacts(self):
        wizard = self.wizard(self.maria, "res.partner", self.eva)
        self.assertEqual(wizard.contact_ids, self.contact_)
        self.assertEqual(
            (wizard.call_count, wizard.recording_count, wizard.turn_count), (1, 1, 1)
        )
        self.assertEqual(wizard.permission_count, 1)

    def test_operators_neither_export_nor_erase_and_managers_do_not_erase(self):
        for user in (self.anna, self.nora):
            with self.assertRaises(AccessError):
                self.wizard(user)
        wizard = self.wizard(self.maria)
        wizard.confirmed = True
        with self.assertRaisesRegex(AccessError, "may not give away or erase"):
            wizard.action_erase()
        self.assertTrue(self.call.turn_ids)

    def test_of_another_company_there_is_nothing(self):
        boss = self._user("boss", "whatsapp_calling.group_manager", self.company_2)
        with self.assertRaises(AccessError):
            self.exported(self.wizard(boss))

    # ---- erase

    def test_without_the_tick_nothing_is_erased(self):
        wizard = self.wizard(self.admin)
        with self.assertRaisesRegex(UserError, "Tick that all of it"):
            wizard.action_erase()
        self.assertTrue(self.call.turn_ids)

    def test_after_it_the_customer_is_nowhere_in_our_tables(self):
        before = self.found()
        self.assertTrue(before)
        self.erase()
        self.assertEqual(self.found(), [])

    def found(self):
        """Tables of ours, and messages of the call, that still name the customer."""
        found = []
        for model in (self.env[name] for name in self.env.registry):
            ours = model._name.startswith(("whatsapp.call", "whatsapp.calling"))
            if not ours or model._abstract or model._transient or not model._auto:
                continue
            of_ours = "TRUE"
            if "company_id" in model._fields and model._fields["company_id"].store:
                of_ours = f"company_id = {self.company.id}"  # not the demo data
            self.env.cr.execute(
                f"SELECT row_to_json(t)::text FROM {model._table} t WHERE {of_ours}"
            )
            text = " ".join(row for (row,) in self.env.cr.fetchall())
            found += [(model._name, name) for name in NAMES if name in text]
        return found

    def test_the_call_stays_with_when_how_long_and_who(self):
        started, duration = self.call.started_at, self.call.duration
        kinds = self.timeline(self.call)
        message = self.call.message_id
        self.assertTrue(message)
        self.erase()
        call = self.call
        self.assertEqual(
            (call.state, call.started_at, call.duration, call.handler_id),
            ("completed", started, duration, self.anna),
        )
        self.assertEqual(call.peer_name, "Erased customer")
        self.assertFalse(call.peer_phone or call.partner_id or call.notes)
        self.assertEqual(call.recording_state, "erased")
        self.assertEqual(self.timeline(call), kinds)
        self.assertFalse(message.exists())
        self.assertFalse(call.turn_ids)
        self.assertEqual(call.recording_ids.mapped("state"), ["purged"])

    def test_the_history_keeps_kind_moment_and_operator(self):
        facts = ("kind", "occurred_at", "source", "user_id")
        before = [[event[name] for name in facts] for event in self.call.event_ids]
        self.erase()
        after = [[event[name] for name in facts] for event in self.call.event_ids]
        self.assertEqual(after, before)
        self.assertEqual(
            set(map(json.dumps, self.call.event_ids.mapped("data"))), {"{}"}
        )
        keys = self.call.event_ids.mapped("key")
        self.assertTrue(all(key.startswith("erased:") for key in keys))

    def test_who_erased_is_noted_without_whom(self):
        self.erase()
        event = self.env["whatsapp.call.event"].search(
            [("kind", "=", "contact_erased")]
        )
        self.assertEqual(event.user_id, self.admin)
        self.assertEqual(event.note, "A customer was erased, with 1 calls")
        with self.assertRaises(AccessError):
            event.sudo().write({"note": "nothing"})

    def test_the_sidecar_is_asked_to_delete_it_and_may_not_bring_it_any_more(self):
        self.erase()
        request = self.env["whatsapp.call.request"].search(
            [("action", "=", "media_purge")]
        )
        self.assertEqual(request.payload, {"calls": [self.call.media_ref]})
        with self.assertRaises(Exception) as refused:
            self.env["whatsapp.call.recording"]._take_piece(
                self.sidecar, self.record["recording"], "mix", 0, b"x"
            )
        self.assertEqual(refused.exception.status, 410)

    def test_a_legal_hold_blocks_it_with_the_reason(self):
        holds = self.env["whatsapp.call.legal.hold"].with_user(self.maria)
        for where in ({"call_id": self.call.id}, {"contact_id": self.contact_.id}):
            with self.subTest(where):
                hold = holds.create({"reason": "Court case 3", **where})
                self.assertIn("Court case 3 (Maria)", self.wizard(self.admin).refusal)
                with self.assertRaisesRegex(UserError, "Court case 3"):
                    self.erase()
                self.assertTrue(self.call.turn_ids)
                hold.action_release()
        self.erase()
        self.assertFalse(self.call.turn_ids)

    def test_a_running_call_is_not_erased(self):
        running, _record = self.anchored(id="wacid.running")
        self.assertEqual(running.contact_id, self.contact_)
        with self.assertRaisesRegex(UserError, "is running"):
            self.erase()

    def test_other_customers_keep_all(self):
        self.deliver(meta.calls(meta.offer(id="wacid.other", customer="436601234567")))
        other = self.the_call("wacid.other")
        self.deliver_end(other)
        self.turn(other, "I am somebody else")
        self.env.flush_all()
        before = other.read()[0], other.event_ids.read()
        self.erase()
        after = other.read()[0], other.event_ids.read()
        changed = {
            k: (v, after[0][k]) for k, v in before[0].items() if after[0][k] != v
        }
        self.assertEqual(changed, {})
        self.assertEqual(after[1], before[1])
        self.assertEqual(other.turn_ids.text, "I am somebody else")

    def test_the_number_can_come_back_as_somebody_new(self):
        self.erase()
        self.deliver(
            meta.calls(meta.offer(id="wacid.again"), contacts=[meta.contact()])
        )
        again = self.the_call("wacid.again")
        self.assertNotEqual(again.contact_id, self.contact_)
        self.assertEqual(again.contact_id.wa_id, meta.CUSTOMER)
