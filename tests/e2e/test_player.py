"""The player on a call's form: really heard, sought, read; from a real hand-over."""

import asyncio
import re
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from playwright.sync_api import expect

from media_sidecar.config import Config
from media_sidecar.odoo_link import OdooLink
from media_sidecar.recording.library import Library
from media_sidecar.rtc.packet import Packet
from tests.sidecar.recording import sounds
from tests.waiting import wait_until

REF, SECRET = "demo-sidecar", "demo-sidecar-secret-0123456789abcdef"
UID = "0123456789abcdef" * 2
# the agent speaks for 20 s, then the customer does
AGENT, CALLER, EACH = 440, 1000, 20
LINES = [
    ("agent", 500, 4000, "Good morning, this is the service desk."),
    ("agent", 5000, 9000, "How can I help you?"),
    ("caller", 21000, 25000, "The lift stands still again."),
    ("caller", 26000, 39000, "Order number four two seven nine."),
]

# the media elements that the page makes
REMEMBER = """
(() => {
    const Audio = window.Audio;
    window.heard = [];
    window.Audio = function (...args) {
        const audio = new Audio(...args);
        window.heard.push(audio);
        return audio;
    };
})();
"""
PITCH = """
async () => {
    const audio = window.heard.findLast((one) => one.src.includes("/recording/"));
    const context = new AudioContext();
    await context.resume();
    const analyser = new AnalyserNode(context, { fftSize: 8192 });
    context.createMediaStreamSource(audio.captureStream()).connect(analyser);
    await new Promise((done) => setTimeout(done, 500));
    const levels = new Float32Array(analyser.frequencyBinCount);
    analyser.getFloatFrequencyData(levels);
    const bin = levels.indexOf(Math.max(...levels));
    await context.close();
    return (bin * context.sampleRate) / analyser.fftSize;
}
"""


@pytest.fixture(scope="module")
def call(odoo_server):
    """The id of a call whose recording was handed over; agent1 may listen."""
    admin = odoo_server.rpc("admin")
    (user,) = admin("res.users", "search", [["login", "=", "agent1"]])
    ((group,),) = odoo_server.sql(
        "SELECT res_id FROM ir_model_data"
        " WHERE module = 'whatsapp_calling' AND name = 'group_recordings'"
    )
    admin("res.users", "write", [user], {"group_ids": [[4, group]]})
    (found,) = admin(
        "whatsapp.call", "search", [["state", "=", "completed"]], limit=1, order="id"
    )
    odoo_server.sql(
        "UPDATE whatsapp_call SET recording_uid = %s, recording_state = 'uploading',"
        " record_agent = true, record_caller = true, recording_off = NULL,"
        " has_transcript = true, handler_id = %s WHERE id = %s",
        [UID, user, found],
    )
    for speaker, start, end, text in LINES:
        odoo_server.sql(
            "INSERT INTO whatsapp_call_turn"
            " (call_id, company_id, speaker, user_id, start_ms, end_ms, text)"
            " SELECT id, company_id, %s, %s, %s, %s, %s FROM whatsapp_call"
            " WHERE id = %s",
            [speaker, user if speaker == "agent" else None, start, end, text, found],
        )
    ((key,),) = odoo_server.sql(
        "SELECT public_key FROM whatsapp_media_sidecar WHERE ref = %s", [REF]
    )
    # in a thread: Playwright's loop runs in this one
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, _hand_over(odoo_server, key)).result(60)
    ((state,),) = odoo_server.sql(
        "SELECT recording_state FROM whatsapp_call WHERE id = %s", [found]
    )
    assert state == "stored"
    return found


async def _hand_over(odoo_server, key):
    """Record both sides with a clock of our own, and give it to Odoo."""
    config = Config(odoo_url=odoo_server.url, ref=REF, secret=SECRET, url="")
    link, now = OdooLink(config), [0.0]
    agent = sounds.tone_packets(AGENT, EACH)
    caller = sounds.tone_packets(CALLER, EACH)
    with tempfile.TemporaryDirectory() as folder:
        library = Library(Path(folder), link, clock=lambda: now[0])
        await library.start()
        record = {"agent": True, "caller": True, "key": key, "recording": UID}
        recorder = library.recorder("e" * 32, record)
        recorder.start()
        for index in range(2 * EACH * 50):
            now[0] = index / 50
            if index < EACH * 50:
                recorder.agent(agent[index], 960 * index)
            else:
                sound = caller[index - EACH * 50]
                recorder.caller(Packet(sound, index, 960 * index, now[0]))
        now[0] = 2.0 * EACH
        recorder.stop()
        while recorder.folder.path.exists() or not recorder._closed:
            await asyncio.sleep(0.05)
        await library.close()
    await link.close()


@pytest.fixture
def window(people, call, quiet):
    """`window("agent1")` opens the call's form."""
    opened = []

    def open_window(login, **options):
        page = people.operator(
            login,
            path=f"/odoo/action-whatsapp_calling.whatsapp_call_action/{call}",
            prepare=lambda context: context.add_init_script(REMEMBER),
            **options,
        )
        opened.append(page)
        return page

    yield open_window
    errors = [error for page in opened for error in page.console_errors]
    for page in opened:
        page.context.close()
    assert not errors


def time_of(page):
    """(seconds shown, seconds of the media element)"""
    shown = page.locator(".o-whatsapp-Player-time").inner_text()
    minutes, seconds = re.match(r"(\d+):(\d+)", shown).groups()
    real = page.evaluate(
        "() => heard.findLast((a) => a.src.includes('/recording/'))?.currentTime ?? 0"
    )
    return int(minutes) * 60 + int(seconds), real


def test_the_sound_of_both_is_heard_and_the_time_moves(window):
    page = window("agent1")
    expect(page.locator(".o-whatsapp-Player-time")).to_have_text("00:00 / 00:40")
    page.get_by_role("button", name="Play").click()
    wait_until(lambda: time_of(page)[0] >= 2, 20, "two seconds of sound")
    shown, real = time_of(page)
    assert abs(shown - real) < 1.2
    assert page.evaluate(PITCH) == pytest.approx(AGENT, abs=10)
    page.get_by_role("button", name="Pause").click()
    stopped = time_of(page)[1]
    expect(page.get_by_role("button", name="Play")).to_be_visible()
    assert time_of(page)[1] == stopped


def test_a_click_on_a_line_plays_from_there_and_marks_it(window):
    page = window("agent1")
    page.get_by_role("button", name="The lift stands still again.").click()
    wait_until(lambda: time_of(page)[1] > 21.2, 20, "the sound from there")
    expect(page.locator("[aria-current=true]")).to_contain_text("The lift stands still")
    # the middle of the file was fetched and decrypted, not all from the beginning
    assert page.evaluate(PITCH) == pytest.approx(CALLER, abs=10)
    page.get_by_role("radio", name="Our side").click()
    wait_until(lambda: time_of(page)[1] > 21.2, 20, "our side from the same moment")
    assert page.evaluate("() => heard.at(-1).paused") is False
    wait_until(
        lambda: "number four" in page.locator("[aria-current=true]").inner_text(),
        20,
        "the next line is marked",
    )


def test_a_click_on_the_waveform_and_the_keys_seek(window):
    page = window("agent1")
    line = page.get_by_role("slider", name="Position in the recording")
    box = line.bounding_box()
    page.mouse.click(box["x"] + box["width"] * 0.75, box["y"] + box["height"] / 2)
    expect(page.locator(".o-whatsapp-Player-time")).to_contain_text("00:30")
    line.focus()
    page.keyboard.press("ArrowLeft")
    expect(page.locator(".o-whatsapp-Player-time")).to_contain_text("00:25")
    page.keyboard.press("Space")
    wait_until(lambda: time_of(page)[1] > 25.3, 20, "the sound from there")


def test_opening_the_form_is_no_listening(window, odoo_server, call):
    count = (
        "SELECT count(*) FROM whatsapp_call_listen listen"
        " JOIN whatsapp_call_recording recording ON recording.id = listen.recording_id"
        " WHERE recording.call_id = %s"
    )
    odoo_server.sql(
        "DELETE FROM whatsapp_call_listen WHERE recording_id IN"
        " (SELECT id FROM whatsapp_call_recording WHERE call_id = %s)",
        [call],
    )
    page = window("agent1")
    expect(page.locator(".o-whatsapp-Player-play")).to_be_visible()
    assert odoo_server.sql(count, [call]) == [(0,)]
    page.get_by_role("button", name="Play").click()
    wait_until(lambda: odoo_server.sql(count, [call]) == [(1,)], 20, "one listening")


def test_without_the_right_it_says_so_and_there_is_no_player(window):
    page = window("agent2")
    page.get_by_role("tab", name="Recording").click()
    expect(page.locator(".o-whatsapp-Player")).to_contain_text(
        "You may not listen to recordings."
    )
    expect(page.locator(".o-whatsapp-Player-play")).to_have_count(0)
    expect(page.locator(".o-whatsapp-Transcript")).to_have_count(0)


def test_on_a_phone_nothing_is_cut_off(window):
    page = window("agent1", viewport={"width": 390, "height": 844})
    player = page.locator(".o-whatsapp-Player")
    expect(player).to_be_visible()
    for part in (".o-whatsapp-Player-controls", ".o-whatsapp-Waveform"):
        box = player.locator(part).bounding_box()
        assert box["x"] >= 0 and box["x"] + box["width"] <= 390
    controls = player.locator(".o-whatsapp-Player-controls").bounding_box()
    assert controls["height"] < 60  # one row of controls
