"""WhatsApp's own recording and transcription: strict at asking, handed out after."""

import base64
import hashlib
import io
import json
from urllib.parse import quote

import av
import pytest

from tests.simulator.business import EVA, NUMBER, TOKEN, until
from tests.simulator.test_inbound_call import control, ring, show

WANTED = {
    "status": "ENABLED",
    "purpose": "Training of our staff",
    "announcement_language": "de",
}


async def settings(business, **values):
    await business.control("POST", "settings", {"capture_delay": 0.01, **values})


async def accepted(business, peer, **members):
    call, connect = await ring(business, say="I lost my card", tone=None, loop=False)
    sdp = await peer.answer(connect["session"]["sdp"])
    return call, await business.calls("accept", call_id=call["id"], sdp=sdp, **members)


async def recorded(business, peer, **members):
    """A call that WhatsApp recorded and that is over."""
    call, (status, body) = await accepted(business, peer, **members)
    assert status == 200, body
    wanted = f"calls/{quote(call['id'])}/heard"

    async def heard():
        return (await business.control("GET", wanted))["seconds"] > 0.5

    await until(heard, "the phone hears the business")
    await business.calls("terminate", call_id=call["id"])
    return call


async def fetched(business, media_id):
    """(media object, content) by the media id."""
    status, media = await business.graph("GET", media_id)
    assert status == 200, media
    headers = {"Authorization": f"Bearer {TOKEN}"}
    async with business.session.get(media["url"], headers=headers) as response:
        return media, await response.read()


def digest(content):
    return base64.b64encode(hashlib.sha256(content).digest()).decode()


async def test_the_recording_is_told_of_after_the_end_and_can_be_fetched(
    business, peer
):
    await settings(business)
    call = await recorded(business, peer, recording=WANTED)
    told = await business.wait("call_recording_available")
    assert (told["id"], told["from"]) == (call["id"], EVA)
    assert told["call_recording"]["type"] == "audio"
    audio = told["call_recording"]["audio"]
    assert audio["mime_type"] == "audio/ogg; codecs=opus"
    media, content = await fetched(business, audio["id"])
    assert media["sha256"] == audio["sha256"] == digest(content)
    with av.open(io.BytesIO(content)) as sound:
        assert sound.streams.audio[0].codec_context.name == "opus"
        assert sound.duration / av.time_base > 0.5
    assert "call_transcription_available" not in business.words()


async def test_the_announcement_is_in_the_recordings_language(business, peer):
    other = {**WANTED, "announcement_language": "fr"}
    call, _ = await accepted(business, peer, recording=WANTED, transcription=other)
    assert (await show(business, call))["announced"] == "de"


async def test_the_transcript_holds_what_the_phone_said(business, peer):
    await settings(business)
    call = await recorded(business, peer, transcription=WANTED)
    told = await business.wait("call_transcription_available")
    document = told["call_transcript"]["document"]
    assert document["mime_type"] == "application/json"
    _, content = await fetched(business, document["id"])
    transcript = json.loads(content)["transcript"]
    assert [(s["speaker"], s["text"]) for s in transcript["segments"]] == [
        ("Customer", "I lost my card")
    ]
    assert "call_recording_available" not in business.words()
    assert call["direction"] == "inbound"


async def test_a_test_says_what_stands_in_the_transcript(business, peer):
    await settings(business)
    call, _ = await accepted(business, peer, transcription=WANTED)
    segment = {"speaker": "Business", "start": 1.5, "end": 2.0, "text": "Hello"}
    await control(business, call, "transcript", {"segments": [segment]})
    await business.calls("terminate", call_id=call["id"])
    told = await business.wait("call_transcription_available")
    _, content = await fetched(business, told["call_transcript"]["document"]["id"])
    (found,) = json.loads(content)["transcript"]["segments"]
    assert found | segment == found


@pytest.mark.parametrize("name", ["recording", "transcription"])
@pytest.mark.parametrize(
    "wrong",
    [
        {"status": "ON"},
        {"purpose": None},
        {"purpose": ""},
        {"purpose": "x" * 251},
        {"announcement_language": "sv"},
        {"announcement_language": None},
    ],
)
async def test_what_is_asked_for_wrongly_is_refused_with_the_answer(
    business, peer, name, wrong
):
    _, (status, body) = await accepted(business, peer, **{name: {**WANTED, **wrong}})
    assert (status, body["error"]["code"]) == (400, 100)


async def test_a_call_nobody_answered_is_not_recorded(business):
    await settings(business)
    call, _ = await ring(business, media=False)
    await business.calls("reject", call_id=call["id"])
    await business.wait("terminate")
    assert "call_recording_available" not in business.words()


async def test_the_link_lives_shorter_than_the_file(business, peer):
    await settings(business, media_url_ttl=0)
    await recorded(business, peer, recording=WANTED)
    audio = (await business.wait("call_recording_available"))["call_recording"]["audio"]
    headers = {"Authorization": f"Bearer {TOKEN}"}
    async with business.session.get(audio["url"], headers=headers) as response:
        assert response.status == 404
    await settings(business, media_url_ttl=300)
    media, content = await fetched(business, audio["id"])
    assert media["sha256"] == digest(content)


async def test_after_seven_days_the_file_is_gone(business, peer):
    await settings(business, capture_kept=0)
    await recorded(business, peer, recording=WANTED)
    audio = (await business.wait("call_recording_available"))["call_recording"]["audio"]
    status, body = await business.graph("GET", audio["id"])
    assert (status, body["error"]["code"]) == (400, 100)


async def test_an_outbound_call_is_recorded_as_well(business, peer):
    await settings(business)
    sdp = await peer.offer()
    members = {"to": EVA, "sdp": sdp, "recording": WANTED}
    _, body = await business.calls("connect", NUMBER, **members)
    call = {"id": body["calls"][0]["id"]}
    connect = await business.wait("connect")
    await peer.take_answer(connect["session"]["sdp"])
    await business.wait("RINGING")
    await control(business, call, "answer")
    await business.wait("ACCEPTED")
    await business.calls("terminate", call_id=call["id"])
    told = await business.wait("call_recording_available")
    assert told["id"] == call["id"]
    assert (await show(business, call))["announced"] == "de"
