"""Messages, permission requests, switches and blocks that several reach for at once."""

import itertools
import time

import pytest

from tests.providers import payloads
from tests.races.whatsapp import Caller, together
from tests.waiting import wait_until

_ids = itertools.count(1)


@pytest.fixture(scope="module")
def admin(odoo):
    return odoo.rpc("admin")


@pytest.fixture(scope="module")
def number(odoo):
    ((number,),) = odoo.sql(
        "SELECT id FROM whatsapp_calling_number WHERE provider_ref = %s",
        [payloads.NUMBER],
    )
    return number


class Writer:
    """A customer whom no other test knows, who writes."""

    def __init__(self):
        self.wa_id = f"43665{next(_ids):07d}"

    def writes(self, text="Hello", ref=None):
        message = {
            "from": self.wa_id,
            "id": ref or f"wamid.writes{next(_ids)}",
            "timestamp": str(int(time.time())),
            "type": "text",
            "text": {"body": text},
        }
        return payloads.body(payloads.change("messages", messages=[message]))


def status(ref, wa_id, **members):
    told = {
        "id": ref,
        "status": "failed",
        "timestamp": str(int(time.time())),
        "recipient_id": wa_id,
        **members,
    }
    return payloads.body(payloads.change("messages", statuses=[told]))


def messages_to(graph, wa_id):
    return [body for _at, _action, _ref, body in graph.asked if body.get("to") == wa_id]


def test_a_message_delivered_many_times_at_once_is_one_entry(
    odoo, whatsapp, admin, number
):
    admin("whatsapp.calling.number", "write", [number], {"shows_messages": True})
    writer = Writer()
    ref = f"wamid.many{next(_ids)}"
    answers = whatsapp.at_once([writer.writes("raspberry jam", ref)] * 6)
    assert {status for status, _seconds in answers} == {200}
    entries = "SELECT count(*) FROM mail_message WHERE body LIKE '%%raspberry jam%%'"
    wait_until(lambda: odoo.sql(entries, [])[0][0], what="the entry")
    held = "SELECT count(*) FROM whatsapp_call_inbound_message WHERE state != 'posted'"
    wait_until(lambda: not odoo.sql(held, [])[0][0], what="nothing is left to post")
    assert odoo.sql(entries, []) == [(1,)]


def test_ten_messages_of_one_customer_at_once_are_all_there(
    odoo, whatsapp, admin, number
):
    admin("whatsapp.calling.number", "write", [number], {"shows_messages": True})
    writer = Writer()
    bodies = [writer.writes(f"strawberry {turn}") for turn in range(10)]
    assert {status for status, _seconds in whatsapp.at_once(bodies)} == {200}
    entries = "SELECT count(*) FROM mail_message WHERE body LIKE '%%strawberry%%'"
    wait_until(lambda: odoo.sql(entries, []) == [(10,)], 20, "ten entries")
    assert odoo.sql(
        "SELECT count(*) FROM whatsapp_call_contact WHERE wa_id = %s", [writer.wa_id]
    ) == [(1,)]


def test_two_ask_one_customer_at_once_and_one_request_leaves(
    graph, whatsapp, anna, ben
):
    for _turn in range(5):
        writer = Writer()
        whatsapp.must(writer.writes())  # free text is allowed now
        target = {"phone": f"+{writer.wa_id}"}

        def ask(rpc, target=target):
            return rpc("whatsapp.call", "softphone_request_permission", target)

        answers = together([lambda: ask(anna), lambda: ask(ben)])
        assert sorted(answer["ok"] for answer in answers) == [False, True], answers
        wait_until(lambda w=writer: messages_to(graph, w.wa_id), what="the request")
        assert len(messages_to(graph, writer.wa_id)) == 1


def test_a_failure_that_overtakes_the_answer_is_not_lost(odoo, graph, whatsapp, anna):
    """WhatsApp says yes and, before we have noted its id, that it was not delivered."""
    writer = Writer()
    whatsapp.must(writer.writes())
    target = {"phone": f"+{writer.wa_id}"}
    with graph.holding("messages"):
        asked = anna("whatsapp.call", "softphone_request_permission", target)
        assert asked["ok"], asked
        wait_until(lambda: messages_to(graph, writer.wa_id), what="the request")
        ref = f"wamid.race{graph.made}"
        errors = [{"code": 131026, "title": "Message undeliverable"}]
        whatsapp.must(status(ref, writer.wa_id, errors=errors))
    found = (
        "SELECT message.state, message.error_message FROM whatsapp_calling_message "
        "message JOIN whatsapp_call_contact contact ON contact.id = message.contact_id "
        "WHERE contact.wa_id = %s"
    )
    wait_until(
        lambda: odoo.sql(found, [writer.wa_id])[0][0] not in ("queued",),
        what="the answer is noted",
    )
    ((state, said),) = odoo.sql(found, [writer.wa_id])
    assert state == "failed"
    assert "undeliverable" in said


def test_two_switch_one_number_at_once_and_whatsapp_is_asked_once(
    odoo, graph, admin, number
):
    before = len(
        [1 for _at, action, _ref, _body in graph.asked if action == "settings"]
    )
    manager = odoo.rpc("admin")
    with graph.holding("settings"):

        def switch(rpc):
            return rpc("whatsapp.calling.number", "action_set_calling", [number], False)

        together([lambda: switch(admin), lambda: switch(manager)])
        graph.wait_for("settings", count=before + 1)
        sent = [
            body
            for _at, action, _ref, body in graph.asked
            if action == "settings" and body.get("calling")
        ]
        assert sent == [{"calling": {"status": "DISABLED"}}]
    enabled = "SELECT calling_enabled FROM whatsapp_calling_number WHERE id = %s"
    wait_until(lambda: odoo.sql(enabled, [number]) == [(False,)], what="it is off")
    admin("whatsapp.calling.number", "action_set_calling", [number], True)
    wait_until(lambda: odoo.sql(enabled, [number]) == [(True,)], what="it is on again")


def test_two_block_one_caller_at_once_and_there_is_one_block(
    odoo, whatsapp, calls, admin
):
    caller, other = Caller(), odoo.rpc("admin")
    whatsapp.must(caller.connect())
    (call,) = calls(caller.ref)

    def block(rpc):
        return rpc("whatsapp.call", "softphone_block", call["id"], {"reason": "x"})

    answers = together([lambda: block(admin), lambda: block(other)])
    blocks = (
        "SELECT count(*) FROM whatsapp_call_block block JOIN whatsapp_call_contact c "
        "ON c.id = block.contact_id WHERE c.wa_id = %s AND block.state = 'blocked'"
    )
    assert odoo.sql(blocks, [caller.wa_id]) == [(1,)], answers
    assert all(answer["ok"] for answer in answers), answers


def test_what_a_stopped_server_left_of_a_message_is_posted_by_the_next(
    odoo, whatsapp, admin, number
):
    admin("whatsapp.calling.number", "write", [number], {"shows_messages": True})
    writer = Writer()
    whatsapp.must(writer.writes("blackberry"))
    entries = "SELECT count(*) FROM mail_message WHERE body LIKE '%%blackberry%%'"
    wait_until(lambda: odoo.sql(entries, []) == [(1,)], what="the entry")
    # as if the server had stopped before it came to the chatter
    odoo.sql(
        "UPDATE whatsapp_call_inbound_message SET state = 'waiting',"
        " text = 'cloudberry', create_date = create_date - interval '5 min'"
        " WHERE contact_id ="
        " (SELECT id FROM whatsapp_call_contact WHERE wa_id = %s) RETURNING id",
        [writer.wa_id],
    )
    odoo.restart()
    domain = [["cron_name", "like", "WhatsApp Calling: calls and requests"]]
    (sweep,) = admin("ir.cron", "search", domain)
    admin("ir.cron", "method_direct_trigger", [sweep])
    entries = "SELECT count(*) FROM mail_message WHERE body LIKE '%%cloudberry%%'"
    wait_until(lambda: odoo.sql(entries, []) == [(1,)], 90, "the entry")
