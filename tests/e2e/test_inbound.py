"""A customer calls: from the popup to the end of the call."""

import re
import time

import pytest
from playwright.sync_api import Error, expect

from tests.e2e.conftest import OPERATOR_TONE
from tests.e2e.customer import SECOND_BUSINESS, TONE
from tests.waiting import wait_until

EVA = "436601112201"
MICROPHONE_BLOCKED = "Microphone access blocked — the caller will not hear you"


@pytest.fixture
def call_row(odoo_server):
    """`call_row(customer)` -> {column: value} of the customer's call in Odoo."""
    columns = "id, state, handler_id, closed_reason, error_message, duration, quality"

    def find(customer):
        (row,) = odoo_server.sql(
            f"SELECT {columns} FROM whatsapp_call WHERE provider_ref = %s",
            [customer.ref],
        )
        return dict(zip(columns.split(", "), row, strict=True))

    return find


def test_an_inbound_call_is_heard_on_both_sides(anna, customer):
    eva = customer(EVA).call()
    expect(anna.popup).to_contain_text("Eva Gruber")
    expect(anna.popup).to_contain_text("+43 660 1112201")
    anna.answer()
    eva.wait_for_state("accepted")
    anna.hears(TONE)
    eva.hears(OPERATOR_TONE)
    expect(anna.timer).to_have_text(re.compile(r"^0\d:\d\d$"))
    assert eva.actions() == ["pre_accept", "accept"]
    anna.hang_up.click()
    view = eva.wait_for_state("ended")
    assert (view["ended_by"], view["end_status"]) == ("business", "COMPLETED")
    assert eva.actions() == ["pre_accept", "accept", "terminate"]
    expect(anna.ended).to_be_visible()
    wait_until(lambda: not anna.microphones(), what="the microphone's release")


def test_our_sdp_is_opus_only_and_complete(anna, customer):
    """No trickle: what is sent has candidates, credentials and an upper-case print."""
    caller = customer().call()
    anna.answer()
    caller.wait_for_state("accepted")
    bodies = [entry["body"] for entry in caller.requests()]
    sdps = {body["session"]["sdp"] for body in bodies}
    (sdp,) = sdps  # WhatsApp wants that of accept to equal that of pre_accept
    assert re.findall(r"^m=(\w+)", sdp, re.M) == ["audio"]
    codecs = re.findall(r"^a=rtpmap:\d+ (\S+)\r$", sdp, re.M)
    assert codecs == ["opus/48000/2", "telephone-event/8000"]
    prints = re.findall(r"^a=fingerprint:(\S+) (\S+)\r$", sdp, re.M)
    assert [name for name, _print in prints] == ["SHA-256"]
    assert prints[0][1] == prints[0][1].upper()
    for line in ("a=candidate:", "a=ice-ufrag:", "a=ice-pwd:", "a=setup:active"):
        assert line in sdp


def test_the_popup_is_there_within_a_second_on_any_page(anna, customer):
    anna.open("/odoo/contacts")
    expect(anna.page.locator(".o_data_row").first).to_be_visible()
    eva = customer(EVA)
    taken = []
    for _call in range(3):  # the machine may be busy with something else
        began = time.monotonic()
        eva.call()
        anna.page.wait_for_selector(".o-whatsapp-IncomingCall-name >> text=Eva Gruber")
        taken.append(time.monotonic() - began)
        eva.act("hangup")
        expect(anna.popup).to_have_count(0)
    assert min(taken) < 1, taken


def test_decline_ends_the_call_for_everyone_and_sends_the_chosen_text(
    anna, ben, customer, call_row
):
    caller = customer().call()
    expect(ben.popup).to_be_visible()
    anna.decline.click()
    expect(anna.popup).to_contain_text("for everyone")
    text = "Sorry, we cannot talk right now. We will call you back."
    anna.popup.get_by_text(text).click()
    view = caller.wait_for_state("ended")
    assert view["ended_by"] == "business"
    for operator in (anna, ben):
        expect(operator.popup).to_have_count(0)
    said = wait_until(lambda: [m["text"] for m in caller.chat()], what="the text")
    assert said == [text]
    assert caller.actions()[0] == "reject"
    assert call_row(caller)["state"] == "rejected"


def test_silence_hides_the_popup_for_me_only(anna, ben, customer):
    caller = customer().call()
    expect(ben.popup).to_be_visible()
    anna.silence.click()
    expect(anna.popup).to_have_count(0)
    expect(ben.accept).to_be_visible()
    assert caller.view["state"] == "ringing"
    assert caller.actions() == []
    anna.page.reload()
    anna.wait_ready()
    expect(anna.popup).to_have_count(0)
    ben.answer()


def test_a_second_tab_shows_the_popup_rings_not_and_mirrors_the_call(anna, customer):
    tab = anna.new_tab()
    caller = customer().call()
    for one in (anna, tab):
        expect(one.popup).to_be_visible()
    wait_until(lambda: anna.rings() + tab.rings() == 1, what="one ring tone")
    anna.answer()
    assert not anna.rings() and not tab.rings()
    expect(tab.popup).to_have_count(0)
    tab.systray.click()
    expect(tab.on_call).to_contain_text("This call is in another tab.")
    tab.mute.click()
    expect(anna.panel).to_contain_text("You are muted")
    tab.hang_up.click()
    caller.wait_for_state("ended")
    expect(anna.ended).to_be_visible()
    tab.page.close()


def test_a_reload_while_it_rings_brings_the_popup_back(anna, customer):
    caller = customer().call()
    expect(anna.popup).to_be_visible()
    anna.page.reload()
    expect(anna.popup).to_be_visible()
    anna.answer()
    caller.wait_for_state("accepted")


# The bus lives in a worker, out of reach of Playwright: give it sockets that fail.
WITHOUT_BUS = """
(() => {
    const Original = window.Worker;
    delete window.SharedWorker;
    const broken = `
        self.WebSocket = class extends EventTarget {
            constructor() {
                super();
                this.readyState = 0;
                setTimeout(() => {
                    this.readyState = 3;
                    const gone = new CloseEvent("close", { code: 1006 });
                    this.onclose?.(gone);
                    this.dispatchEvent(gone);
                }, 50);
            }
            send() {}
            close() {}
        };
        const states = { CONNECTING: 0, OPEN: 1, CLOSING: 2, CLOSED: 3 };
        Object.assign(self.WebSocket, states);
    `;
    window.Worker = class extends Original {
        constructor(url, options) {
            const script = `${broken}importScripts("${new URL(url, location)}");`;
            super(URL.createObjectURL(new Blob([script])), options);
        }
    };
})();
"""


def test_without_the_bus_the_poll_rings_connects_and_ends(operator, customer):
    anna = operator("agent1", prepare=lambda page: page.add_init_script(WITHOUT_BUS))
    expect(anna.systray.locator(".o-whatsapp-Systray-offline")).to_be_visible()
    caller = customer().call()
    expect(anna.popup).to_be_visible()
    anna.answer()
    anna.hears(TONE)
    caller.act("hangup")
    expect(anna.ended).to_be_visible()
    # and one that ends while it rings goes away too
    other = customer().call()
    expect(anna.popup).to_be_visible()
    other.act("hangup")
    expect(anna.popup).to_have_count(0)


def test_a_blocked_microphone_sends_nothing_and_others_keep_ringing(
    operator, ben, customer
):
    anna = operator("agent1", microphone=False)
    caller = customer().call()
    expect(ben.popup).to_be_visible()
    anna.accept.click()
    expect(anna.dialog).to_contain_text(MICROPHONE_BLOCKED)
    expect(anna.dialog).to_contain_text("A call needs two permissions")
    assert caller.actions() == []
    assert caller.view["state"] == "ringing"
    expect(ben.accept).to_be_enabled()
    ben.answer()


def test_of_two_who_accept_at_once_one_reads_who_was_faster(anna, ben, customer):
    caller = customer().call()
    for one in (anna, ben):
        expect(one.accept).to_be_enabled()
    for one in (anna, ben):
        one.page.evaluate(
            "() => document.querySelector('.o-whatsapp-IncomingCall-accept').click()"
        )
    caller.wait_for_state("accepted")
    assert caller.actions() == ["pre_accept", "accept"]
    wait_until(
        lambda: anna.connected.is_visible() or ben.connected.is_visible(), what="one"
    )
    winner, loser = (anna, ben) if anna.connected.is_visible() else (ben, anna)
    name = {anna: "Anna Berger", ben: "Ben Hofer"}[winner]
    text = f"already accepted by another teammate: {name}"
    expect(loser.notice).to_have_text(text)
    wait_until(lambda: not loser.microphones(), what="the loser's microphone free")
    expect(loser.connected).to_have_count(0)


def test_the_customers_hang_up_closes_the_panel_and_frees_the_microphone(
    anna, customer, call_row
):
    caller = customer().call()
    anna.answer()
    anna.hears(TONE)
    assert anna.microphones() == 1
    caller.act("hangup")
    expect(anna.ended).to_contain_text("Hung up by the customer")
    expect(anna.on_call).to_have_count(0)
    wait_until(lambda: not anna.microphones(), what="the microphone's release")
    row = call_row(caller)
    assert row["state"] == "completed"
    assert "terminate" not in caller.actions()


def test_a_muted_operator_sends_silence_and_the_call_stays(anna, customer, simulator):
    """Muted for longer than WhatsApp waits without media (its timer made shorter)."""
    simulator.control("POST", "settings", {"no_media_mid": 2.0, "no_media_start": 2.0})
    caller = customer().call()
    anna.answer()
    caller.hears(OPERATOR_TONE)
    anna.mute.click()
    expect(anna.panel).to_contain_text("You are muted")
    caller.hears(0)
    began = time.monotonic()
    wait_until(lambda: time.monotonic() - began > 5, 6)
    assert caller.view["state"] == "accepted"
    caller.hears(0)
    anna.mute.click()
    caller.hears(OPERATOR_TONE)


def test_digits_of_the_keypad_reach_the_customers_side(anna, customer):
    caller = customer().call()
    anna.answer()
    anna.hears(TONE)
    anna.page.locator(".o-whatsapp-OnCall-keypad").click()
    for key in "15*#":
        anna.on_call.locator(f"[data-key='{key}']").click()
    wait_until(lambda: caller.view["dtmf"] == "15*#", what="the digits")


def test_a_killed_browser_ends_the_call_within_15_seconds(operator, customer, call_row):
    window = operator("agent2")
    caller = customer().call()
    window.answer()
    began = time.monotonic()
    with pytest.raises(Error):
        # the renderer dies: no farewell, no beacon
        window.page.goto("chrome://crash")
    view = caller.wait_for_state("ended", seconds=20)
    assert time.monotonic() - began < 15
    assert view["ended_by"] == "business"
    assert call_row(caller)["closed_reason"] == "lost_tab"


def test_a_closed_tab_asks_first_and_then_hangs_up(operator, customer, call_row):
    window = operator("agent2")
    tab = window.new_tab()
    caller = customer().call()
    window.answer()
    asked = []

    def leave(dialog):
        asked.append(dialog.type)
        dialog.accept()

    window.page.on("dialog", leave)
    with window.page.expect_event("close"):
        window.page.close(run_before_unload=True)
    view = caller.wait_for_state("ended", seconds=5)
    assert view["ended_by"] == "business"
    assert asked == ["beforeunload"]
    # the next tab offers to call back
    tab.page.reload()
    lost = tab.toast.filter(has_text="was cut off when its tab was closed")
    expect(lost.get_by_text("Call again")).to_be_visible()


REFUSED = {"kind": "http", "on": "accept", "status": 400, "code": 138004}


def test_a_refused_accept_after_pre_accept_is_tried_again_with_the_same_sdp(
    anna, ben, customer, simulator
):
    simulator.control("POST", "faults", REFUSED)
    caller = customer().call()
    expect(ben.popup).to_be_visible()
    anna.accept.click()
    # nobody else can answer any more: WhatsApp holds this tab's SDP
    expect(ben.connecting).to_contain_text("Anna Berger is connecting")
    expect(anna.connected).to_have_text("Connected")
    anna.hears(TONE)
    assert caller.actions() == ["pre_accept", "accept", "accept"]
    sdps = {entry["body"]["session"]["sdp"] for entry in caller.requests()}
    assert len(sdps) == 1


@pytest.fixture
def without_pre_accept(odoo_server):
    text = "UPDATE whatsapp_calling_number SET pre_accept = %s"
    odoo_server.sql(text, [False])
    yield
    odoo_server.sql(text, [True])


def test_a_refused_accept_without_pre_accept_rings_on_for_all(
    anna, ben, customer, simulator, without_pre_accept, odoo_server, call_row
):
    simulator.control("POST", "faults", REFUSED)
    caller = customer().call()
    anna.accept.click()
    expect(anna.notice).to_be_visible()
    for one in (anna, ben):
        expect(one.accept).to_be_enabled()
    wait_until(lambda: not anna.microphones(), what="the microphone's release")
    kept = odoo_server.sql(
        "SELECT data FROM whatsapp_call_event WHERE call_id = %s"
        " AND kind = 'accept_failed'",
        [call_row(caller)["id"]],
    )
    assert kept[0][0]["code"] == 138004
    ben.answer()
    assert caller.actions() == ["accept", "accept"]


def test_a_rejected_token_is_said_and_marks_the_account(
    anna, ben, customer, simulator, without_pre_accept, odoo_server
):
    fault = {"kind": "http", "on": "accept", "status": 401, "code": 190}
    simulator.control("POST", "faults", fault)
    customer().call()
    anna.accept.click()
    expect(anna.notice).to_be_visible()
    state = "SELECT state FROM whatsapp_calling_account ORDER BY id LIMIT 1"
    wait_until(
        lambda: odoo_server.sql(state) == [("token_rejected",)], what="the account"
    )
    odoo_server.sql("UPDATE whatsapp_calling_account SET state = 'connected'")


def test_a_company_hears_only_its_own_calls(anna, operator, customer, odoo_server):
    carmen = operator("agent3")
    first = customer().call()
    expect(anna.popup).to_be_visible()
    second = customer().call(to=SECOND_BUSINESS)
    expect(carmen.popup).to_contain_text(second.wa_id[-4:])
    expect(carmen.popup).to_have_count(1)
    expect(anna.popup).to_have_count(1)
    companies = odoo_server.sql(
        "SELECT provider_ref, company_id, account_id FROM whatsapp_call"
        " WHERE provider_ref IN %s",
        [(first.ref, second.ref)],
    )
    assert len({company for _ref, company, _account in companies}) == 2
    assert len({account for _ref, _company, account in companies}) == 2


def test_a_call_that_nobody_answers_is_missed_and_goes_away_everywhere(
    anna, ben, customer, odoo_server, call_row
):
    odoo_server.sql("UPDATE whatsapp_calling_number SET ring_seconds = 3")
    try:
        caller = customer().call()
        for one in (anna, ben):
            expect(one.popup).to_be_visible()
        for one in (anna, ben):
            expect(one.popup).to_have_count(0)
        wait_until(lambda: call_row(caller)["state"] == "missed", what="missed")
    finally:
        odoo_server.sql("UPDATE whatsapp_calling_number SET ring_seconds = 60")
    expect(anna.systray.locator(".o-whatsapp-Systray-missed")).to_be_visible()


def test_the_line_quality_is_shown_and_kept_on_the_call(anna, customer, call_row):
    caller = customer().call()
    anna.answer()
    anna.hears(TONE)
    expect(anna.page.locator(".o-whatsapp-Quality")).to_be_visible()
    wait_until(lambda: anna.page.evaluate(QUALITY), what="a measurement")
    anna.hang_up.click()
    caller.wait_for_state("ended")
    quality = wait_until(lambda: call_row(caller)["quality"], what="the quality")
    assert {"rtt_ms", "jitter_ms", "loss_percent"} <= quality.keys()


QUALITY = (
    "() => Boolean(odoo.__WOWL_DEBUG__.root.env"
    ".services['whatsapp_calling.softphone'].live?.quality)"
)
