"""Customers' messages: kept out, or shown in the chatter where nobody else answers."""

import base64
import hashlib
import json
import logging
import time
from unittest.mock import patch

from odoo import fields
from odoo.tests import tagged
from odoo.tools import SQL, mute_logger

from ..providers.base import Answer
from ..providers.meta import MetaProvider
from . import meta_bodies as meta
from .common import WhatsappCallingCase
from .graph import Refusal

TEXT = "My PIN is strawberry <script>alert(1)</script>\nCall me & <b>soon</b>"
MEDIUM = "7001234567890"
TABLES = (
    "whatsapp_call",
    "whatsapp_call_event",
    "whatsapp_call_request",
    "whatsapp_call_contact",
    "whatsapp_call_inbound_message",
    "mail_message",
    "mail_activity",
    "bus_bus",
)
VOICE = b"OggS" + bytes(range(256))
SHA256 = base64.b64encode(hashlib.sha256(VOICE).digest()).decode()


def message(kind="text", ref="wamid.M1", customer=meta.CUSTOMER, **members):
    if kind == "text":
        members.setdefault("text", {"body": TEXT})
    return {
        "from": customer,
        "id": ref,
        "timestamp": meta.stamp(),
        "type": kind,
        **members,
    }


def voice(**members):
    audio = {
        "id": MEDIUM,
        "mime_type": "audio/ogg; codecs=opus",
        "sha256": SHA256,
        "voice": True,
        **members,
    }
    return message("audio", ref="wamid.V1", audio=audio)


class InboundMessageCase(WhatsappCallingCase):
    def setUp(self):
        super().setUp()
        self.number.shows_messages = True
        self.eva.user_id = self.anna

    def wrote(self, *parts, name="Eva"):
        parts = parts or (message(),)
        customer = parts[0].get("from")
        self.deliver(meta.messages(*parts, contacts=[meta.contact(customer, name)]))
        self.post_due()

    def post_due(self):
        """What the pool does: nothing reaches it under a test runner."""
        rows = self.env["whatsapp.call.inbound.message"].search(
            [("state", "=", "waiting")], order="id"
        )
        for row in rows:
            row._post_due(row.id)
        self.env.flush_all()

    def entries(self, record):
        return record.message_ids.filtered(
            lambda each: "o_whatsapp_note" in (each.body or "")
        ).sorted("id")

    def rows(self):
        return self.env["whatsapp.call.inbound.message"].search([])

    def activities(self, record):
        kind = self.env.ref("whatsapp_calling.mail_activity_type_message")
        return record.activity_ids.filtered(lambda a: a.activity_type_id == kind)

    def traces(self, secret):
        """The tables in which a text is stored, once per row."""
        self.env.flush_all()
        found = []
        for table in TABLES:
            self.env.cr.execute(
                SQL(
                    "SELECT count(*) FROM %s t WHERE strpos(to_jsonb(t)::text, %s) > 0",
                    SQL.identifier(table),
                    secret,
                )
            )
            found += [table] * self.env.cr.fetchone()[0]
        return found


@tagged("post_install", "-at_install")
class TestMessagesKeptOut(InboundMessageCase):
    def setUp(self):
        super().setUp()
        self.number.shows_messages = False

    def test_a_new_number_does_not_show_messages(self):
        field = self.env["whatsapp.calling.number"]._fields["shows_messages"]
        self.assertFalse(field.default)

    def test_nothing_of_the_text_is_stored_or_logged(self):
        with self.assertLogs("odoo.addons.whatsapp_calling", "DEBUG") as logs:
            logging.getLogger("odoo.addons.whatsapp_calling").debug("begin")
            self.wrote(message(), voice())
        for secret in ("strawberry", "alert(1)", MEDIUM, SHA256):
            self.assertEqual(self.traces(secret), [])
        self.assertNotIn("strawberry", "\n".join(logs.output))
        self.assertFalse(self.rows())
        self.assertEqual(self.graph.requests, [])

    def test_that_the_customer_wrote_is_kept(self):
        self.wrote()
        contact = self.env["whatsapp.call.contact"].search([("bsuid", "=", False)])
        contact = contact.filtered(lambda c: c.wa_id == meta.CUSTOMER)
        self.assertTrue(contact._window_open())
        self.assertTrue(contact.last_message_at)
        self.assertFalse(self.entries(self.eva))


@tagged("post_install", "-at_install")
class TestMessagesInTheChatter(InboundMessageCase):
    def test_a_text_goes_to_the_customer_who_wrote_it(self):
        self.wrote()
        (entry,) = self.entries(self.eva)
        self.assertEqual(entry.author_id, self.eva)
        self.assertEqual(entry.subtype_id, self.env.ref("mail.mt_note"))
        self.assertIn("WhatsApp message to Line 1", entry.body)

    def test_what_the_customer_wrote_is_text_and_never_markup(self):
        self.wrote()
        body = self.entries(self.eva).body
        self.assertIn("&lt;script&gt;alert(1)&lt;/script&gt;<br", body)
        self.assertIn("Call me &amp; &lt;b&gt;soon&lt;/b&gt;", body)
        self.assertNotIn("<script", body)

    def test_what_it_said_stays_in_the_chatter_only(self):
        self.wrote()
        row = self.rows()
        self.assertRecordValues(row, [{"state": "posted", "kind": "text"}])
        self.assertFalse(row.sudo().text)
        self.assertEqual(row.message_id, self.entries(self.eva))
        self.assertEqual(self.traces("strawberry"), ["mail_message"])

    def test_it_goes_to_the_record_of_the_latest_call(self):
        other = self.env["res.partner"].create({"name": "The hotel"})
        call = self.ring()
        call.write({"res_model": other._name, "res_id": other.id})
        self.wrote()
        self.assertEqual(len(self.entries(other)), 1)
        self.assertFalse(self.entries(self.eva))

    def test_or_to_that_of_the_latest_permission_request(self):
        hotel, spa = self.env["res.partner"].create(
            [{"name": "Hotel"}, {"name": "Spa"}]
        )
        call = self.ring()
        call.write({"res_model": hotel._name, "res_id": hotel.id})
        permission = self.permit(call.contact_id)
        asked = self.env["whatsapp.calling.message"].create(
            {
                "permission_id": permission.id,
                "kind": "permission",
                "asked_at": fields.Datetime.add(call.started_at, minutes=1),
                "res_model": spa._name,
                "res_id": spa.id,
            }
        )
        self.wrote()
        self.assertEqual((len(self.entries(spa)), len(self.entries(hotel))), (1, 0))
        asked.asked_at = fields.Datetime.subtract(call.started_at, minutes=1)
        self.wrote(message(ref="wamid.M2"))
        self.assertEqual((len(self.entries(spa)), len(self.entries(hotel))), (1, 1))

    def test_a_record_that_is_gone_leaves_the_customer(self):
        call = self.ring()
        call.write({"res_model": "res.partner", "res_id": 2**30})
        self.wrote()
        self.assertEqual(len(self.entries(self.eva)), 1)

    def test_somebody_unknown_gets_a_chatter_and_no_partner_is_made(self):
        partners = self.env["res.partner"].search_count([])
        self.wrote(message(customer="436645550000"), name="Max <b>Muster</b>")
        contact = self.rows().contact_id
        (entry,) = self.entries(contact)
        self.assertFalse(entry.author_id)
        self.assertEqual(entry.email_from, "Max <b>Muster</b>")
        self.assertEqual(self.env["res.partner"].search_count([]), partners)
        self.assertEqual(len(contact.message_ids), 1)
        as_anna = contact.with_user(self.anna)
        self.assertIn("strawberry", as_anna.message_ids[:1].body)

    def test_a_message_delivered_again_appears_once(self):
        body = meta.messages(message(), contacts=[meta.contact()])
        self.deliver(body, body)
        self.post_due()
        self.deliver(body)
        self.post_due()
        self.assertEqual(len(self.entries(self.eva)), 1)

    def test_two_who_post_at_once_post_once(self):
        self.deliver(meta.messages(message(), contacts=[meta.contact()]))
        row = self.rows()
        row._post()
        row._post()
        self.assertEqual(len(self.entries(self.eva)), 1)

    def test_what_a_stopped_server_left_is_posted_by_the_sweep(self):
        self.deliver(meta.messages(message(), voice(), contacts=[meta.contact()]))
        rows = self.rows()
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE whatsapp_call_inbound_message SET create_date = create_date - "
            "interval '12 minutes'"
        )
        rows.invalidate_recordset()
        rows._sweep()
        text, sound = self.entries(self.eva)
        self.assertIn("strawberry", text.body)
        self.assertIn(
            "could not be fetched: WhatsApp did not give an answer", sound.body
        )

    def test_what_cannot_be_posted_is_given_up_and_holds_up_nothing(self):
        self.deliver(
            meta.messages(
                voice(), message(), message(ref="wamid.M2"), contacts=[meta.contact()]
            )
        )
        rows = self.rows().sorted("id")
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE whatsapp_call_inbound_message SET create_date = create_date - "
            "interval '12 minutes'"
        )
        rows.invalidate_recordset()
        post = type(rows)._body

        def broken(row, *args):
            if row.id in rows[:2].ids:
                row.env.cr.execute("SELECT 1 / 0")
            return post(row, *args)

        with (
            patch.object(type(rows), "_body", broken),
            mute_logger("odoo.addons.whatsapp_calling.tools.transaction"),
            mute_logger("odoo.sql_db"),
        ):
            self.env["whatsapp.call"]._cron_sweep()
        self.assertEqual(rows.mapped("state"), ["failed", "failed", "posted"])
        self.assertIn("division by zero", rows[0].problem)
        # what was said is kept nowhere, and nobody tries again
        self.assertFalse(any(rows.mapped("text")))
        rows[0]._post_due(rows[0].id)
        self.assertEqual(len(self.entries(self.eva)), 1)

    def test_a_reaction_is_told_as_one(self):
        self.wrote(
            message("reaction", reaction={"message_id": "wamid.1", "emoji": "👍"})
        )
        self.wrote(
            message(
                "reaction",
                ref="wamid.M2",
                reaction={"message_id": "wamid.1", "emoji": ""},
            )
        )
        first, second = self.entries(self.eva)
        self.assertIn("The customer reacted to a message: 👍", first.body)
        self.assertIn("The customer took back a reaction", second.body)

    def test_what_is_not_fetched_is_said_with_its_caption(self):
        document = {"id": "7", "caption": "The <i>contract</i>", "filename": "a.pdf"}
        self.wrote(message("document", document=document))
        (entry,) = self.entries(self.eva)
        self.assertIn("a document, which is not fetched: a.pdf", entry.body)
        self.assertIn("The &lt;i&gt;contract&lt;/i&gt;", entry.body)
        self.assertEqual(self.graph.requests, [])

    def test_what_nobody_knows_is_said_too(self):
        self.wrote(message("hologram", hologram={"text": "strawberry"}))
        (entry,) = self.entries(self.eva)
        self.assertIn("something that cannot be shown here", entry.body)
        self.assertEqual(self.traces("strawberry"), [])

    def test_a_new_number_of_the_customer_is_no_message(self):
        self.wrote(message("system", system={"body": "changed number"}))
        self.assertFalse(self.rows())
        contacts = self.env["whatsapp.call.contact"].search(
            [("wa_id", "=", meta.CUSTOMER), ("company_id", "=", self.company.id)]
        )
        self.assertFalse(contacts.last_message_at)

    def test_where_calling_is_switched_off_nothing_is_stored(self):
        self.company.whatsapp_calling_enabled = False
        self.wrote()
        self.assertFalse(self.rows())
        self.assertEqual(self.traces("strawberry"), [])

    def test_an_operator_reads_no_text_on_its_way(self):
        self.deliver(meta.messages(message(), contacts=[meta.contact()]))
        row = self.rows()
        self.assertFalse(row.with_user(self.anna).has_access("read"))
        self.assertTrue(row.with_user(self.maria).has_access("read"))
        fields = row.with_user(self.maria).fields_get()
        self.assertNotIn("text", fields)


@tagged("post_install", "-at_install")
class TestVoiceMessages(InboundMessageCase):
    def setUp(self):
        super().setUp()
        medium = {
            "url": "https://lookaside.fbsbx.com/whatsapp/1",
            "mime_type": "audio/ogg; codecs=opus",
            "sha256": SHA256,
            "file_size": len(VOICE),
        }
        self.medium = medium

    def fetch(self):
        request = self.env["whatsapp.call.request"].search(
            [("action", "=", "get_media")]
        )
        self.send_due(request=request)
        return request

    def test_it_is_fetched_after_the_webhook_and_played_in_the_chatter(self):
        self.wrote(voice())
        self.assertEqual(self.graph.requests, [])
        self.assertFalse(self.entries(self.eva))
        self.graph.answer(MEDIUM, self.medium)
        with self.voice_server():
            request = self.fetch()
        (entry,) = self.entries(self.eva)
        self.assertIn("Voice message", entry.body)
        attachment = entry.attachment_ids
        self.assertEqual(attachment.raw, VOICE)
        self.assertEqual(attachment.mimetype, "audio/ogg")
        self.assertTrue(attachment.voice_ids)
        self.assertEqual(
            (attachment.res_model, attachment.res_id), ("res.partner", self.eva.id)
        )
        self.assertEqual(request.state, "done")
        self.assertFalse(request.payload)
        self.assertNotIn("lookaside", str(request.response))

    def voice_server(self):
        """WhatsApp's media server, which is not Graph."""

        def media(provider, credentials, action, payload, data):
            self.assertEqual(action, "get_media")
            self.assertEqual(data["url"], self.medium["url"])
            return VOICE

        return patch.object(MetaProvider, "_media", media)

    def test_one_that_cannot_be_fetched_says_why(self):
        self.wrote(voice())
        self.graph.answer(MEDIUM, Refusal(400, 100, "The medium is gone"))
        self.fetch()
        (entry,) = self.entries(self.eva)
        self.assertIn("It could not be fetched: The medium is gone", entry.body)
        self.assertFalse(entry.attachment_ids)

    def test_what_is_no_sound_is_not_stored(self):
        self.wrote(voice())
        row = self.rows()
        page = Answer(200, {"mime_type": "text/html"}, content=b"<script>")
        row._on_get_media_ok(self.env["whatsapp.call.request"], page)
        (entry,) = self.entries(self.eva)
        self.assertIn("it is not a sound, but text/html", entry.body)
        self.assertFalse(entry.attachment_ids)

    def test_an_answer_that_comes_twice_posts_once(self):
        self.wrote(voice())
        row = self.rows()
        sound = Answer(200, {"mime_type": "audio/ogg"}, content=VOICE)
        for _time in range(2):
            row._on_get_media_ok(self.env["whatsapp.call.request"], sound)
        self.assertEqual(len(self.entries(self.eva)), 1)

    def test_a_voice_message_without_an_id_is_said(self):
        self.wrote(voice(id=None))
        (entry,) = self.entries(self.eva)
        self.assertIn("Voice message", entry.body)
        self.assertEqual(self.graph.requests, [])


@tagged("post_install", "-at_install")
class TestWhoIsTold(InboundMessageCase):
    def told(self, sent):
        return {
            user: payload
            for user, kind, payload in sent
            if kind == "simple_notification"
        }

    def test_the_assignee_gets_one_activity_and_no_mail(self):
        mails = self.env["mail.mail"].search_count([])
        with self.bus() as sent:
            self.wrote(message(), message(ref="wamid.M2"), message(ref="wamid.M3"))
        (activity,) = self.activities(self.eva)
        self.assertEqual(activity.user_id, self.anna)
        self.assertEqual(activity.summary, "Answer Eva Berger on WhatsApp")
        self.assertEqual(
            self.told(sent)[self.anna],
            {
                "type": "info",
                "title": "WhatsApp message",
                "message": "Eva Berger wrote to Line 1.",
            },
        )
        self.assertEqual(set(self.told(sent)), {self.anna})
        self.assertEqual(self.env["mail.mail"].search_count([]), mails)
        notified = self.entries(self.eva).notification_ids
        self.assertFalse(notified.filtered(lambda n: n.notification_type == "email"))

    def test_a_record_is_named_where_it_is_another_one_than_the_customer(self):
        spa = self.env["res.partner"].create({"name": "Spa", "user_id": self.berta.id})
        self.ring().write({"res_model": spa._name, "res_id": spa.id})
        with self.bus() as sent:
            self.wrote()
        self.assertEqual(
            self.told(sent)[self.berta]["message"],
            "Eva Berger wrote to Line 1: see Spa.",
        )

    def test_the_activity_done_the_next_message_makes_a_new_one(self):
        self.wrote()
        self.activities(self.eva).action_feedback()
        self.wrote(message(ref="wamid.M2"))
        self.assertEqual(len(self.activities(self.eva)), 1)

    def test_without_an_assignee_whoever_had_the_last_call(self):
        self.eva.user_id = False
        self.answered(self.berta)
        self.wrote()
        self.assertEqual(self.activities(self.eva).user_id, self.berta)

    def test_after_a_missed_call_those_it_rang_for_see_it_on_screen(self):
        self.eva.user_id = False
        self.ring()
        self.deliver(meta.calls(meta.terminate()))
        with self.bus() as sent:
            self.wrote()
        self.assertEqual(set(self.told(sent)), {self.anna, self.berta})
        self.assertFalse(self.activities(self.eva))

    def test_nobody_of_another_company_is_told(self):
        self.eva.user_id = self.carlos
        with self.bus() as sent:
            self.wrote()
        self.assertEqual(self.told(sent), {})
        self.assertFalse(self.activities(self.eva))


@tagged("post_install", "-at_install")
class TestSilentLeads(InboundMessageCase):
    def silent(self):
        calls = self.env["whatsapp.call"]
        found = calls.search(
            [("silent", "=", True), ("company_id", "=", self.company.id)]
        )
        rest = calls.search(
            [("silent", "=", False), ("company_id", "=", self.company.id)]
        )
        self.assertFalse(found & rest)
        self.assertEqual(
            found | rest, calls.search([("company_id", "=", self.company.id)])
        )
        self.assertTrue(all(found.mapped("silent")))
        self.assertFalse(any(rest.mapped("silent")))
        return found

    def miss(self, ref=meta.WACID, ago=60):
        at = str(int(time.time()) - ago)
        self.deliver(
            meta.calls(meta.offer(id=ref, timestamp=at)),
            meta.calls(meta.terminate(id=ref, timestamp=at)),
        )
        return self.the_call(ref)

    def test_a_missed_caller_is_silent_until_a_message_comes(self):
        call = self.miss()
        self.assertEqual(self.silent(), call)
        self.wrote()
        self.assertFalse(self.silent())

    def test_also_where_messages_are_not_shown(self):
        self.number.shows_messages = False
        self.miss()
        self.wrote()
        self.assertFalse(self.silent())

    def test_a_message_before_the_call_does_not_count(self):
        self.wrote(message(timestamp=str(int(time.time()) - 300)))
        call = self.miss()
        self.assertEqual(self.silent(), call)

    def test_a_message_that_overtakes_the_end_of_the_call_counts(self):
        call = self.ring(timestamp=str(int(time.time()) - 30))
        self.wrote()
        self.deliver(meta.calls(meta.terminate()))
        self.assertEqual(call.state, "missed")
        self.assertFalse(self.silent())

    def test_missed_again_the_lead_is_silent_again(self):
        self.miss(ago=300)
        self.wrote(message(timestamp=str(int(time.time()) - 200)))
        again = self.miss("wacid.second", ago=60)
        self.assertEqual(self.silent(), again)

    def test_an_answered_call_is_none(self):
        self.answered()
        self.assertFalse(self.silent())

    def test_a_reply_about_permission_is_no_message(self):
        call = self.miss()
        self.deliver(meta.messages(meta.permission_reply("accept", is_permanent=True)))
        self.assertEqual(self.silent(), call)

    def test_a_caller_without_a_name_is_silent_too(self):
        self.deliver(
            meta.calls(meta.offer(**{"from": None})),
            meta.calls(meta.terminate(**{"from": None})),
        )
        self.assertEqual(self.silent(), self.the_call())


@tagged("post_install", "-at_install")
class TestUnknownWebhooks(WhatsappCallingCase):
    def test_a_webhook_nobody_understands_leaves_no_word_behind(self):
        odd = {
            "field": "flows",
            "value": {"from": meta.CUSTOMER, "answer": "strawberry"},
        }
        self.deliver(meta.body(odd))
        event = self.env["whatsapp.call.event"].search(
            [("account_id", "=", self.account.id), ("kind", "=", "unknown")]
        )
        self.assertTrue(event.flagged)
        self.assertIn('field "flows" is not handled', event.note)
        self.assertEqual(
            event.data["raw"]["value"], {"from": "text (12)", "answer": "text (10)"}
        )
        self.assertNotIn("strawberry", json.dumps(event.data))
