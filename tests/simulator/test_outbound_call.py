"""The business calls a customer."""

from urllib.parse import quote

import pytest

from tests.simulator.business import (
    EVA,
    JONAS,
    LUCIA,
    NUMBER,
    NUMBER_WA_ID,
    Peer,
    until,
)
from tests.simulator.test_inbound_call import control, show


@pytest.fixture
async def offer(peer):
    return await peer.offer()


async def phone(business, wa_id=EVA, **behaviour):
    await business.control("POST", f"phones/{wa_id}", behaviour)


async def dial(business, sdp, to=EVA, **members):
    status, body = await business.calls("connect", to=to, sdp=sdp, **members)
    assert status == 200, body
    return body["calls"][0]


async def test_both_sides_hear_each_other(business, peer, offer):
    await phone(business, answer_after=0.3, tone=520)
    call = await dial(business, offer, biz_opaque_callback_data="odoo:call:17")
    connect = await business.wait("connect")
    assert connect["session"]["sdp_type"] == "answer"
    assert "a=ice-lite" in connect["session"]["sdp"]
    assert "a=setup:active" in connect["session"]["sdp"]
    await peer.take_answer(connect["session"]["sdp"])
    accepted = await business.wait("ACCEPTED")
    await until(lambda: abs(peer.pitch - 520) < 5, "the business hears 520 Hz")

    async def heard():
        data = await business.control("GET", f"calls/{quote(call['id'])}/heard")
        return abs((data.get("tone_hz") or 0) - 660) < 5

    await until(heard, "the phone hears 660 Hz")
    await control(business, call, "hangup")
    end = await business.wait("terminate")
    assert end["start_time"] == accepted["timestamp"]
    assert end["status"] == "COMPLETED"
    assert business.words() == ["connect", "RINGING", "ACCEPTED", "terminate"]
    for part in business.parts():
        assert part["biz_opaque_callback_data"] == "odoo:call:17"


async def test_webhooks_are_shaped_like_metas(business, offer):
    call = await dial(business, offer, to="+" + EVA)
    connect = await business.wait("connect")
    assert (connect["from"], connect["to"]) == (NUMBER_WA_ID, EVA)
    assert connect["to_user_id"] == "AT.900000000001"
    assert connect["direction"] == "BUSINESS_INITIATED"
    ringing = await business.wait("RINGING")
    value = ringing.pop("_value")
    assert "contacts" not in value
    assert ringing.pop("timestamp").isdigit()
    assert ringing == {
        "id": call["id"],
        "type": "call",
        "status": "RINGING",
        "recipient_id": EVA,
        "recipient_user_id": "AT.900000000001",
        "_field": "calls",
    }


async def test_the_customer_declines(business, offer):
    await phone(business, answer="reject")
    await dial(business, offer)
    end = await business.wait("terminate")
    assert business.words() == ["connect", "RINGING", "REJECTED", "terminate"]
    assert "start_time" not in end


async def test_nobody_answers(business, offer):
    await business.control("POST", "settings", {"ring_timeout_outbound": 0.4})
    call = await dial(business, offer)
    await business.wait("terminate")
    assert business.words() == ["connect", "RINGING", "terminate"]
    assert (await show(business, call))["ended_by"] == "timeout"


async def test_the_business_cancels(business, offer):
    call = await dial(business, offer)
    await business.wait("RINGING")
    status, _ = await business.calls("terminate", call_id=call["id"])
    assert status == 200
    await business.wait("terminate")
    assert (await show(business, call))["ended_by"] == "business"
    status, body = await business.calls("terminate", call_id=call["id"])
    assert (status, body["error"]["code"]) == (400, 100)


async def test_an_offline_phone_never_rings(business, offer):
    await phone(business, online=False)
    await business.control("POST", "settings", {"ring_timeout_outbound": 0.3})
    await dial(business, offer)
    await business.wait("terminate")
    assert business.words() == ["connect", "terminate"]


async def refused(business, sdp, code, http, to=EVA):
    status, body = await business.calls("connect", to=to, sdp=sdp)
    assert (status, body["error"]["code"]) == (http, code)
    assert body["error"]["fbtrace_id"] and body["error"]["type"] == "OAuthException"


@pytest.mark.parametrize(
    "code, http, number",
    [
        (138000, 401, {"calling": {"status": "DISABLED"}}),
        (131055, 400, {"calling": {"sip": {"status": "ENABLED"}}}),
        (138013, 400, {"country": "US"}),
        (138014, 400, {"suspended": True}),
        (131044, 400, {"payment_method": False}),
        (131030, 400, {"sandbox": True}),
    ],
)
async def test_the_number_may_not_call(business, offer, code, http, number):
    await business.control("POST", f"numbers/{NUMBER}", number)
    await refused(business, offer, code, http)


@pytest.mark.parametrize(
    "code, http, settings",
    [
        (138012, 400, {"connected_per_day": 0}),
        (138002, 429, {"concurrent_calls": 0}),
        (138005, 429, {"connects_per_day": 0}),
    ],
)
async def test_limits(business, offer, code, http, settings):
    if code == 138012:
        # one connected call, then a limit of one
        await phone(business, answer_after=0)
        call = await dial(business, offer)
        await business.wait("ACCEPTED")
        await control(business, call, "hangup")
        settings = {"connected_per_day": 1}
    await business.control("POST", "settings", settings)
    await refused(business, offer, code, http)


async def test_who_cannot_be_called(business, offer):
    await refused(business, offer, 138006, 401, to=LUCIA)
    await refused(business, offer, 138001, 400, to="4312345678")
    await refused(business, offer, 131021, 400, to=NUMBER_WA_ID)
    await phone(business, supports_calls=False)
    await refused(business, offer, 138001, 400)


async def test_one_call_per_pair(business, offer):
    await dial(business, offer)
    await refused(business, offer, 138003, 400)
    other = Peer()
    await dial(business, await other.offer(), to="DE.900000000003")
    await other.close()


async def test_a_temporary_permission_runs_out(business, offer):
    await business.control(
        "POST",
        "permissions",
        {"wa_id": JONAS, "number": NUMBER, "status": "temporary", "expires": 1},
    )
    await refused(business, offer, 138006, 401, to=JONAS)


async def test_four_unanswered_calls_revoke(business, offer):
    await business.control("POST", "settings", {"ring_timeout_outbound": 0.01})
    for count in range(1, 5):
        await dial(business, offer, to=JONAS)
        await business.wait("terminate", count)
    reply = await business.wait("interactive")
    answer = reply["interactive"]["call_permission_reply"]
    assert answer == {"response": "reject", "response_source": "automatic"}
    assert "context" not in reply
    await refused(business, offer, 138006, 401, to=JONAS)


async def test_actpass_in_the_answer(business, offer):
    await business.control("POST", "faults", {"kind": "actpass"})
    await dial(business, offer)
    connect = await business.wait("connect")
    assert "a=setup:actpass" in connect["session"]["sdp"]


async def test_connect_webhook_before_the_reply(business, offer):
    await business.control("POST", "faults", {"kind": "connect_before_reply"})
    await dial(business, offer)
    assert business.words()[:1] == ["connect"]


async def test_an_opaque_text_of_513_characters(business, offer):
    status, body = await business.calls(
        "connect", to=EVA, sdp=offer, biz_opaque_callback_data="x" * 513
    )
    assert (status, body["error"]["code"]) == (400, 100)
    assert await business.control("GET", "calls") == []
