"""Who handles a call: first accept wins, refusals ring on, leases end."""

import json

import requests

from odoo.tests import tagged

from . import meta_bodies as meta
from .common import OPERATOR, SENT_ANSWER, WhatsappCallingCase, WhatsappCallingHttpCase
from .graph import Refusal

ACCEPT_PATH = "/v25.0/290000000000001/calls"


def request(action, **members):
    """The body Graph gets."""
    body = {"messaging_product": "whatsapp", "call_id": meta.WACID, "action": action}
    return body | members


def session():
    return {"sdp_type": "answer", "sdp": SENT_ANSWER}


@tagged("post_install", "-at_install")
class TestAccept(WhatsappCallingCase):
    def test_the_first_accept_wins_and_is_connecting(self):
        call = self.ring()
        with self.bus() as sent:
            result = self.accept(self.anna, call)
        self.assertTrue(result["ok"])
        view = result["call"]
        self.assertEqual(
            [view[name] for name in ("state", "connecting", "mine", "handler_tab")],
            ["ringing", True, True, "tab-1"],
        )
        self.assertAround(call.lease_until, 12)
        self.assertEqual(
            sorted((user.id, load["connecting"]) for user, _kind, load in sent),
            sorted((user.id, True) for user in self.anna | self.berta),
        )
        self.assertEqual({load["handler_id"] for _u, _k, load in sent}, {self.anna.id})

    def test_the_second_accept_reads_the_name_of_the_first(self):
        call = self.ring()
        self.accept(self.anna, call)
        result = self.accept(self.berta, call, "tab-2")
        self.assertFalse(result["ok"])
        self.assertEqual(result["reason"], "taken")
        self.assertEqual(
            result["message"], "already accepted by another teammate: Anna"
        )
        view = result["call"]
        self.assertEqual(view["handler"], {"id": self.anna.id, "name": "Anna"})
        self.assertFalse(view["mine"] or view["mine_to_answer"] or view["sdp"])
        self.assertEqual(len(call.request_ids), 2, "no request for the loser")
        self.assertEqual((call.handler_id, call.handler_tab), (self.anna, "tab-1"))

    def test_a_click_queues_requests_and_sends_none(self):
        call = self.ring()
        self.accept(self.anna, call)
        self.assertEqual(self.graph.requests, [])
        payload = {"call_ref": meta.WACID, "sdp": SENT_ANSWER}
        self.assertEqual(
            self.queued(call),
            [("pre_accept", payload), ("accept", payload | {"opaque": call.opaque})],
        )

    def test_pre_accept_then_accept_with_the_same_sdp(self):
        call = self.ring()
        self.accept(self.anna, call)
        self.send_due(call)
        self.assertEqual(
            self.graph.requests,
            [
                ("POST", ACCEPT_PATH, request("pre_accept", session=session())),
                ("POST", ACCEPT_PATH, request("accept", session=session())),
            ],
        )
        self.assertEqual(set(self.graph.tokens), {"Bearer token-1"})

    def test_a_number_without_pre_accept_only_accepts(self):
        self.number.pre_accept = False
        call = self.ring()
        self.accept(self.anna, call)
        self.send_due(call)
        self.assertEqual(self.graph.actions, ["accept"])

    def test_the_call_is_connected_when_whatsapp_took_the_accept(self):
        call = self.ring()
        self.accept(self.anna, call)
        with self.bus() as sent:
            self.send_due(call)
        self.assertEqual((call.state, call.lease_until), ("connected", False))
        self.assertAround(call.accepted_at, 0)
        self.assertEqual(
            [load["state"] for user, _kind, load in sent if user == self.berta],
            ["connected"],
        )

    def test_the_same_click_sent_again_is_no_second_accept(self):
        call = self.ring()
        self.accept(self.anna, call)
        self.assertTrue(self.accept(self.anna, call)["ok"])
        self.assertEqual(len(call.request_ids), 2)

    def test_one_tab_owns_a_call_another_of_the_same_user_does_not(self):
        call = self.ring()
        self.accept(self.anna, call, "tab-1")
        result = self.accept(self.anna, call, "tab-2")
        self.assertEqual((result["ok"], result["reason"]), (False, "taken"))
        self.assertEqual(call.handler_tab, "tab-1")

    def test_a_useless_sdp_is_refused_and_the_call_rings_on(self):
        call = self.ring()
        sdp = "".join(
            f"{line}\r\n"
            for line in meta.ANSWER_SDP.splitlines()
            if not line.startswith("a=candidate")
        )
        result = self.phone(self.anna).softphone_accept(call.id, "tab-1", sdp)
        self.assertEqual((result["ok"], result["reason"]), (False, "invalid_sdp"))
        self.assertTrue(result["message"])
        self.assertFalse(call.handler_id or call.request_ids)
        self.assertTrue(self.accept(self.berta, call)["ok"])

    def test_an_ended_call_cannot_be_accepted(self):
        call = self.ring()
        self.deliver(meta.calls(meta.terminate()))
        result = self.accept(self.anna, call)
        self.assertEqual(
            (result["reason"], result["message"]), ("ended", "This call is over.")
        )
        self.assertFalse(call.request_ids)

    def test_a_call_that_does_not_exist_is_over(self):
        missing = self.env["whatsapp.call"].browse(2**31 - 2)
        self.assertEqual(self.accept(self.anna, missing)["reason"], "ended")

    def test_who_is_in_another_call_cannot_accept(self):
        self.answered()
        second = self.ring(id="wacid.second", **{"from": "436645557002"})
        result = self.accept(self.anna, second)
        self.assertEqual(
            (result["reason"], result["message"]),
            ("busy", "You are in another call: end it first."),
        )
        self.assertTrue(self.accept(self.berta, second)["ok"])

    def test_who_is_not_rung_cannot_accept(self):
        call = self.ring()
        self.assertEqual(self.accept(self.carlos, call)["reason"], "ended")
        self.assertEqual(self.accept(self.nora, call)["reason"], "ended")
        self.assertEqual(self.accept(self.maria, call)["reason"], "disabled")
        self.assertFalse(call.handler_id)

    def test_a_user_who_lost_the_role_cannot_accept(self):
        call = self.ring()
        self.anna.group_ids -= self.env.ref(OPERATOR)
        self.assertFalse(self.accept(self.anna, call)["ok"])
        self.assertFalse(call.handler_id)


@tagged("post_install", "-at_install")
class TestRefusedAccept(WhatsappCallingCase):
    def setUp(self):
        super().setUp()
        self.refusal = Refusal(400, 138008, "Invalid SDP", "The answer is no good.")

    def test_without_pre_accept_a_refused_accept_rings_on_for_all(self):
        self.number.pre_accept = False
        call = self.ring()
        self.accept(self.anna, call)
        self.graph.answer("accept", self.refusal)
        with self.bus() as sent:
            self.send_due(call)
        self.assertEqual((call.state, call.handler_id.id), ("ringing", False))
        self.assertFalse(call.lease_until or call.handler_tab)
        last = {user: load for user, _kind, load in sent}
        for user in self.anna | self.berta:
            self.assertEqual(
                [last[user][name] for name in ("state", "connecting", "handler_id")],
                ["ringing", False, False],
            )
        self.assertTrue(self.accept(self.berta, call)["ok"])
        self.send_due(call)
        self.assertEqual(call.state, "connected")

    def test_what_whatsapp_said_is_shown_and_kept_in_the_timeline(self):
        self.number.pre_accept = False
        call = self.ring()
        self.accept(self.anna, call)
        self.graph.answer("accept", self.refusal)
        self.send_due(call)
        error = self.phone(self.anna).softphone_calls([call.id])[0]["error"]
        self.assertEqual(error["code"], 138008)
        self.assertEqual(error["message"], "Invalid SDP The answer is no good.")
        self.assertTrue(error["advice"])
        event = call.event_ids.filtered(lambda e: e.kind == "accept_failed")
        self.assertEqual(event.note, "Invalid SDP")
        told = {name: event.data[name] for name in ("action", "code", "type")}
        self.assertEqual(told, {"action": "accept", "code": 138008, "type": "refused"})
        self.assertEqual(event.data["details"], "The answer is no good.")

    def test_after_pre_accept_the_same_tab_tries_again_with_the_same_sdp(self):
        call = self.ring()
        self.accept(self.anna, call)
        self.graph.answer("accept", Refusal(400, 138004, "Try again"))
        self.send_due(call)
        self.assertEqual((call.state, call.handler_id), ("ringing", self.anna))
        view = self.phone(self.berta).softphone_calls([call.id])[0]
        self.assertTrue(view["connecting"], "others see who is connecting")
        self.assertEqual(view["handler"]["name"], "Anna")
        self.assertFalse(view["mine_to_answer"])
        self.send_due(call)
        self.assertEqual(self.graph.actions, ["pre_accept", "accept"], "not at once")
        self.pass_time(2, call)
        self.send_due(call)
        self.assertEqual(self.graph.actions, ["pre_accept", "accept", "accept"])
        sdps = {body["session"]["sdp"] for body in self.graph.bodies}
        self.assertEqual(sdps, {SENT_ANSWER})
        self.assertEqual(call.state, "connected")
        self.assertFalse(call.error_message)

    def test_after_pre_accept_the_call_is_rejected_when_the_lease_ends(self):
        call = self.ring()
        self.accept(self.anna, call)
        self.graph.answer("accept", self.refusal)
        self.send_due(call)
        self.pass_time(13, call)
        self.tick()
        self.send_due(call)
        self.assertEqual(self.graph.actions, ["pre_accept", "accept", "reject"])
        self.assertFalse(call._is_live())

    def test_an_accept_without_an_answer_is_tried_again_by_the_same_tab_only(self):
        self.number.pre_accept = False
        call = self.ring()
        self.accept(self.anna, call)
        self.graph.answer("accept", requests.ReadTimeout())
        self.send_due(call)
        self.assertEqual((call.state, call.handler_id), ("ringing", self.anna))
        self.assertEqual(self.accept(self.berta, call)["reason"], "taken")
        self.pass_time(2, call)
        self.send_due(call)
        self.assertEqual(self.graph.actions, ["accept", "accept"])
        self.assertEqual(call.state, "connected")

    def test_an_accept_without_an_answer_is_ended_by_terminate_with_its_lease(self):
        self.number.pre_accept = False
        call = self.ring()
        self.accept(self.anna, call)
        self.graph.answer("accept", requests.ReadTimeout(), requests.ReadTimeout())
        self.send_due(call)
        self.pass_time(13, call)
        self.tick()
        self.send_due(call)
        self.assertFalse(call._is_live(), "nobody else can answer it any more")
        self.assertEqual(self.graph.bodies[-1], request("terminate"))

    def test_a_repeated_accept_that_is_in_progress_already_was_taken(self):
        for pre_accept in (False, True):
            with self.subTest(pre_accept=pre_accept):
                self.number.pre_accept = pre_accept
                ref = f"wacid.again{pre_accept}"
                call = self.ring(id=ref)
                self.accept(self.anna, call)
                self.graph.answer(
                    "accept",
                    requests.ReadTimeout(),
                    Refusal(
                        400, 100, "(#100) Call is already in progress, or completed"
                    ),
                )
                self.send_due(call)
                self.pass_time(2, call)
                self.send_due(call)
                self.assertEqual(
                    (call.state, call.handler_id), ("connected", self.anna)
                )
                self.deliver(meta.calls(meta.terminate(id=ref)))

    def test_an_accept_of_a_call_that_is_over_ends_it(self):
        call = self.ring()
        self.accept(self.anna, call)
        gone = Refusal(404, 100, "Call not found: it has ended")
        self.graph.answer("pre_accept", gone)
        self.send_due(call)
        self.assertEqual(self.graph.actions, ["pre_accept"])
        self.assertEqual((call.state, call.duration), ("missed", 0))

    def test_a_lease_that_ends_before_anything_was_sent_rings_on(self):
        call = self.ring()
        self.accept(self.anna, call)
        self.pass_time(13, call)
        self.tick()
        self.assertEqual((call.state, call.handler_id.id), ("ringing", False))
        self.assertEqual(set(call.request_ids.mapped("state")), {"cancelled"})
        self.assertIn("released", self.timeline(call))
        self.assertTrue(self.accept(self.berta, call)["ok"])

    def test_an_accept_that_arrives_after_the_hang_up_is_ended_once(self):
        call = self.ring()
        self.accept(self.anna, call)

        def hang_up_meanwhile():
            self.phone(self.anna).softphone_hang_up(call.id)
            return {"success": True}

        self.graph.answer("accept", hang_up_meanwhile)
        self.send_due(call)
        self.assertEqual(self.graph.actions, ["pre_accept", "accept", "terminate"])
        self.assertFalse(call._is_live())


@tagged("post_install", "-at_install")
class TestDeclineAndHangUp(WhatsappCallingCase):
    def decline(self, user, call, text=False):
        return self.phone(user).softphone_decline(call.id, text)

    def hang_up(self, user, call):
        return self.phone(user).softphone_hang_up(call.id)

    def test_declining_rejects_for_everybody_and_is_recorded(self):
        call = self.ring()
        with self.bus() as sent:
            result = self.decline(self.anna, call)
        self.assertTrue(result["ok"])
        self.assertEqual(self.graph.requests, [])
        self.assertEqual(self.queued(call), [("reject", {"call_ref": meta.WACID})])
        self.assertRecordValues(
            call,
            [
                {
                    "state": "rejected",
                    "closed_reason": "declined",
                    "handler_id": self.anna.id,
                    "duration": 0,
                    "deadline": False,
                }
            ],
        )
        self.assertEqual({user for user, _k, _l in sent}, {*(self.anna | self.berta)})
        self.assertFalse(any(load["live"] for _u, _k, load in sent[-2:]))
        self.send_due(call)
        self.assertEqual(
            self.graph.requests, [("POST", ACCEPT_PATH, request("reject"))]
        )
        self.deliver(meta.calls(meta.terminate(status="FAILED")))
        self.assertEqual(call.state, "rejected")

    def test_declining_with_a_text_rejects_and_then_writes(self):
        call = self.ring()
        self.decline(self.anna, call, "We will call you back.")
        self.send_due(call)
        self.assertEqual(
            self.graph.bodies,
            [
                request("reject"),
                {
                    "messaging_product": "whatsapp",
                    "recipient_type": "individual",
                    "to": meta.CUSTOMER,
                    "type": "text",
                    "text": {"body": "We will call you back.", "preview_url": False},
                },
            ],
        )

    def test_the_text_leaves_even_when_the_terminate_overtakes_it(self):
        call = self.ring()
        self.decline(self.anna, call, "We will call you back.")
        self.deliver(meta.calls(meta.terminate(status="FAILED")))
        self.send_due(call)
        self.assertIn("messages", self.graph.actions)

    def test_who_is_in_a_call_can_decline_another(self):
        self.answered()
        second = self.ring(id="wacid.second", **{"from": "436645557002"})
        self.assertTrue(self.decline(self.anna, second)["ok"])
        self.assertEqual(second.state, "rejected")

    def test_an_accepted_call_cannot_be_declined(self):
        call = self.ring()
        self.accept(self.anna, call)
        result = self.decline(self.berta, call)
        self.assertEqual(
            (result["reason"], result["message"]),
            ("taken", "already accepted by another teammate: Anna"),
        )
        self.assertEqual(call.state, "ringing")
        self.assertNotIn("reject", call.request_ids.mapped("action"))

    def test_a_declined_call_cannot_be_accepted(self):
        call = self.ring()
        self.decline(self.anna, call)
        result = self.accept(self.berta, call)
        self.assertFalse(result["ok"])
        self.assertEqual(call.request_ids.mapped("action"), ["reject"])

    def test_who_is_not_rung_cannot_decline(self):
        call = self.ring()
        for user in (self.carlos, self.nora, self.maria):
            self.assertFalse(self.decline(user, call)["ok"])
        self.assertEqual((call.state, call.handler_id.id), ("ringing", False))

    def test_silence_is_for_me_only(self):
        call = self.ring()
        self.assertEqual(self.phone(self.anna).softphone_silence(call.id), {"ok": True})
        anna, berta = (
            self.phone(user).softphone_calls([call.id])[0]
            for user in (self.anna, self.berta)
        )
        self.assertEqual((anna["silenced"], berta["silenced"]), (True, False))
        self.assertTrue(anna["mine_to_answer"], "it can be answered all the same")
        self.assertEqual(call.state, "ringing")
        self.assertFalse(call.request_ids)

    def test_hanging_up_sends_terminate_and_completes_the_call(self):
        call = self.answered()
        self.assertTrue(self.hang_up(self.anna, call)["ok"])
        self.assertEqual(self.queued(call), [("terminate", {"call_ref": meta.WACID})])
        self.assertEqual((call.state, call.reason), ("completed", "Hung up by us"))
        self.send_due(call)
        self.assertEqual(
            self.graph.requests, [("POST", ACCEPT_PATH, request("terminate"))]
        )

    def test_hanging_up_is_no_strangers_business(self):
        call = self.answered()
        result = self.hang_up(self.berta, call)
        self.assertEqual(
            (result["ok"], result["message"]), (False, "Anna has this call.")
        )
        self.assertFalse(self.hang_up(self.carlos, call).get("call"))
        self.assertEqual(call.state, "connected")
        self.assertEqual(self.queued(call), [])

    def test_a_manager_may_end_a_call_of_their_company(self):
        call = self.answered()
        self.assertTrue(self.hang_up(self.maria, call)["ok"])
        self.assertEqual(call.state, "completed")

    def test_hanging_up_twice_is_one_terminate(self):
        call = self.answered()
        self.hang_up(self.anna, call)
        self.assertTrue(self.hang_up(self.anna, call)["ok"])
        self.send_due(call)
        self.assertEqual(self.graph.actions, ["terminate"])

    def test_hanging_up_while_connecting_cancels_the_accept_and_rejects(self):
        call = self.ring()
        self.accept(self.anna, call)
        self.hang_up(self.anna, call)
        self.send_due(call)
        self.assertEqual(self.graph.actions, ["reject"])
        self.assertFalse(call._is_live())

    def test_a_terminate_for_a_call_that_is_over_is_a_success(self):
        call = self.answered()
        self.hang_up(self.anna, call)
        self.graph.answer(
            "terminate", Refusal(400, 100, "User has already terminated the call")
        )
        self.send_due(call)
        self.assertFalse(call.error_message)
        self.assertIn("already_ended", self.timeline(call))

    # ---- presence of the tab

    def test_only_the_owning_tab_pings(self):
        call = self.answered()
        ping = self.phone(self.anna).softphone_ping
        answer = ping(call.id, "tab-1")
        self.assertEqual(
            answer, {"ok": True, "state": "connected", "version": call.version}
        )
        self.assertEqual(ping(call.id, "tab-2"), {"ok": False})
        self.assertEqual(
            self.phone(self.berta).softphone_ping(call.id, "tab-1"), {"ok": False}
        )

    def test_a_ping_of_an_ended_call_is_refused(self):
        call = self.answered()
        self.deliver(meta.calls(meta.terminate()))
        ping = self.phone(self.anna).softphone_ping(call.id, "tab-1")
        self.assertEqual(ping, {"ok": False})

    def test_closing_the_owning_tab_hangs_up(self):
        call = self.answered()
        self.phone(self.anna).softphone_tab_closed(call.id, "tab-1")
        self.assertRecordValues(
            call, [{"state": "completed", "closed_reason": "lost_tab"}]
        )
        self.assertEqual(self.queued(call), [("terminate", {"call_ref": meta.WACID})])

    def test_closing_another_tab_changes_nothing(self):
        call = self.answered()
        self.phone(self.anna).softphone_tab_closed(call.id, "tab-2")
        self.phone(self.berta).softphone_tab_closed(call.id, "tab-1")
        self.assertEqual(call.state, "connected")
        self.assertEqual(self.queued(call), [])


@tagged("post_install", "-at_install")
class TestWhoRings(WhatsappCallingCase):
    def test_the_ring_goes_to_each_operator_with_ids_only(self):
        with self.bus() as sent:
            call = self.ring()
        rings = [(user, load) for user, kind, load in sent if kind.endswith("/ring")]
        self.assertEqual({user for user, _load in rings}, {*(self.anna | self.berta)})
        for _user, load in rings:
            self.assertEqual(set(load), {"id", "version", "server_time"})
            self.assertEqual((load["id"], load["version"]), (call.id, call.version))

    def test_without_a_list_every_operator_of_the_company_rings(self):
        self.number.ring_user_ids = False
        call = self.ring()
        operators = self.anna | self.berta | self.maria
        self.assertLessEqual(operators, call.rung_user_ids)
        self.assertFalse((self.carlos | self.nora) & call.rung_user_ids)

    def test_users_of_another_company_never_ring(self):
        self.number.ring_user_ids |= self.carlos
        self.assertRings(self.ring(), self.anna | self.berta)

    def test_a_user_rings_whichever_of_their_companies_is_ticked(self):
        self.carlos.company_ids |= self.company
        self.number.ring_user_ids = self.carlos
        call = self.ring()
        phone = self.phone(self.carlos)
        self.assertEqual(phone.env.companies, self.company_2)
        self.assertEqual(
            [view["id"] for view in phone.softphone_poll()["calls"]], call.ids
        )
        self.assertTrue(self.accept(self.carlos, call)["ok"])
        self.send_due(call)
        self.assertEqual((call.state, call.handler_id), ("connected", self.carlos))
        self.assertTrue(phone.softphone_ping(call.id, "tab-1")["ok"])
        self.assertTrue(phone.softphone_hang_up(call.id)["ok"])

    def test_an_archived_operator_does_not_ring(self):
        self.berta.active = False
        self.assertRings(self.ring(), self.anna)

    def test_the_assignee_rings_first_and_then_all(self):
        self.eva.user_id = self.berta
        call = self.ring()
        self.assertRings(call, self.berta)
        self.assertFalse(self.accept(self.anna, call)["ok"], "not yet hers")
        self.pass_time(11, call)
        with self.bus() as sent:
            self.tick()
        self.assertRings(call, self.anna | self.berta)
        self.assertEqual(
            [user for user, kind, _load in sent if kind.endswith("/ring")], [self.anna]
        )

    def test_an_assignee_who_is_no_operator_here_keeps_nobody_waiting(self):
        self.eva.user_id = self.nora
        self.assertRings(self.ring(), self.anna | self.berta)

    def test_everybody_rings_at_once_when_the_assignee_has_no_lead(self):
        self.number.assignee_seconds = 0
        self.eva.user_id = self.berta
        self.assertRings(self.ring(), self.anna | self.berta)

    def test_an_answer_of_the_assignee_keeps_the_others_quiet(self):
        self.eva.user_id = self.berta
        call = self.answered(self.berta)
        self.pass_time(11, call)
        self.tick()
        self.assertRings(call, self.berta)

    def test_several_calls_ring_at_once(self):
        first = self.ring()
        second = self.ring(id="wacid.second", **{"from": "436645557002"})
        ids = [view["id"] for view in self.phone(self.anna).softphone_poll()["calls"]]
        self.assertEqual(sorted(ids), sorted((first | second).ids))


@tagged("post_install", "-at_install")
class TestBeacon(WhatsappCallingHttpCase):
    def beacon(self, login, **params):
        self.authenticate(login, login)
        return self.url_open(
            "/whatsapp_calling/hang_up",
            data=json.dumps({"params": params}),
            headers={"Content-Type": "application/json"},
        )

    def test_the_farewell_of_the_owning_tab_hangs_up(self):
        call = self.answered()
        response = self.beacon("calling_anna", call_id=call.id, tab="tab-1")
        self.assertEqual(response.status_code, 200)
        self.assertEqual((call.state, call.closed_reason), ("completed", "lost_tab"))

    def test_the_farewell_of_another_tab_or_user_does_not(self):
        call = self.answered()
        self.beacon("calling_anna", call_id=call.id, tab="tab-2")
        self.beacon("calling_berta", call_id=call.id, tab="tab-1")
        self.assertEqual(call.state, "connected")

    def test_nobody_hangs_up_without_a_login(self):
        call = self.answered()
        self.url_open(
            "/whatsapp_calling/hang_up",
            data=json.dumps({"params": {"call_id": call.id, "tab": "tab-1"}}),
            headers={"Content-Type": "application/json"},
        )
        self.assertEqual(call.state, "connected")
