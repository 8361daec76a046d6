"""A customer calls the business."""

import asyncio
import itertools
from urllib.parse import quote

import pytest
from aiortc.rtp import RtpPacket

from simulator.media import dtmf
from tests.simulator.business import EVA, LUCIA, NUMBER_WA_ID, Peer, until


async def ring(business, **options):
    """A customer calls; (call, connect webhook)."""
    body = {"from": EVA, "to": NUMBER_WA_ID, "tone": 440, "loop": True, **options}
    call = await business.control("POST", "calls", body)
    return call, await business.wait("connect")


async def show(business, call, **query):
    text = "&".join(f"{k}={v}" for k, v in query.items())
    return await business.control("GET", f"calls/{quote(call['id'], safe='')}?{text}")


async def control(business, call, action, data=None):
    return await business.control(
        "POST", f"calls/{quote(call['id'], safe='')}/{action}", data or {}
    )


async def test_both_sides_hear_each_other(business, peer):
    call, connect = await ring(business)
    sdp = await peer.answer(connect["session"]["sdp"])
    assert await business.calls("accept", call_id=call["id"], sdp=sdp) == (
        200,
        {"messaging_product": "whatsapp", "success": True},
    )
    await until(lambda: abs(peer.pitch - 440) < 5, "the business hears 440 Hz")

    async def heard():
        data = await business.control("GET", f"calls/{quote(call['id'])}/heard")
        return abs((data.get("tone_hz") or 0) - 660) < 5 and data["seconds"] > 0.5

    await until(heard, "the phone hears 660 Hz")
    wav = await business.control("GET", f"calls/{quote(call['id'])}/heard.wav")
    assert wav[:4] == b"RIFF"
    state = await show(business, call)
    assert state["state"] == "accepted"
    assert state["rtp"]["rtp_in"] > 25 and state["rtp"]["rtp_out"] > 20
    assert await business.calls("terminate", call_id=call["id"]) == (
        200,
        {"messaging_product": "whatsapp", "success": True},
    )
    end = await business.wait("terminate")
    assert end["status"] == "COMPLETED" and end["direction"] == "USER_INITIATED"
    assert end["duration"] == int(end["end_time"]) - int(end["start_time"])
    assert business.words() == ["connect", "terminate"]


async def test_connect_is_shaped_like_metas(business):
    call, connect = await ring(business, cta_payload="a/b", deeplink_payload="é")
    value = connect.pop("_value")
    assert value["metadata"] == {
        "display_phone_number": NUMBER_WA_ID,
        "phone_number_id": "200000000000001",
    }
    assert value["contacts"] == [
        {
            "profile": {"name": "Eva Gruber"},
            "wa_id": EVA,
            "user_id": "AT.900000000001",
        }
    ]
    sdp = connect.pop("session")
    assert sdp["sdp_type"] == "offer"
    assert connect.pop("timestamp").isdigit()
    assert connect == {
        "id": call["id"],
        "from": EVA,
        "from_user_id": "AT.900000000001",
        "to": NUMBER_WA_ID,
        "event": "connect",
        "direction": "USER_INITIATED",
        "cta_payload": "a/b",
        "deeplink_payload": "é",
        "_field": "calls",
    }
    lines = sdp["sdp"].split("\r\n")
    assert "a=ice-lite" in lines and "a=setup:actpass" in lines
    assert len([line for line in lines if line.startswith("a=fingerprint:")]) == 1
    assert "a=rtpmap:126 telephone-event/8000" in lines
    headers, raw = business.posts[0]
    assert business.signed(headers, raw)
    assert b"\\u00e9" in raw and b"a\\/b" in raw


async def test_media_before_accept_answers_the_call(business, peer):
    call, connect = await ring(business)
    sdp = await peer.answer(connect["session"]["sdp"])
    status, _ = await business.calls("pre_accept", call_id=call["id"], sdp=sdp)
    assert status == 200
    state = await show(business, call, wait="accepted")
    assert state["state"] == "accepted" and "first_media" in state["times"]
    # the accept that was on its way is taken, once
    for wanted in (200, 400):
        status, _ = await business.calls("accept", call_id=call["id"], sdp=sdp)
        assert status == wanted


async def test_accept_must_repeat_the_sdp_of_pre_accept(business):
    silent = Peer(None)
    call, connect = await ring(business)
    sdp = await silent.answer(connect["session"]["sdp"])
    await business.calls("pre_accept", call_id=call["id"], sdp=sdp)
    assert (await show(business, call))["state"] == "pre_accepted"
    other = sdp.replace("o=- ", "o=- 1")
    status, body = await business.calls("accept", call_id=call["id"], sdp=other)
    assert (status, body["error"]["code"]) == (400, 138008)
    status, _ = await business.calls("accept", call_id=call["id"], sdp=sdp)
    assert status == 200
    await silent.close()


async def test_without_media_the_call_fails_like_the_captured_one(business):
    await business.control("POST", "settings", {"no_media_start": 0.3})
    silent = Peer(None)
    call, connect = await ring(business)
    sdp = await silent.answer(connect["session"]["sdp"])
    await business.calls("accept", call_id=call["id"], sdp=sdp)
    end = await business.wait("terminate")
    assert end["status"] == "FAILED"
    assert end["errors"][0]["code"] == 138021
    assert end["_value"]["errors"][0]["error_data"]["details"]
    assert {"start_time", "end_time", "duration"} <= end.keys()
    await silent.close()


async def test_media_that_stops_in_mid_call_ends_it(business, peer):
    await business.control(
        "POST", "settings", {"no_media_start": 1.0, "no_media_mid": 0.5}
    )
    call, connect = await ring(business)
    sdp = await peer.answer(connect["session"]["sdp"])
    await business.calls("accept", call_id=call["id"], sdp=sdp)
    await until(lambda: abs(peer.pitch - 440) < 5)
    assert (await show(business, call))["state"] == "accepted"
    await peer.close()
    end = await business.wait("terminate")
    assert (end["status"], end["errors"][0]["code"]) == ("FAILED", 138021)


async def test_second_accept_loses(business, peer):
    call, connect = await ring(business)
    sdp = await peer.answer(connect["session"]["sdp"])
    results = await asyncio.gather(
        *(business.calls("accept", call_id=call["id"], sdp=sdp) for _ in range(3))
    )
    assert sorted(status for status, _ in results) == [200, 400, 400]


@pytest.mark.parametrize("how", ["cancel", "timeout", "reject", "terminate"])
async def test_an_unanswered_end_has_no_times(business, how):
    if how == "timeout":
        await business.control("POST", "settings", {"ring_timeout_inbound": 0.1})
    call, _ = await ring(business, media=False)
    if how == "cancel":
        await control(business, call, "hangup")
    elif how in ("reject", "terminate"):
        status, _ = await business.calls(how, call_id=call["id"])
        assert status == 200
    end = await business.wait("terminate")
    assert end["status"] == "COMPLETED"
    assert not {"start_time", "end_time", "duration"} & end.keys()
    status, body = await business.calls("reject", call_id=call["id"])
    assert (status, body["error"]["code"]) == (400, 100)


async def test_an_answered_call_does_not_ring_out(business, peer):
    await business.control("POST", "settings", {"ring_timeout_inbound": 1})
    call, connect = await ring(business)
    sdp = await peer.answer(connect["session"]["sdp"])
    await business.calls("accept", call_id=call["id"], sdp=sdp)
    later = {"from": LUCIA, "to": NUMBER_WA_ID, "media": False}
    later = await business.control("POST", "calls", later)
    end = await business.wait("terminate")
    assert end["id"] == later["id"]  # it began after the answered one
    assert (await show(business, call))["state"] == "accepted"


async def test_the_phone_hears_digits(business):
    peer = Peer(None)  # no sound, so that the stream's packets are all our own
    call, connect = await ring(business, tone=None)
    sdp = await peer.answer(connect["session"]["sdp"])
    await business.calls("accept", call_id=call["id"], sdp=sdp)
    await show(business, call, wait="media_connected")
    sender = peer.connection.getSenders()[0]
    sequence = itertools.count(100)
    for index, digit in enumerate("19#"):
        for data, marker in dtmf.payloads(digit, 60):
            packet = RtpPacket(126, int(marker), next(sequence), 9600 * index + 7)
            packet.ssrc, packet.payload = sender._ssrc, data
            await sender.transport._send_rtp(packet.serialize())
    await until(lambda: _has_digits(business, call, "19#"))
    await peer.close()


async def _has_digits(business, call, digits):
    return (await show(business, call))["dtmf"] == digits


async def test_the_phone_presses_keys(business, peer):
    seen = []
    call, connect = await ring(business, tone=None)
    sdp = await peer.answer(connect["session"]["sdp"])
    reader = dtmf.DigitReader()
    transport = peer.connection.getReceivers()[0].transport
    original = transport._handle_rtp_data

    async def spy(data, arrival_time_ms):
        packet = RtpPacket.parse(data)
        seen.append(packet)
        if packet.payload_type == 126:
            reader.feed(packet.ssrc, packet.timestamp, packet.payload)
        await original(data, arrival_time_ms=arrival_time_ms)

    transport._handle_rtp_data = spy
    await business.calls("accept", call_id=call["id"], sdp=sdp)
    await show(business, call, wait="media_connected")
    await control(business, call, "dtmf", {"digits": "42#"})
    await until(lambda: reader.text == "42#" and reader.digits[-1]["ended"])
    assert len({packet.ssrc for packet in seen}) == 1
    sequence = [packet.sequence_number for packet in seen]
    assert sequence == list(range(sequence[0], sequence[0] + len(sequence)))


@pytest.mark.parametrize(
    "why, prepare",
    [
        (
            "calling is off",
            ("numbers/200000000000001", {"calling": {"status": "DISABLED"}}),
        ),
        ("offline", (f"phones/{LUCIA}", {"online": False})),
        ("paused", ("numbers/200000000000001", {"inbound_paused": True})),
        ("blocked", ("numbers/200000000000001", {"blocked": [LUCIA]})),
    ],
)
async def test_a_call_that_whatsapp_does_not_place(business, why, prepare):
    await business.control("POST", *prepare)
    data = await business.control(
        "POST", "calls", {"from": LUCIA, "media": False}, status=409
    )
    assert why in data["error"]
    assert "connect" not in business.words()
