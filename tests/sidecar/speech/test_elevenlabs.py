"""ElevenLabs over the real protocol, and the local voice when it fails."""

import asyncio

import numpy as np
import pytest

from media_sidecar.speech import Speech
from media_sidecar.speech.errors import SpeechError
from media_sidecar.speech.prompts import Prompts
from media_sidecar.speech.sound import RATE, read
from media_sidecar.speech.tts import elevenlabs

HELLO = {"text": "Thank you for your call.", "language": "en_US"}


@pytest.fixture
def prompts(tmp_path):
    return Prompts(tmp_path)


async def spoken(settings, text="Thank you for your call.", language="en"):
    pieces = elevenlabs.speak(text, language, settings["tts"])
    return [piece async for piece in pieces]


async def test_it_speaks_in_pieces_at_48_khz(vendors):
    pieces = await spoken(vendors.voice())
    assert len(pieces) > 5
    assert 1 < sum(map(len, pieces)) / RATE < 3
    assert np.abs(np.concatenate(pieces)).max() > 3000


async def test_it_is_asked_as_its_api_wants_it(vendors):
    await spoken(vendors.voice(), "Guten Tag.", "de_DE")
    (row,) = vendors.log
    assert row["query"] == {
        "output_format": "pcm_24000",
        "voice": "21m00Tcm4TlvDq8ikWAM",
    }
    assert row["body"] == {
        "text": "Guten Tag.",
        "model_id": "eleven_flash_v2_5",
        "language_code": "de",
    }


async def test_a_prompt_costs_its_characters_once(vendors, prompts):
    first = await prompts.packets(HELLO, vendors.voice())
    again = await prompts.packets(HELLO, vendors.voice())
    assert first == again
    assert [row["characters"] for row in vendors.log] == [24]


@pytest.mark.parametrize(
    "settings, status, what, said",
    [
        ({"key": "wrong"}, 401, "the API key is not accepted", "Invalid API key"),
        ({"voice": "nobody"}, 404, "the voice does not exist", "was not found"),
        ({"model": "none"}, 400, "refused the text", "does not exist"),
    ],
)
async def test_what_it_refuses_is_told_with_its_words(
    vendors, settings, status, what, said
):
    with pytest.raises(SpeechError) as error:
        await spoken(vendors.voice(**settings))
    assert error.value.status == status
    assert what in error.value.message and said in error.value.message
    assert len(vendors.log) == 1


@pytest.mark.parametrize("status", [429, 503])
async def test_what_may_pass_is_tried_once_more(vendors, monkeypatch, status):
    monkeypatch.setattr(elevenlabs, "AGAIN_AFTER", 0.01)
    vendors.order("speech_refuse", status=status)
    assert await spoken(vendors.voice())
    vendors.order("speech_refuse", status=status, count=2)
    with pytest.raises(SpeechError) as error:
        await spoken(vendors.voice())
    assert error.value.status == status


@pytest.mark.parametrize(
    "how, message",
    [
        ("html", "ElevenLabs sent text/html and no sound."),
        ("odd", "ElevenLabs sent something that is no sound."),
        ("cut", "The sound of ElevenLabs broke off"),
    ],
)
async def test_sound_that_is_none_is_told(vendors, how, message):
    vendors.order("speech_bad_sound", how=how)
    with pytest.raises(SpeechError, match=message):
        await spoken(vendors.voice())


async def test_nobody_at_the_address_is_told(vendors, monkeypatch):
    monkeypatch.setattr(elevenlabs, "AGAIN_AFTER", 0.01)
    with pytest.raises(SpeechError, match="cannot be reached"):
        await spoken(vendors.voice(url="http://127.0.0.1:9"))


async def test_when_it_fails_the_local_voice_speaks_and_it_is_told(vendors, prompts):
    told = []
    packets = await prompts.packets(HELLO, vendors.voice(key="wrong"), told.append)
    assert packets == await prompts.packets(HELLO)
    ((engine, status, instead),) = [
        (data["engine"], data["status"], data["instead"]) for data in told
    ]
    assert (engine, status, instead) == ("elevenlabs", 401, "local")
    assert prompts.ready(HELLO, vendors.voice()) is None  # so it is tried again


async def test_a_stream_falls_back_too_while_nothing_was_heard(vendors, prompts):
    told = []
    stream = prompts.stream(HELLO, vendors.voice(key="wrong"), told.append)
    packets = [packet async for piece in stream for packet in piece]
    assert len(packets) > 50 and told[0]["status"] == 401


async def test_who_stops_listening_stops_the_vendor(vendors):
    pieces = elevenlabs.speak("One. " * 400, "en", vendors.voice()["tts"])
    await anext(pieces)
    await asyncio.wait_for(pieces.aclose(), 1)


async def test_a_voice_note_comes_from_the_vendor_that_is_chosen(vendors, tmp_path):
    request = {"text": "Sorry we missed you.", "language": "en", **vendors.voice()}
    content = await Speech(tmp_path).note(request)
    assert content[:4] == b"OggS" and 1 < len(read(content)) / RATE < 4
    assert [row["vendor"] for row in vendors.log] == ["elevenlabs"]


async def test_a_voice_note_without_text_is_refused(tmp_path):
    with pytest.raises(SpeechError, match="no text to speak"):
        await Speech(tmp_path).note({"text": " "})
