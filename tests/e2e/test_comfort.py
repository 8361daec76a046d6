"""Two calls at once, wrap-up, devices, blocking, notifications, media test."""

import re

import pytest
from playwright.sync_api import expect
from requests import HTTPError

from tests.e2e.conftest import OPERATOR_TONE
from tests.e2e.customer import TONE
from tests.e2e.operator import SOFTPHONE
from tests.e2e.push_service import PushService
from tests.e2e.stun_server import StunServer
from tests.waiting import wait_until

EVA = "436601112201"


@pytest.fixture
def admin(odoo_server):
    """Writes settings; what it wrote is undone after the test."""
    rpc = odoo_server.rpc("admin")
    undo = []

    def write(model, ids, values):
        (before,) = rpc(model, "read", ids[:1], list(values))
        undo.append((model, ids, {name: before[name] for name in values}))
        rpc(model, "write", ids, values)

    yield write
    for model, ids, values in reversed(undo):
        rpc(model, "write", ids, values)


@pytest.fixture
def company(odoo_server):
    rows = odoo_server.sql(
        "SELECT company_id FROM whatsapp_calling_account ORDER BY id LIMIT 1"
    )
    return [rows[0][0]]


@pytest.fixture
def push_service():
    service = PushService()
    yield service
    service.close()


@pytest.fixture
def stun_server(odoo_server):
    server = StunServer()
    rpc = odoo_server.rpc("admin")
    values = {"server_type": "stun", "uri": server.uri}
    record = rpc("mail.ice.server", "create", [values])
    yield server
    rpc("mail.ice.server", "unlink", record)
    server.close()


def without_toasts(operator):
    """Private windows have no push messages, and Odoo says so over our buttons."""
    css = ".o_notification { display: none !important; }"
    operator.page.add_style_tag(content=css)


def test_a_second_caller_knocks_and_accepting_ends_the_first_call(
    anna, customer, picture
):
    first = customer(EVA).call()
    anna.answer()
    anna.hears(TONE)
    second = customer().call()
    expect(anna.page.locator(".o-whatsapp-OnCall-waiting")).to_have_text("1 waiting")
    assert not anna.rings()
    expect(anna.popup).to_contain_text("Accepting ends your call with Eva Gruber.")
    picture(anna, "waiting")
    anna.hears(TONE)  # the first call goes on meanwhile
    expect(anna.accept).to_contain_text("End current call and accept")
    anna.accept.click()
    assert first.wait_for_state("ended")["ended_by"] == "business"
    second.wait_for_state("accepted")
    second.hears(OPERATOR_TONE)
    anna.hang_up.click()
    second.wait_for_state("ended")


def test_after_a_talk_the_operator_is_not_rung_until_ready(
    anna, ben, customer, admin, company, odoo_server, picture
):
    admin("res.company", company, {"whatsapp_calling_wrap_up": 60})
    # the talk of the test before counts too
    odoo_server.rpc("agent1")("whatsapp.call", "softphone_ready")
    first = customer().call()
    anna.answer()
    first.wait_for_state("accepted")
    anna.hang_up.click()
    countdown = anna.page.locator(".o-whatsapp-Systray .o-whatsapp-WrapUp-left")
    expect(countdown).to_have_text(re.compile(r"^00:[45]\d$"))
    second = customer().call()
    expect(ben.accept).to_be_visible()
    expect(anna.popup).to_have_count(0)
    picture(anna, "wrap_up")
    anna.page.locator(".o-whatsapp-WrapUp-ready").click()
    expect(anna.accept).to_be_visible()
    expect(countdown).to_have_count(0)
    second.act("hangup")
    expect(anna.popup).to_have_count(0)


def test_the_microphone_changes_in_mid_call_without_a_new_negotiation(anna, customer):
    caller = customer(EVA).call()
    anna.answer()
    caller.hears(OPERATOR_TONE)
    anna.page.locator("button[aria-label='Microphone and speaker']").click()
    choice = anna.page.locator("[data-use=microphone] select")
    options = choice.locator("option").all_text_contents()
    assert options[0] == "Default of this computer"
    assert len(options) > 1, options
    before = anna.page.evaluate(f"() => {SOFTPHONE}.live.peer.track.id")
    choice.select_option(index=len(options) - 1)
    wait_until(
        lambda: anna.page.evaluate(f"() => {SOFTPHONE}.live.peer.track.id") != before,
        what="another track",
    )
    caller.hears(OPERATOR_TONE)
    assert caller.actions() == ["pre_accept", "accept"]
    remembered = anna.page.evaluate(
        f"() => localStorage.getItem({SOFTPHONE}.devices.key)"
    )
    assert '"microphone":{"id":"' in remembered
    choice.select_option(index=0)
    anna.hang_up.click()
    caller.wait_for_state("ended")


def test_the_check_before_a_shift_hears_plays_and_rings(operator, picture):
    anna = operator("agent1", viewport={"width": 390, "height": 1300})
    without_toasts(anna)
    anna.systray.click()
    anna.page.locator(".o-whatsapp-Panel-reminderOpen").click()
    step = anna.page.locator(".o-whatsapp-ShiftCheck-step")
    # the fake microphone plays a tone: the meter is a real getUserMedia's
    microphone = anna.page.locator("[data-step=microphone]")
    expect(microphone.locator(".o-whatsapp-ShiftCheck-ok")).to_be_visible()
    level = microphone.locator("[role=meter]").get_attribute("aria-valuenow")
    assert int(level) > 0
    for use in ("speaker", "ring"):
        part = anna.page.locator(f"[data-step={use}]")
        part.locator(".o-whatsapp-ShiftCheck-test").click()
        part.locator(".o-whatsapp-ShiftCheck-yes").click()
        expect(part.locator(".o-whatsapp-ShiftCheck-ok")).to_be_visible()
    expect(anna.page.locator(".o-whatsapp-ShiftCheck-line")).to_have_text(
        "Connected: calls ring at once."
    )
    expect(step).to_have_count(5)
    picture(anna, "check")
    anna.page.get_by_role("button", name="Done").click()
    wait_until(lambda: not anna.microphones(), what="the microphone's release")
    expect(anna.page.locator(".o-whatsapp-Panel-reminder")).to_have_count(0)


def test_the_media_test_reports_candidates_and_a_real_opus_level(
    operator, stun_server, picture
):
    anna = operator("agent1", viewport={"width": 1280, "height": 1000})
    without_toasts(anna)
    anna.systray.click()
    anna.page.locator(".o-whatsapp-Panel-check").click()
    anna.page.locator(".o-whatsapp-MediaTest-run").click()
    lines = anna.page.locator(".o-whatsapp-MediaTest-line")
    expect(anna.page.locator(".o-whatsapp-MediaTest-advice")).to_be_visible()
    texts = lines.all_inner_texts()
    picture(anna, "media")
    assert texts[0] == "This computer's own network (host)\nFound."
    assert texts[1] == (
        f"stun:{stun_server.uri}\nTells this computer its public address (srflx)."
    )
    level = re.search(r"\(audio/opus, loudness (\d+) of 100\)", texts[-1])
    assert level and 5 <= int(level[1]) <= 15, texts[-1]
    expect(anna.page.locator(".o-whatsapp-MediaTest-advice")).to_contain_text(
        "Calls work here as long as the firewall lets UDP out."
    )


def block(anna, picture=None):
    anna.page.locator(".o-whatsapp-IncomingCall-block").click()
    anna.page.locator("#o_whatsapp_block_reason").fill("Insulted two colleagues")
    if picture:
        picture(anna, "block")
    anna.page.locator(".o-whatsapp-BlockDialog-block").click()


def test_a_caller_who_is_blocked_here_only_is_rejected_at_once(
    anna, ben, customer, admin, company, odoo_server, simulator, picture
):
    admin("res.company", company, {"whatsapp_calling_operators_block": True})
    caller = customer().call()
    expect(anna.popup).to_be_visible()
    # the 24 hours have passed, as far as we know
    odoo_server.sql(
        "UPDATE whatsapp_call_contact SET last_inbound = last_inbound - interval '25h'"
        " WHERE wa_id = %s RETURNING id",
        [caller.wa_id],
    )
    block(anna, picture)
    told = anna.toast.filter(has_text="Here the caller stays blocked")
    expect(told).to_be_visible()
    assert caller.wait_for_state("ended")["ended_by"] == "business"
    for one in (anna, ben):
        expect(one.popup).to_have_count(0)
    again = caller.call()
    assert again.wait_for_state("ended")["ended_by"] == "business"
    assert again.actions() == ["reject"]
    ((state, reason, rung),) = odoo_server.sql(
        "SELECT state, closed_reason, (SELECT count(*) FROM whatsapp_call_rung_rel"
        " WHERE call_id = c.id) FROM whatsapp_call c WHERE provider_ref = %s",
        [again.ref],
    )
    assert (state, reason, rung) == ("rejected", "blocked", 0)
    expect(anna.popup).to_have_count(0)


def test_within_24_hours_whatsapp_blocks_the_caller_too(
    anna, customer, admin, company, odoo_server
):
    admin("res.company", company, {"whatsapp_calling_operators_block": True})
    caller = customer().call()
    block(anna)
    caller.wait_for_state("ended")
    wait_until(
        lambda: odoo_server.sql(
            "SELECT 1 FROM whatsapp_call_block b JOIN whatsapp_call_contact c"
            " ON c.id = b.contact_id WHERE c.wa_id = %s"
            " AND b.whatsapp_state = 'blocked'",
            [caller.wa_id],
        ),
        10,
        "the block at WhatsApp",
    )
    with pytest.raises(HTTPError, match="This business has blocked the customer"):
        caller.call()


def test_behind_another_window_the_system_tells_and_a_click_comes_back(
    operator, customer
):
    """The tab is hidden: a notification of the system, gone when it stops ringing."""

    def allow(context):
        context.grant_permissions(["notifications", "microphone"])
        context.add_init_script(
            "window.__notified = [];"
            "window.Notification = class extends EventTarget {"
            " static permission = 'granted';"
            " static requestPermission = async () => 'granted';"
            " constructor(title, options) { super();"
            "  Object.assign(this, {title, options, closed: false});"
            "  window.__notified.push(this); }"
            " close() { this.closed = true; } };"
            "Document.prototype.hasFocus = () => false;"
        )

    anna = operator("agent1", prepare=allow)
    anna.page.evaluate("() => window.dispatchEvent(new Event('blur'))")
    eva = customer(EVA).call()
    shown = wait_until(
        lambda: anna.page.evaluate(
            "() => window.__notified.map((n) => [n.title, n.options.body, n.closed])"
        ),
        10,
        "a notification",
    )
    assert shown == [["Incoming WhatsApp call", "Eva Gruber · +43 660 1112201", False]]
    eva.act("hangup")
    wait_until(
        lambda: anna.page.evaluate("() => window.__notified[0].closed"),
        10,
        "the notification to go",
    )


def test_a_closed_browser_is_told_by_web_push_and_told_again_when_it_is_over(
    odoo_server, customer, push_service
):
    rpc = odoo_server.rpc("agent2")
    key = rpc("mail.push.device", "get_web_push_vapid_public_key")
    rpc(
        "mail.push.device",
        "register_devices",
        vapid_public_key=key,
        **push_service.subscription,
    )
    # agent2 has closed the browser
    odoo_server.sql(
        "UPDATE mail_presence SET status = 'offline' WHERE user_id ="
        " (SELECT id FROM res_users WHERE login = 'agent2') RETURNING id"
    )
    # of nobody's own customers: it rings for all at once
    caller = customer().call()
    (ring,) = push_service.wait(1)
    headers, message = ring
    assert message["title"] == "Incoming WhatsApp call"
    assert message["options"]["body"].endswith("→ Support")
    assert message["options"]["data"]["model"] == "whatsapp.call"
    assert 0 < int(headers["TTL"]) <= 60
    assert headers["Urgency"] == "high"
    caller.act("hangup")
    _ring, (_headers, cancel) = push_service.wait(2)
    assert cancel["options"]["data"] == {"type": "CANCEL"}
    assert cancel["options"]["tag"] == message["options"]["tag"]
