"""What the softphone asks and gets: exact shapes, and who gets what."""

import json
import time

from odoo.tests import tagged

from . import meta_bodies as meta
from .common import WhatsappCallingCase

CALL_VIEW = {
    "id": int,
    "version": int,
    "direction": str,
    "state": str,
    "live": bool,
    "connecting": bool,
    "is_video": bool,
    "name": str,
    "phone": str,
    "contact_id": int,
    "partner": dict,
    "number": dict,
    "company_id": int,
    "created": int,
    "answered": (int, bool),
    "ended": (int, bool),
    "duration": int,
    "handler": (dict, bool),
    "handler_tab": (str, bool),
    "mine": bool,
    "silenced": bool,
    "blocked": bool,
    "may_block": bool,
    "mine_to_answer": bool,
    "record": (dict, bool),
    "candidates": list,
    "reason": str,
    "error": (dict, bool),
    "notes": str,
    "sdp": (str, bool),
    "sdp_type": (str, bool),
    **dict.fromkeys(("anchored", "fell_back", "on_hold", "left_message"), bool),
    **dict.fromkeys(("held", "may_monitor"), bool),
    **dict.fromkeys(("recording", "voicemail", "transfer", "side"), (dict, bool)),
    "leg": (str, bool),
    "reattach_until": (int, bool),
    "monitors": list,
    "handlers": list,
    "digits": str,
}
# of a call that goes straight from the browser to WhatsApp
DIRECT = {
    **dict.fromkeys(("anchored", "fell_back", "on_hold", "left_message"), False),
    **dict.fromkeys(("held", "may_monitor", "recording", "voicemail"), False),
    **dict.fromkeys(("transfer", "side", "leg", "reattach_until"), False),
    "monitors": [],
    "handlers": [],
    "digits": "",
}


@tagged("post_install", "-at_install")
class TestSoftphone(WhatsappCallingCase):
    def view(self, user, call):
        return self.phone(user).softphone_calls([call.id])[0]

    # ---- views

    def test_a_ringing_call_as_the_softphone_sees_it(self):
        now = int(time.time())
        call = self.ring(timestamp=str(now))
        line = {
            "id": self.number.id,
            "label": "Line 1",
            "display": "+43720999100",
            "company_id": self.company.id,
        }
        eva = {
            "model": "res.partner",
            "id": self.eva.id,
            "name": "Eva Berger",
            "label": "Contact",
        }
        self.assertEqual(
            self.view(self.anna, call),
            {
                "id": call.id,
                "version": call.version,
                "direction": "inbound",
                "state": "ringing",
                "live": True,
                "connecting": False,
                "is_video": False,
                "name": "Eva Berger",
                "phone": "+43 664 5557001",
                "contact_id": call.contact_id.id,
                "partner": {"id": self.eva.id, "name": "Eva Berger"},
                "number": line,
                "company_id": self.company.id,
                "created": now * 1000,
                "answered": False,
                "ended": False,
                "duration": 0,
                "handler": False,
                "handler_tab": False,
                "mine": False,
                "silenced": False,
                "blocked": False,
                "may_block": False,
                "mine_to_answer": True,
                "record": eva,
                "candidates": [eva],
                "reason": "",
                "error": False,
                "notes": "",
                "sdp": meta.OFFER_SDP,
                "sdp_type": "offer",
                **DIRECT,
            },
        )

    def test_every_view_has_the_same_members_and_types(self):
        call = self.ring()
        views = [self.view(self.anna, call)]
        self.accept(self.anna, call)
        views.append(self.view(self.anna, call))
        self.send_due(call)
        views.append(self.view(self.berta, call))
        self.deliver(meta.calls(meta.terminate(errors=meta.failure(138021))))
        views.append(self.view(self.anna, call))
        for view in views:
            self.assertEqual(view.keys(), CALL_VIEW.keys())
            for name, kind in CALL_VIEW.items():
                self.assertIsInstance(view[name], kind, name)

    def test_the_offer_is_for_those_who_may_answer(self):
        call = self.ring()
        self.assertEqual(self.view(self.maria, call)["sdp"], False)
        self.accept(self.anna, call)
        self.assertEqual(self.view(self.berta, call)["sdp"], False)

    def test_the_tab_is_told_to_its_owner_only(self):
        call = self.answered()
        self.assertEqual(self.view(self.anna, call)["handler_tab"], "tab-1")
        self.assertEqual(self.view(self.berta, call)["handler_tab"], False)

    def test_calls_of_others_are_not_told(self):
        call = self.ring()
        self.assertEqual(self.phone(self.carlos).softphone_calls([call.id]), [])
        self.assertEqual(self.phone(self.carlos).softphone_poll()["calls"], [])

    def test_a_candidate_that_may_not_be_read_is_not_named(self):
        call = self.ring()
        self.env["ir.rule"].create(
            {
                "name": "not Eva",
                "model_id": self.env.ref("base.model_res_partner").id,
                "domain_force": f"[('id', '!=', {self.eva.id})]",
            }
        )
        view = self.view(self.anna, call)
        self.assertEqual((view["candidates"], view["record"]), ([], False))

    # ---- start, poll

    def test_start_brings_all_a_page_needs(self):
        call = self.ring()
        start = self.phone(self.anna).softphone_start()
        self.assertEqual(
            start.keys(),
            {
                "enabled",
                "shown",
                "reason",
                "explained",
                "user_id",
                "numbers",
                "calls",
                "missed_count",
                "wrap_up_until",
                "ice_servers",
                "ping_interval",
                "poll_interval",
                "quick_texts",
                "server_time",
            },
        )
        self.assertEqual((start["enabled"], start["reason"]), (True, ""))
        self.assertEqual(start["user_id"], self.anna.id)
        self.assertEqual([each["id"] for each in start["numbers"]], self.number.ids)
        self.assertEqual([view["id"] for view in start["calls"]], call.ids)
        self.assertEqual((start["ping_interval"], start["poll_interval"]), (5, 5))
        self.assertLess(abs(start["server_time"] - time.time() * 1000), 5000)
        self.assertTrue(all(isinstance(text, str) for text in start["quick_texts"]))

    def test_who_is_no_operator_has_no_softphone(self):
        self.ring()
        start = self.phone(self.nora).softphone_start()
        self.assertEqual(
            (start["enabled"], start["calls"], start["numbers"]), (False, [], [])
        )
        self.assertEqual(start["reason"], "You are no calling operator.")

    def test_a_company_without_a_number_has_no_softphone(self):
        self.number.calling_enabled = False
        start = self.phone(self.anna).softphone_start()
        self.assertEqual(
            (start["enabled"], start["reason"]),
            (False, "No number of your company is switched on for calling."),
        )

    def test_after_a_reload_the_ringing_call_is_there_again_with_its_offer(self):
        self.ring()
        view = self.phone(self.anna).softphone_start()["calls"][0]
        self.assertEqual((view["sdp_type"], view["mine_to_answer"]), ("offer", True))

    def test_a_poll_tells_what_rings_and_what_is_mine(self):
        mine = self.answered()
        ringing = self.ring(id="wacid.second", **{"from": "436645557002"})
        anna = self.phone(self.anna).softphone_poll()
        berta = self.phone(self.berta).softphone_poll()
        self.assertEqual(
            anna.keys(), {"calls", "missed_count", "wrap_up_until", "server_time"}
        )
        self.assertEqual(
            sorted(view["id"] for view in anna["calls"]), sorted((mine | ringing).ids)
        )
        self.assertEqual([view["id"] for view in berta["calls"]], ringing.ids)

    # ---- history, missed calls, contacts

    def test_the_history_is_ones_own_calls_newest_first_with_their_number(self):
        old = self.ring(id="wacid.old")
        self.deliver(meta.calls(meta.terminate(id="wacid.old")))
        new = self.answered()
        history = self.phone(self.anna).softphone_history({"limit": 1})
        self.assertEqual([view["id"] for view in history["calls"]], new.ids)
        self.assertEqual(history["total"], 2)
        rest = self.phone(self.anna).softphone_history({"offset": 1, "limit": 5})
        self.assertEqual([view["id"] for view in rest["calls"]], old.ids)
        missed = self.phone(self.anna).softphone_history({"missed": True})
        self.assertEqual([view["id"] for view in missed["calls"]], old.ids)
        self.assertEqual(missed["total"], 1)
        self.assertEqual(
            self.phone(self.maria).softphone_history({}), {"calls": [], "total": 0}
        )

    def test_missed_calls_count_until_they_are_seen(self):
        self.ring()
        self.deliver(meta.calls(meta.terminate()))
        phone = self.phone(self.anna)
        self.assertEqual(phone.softphone_poll()["missed_count"], 1)
        self.assertEqual(phone.softphone_missed_seen(), {"missed_count": 0})
        self.assertEqual(phone.softphone_poll()["missed_count"], 0)
        self.assertEqual(
            self.phone(self.berta).softphone_poll()["missed_count"], 1, "hers stay"
        )

    def test_who_has_seen_missed_calls_can_still_open_a_page(self):
        self.phone(self.anna).softphone_missed_seen()
        settings = self.anna.res_users_settings_id._res_users_settings_format()
        json.dumps(settings)  # it travels in the session of every page
        self.assertNotIn("whatsapp_calling_seen_at", settings)

    def test_contacts_are_found_by_name_and_by_digits(self):
        self.permit()
        contact = {
            "partner_id": self.eva.id,
            "contact_id": False,
            "name": "Eva Berger",
            "phone": self.eva.phone,
            "permission_label": "May be called at any time",
        }
        for query in ("eva berg", "5557001", "+43 664 555 7001"):
            with self.subTest(query=query):
                found = self.phone(self.anna).softphone_contacts(
                    {"query": query, "limit": 5}
                )
                self.assertEqual(found, [contact])

    def test_the_label_of_a_contact_is_its_best_permission(self):
        other = self.number.copy({"provider_ref": "290000000000009"})
        contact = self.contact()
        self.permit(contact, granted=False, permanent=False, declined_at="2026-01-01")
        self.permit(contact, number=other)
        found = self.phone(self.anna).softphone_contacts({"query": "Eva Berger"})
        self.assertEqual(found[0]["permission_label"], "May be called at any time")

    # ---- during a call

    def test_notes_are_kept_during_and_after_the_call(self):
        call = self.answered()
        phone = self.phone(self.anna)
        self.assertEqual(
            phone.softphone_notes(call.id, "wants a mortgage"),
            {"ok": True, "message": False},
        )
        self.deliver(meta.calls(meta.terminate()))
        self.assertTrue(phone.softphone_notes(call.id, "wants two")["ok"])
        self.assertEqual(call.notes, "wants two")

    def test_notes_are_the_handlers(self):
        call = self.answered()
        self.assertEqual(
            self.phone(self.berta).softphone_notes(call.id, "x"),
            {"ok": False, "message": "Only who handles the call may change it."},
        )
        self.assertFalse(call.notes)

    def test_the_line_quality_is_kept_on_the_call(self):
        call = self.answered()
        stats = {
            "rtt_ms": 48.66,
            "jitter_ms": 3,
            "loss_percent": 0.25,
            "mos": 4.2,
            "samples": 12,
            "sdp": "v=0",
        }
        self.assertTrue(self.phone(self.anna).softphone_quality(call.id, stats)["ok"])
        self.assertEqual(
            call.quality,
            {
                "rtt_ms": 48.7,
                "jitter_ms": 3.0,
                "loss_percent": 0.2,
                "mos": 4.2,
                "samples": 12.0,
            },
        )
        self.assertEqual(
            call.quality_text, "round trip 48.7 ms, jitter 3.0 ms, loss 0.2 %"
        )

    def test_a_call_is_linked_to_records_one_may_read(self):
        call = self.answered()
        office = self.env["res.partner"].create({"name": "Office"})
        phone = self.phone(self.anna)
        self.assertTrue(phone.softphone_link(call.id, "res.partner", office.id)["ok"])
        self.assertEqual(self.view(self.anna, call)["record"]["id"], office.id)
        for model, res_id in (
            ("res.partner", 2**31 - 2),
            ("whatsapp.calling.account", self.account.id),
            ("no.such.model", 1),
        ):
            with self.subTest(model=model):
                result = phone.softphone_link(call.id, model, res_id)
                self.assertEqual(result["ok"], False)
                self.assertEqual(result["message"], "You may not see this record.")

    def test_each_change_has_a_newer_version(self):
        call = self.ring()
        versions = [call.version]
        self.accept(self.anna, call)
        versions.append(call.version)
        self.send_due(call)
        versions.append(call.version)
        self.phone(self.anna).softphone_notes(call.id, "x")
        versions.append(call.version)
        self.deliver(meta.calls(meta.terminate()))
        versions.append(call.version)
        self.assertEqual(versions, sorted(set(versions)))

    # ---- looking up

    def test_a_lookup_says_who_and_whether(self):
        permission = self.permit()
        view = self.phone(self.anna).softphone_lookup({"partner_id": self.eva.id})
        allowed = {
            "state": "granted",
            "permanent": True,
            "expires": False,
            "label": "May be called at any time",
            "allowed": True,
        }
        line = {
            "id": self.number.id,
            "label": "Line 1",
            "display": "+43720999100",
            "company_id": self.company.id,
        }
        self.assertEqual(
            view,
            {
                "name": "Eva Berger",
                "phone": "+43 664 5557001",
                "phone_raw": meta.CUSTOMER,
                "contact_id": permission.contact_id.id,
                "partner_id": self.eva.id,
                "record": view["record"],
                "numbers": [{**line, "permission": allowed}],
                "number_id": self.number.id,
                "allowed": True,
                "reason": "",
                "next_step": False,
                "confirm": "",
                "permission": allowed,
            },
        )

    def test_a_lookup_asks_no_provider_and_makes_nothing(self):
        contacts = self.env["whatsapp.call.contact"].search_count([])
        self.phone(self.anna).softphone_lookup({"phone": "+34 612 998 601"})
        self.assertEqual(self.env["whatsapp.call.contact"].search_count([]), contacts)
        self.assertEqual(self.graph.requests, [])
