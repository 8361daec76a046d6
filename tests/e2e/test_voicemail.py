"""Nobody answers: a message is left with the real media sidecar, or a note sent."""

import io
import urllib.request

import av
import pytest
from playwright.sync_api import expect

from tests.waiting import wait_until

EVA = "436601112201"
NUMBER = "200000000000001"
SAID = "please call me back tomorrow morning"
GREETING = "Sorry we missed your call. Please leave a message after the tone."
NOTE = "Sorry we missed your call. Please reply, and we will get back to you."

pytestmark = pytest.mark.usefixtures("sidecar")


@pytest.fixture(scope="module")
def administrator(odoo_server):
    return odoo_server.rpc("admin")


@pytest.fixture(scope="module")
def assistant(administrator):
    assistants = "whatsapp.call.assistant"
    vals = {
        "name": "Front desk",
        "language": "en",
        "message_greeting": GREETING,
        "voicemail_text": NOTE,
        "sequence": 1,
    }
    (assistant,) = administrator(assistants, "create", [vals])
    return assistant


@pytest.fixture
def nobody_answers(administrator, assistant):
    """`nobody_answers("voicemail")`: what the number does, after two seconds."""
    numbers = "whatsapp.calling.number"
    (number,) = administrator(numbers, "search", [["provider_ref", "=", NUMBER]])

    def choose(plan):
        vals = {"no_answer": plan, "no_answer_seconds": 2, "assistant_id": assistant}
        administrator(numbers, "write", [number], vals)

    yield choose
    administrator(numbers, "write", [number], {"no_answer": "log"})


@pytest.fixture
def ticket(administrator):
    """An open ticket of Eva, which agent1 looks after."""
    (partner,) = administrator("res.partner", "search", [["name", "=", "Eva Gruber"]])
    (user,) = administrator("res.users", "search", [["login", "=", "agent1"]])
    (ticket,) = administrator(
        "helpdesk.ticket",
        "create",
        [
            {
                "name": "The boiler is cold",
                "description": "No warm water",
                "partner_id": partner,
                "user_id": user,
            }
        ],
    )
    return ticket


def the_call(odoo_server, customer):
    """The call's row, as soon as Odoo has it."""
    rows = wait_until(
        lambda: odoo_server.sql(
            "SELECT id FROM whatsapp_call WHERE provider_ref = %s", [customer.ref]
        ),
        10,
        "the call in Odoo",
    )
    return rows[0][0]


def happened(odoo_server, call, kind):
    return odoo_server.sql(
        "SELECT 1 FROM whatsapp_call_event WHERE call_id = %s AND kind = %s",
        [call, kind],
    )


def leave_message(odoo_server, customer):
    """Eva calls in vain, hears greeting and tone, and speaks."""
    eva = customer(EVA, tone=None, loop=False).call(tone=None, loop=False)
    call = the_call(odoo_server, eva)
    wait_until(
        lambda: happened(odoo_server, call, "media_recording_started"),
        30,
        "the tone after the greeting",
    )
    heard = eva.simulator.control("GET", f"calls/{eva.ref}/heard")
    eva.act("say", say=SAID)
    eva.wait_for_state("ended", seconds=40)
    return eva, call, heard


def test_the_caller_hears_a_greeting_and_leaves_a_message_that_is_understood(
    odoo_server, administrator, simulator, customer, nobody_answers, ticket
):
    nobody_answers("voicemail")
    eva, call, heard = leave_message(odoo_server, customer)
    # four seconds of English and a tone, and not before WhatsApp took the answer
    assert heard["audible_seconds"] > 2.5
    assert heard["first_packet_at"] >= eva.view["times"]["accepted"]
    assert eva.view["ended_by"] == "business"

    def row():
        return odoo_server.sql(
            "SELECT state, left_message, message_ms, res_model, res_id, handler_id "
            "FROM whatsapp_call WHERE id = %s AND left_message",
            [call],
        )

    state, left, length, model, res_id, handler = wait_until(row, 10, "a message")[0]
    assert (state, left, handler) == ("missed", True, None)
    assert (model, res_id) == ("helpdesk.ticket", ticket)
    assert 1000 < length < 6000

    def reminder():
        found = administrator(
            "mail.activity",
            "search_read",
            [["res_model", "=", "helpdesk.ticket"], ["res_id", "=", ticket]],
            fields=["summary", "note", "user_id"],
        )
        return [each for each in found if "“" in each["note"]]

    (activity,) = wait_until(reminder, 30, "a reminder with the words")
    assert activity["summary"] == "Eva Gruber left a voice message"
    users = administrator("res.users", "search", [["login", "=", "agent1"]])
    assert activity["user_id"][0] == users[0]
    words = activity["note"].lower()
    assert any(word in words for word in SAID.split()), words

    def stored():
        return odoo_server.sql(
            "SELECT track, kind, duration_ms FROM whatsapp_call_recording "
            "WHERE call_id = %s AND state = 'ready'",
            [call],
        )

    ((track, kind, recorded),) = wait_until(stored, 30, "the recording")
    assert (track, kind) == ("caller", "voicemail")
    assert recorded >= length


def test_who_hangs_up_in_the_greeting_is_plainly_missed(
    odoo_server, simulator, customer, nobody_answers
):
    nobody_answers("voicemail")
    someone = customer(tone=None, loop=False).call(tone=None, loop=False)
    call = the_call(odoo_server, someone)
    wait_until(
        lambda: happened(odoo_server, call, "media_voicemail_started"), 20, "greeting"
    )
    someone.act("hangup")
    sql = "SELECT state, left_message FROM whatsapp_call WHERE id = %s AND state = %s"
    wait_until(lambda: odoo_server.sql(sql, [call, "missed"]), 10, "the end")
    wait_until(
        lambda: happened(odoo_server, call, "media_ended"), 20, "the sidecar's end"
    )
    ((_state, left),) = odoo_server.sql(sql, [call, "missed"])
    assert not left


def test_the_reminder_leads_to_the_call_and_is_heard_there(
    odoo_server, administrator, anna, customer, nobody_answers, ticket, picture
):
    nobody_answers("voicemail")
    leave_message(odoo_server, customer)
    anna.open(f"/odoo/helpdesk.ticket/{ticket}")
    activity = anna.page.locator(".o-mail-Activity")
    expect(activity).to_contain_text("Eva Gruber left a voice message")
    picture(anna, "voicemail_ticket")
    activity.get_by_role("link", name="Open the call").click()
    page = anna.page
    expect(page.get_by_text("Left a message")).to_be_visible()
    mark = page.get_by_role("button", name="Mark message as heard")
    expect(mark).to_be_visible()
    picture(anna, "voicemail_call")
    mark.click()
    expect(page.get_by_role("button", name="Mark message as not heard")).to_be_visible()


def test_an_operator_takes_the_call_while_the_greeting_runs(
    odoo_server, anna, customer, nobody_answers, picture
):
    nobody_answers("voicemail")
    eva = customer(EVA).call()
    call = the_call(odoo_server, eva)
    wait_until(
        lambda: happened(odoo_server, call, "media_voicemail_started"), 20, "greeting"
    )
    expect(anna.popup).to_contain_text("At the voicemail")
    picture(anna, "voicemail_popup")
    anna.popup.get_by_role("button", name="Take the call").click()
    expect(anna.connected).to_have_text("Connected")
    anna.hears(440)
    eva.hears(660)
    anna.hang_up.click()
    eva.wait_for_state("ended")


def test_a_voice_note_arrives_in_the_chat_and_can_be_played(
    odoo_server, administrator, simulator, customer, nobody_answers
):
    nobody_answers("voice_note")
    eva = customer(EVA).call()
    eva.wait_for_state("ended", seconds=15)
    assert eva.actions() == ["reject"]
    (message,) = wait_until(
        lambda: [each for each in eva.chat() if each["type"] == "audio"],
        20,
        "a voice note in the chat",
    )
    assert message["voice"]
    url = f"{simulator.url}/page/media/{message['media_id']}"
    with urllib.request.urlopen(url) as answer:
        content = answer.read()
    with av.open(io.BytesIO(content)) as sound:
        stream = sound.streams.audio[0]
        assert (stream.codec_context.name, stream.channels) == ("opus", 1)
        frames = sum(frame.samples for frame in sound.decode(stream))
    assert frames / 48000 > 2

    def noted():
        return odoo_server.sql(
            "SELECT body FROM mail_message WHERE body LIKE %s", [f"%{NOTE}%"]
        )

    wait_until(noted, 10, "the spoken text in the chatter")


def test_while_no_media_server_is_up_the_words_are_written(
    odoo_server, sidecar, simulator, customer, nobody_answers
):
    nobody_answers("voice_note")
    up = "SELECT 1 FROM whatsapp_media_unit WHERE said_state = 'ready'"
    odoo_server.sql("UPDATE whatsapp_media_unit SET said_state = 'draining'")
    sidecar.stop()
    wait_until(lambda: not odoo_server.sql(up), 20, "no media server")
    try:
        eva = customer(EVA).call()
        eva.wait_for_state("ended", seconds=15)
        (message,) = wait_until(eva.chat, 20, "the words in the chat")
        assert (message["type"], message["text"]) == ("text", NOTE)
    finally:
        sidecar.start()
        sidecar.wait_ready().wait_known()
