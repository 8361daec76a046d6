"""Hold, transfer and listening in, heard: real sidecar, real Chromium, real sound."""

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import OPERATOR_TONE
from tests.e2e.customer import TONE
from tests.e2e.operator import Operator
from tests.waiting import wait_until
from tools import listening

EVA = "436601112201"
SERVICE_LINE = "43720880102"
BEN_TONE = 880  # Hz of the colleague's microphone
BOSS_TONE = 1100  # Hz of the manager's
# one Chromium has one sound file for all its microphones
OWN_MICROPHONE = """
if (navigator.mediaDevices) {
    navigator.mediaDevices.getUserMedia = async () => {
        const context = new AudioContext();
        const tone = context.createOscillator();
        tone.frequency.value = %s;
        const volume = context.createGain();
        volume.gain.value = 0.4;
        const out = context.createMediaStreamDestination();
        tone.connect(volume).connect(out);
        tone.start();
        return out.stream;
    };
}
"""


def microphone(hertz):
    return lambda context: context.add_init_script(OWN_MICROPHONE % hertz)


@pytest.fixture(autouse=True)
def service_line(odoo_server, sidecar):
    """Number 4: through the sidecar, without recording and voicemail."""
    admin = odoo_server.rpc("admin")
    domain = [["provider_ref", "=", "200000000000004"]]
    (number,) = admin("whatsapp.calling.number", "search", domain)
    plain = {"record_agent": False, "record_caller": False, "no_answer": "log"}
    admin("whatsapp.calling.number", "write", [number], plain)
    company = admin("whatsapp.calling.number", "read", [number], ["company_id"])
    company_id = company[0]["company_id"][0]
    admin(
        "res.company",
        "write",
        [company_id],
        {
            "whatsapp_calling_transfer_seconds": 20,
            "whatsapp_calling_monitor_told": True,
            "whatsapp_calling_wrap_up": 0,
        },
    )
    sidecar.wait_known()
    return company_id


@pytest.fixture(scope="module")
def ben(people, simulator, sidecar, operators):
    """agent2, whose voice is another one than Anna's."""
    operators.append(Operator.log_in(people, "agent2", prepare=microphone(BEN_TONE)))
    return operators[-1]


@pytest.fixture(scope="module")
def boss(people, simulator, sidecar, operators):
    """A manager, on the page of the live calls."""
    operators.append(
        Operator.log_in(
            people,
            "admin",
            prepare=microphone(BOSS_TONE),
            path="/odoo/whatsapp-live-calls",
        )
    )
    return operators[-1]


@pytest.fixture
def eva(anna, customer):
    """A call of Eva to the service line that Anna has answered."""
    eva = customer(EVA).call(to=SERVICE_LINE)
    expect(anna.popup).to_contain_text("Eva Gruber")
    anna.answer()
    eva.wait_for_state("accepted")
    eva.hears(OPERATOR_TONE)
    yield eva
    if eva.view["state"] != "ended":
        eva.act("hangup")
        eva.wait_for_state("ended")


def history(odoo_server, eva):
    """What the timeline of the call says, oldest first."""
    rows = odoo_server.sql(
        "SELECT e.note FROM whatsapp_call_event e JOIN whatsapp_call c"
        " ON c.id = e.call_id WHERE c.provider_ref = %s ORDER BY e.id",
        [eva.ref],
    )
    return [note for (note,) in rows if note]


def hears_music(eva, seconds=20):
    """Wait until the customer hears tunes: sound whose pitch changes, no operator's."""
    heard = set()

    def changes():
        wav = eva.simulator.control("GET", f"calls/{eva.ref}/heard.wav")
        pitch = round(listening.pitch_of_wav(wav, 0.5))
        voices = (0, OPERATOR_TONE, BEN_TONE, BOSS_TONE)
        if any(listening.is_pitch(pitch, voice) for voice in voices):
            heard.clear()
        else:
            heard.add(pitch)
        return len(heard) >= 3

    wait_until(changes, seconds, "music")


def transfer(anna, to="Ben", kind="blind", reason=""):
    anna.page.locator(".o-whatsapp-OnCall-transfer").click()
    anna.page.locator(".o-whatsapp-TransferPicker-query").fill(to)
    option = anna.page.locator(f".o-whatsapp-TransferPicker-option[data-name='{to}']")
    option.click()
    anna.page.locator(".o-whatsapp-TransferPicker-reason").fill(reason)
    anna.page.locator(f".o-whatsapp-TransferPicker-{kind}").click()


@pytest.fixture(scope="module")
def colleague(odoo_server):
    """agent2's name."""
    admin = odoo_server.rpc("admin")
    (found,) = admin("res.users", "search_read", [["login", "=", "agent2"]], ["name"])
    return found["name"]


# ---- hold


def test_on_hold_the_customer_hears_music_and_the_call_stays(anna, eva, picture):
    anna.hears(TONE)
    anna.page.locator(".o-whatsapp-OnCall-hold").click()
    expect(anna.panel).to_contain_text("On hold")
    hears_music(eva)
    anna.hears(0)
    picture(anna, "on-hold")
    anna.page.keyboard.press("Alt+Shift+H")
    expect(anna.page.locator(".o-whatsapp-HoldBanner")).to_have_count(0)
    eva.hears(OPERATOR_TONE)
    anna.hears(TONE)
    assert eva.view["state"] == "accepted"
    anna.hang_up.click()
    eva.wait_for_state("ended")


# ---- keys


def test_keys_go_both_ways_and_those_of_the_customer_are_in_panel_and_timeline(
    anna, eva, odoo_server
):
    eva.act("dtmf", digits="12#")
    expect(anna.page.locator(".o-whatsapp-InTheCall-digits")).to_contain_text("12#")
    assert "The customer pressed #" in history(odoo_server, eva)
    anna.page.locator(".o-whatsapp-OnCall-keypad").click()
    for key in "70":
        anna.page.locator(f".o-whatsapp-DialPad-key[data-key='{key}']").click()
    wait_until(lambda: eva.view["dtmf"] == "70", what="the operator's keys")


# ---- transfer


def test_a_blind_transfer_is_heard_to_change_hands(
    anna, ben, eva, colleague, odoo_server, picture
):
    transfer(anna, colleague, reason="wants to change the invoice")
    expect(anna.panel).to_contain_text(f"Ringing at {colleague}")
    expect(ben.popup).to_contain_text("Transferred by")
    expect(ben.popup).to_contain_text("wants to change the invoice")
    hears_music(eva)
    picture(ben, "transferred")
    ben.answer()
    eva.hears(BEN_TONE)
    ben.hears(TONE)
    expect(anna.ended).to_contain_text(f"{colleague} has the customer now")
    wait_until(lambda: not anna.microphones(), what="Anna's microphone is released")
    # and nothing of Anna
    eva.hears(BEN_TONE)
    notes = history(odoo_server, eva)
    assert any("takes over from" in note for note in notes)
    assert "accept" in eva.actions() and eva.actions().count("accept") == 1
    ben.hang_up.click()
    assert eva.wait_for_state("ended")["ended_by"] == "business"


def test_nobody_takes_it_and_it_comes_back(
    anna, ben, eva, colleague, odoo_server, service_line
):
    odoo_server.rpc("admin")(
        "res.company",
        "write",
        [service_line],
        {"whatsapp_calling_transfer_seconds": 15},
    )
    transfer(anna, colleague)
    expect(ben.popup).to_be_visible()
    expect(anna.panel).to_contain_text(f"Nobody took it at {colleague}")
    expect(ben.popup).to_have_count(0)
    anna.page.locator(".o-whatsapp-TransferStatus-back").click()
    eva.hears(OPERATOR_TONE)
    anna.hears(TONE)


def test_an_attended_transfer_from_question_to_hand_over(
    anna, ben, eva, colleague, picture
):
    transfer(anna, colleague, "attended", "may she cancel?")
    expect(ben.popup).to_contain_text("asks you about a call")
    ben.accept.click()
    expect(anna.panel).to_contain_text(f"In consultation with {colleague}")
    # the two talk, the customer waits with music
    anna.hears(BEN_TONE)
    ben.hears(OPERATOR_TONE)
    hears_music(eva)
    picture(anna, "consulting")
    # back to the customer for a word: the colleague waits
    anna.page.locator(".o-whatsapp-TransferStatus-talk[data-who=peer]").click()
    eva.hears(OPERATOR_TONE)
    anna.hears(TONE)
    ben.hears(0)
    # all three: the customer is silent, to hear the others alone
    anna.page.locator(".o-whatsapp-TransferStatus-talk[data-who=both]").click()
    anna.mute.click()
    eva.hears(BEN_TONE)
    anna.mute.click()
    anna.page.locator(".o-whatsapp-TransferStatus-complete").click()
    expect(anna.ended).to_contain_text(f"{colleague} has the customer now")
    expect(ben.connected).to_have_text("Connected")
    eva.hears(BEN_TONE)
    ben.hears(TONE)
    ben.hang_up.click()
    eva.wait_for_state("ended")


def test_the_colleague_hangs_up_and_the_operator_is_with_the_customer(
    anna, ben, eva, colleague
):
    transfer(anna, colleague, "attended")
    ben.accept.click()
    anna.hears(BEN_TONE)
    ben.page.locator(".o-whatsapp-OnSide-leave").click()
    eva.hears(OPERATOR_TONE)
    anna.hears(TONE)
    wait_until(lambda: not ben.microphones(), what="Ben's microphone is released")


# ---- listening


def listen(boss, mode):
    boss.page.locator(f".o-whatsapp-LiveCalls-mode[data-mode={mode}]").click()


def test_a_manager_listens_whispers_and_joins(anna, boss, eva, odoo_server, picture):
    expect(boss.page.locator(".o-whatsapp-LiveCalls-call")).to_contain_text(
        "Eva Gruber"
    )
    listen(boss, "listen")
    expect(boss.page.locator(".o-whatsapp-OnSide")).to_contain_text("nobody hears you")
    expect(anna.page.locator(".o-whatsapp-InTheCall-monitor")).to_contain_text(
        "listens"
    )
    picture(boss, "listening")
    # what the two say, one after the other
    anna.mute.click()
    boss.hears(TONE)
    anna.mute.click()
    eva.act("mute", muted=True)
    boss.hears(OPERATOR_TONE)
    # a whisper reaches the operator only
    side = boss.page.locator(".o-whatsapp-OnSide")
    side.locator("[data-mode=whisper]").click()
    anna.hears(BOSS_TONE)
    eva.hears(OPERATOR_TONE)
    # who joins is heard by the customer too
    side.locator("[data-mode=join]").click()
    anna.mute.click()
    eva.hears(BOSS_TONE)
    anna.mute.click()
    # and who leaves ends nothing
    boss.page.locator(".o-whatsapp-OnSide-leave").click()
    eva.hears(OPERATOR_TONE)
    expect(anna.page.locator(".o-whatsapp-InTheCall-monitor")).to_have_count(0)
    notes = " ".join(history(odoo_server, eva))
    for word in ("listens", "whispers", "has joined", "has left"):
        assert word in notes
    assert eva.view["state"] == "accepted"
