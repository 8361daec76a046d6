"""A customer writes and speaks: what reaches the people who answer."""

import re

import pytest
from playwright.sync_api import expect

from tests.waiting import wait_until

EVA = "436601112201"
HOSTILE = "Call me <img src=x onerror=\"document.title='taken'\"> soon"
NOTE = ".o-mail-Message:has(.o_whatsapp_note)"


@pytest.fixture
def administrator(odoo_server):
    return odoo_server.rpc("admin")


@pytest.fixture
def number(administrator):
    """Eva's business shows what customers write, for this test."""
    numbers = "whatsapp.calling.number"
    (number,) = administrator(
        numbers, "search", [["provider_ref", "=", "200000000000001"]]
    )
    administrator(numbers, "write", [number], {"shows_messages": True})
    yield number
    administrator(numbers, "write", [number], {"shows_messages": False})


@pytest.fixture
def eva_gruber(administrator):
    """Eva's record, which agent1 looks after."""
    (partner,) = administrator("res.partner", "search", [["name", "=", "Eva Gruber"]])
    (user,) = administrator("res.users", "search", [["login", "=", "agent1"]])
    administrator("res.partner", "write", [partner], {"user_id": user})
    yield partner
    administrator("res.partner", "write", [partner], {"user_id": False})


def write(simulator, **message):
    simulator.control(
        "POST", f"phones/{EVA}/messages", {"to": "43720880100", **message}
    )


def test_what_a_customer_writes_appears_in_the_open_chatter(
    anna, simulator, number, eva_gruber
):
    anna.open(f"/odoo/res.partner/{eva_gruber}")
    expect(anna.page.locator(".o-mail-Chatter")).to_be_visible()
    before = anna.page.locator(NOTE).count()
    simulator.control("POST", "faults", {"kind": "duplicate", "on": "message"})
    write(simulator, text=HOSTILE)
    entry = anna.page.locator(NOTE).first
    expect(entry).to_contain_text(HOSTILE)
    expect(entry).to_contain_text("WhatsApp message to")
    told = anna.toast.filter(has_text="WhatsApp message")
    expect(told).to_contain_text("Eva Gruber wrote")
    simulator.control("POST", "webhooks/wait", {})
    assert anna.page.locator(NOTE).count() == before + 1
    assert anna.page.title() != "taken"


def test_a_voice_message_plays_in_the_chatter(anna, simulator, number, eva_gruber):
    anna.open(f"/odoo/res.partner/{eva_gruber}")
    expect(anna.page.locator(".o-mail-Chatter")).to_be_visible()
    write(simulator, audio={"tone": 440})
    entry = anna.page.locator(NOTE).first
    expect(entry).to_contain_text("Voice message")
    player = entry.locator(".o-mail-VoicePlayer")
    # its length is known once the sound could be read: WhatsApp's tone is 2 s long
    expect(player).to_contain_text(re.compile(r"00? ?: ?02"))
    player.locator("button").first.click()
    expect(player.get_by_title("Pause")).to_be_visible()


def test_a_number_that_shows_no_messages_stores_nothing(
    odoo_server, simulator, eva_gruber
):
    write(simulator, text="My card number is quokkafour")
    contact = "SELECT last_message_at FROM whatsapp_call_contact WHERE wa_id = %s"
    wait_until(lambda: odoo_server.sql(contact, [EVA])[0][0], 10, "the time is kept")
    simulator.control("POST", "webhooks/wait", {})
    for table in ("whatsapp_call_event", "mail_message", "whatsapp_call_request"):
        text = f"SELECT 1 FROM {table} t WHERE strpos(to_jsonb(t)::text, 'quokka') > 0"
        assert not odoo_server.sql(text, [])
    assert not odoo_server.sql(
        "SELECT 1 FROM whatsapp_call_inbound_message t WHERE text IS NOT NULL", []
    )
    assert "quokka" not in odoo_server.log.read_text()
