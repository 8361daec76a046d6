"""WhatsApp's own recording and transcription: asked for, told of, fetched, read."""

import base64
import hashlib
import json

import pytest

from tests.providers.payloads import (
    CUSTOMER,
    NUMBER,
    WACID,
    body,
    change,
    sdp,
)
from whatsapp_calling.providers import PROVIDERS, Credentials, ProviderError
from whatsapp_calling.providers.base import Capabilities
from whatsapp_calling.providers.capture import CAPTURE_LANGUAGES
from whatsapp_calling.providers.meta_capture import transcript_of

meta = PROVIDERS["meta"]
SDP = sdp("chromium_answer")
SOUND = b"OggS" + bytes(range(256)) * 40
SHA256 = base64.b64encode(hashlib.sha256(SOUND).digest()).decode()
WANTED = {"purpose": "Training of our staff", "language": "de"}
SENT = {
    "status": "ENABLED",
    "purpose": "Training of our staff",
    "announcement_language": "de",
}
LINK = "https://lookaside.fbsbx.com/whatsapp_business/attachments/?mid=7&hash=abc"


def known(graph):
    return Credentials(token="demo-token-1", base_url=graph.url, timeout=(1, 5))


# ---- asked for


def test_whatsapp_can_record():
    assert Capabilities.RECORDING in meta.capabilities


@pytest.mark.parametrize(
    ("action", "payload", "kind"),
    [
        ("accept", {"call_ref": WACID, "sdp": SDP}, "answer"),
        ("connect", {"to": CUSTOMER, "sdp": SDP}, "offer"),
    ],
)
def test_accept_and_connect_carry_what_whatsapp_is_to_record(
    graph, action, payload, kind
):
    graph.answers = [(200, {}, {"calls": [{"id": WACID}]})]
    payload = {**payload, "recording": WANTED, "transcription": WANTED}
    meta.send(known(graph), action, NUMBER, payload)
    (asked,) = graph.asked
    whom = {"call_id": WACID} if action == "accept" else {"to": CUSTOMER}
    assert asked.body == {
        "messaging_product": "whatsapp",
        **whom,
        "action": action,
        "session": {"sdp_type": kind, "sdp": SDP},
        "recording": SENT,
        "transcription": SENT,
    }


def test_pre_accept_does_not_carry_it(graph):
    payload = {"call_ref": WACID, "sdp": SDP, "recording": WANTED}
    meta.send(known(graph), "pre_accept", NUMBER, payload)
    assert "recording" not in graph.asked[0].body


def test_there_are_the_eighteen_languages_of_whatsapps_announcement():
    assert " ".join(CAPTURE_LANGUAGES) == (
        "en en_US en_AU en_CA en_GB en_IN en_NZ nl fr de hi it kn pt es es_ES te vi"
    )


@pytest.mark.parametrize(
    "wrong", [{"purpose": ""}, {"purpose": "x" * 251}, {"language": "sv"}]
)
def test_what_whatsapp_would_refuse_with_the_call_is_not_sent(graph, wrong):
    payload = {"call_ref": WACID, "sdp": SDP, "recording": {**WANTED, **wrong}}
    with pytest.raises(ValueError):
        meta.send(known(graph), "accept", NUMBER, payload)
    assert graph.asked == []


# ---- told of


def available(name="recording", **members):
    medium = {"id": "7000", "sha256": SHA256, "mime_type": "audio/ogg; codecs=opus"}
    medium["url"] = LINK
    kinds = {
        "recording": ("call_recording", {"type": "audio", "audio": medium}),
        "transcription": ("call_transcript", {"document": medium}),
    }
    member, value = kinds[name]
    return {
        "id": WACID,
        "from": CUSTOMER,
        "event": f"call_{name}_available",
        "timestamp": "1790000090",
        member: value,
        **members,
    }


@pytest.mark.parametrize("name", ["recording", "transcription"])
def test_what_whatsapp_made_is_told_with_its_media_id_and_checksum(name):
    (event,) = meta.parse(body(change(calls=[available(name)])))
    assert event.kind == f"{name}_available"
    assert event.key == f"{WACID}:{name}:7000"
    assert (event.call_ref, event.number_ref) == (WACID, NUMBER)
    assert event.timestamp == 1790000090.0
    assert event.data == {
        "media_ref": "7000",
        "sha256": SHA256,
        "mime_type": "audio/ogg; codecs=opus",
    }
    assert event.problems == ()


def test_the_link_to_a_recording_is_not_kept():
    (event,) = meta.parse(body(change(calls=[available()])))
    assert "hash=abc" not in json.dumps(event.raw)


def test_the_transcript_is_found_under_the_name_of_its_event_as_well():
    told = available("transcription")
    told["call_transcription"] = told.pop("call_transcript")
    (event,) = meta.parse(body(change(calls=[told])))
    assert (event.kind, event.data["media_ref"]) == ("transcription_available", "7000")


@pytest.mark.parametrize("medium", [None, {}, {"audio": {}}, {"audio": "x"}, "x", [1]])
def test_a_recording_without_media_id_is_kept_and_flagged(medium):
    (event,) = meta.parse(body(change(calls=[available(call_recording=medium)])))
    assert (event.kind, event.call_ref) == ("unknown", WACID)
    assert "the recording has no media id" in event.problems


# ---- fetched


def fetch(graph, **payload):
    payload = {"media_ref": "7000", "sha256": SHA256, **payload}
    return meta.send(known(graph), "get_recording", NUMBER, payload)


def medium(graph, **members):
    return {
        "url": f"{graph.url}/whatsapp_business/attachments/?mid=7000&hash=new",
        "mime_type": "audio/ogg; codecs=opus",
        "sha256": SHA256,
        "file_size": len(SOUND),
        "id": "7000",
        **members,
    }


def test_a_recording_is_fetched_by_its_media_id_for_a_fresh_link(graph):
    graph.answers = [(200, {}, medium(graph)), (200, {}, SOUND)]
    answer = fetch(graph)
    look, file = graph.asked
    assert (look.path, look.query) == ("/v25.0/7000", {"phone_number_id": NUMBER})
    assert file.query == {"mid": "7000", "hash": "new"}
    assert file.headers["Authorization"] == "Bearer demo-token-1"
    assert answer.content == SOUND


@pytest.mark.parametrize("told", [SHA256[:-4] + "AAA=", "AAAA", "no checksum"])
def test_a_file_with_another_checksum_than_the_webhook_told_is_not_taken(graph, told):
    graph.answers = [(200, {}, medium(graph)), (200, {}, SOUND)]
    with pytest.raises(ProviderError) as caught:
        fetch(graph, sha256=told)
    assert "checksum" in caught.value.message


def test_a_file_altered_with_its_media_object_is_not_taken(graph):
    other = SOUND + b"!"
    digest = base64.b64encode(hashlib.sha256(other).digest()).decode()
    graph.answers = [(200, {}, medium(graph, sha256=digest)), (200, {}, other)]
    with pytest.raises(ProviderError) as caught:
        fetch(graph)
    assert "checksum" in caught.value.message


def test_a_recording_may_be_larger_than_a_voice_message(graph):
    long = bytes(17 * 1024 * 1024)
    digest = base64.b64encode(hashlib.sha256(long).digest()).decode()
    told = medium(graph, sha256=digest, file_size=len(long))
    graph.answers = [(200, {}, told), (200, {}, long)]
    assert len(fetch(graph, sha256=digest).content) == len(long)


# ---- read


def segment(**members):
    return {
        "id": 0,
        "speaker": "Customer",
        "channel": 1,
        "start": 1.25,
        "end": 2.5,
        "text": "I lost my card",
        "confidence": 0.94,
        "words": [],
        **members,
    }


def transcript(*segments, **members):
    told = {"text": "", "language": "en", "duration": 12.5, "segments": list(segments)}
    return json.dumps({"metadata": {}, "transcript": {**told, **members}}).encode()


def test_a_transcript_is_read_as_turns_in_order_of_time():
    later = segment(id=1, speaker="Business", start=3, end=4.75, text="I see")
    assert transcript_of(transcript(later, segment())) == {
        "language": "en",
        "duration_ms": 12500,
        "turns": [
            {
                "speaker": "caller",
                "start_ms": 1250,
                "end_ms": 2500,
                "text": "I lost my card",
                "confidence": 0.94,
            },
            {
                "speaker": "agent",
                "start_ms": 3000,
                "end_ms": 4750,
                "text": "I see",
                "confidence": 0.94,
            },
        ],
    }


@pytest.mark.parametrize(
    "odd",
    [{"speaker": "Bot"}, {"speaker": None}, {"text": ""}, {"text": 5.5}, {"text": []}],
)
def test_a_segment_of_nobody_or_of_nothing_is_left_out(odd):
    assert transcript_of(transcript(segment(**odd)))["turns"] == []


@pytest.mark.parametrize("odd", [None, "soon", -3, True, 1e308, [], {}])
def test_an_odd_time_or_confidence_does_no_harm(odd):
    (turn,) = transcript_of(
        transcript(segment(start=odd, end=odd, confidence=odd), duration=odd)
    )["turns"]
    assert 0 <= turn["start_ms"] <= turn["end_ms"] <= 86_400_000
    assert turn["confidence"] is None


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff",
        b"[]",
        b"{}",
        b'{"transcript": 5}',
        b'{"transcript": {}}',
        b"[" * 9**5,
    ],
)
def test_what_is_no_transcript_is_refused(content):
    with pytest.raises(ProviderError) as caught:
        transcript_of(content)
    assert caught.value.message == "The transcript cannot be read."
