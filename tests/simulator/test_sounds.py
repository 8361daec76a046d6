"""What a phone can say, and what is told of what it heard."""

import base64

import numpy as np
import pytest

from simulator.media import sound
from simulator.media.heard import Heard, strongest_tone
from tests.simulator.business import EVA, until
from tests.simulator.test_inbound_call import control, ring


def sine(hertz, seconds=0.5):
    at = np.arange(int(48000 * seconds)) / 48000
    return (np.sin(2 * np.pi * hertz * at) * 9000).astype(np.int16)


def test_a_wav_comes_back_as_the_same_tone():
    pcm = sound.read(sound.to_wav(sine(523)))
    assert len(pcm) == 24000
    assert abs(strongest_tone(sound.decode(list(sound.encode(pcm)))) - 523) < 3


def test_lost_packets_are_silence_in_their_place():
    heard = Heard()
    packets = sound.encode(sine(440))
    for index, payload in enumerate(packets):
        if not 5 <= index < 10:
            heard.add(4294960000 + index * 960 & 0xFFFFFFFF, 100.0 + index, payload)
    pcm = heard.pcm()
    assert len(pcm) == len(packets) * 960
    assert not pcm[5 * 960 : 10 * 960].any() and pcm[12 * 960 : 13 * 960].any()


def test_doubled_and_swapped_packets_change_nothing():
    packets = sound.encode(sine(440))
    straight, shuffled = Heard(), Heard()
    order = [0, *[i ^ 1 for i in range(2, len(packets) - 2)], *range(4)]
    for index in range(len(packets) - 2):
        straight.add(index * 960, 0.0, packets[index])
    for index in [0, 1, *order]:
        shuffled.add(index * 960, 0.0, packets[index])
    assert np.array_equal(straight.pcm(), shuffled.pcm())


async def test_spoken_text_and_a_wav_in_mid_call(business, peer):
    call, connect = await ring(business, tone=None, say="Good morning", loop=False)
    sdp = await peer.answer(connect["session"]["sdp"])
    await business.calls("accept", call_id=call["id"], sdp=sdp)
    await until(lambda: any(np.abs(part).max() > 1000 for part in peer.heard))
    wav = base64.b64encode(sound.to_wav(sine(880, 1.0))).decode()
    await control(business, call, "say", {"wav_base64": wav, "loop": True})
    await until(lambda: abs(peer.pitch - 880) < 5, "880 Hz")
    await control(business, call, "mute", {"muted": True})
    await until(lambda: np.abs(np.concatenate(peer.heard[-10:])).max() < 100, "silence")


@pytest.mark.parametrize(
    "bad", [{"wav": "/no/such.wav"}, {"wav_base64": "?"}, {"wav_base64": "AAAA"}]
)
async def test_a_wrong_sound_is_told_at_once(business, bad):
    data = await business.control("POST", "calls", {"from": EVA, **bad}, status=400)
    assert data["error"]
    assert await business.control("GET", "calls") == []


async def test_accepted_after_the_media(business, peer):
    await business.control("POST", f"phones/{EVA}", {"answer_after": 0, "tone": 520})
    order = {"kind": "accepted_after_media", "seconds": 0.5}
    await business.control("POST", "faults", order)
    await business.calls("connect", to=EVA, sdp=await peer.offer())
    connect = await business.wait("connect")
    await peer.take_answer(connect["session"]["sdp"])
    await until(lambda: len(peer.heard) > 5)
    assert "ACCEPTED" not in business.words()
    await business.wait("ACCEPTED")


@pytest.mark.parametrize("word", ["ringing", "accepted", "terminate"])
async def test_a_webhook_that_never_comes(business, peer, word):
    await business.control("POST", f"phones/{EVA}", {"answer_after": 0})
    await business.control("POST", "settings", {"no_media_start": 0.2})
    await business.control("POST", "faults", {"kind": f"no_{word}"})
    _, body = await business.calls("connect", to=EVA, sdp=await peer.offer())
    call = body["calls"][0]

    async def ended():
        rows = await business.control("GET", "calls")
        return rows[0]["id"] == call["id"] and rows[0]["state"] == "ended"

    await until(ended)
    if word != "terminate":
        await business.wait("terminate")
    else:
        await business.wait("ACCEPTED")
    assert word not in [seen.lower() for seen in business.words()]
