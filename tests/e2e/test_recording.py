"""Recordings of real calls: which files there are, what is heard in them, and when."""

import itertools
import os
import time

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import OPERATOR_TONE
from tests.e2e.customer import TONE
from tests.e2e.sound import Sound
from tests.waiting import wait_until

EVA = "436601112201"
SERVICE_LINE = "43720880102"
SWITCHES = list(itertools.product((False, True), repeat=2))
# which tones a track has: of the operator, of the customer
TONES = {"agent": (True, False), "caller": (False, True), "mix": (True, True)}


@pytest.fixture(scope="module", autouse=True)
def recorded_line(odoo_server, sidecar):
    """`recorded_line(values)` changes the number that goes through the sidecar; Anna
    may listen."""
    admin = odoo_server.rpc("admin")
    (number,) = admin(
        "whatsapp.calling.number", "search", [["provider_ref", "=", "200000000000004"]]
    )
    (group,) = odoo_server.sql(
        "SELECT res_id FROM ir_model_data"
        " WHERE module = 'whatsapp_calling' AND name = 'group_recordings'"
    )
    (user,) = admin("res.users", "search", [["login", "=", "agent1"]])
    admin("res.users", "write", [user], {"group_ids": [[4, group[0]]]})
    (company,) = admin("whatsapp.calling.number", "read", [number], ["company_id"])
    on = {"whatsapp_calling_recording_enabled": True}
    admin("res.company", "write", [company["company_id"][0]], on)
    sidecar.wait_known()

    def change(**values):
        usual = {
            "media_policy": "anchored",
            "no_answer": "log",
            "record_agent": True,
            "record_caller": True,
            "record_text": False,
            "recording_announced": False,
            "recording_refuse_key": "9",
        }
        admin("whatsapp.calling.number", "write", [number], {**usual, **values})

    return change


@pytest.fixture
def row(odoo_server):
    """`row(customer)` -> (id, recording_state, consent) of the call in Odoo."""

    def find(customer):
        (found,) = odoo_server.sql(
            "SELECT id, recording_state, consent FROM whatsapp_call"
            " WHERE provider_ref = %s",
            [customer.ref],
        )
        return found

    return find


@pytest.fixture
def tracks(anna, odoo_server, row):
    """`tracks(customer)` -> {track: Sound} as Anna's player gets them, when they have
    come."""

    def fetch(customer):
        wait_until(lambda: row(customer)[1] == "stored", 40, "the recording")
        view = odoo_server.rpc("agent1")(
            "whatsapp.call", "recording_view", row(customer)[0]
        )
        assert view["why"] == ""
        base = anna.page.url.split("/odoo")[0]
        found = {}
        for track in view["tracks"]:
            answer = anna.page.request.get(base + track["url"])
            assert answer.status == 200
            sound = Sound(answer.body())
            assert abs(sound.seconds * 1000 - track["duration_ms"]) < 120
            found[track["track"]] = sound
        return found

    return fetch


def talk(anna, customer, seconds=2.0):
    """A call of Eva that Anna has answered; both have been heard for a while."""
    eva = customer(EVA).call(to=SERVICE_LINE)
    anna.answer()
    eva.wait_for_state("accepted")
    anna.hears(TONE)
    eva.hears(OPERATOR_TONE)
    time.sleep(seconds)  # what is recorded needs its time
    return eva


def end(anna, eva):
    anna.hang_up.click()
    eva.wait_for_state("ended")


def left_at(sidecar):
    """Files with sound that the sidecar has."""
    return [
        os.path.join(folder, name)
        for folder, _folders, names in os.walk(sidecar.state)
        for name in names
        if name.endswith((".wcr", ".ogg", ".part"))
    ]


@pytest.mark.parametrize("agent, caller", SWITCHES)
def test_each_combination_gives_exactly_its_files_with_their_sound(
    anna, customer, tracks, row, recorded_line, sidecar, agent, caller
):
    recorded_line(record_agent=agent, record_caller=caller)
    eva = talk(anna, customer)
    end(anna, eva)
    if not (agent or caller):
        wait_until(lambda: not sidecar.health()["calls"], 20, "the end at the sidecar")
        assert row(eva)[1] is None
        assert left_at(sidecar) == []
        return
    found = tracks(eva)
    wanted = {"agent": agent, "caller": caller, "mix": agent and caller}
    assert set(found) == {track for track, on in wanted.items() if on}
    for track, sound in found.items():
        late = sound.seconds - 1.5, sound.seconds - 0.5
        heard = (sound.has_tone(OPERATOR_TONE, *late), sound.has_tone(TONE, *late))
        assert heard == TONES[track], track
    lengths = [sound.seconds for sound in found.values()]
    assert max(lengths) - min(lengths) < 0.5
    wait_until(lambda: not left_at(sidecar), 20, "the sidecar's own copy is gone")


def test_what_is_said_while_it_is_paused_is_in_no_track(
    anna, customer, tracks, row, recorded_line, odoo_server, picture
):
    recorded_line()
    eva = talk(anna, customer, 1.0)
    recording = anna.page.locator(".o-whatsapp-Recording")
    expect(recording).to_contain_text("Recording")
    picture(anna, "recording")
    recording.get_by_role("button", name="Pause").click()
    expect(recording).to_contain_text("Recording paused")
    picture(anna, "recording-paused")
    time.sleep(2.0)  # a card number
    recording.get_by_role("button", name="Resume").click()
    expect(recording.locator(".o-whatsapp-Recording-pause")).to_contain_text("Pause")
    time.sleep(1.5)
    end(anna, eva)
    found = tracks(eva)
    assert set(found) == {"agent", "caller", "mix"}
    for track, sound in found.items():
        gaps = sound.silences(at_least=1.5)
        assert len(gaps) == 1, (track, gaps)
        (start, stop) = gaps[0]
        assert 1.5 <= stop - start <= 5, track
        for tone, there in zip((OPERATOR_TONE, TONE), TONES[track], strict=True):
            assert sound.has_tone(tone, stop + 0.3, sound.seconds - 0.2) == there
    lines = odoo_server.sql(
        "SELECT kind FROM whatsapp_call_event WHERE call_id = %s"
        " AND kind LIKE 'media_recording%%' AND kind <> 'media_recording_ok'"
        " ORDER BY id",
        [row(eva)[0]],
    )
    assert [kind for (kind,) in lines] == [
        "media_recording_started",
        "media_recording_paused",
        "media_recording_resumed",
        "media_recording_stopped",
    ]


def test_the_customers_key_leaves_nothing_anywhere(
    anna, customer, row, recorded_line, odoo_server, sidecar
):
    recorded_line(recording_announced=True, recording_announcement="We record.")
    eva = customer(EVA).call(to=SERVICE_LINE)
    anna.answer()
    eva.wait_for_state("accepted")
    recording = anna.page.locator(".o-whatsapp-Recording")
    expect(recording).to_contain_text("Recording")
    eva.act("dtmf", digits="9")
    expect(recording).to_contain_text("Not recorded: the customer does not agree")
    anna.hears(TONE)  # the call goes on
    end(anna, eva)
    wait_until(lambda: not sidecar.health()["calls"], 20, "the end at the sidecar")
    assert row(eva)[1:] == ("discarded", "refused")
    call = [row(eva)[0]]
    for table in ("whatsapp_call_recording", "whatsapp_call_turn"):
        assert not odoo_server.sql(f"SELECT id FROM {table} WHERE call_id = %s", call)
    wait_until(lambda: not left_at(sidecar), 20, "nothing is left at the sidecar")


def test_the_operators_button_asks_first_and_then_leaves_nothing(
    anna, customer, row, recorded_line, sidecar, odoo_server, picture
):
    recorded_line()
    eva = talk(anna, customer, 0.5)
    recording = anna.page.locator(".o-whatsapp-Recording")
    recording.get_by_role("button", name="No consent").click()
    expect(recording).to_contain_text("This cannot be undone.")
    picture(anna, "recording-no-consent")
    recording.get_by_role("button", name="Delete").click()
    expect(recording).to_contain_text("Not recorded: the customer does not agree")
    end(anna, eva)
    wait_until(lambda: not left_at(sidecar), 20, "nothing is left at the sidecar")
    assert row(eva)[1] == "discarded"
    view = odoo_server.rpc("agent1")("whatsapp.call", "recording_view", row(eva)[0])
    assert view["tracks"] == []
    assert "did not agree" in view["why"]


def test_without_the_right_the_sound_is_refused_in_the_browser_too(
    anna, ben, customer, tracks, row, recorded_line, odoo_server
):
    recorded_line()
    eva = talk(anna, customer, 1.0)
    end(anna, eva)
    tracks(eva)
    (found,) = odoo_server.sql(
        "SELECT id FROM whatsapp_call_recording WHERE call_id = %s AND track = 'mix'",
        [row(eva)[0]],
    )
    base = ben.page.url.split("/odoo")[0]
    answer = ben.page.request.get(
        f"{base}/whatsapp_calling/recording/{found[0]}/audio",
        headers={"Range": "bytes=0-"},
    )
    assert answer.status == 403
    part = anna.page.request.get(
        f"{base}/whatsapp_calling/recording/{found[0]}/audio",
        headers={"Range": "bytes=0-3"},
    )
    assert (part.status, part.body()) == (206, b"OggS")
    lines = odoo_server.sql(
        "SELECT login, how FROM whatsapp_call_listen JOIN res_users ON"
        " res_users.id = user_id WHERE recording_id = %s",
        [found[0]],
    )
    assert set(lines) == {("agent1", "play")}


def test_the_list_of_recordings_is_there_for_who_may_listen_only(
    anna, ben, picture, recorded_line
):
    anna.open("/odoo/whatsapp-recordings")
    expect(anna.page.locator(".o_list_view, .o_view_nocontent").first).to_be_visible()
    menu = anna.page.locator("[data-menu-xmlid*=whatsapp_call_recording_menu]")
    expect(menu).to_have_count(1)
    picture(anna, "recordings")
    ben.open("/odoo/whatsapp-calls")
    expect(ben.page.locator("[data-menu-xmlid*=whatsapp_call_menu]")).to_have_count(1)
    menu = ben.page.locator("[data-menu-xmlid*=whatsapp_call_recording_menu]")
    expect(menu).to_have_count(0)
