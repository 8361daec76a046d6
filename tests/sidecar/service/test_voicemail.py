"""Voicemail in a real call: who hears what, how it ends, what Odoo is told."""

import asyncio
import secrets

import pytest

from media_sidecar.programs import voicemail
from media_sidecar.rtc.opus import Encoder
from tests.sidecar.recording import sounds
from tests.sidecar.service.far_end import until
from tests.sidecar.speech.voices import DELIVERY, STATUS, spoken

PROGRAM = {
    "kind": "voicemail",
    "tone": True,
    "max_seconds": 60,
    "silence_seconds": 1,
    "end_key": "#",
}
GREETING = {"text": "Please leave a message.", "language": "en"}


@pytest.fixture
def record(odoo):
    """RECORD of a message: the caller's track, sealed for `odoo`."""

    def make(**more):
        return {
            "agent": False,
            "caller": True,
            "announce": None,
            "order": "after",
            "refuse_key": None,
            "key": odoo.archive.key,
            "recording": secrets.token_hex(16),
            **more,
        }

    return make


@pytest.fixture
def leave(sidecar, record):
    """A call that the voicemail has; the customer says `hertz`, 0 is silence."""

    async def open_call(hertz=440, settings=None, **program):
        settings = {"record": record(), **(settings or {})}
        talk = await sidecar.call(
            operator=False,
            accepted=False,
            settings=settings,
            program={**PROGRAM, **program},
        )
        talk.customer.hertz = hertz
        talk.customer.leg.start_sending()
        await talk.do("accepted")
        return talk

    return open_call


async def heard_the_tone(talk):
    """The beep, 1000 Hz."""
    tone = set(await talk.sidecar.unit.speech.prompts.packets({"tone": "beep"}))
    at = [packet.payload for packet in talk.customer.packets]
    return await until(lambda: tone & {p.payload for p in talk.customer.packets}, at)


async def say(end, pcm):
    """s16le at 16 kHz, as fast as it is spoken."""
    encoder = Encoder(16000)
    due = asyncio.get_running_loop().time()
    for at in range(0, len(pcm) - 639, 640):
        end.leg.send(encoder.encode(pcm[at : at + 640]))
        due += 0.02
        await asyncio.sleep(max(0, due - asyncio.get_running_loop().time()))


async def told(odoo, kind):
    return (await until(lambda: odoo.told(kind), kind))[0]


async def test_greeting_then_tone_then_recording(leave, odoo):
    talk = await leave(greeting=GREETING)
    await until(lambda: talk.customer.tones() == {0}, "a voice")
    assert odoo.told("recording_started") == []
    await heard_the_tone(talk)
    await told(odoo, "recording_started")
    kinds = odoo.kinds(talk.ref)
    assert kinds.index("voicemail_started") < kinds.index("recording_started")
    assert odoo.told("recording_started") == [{"tracks": ["caller"]}]


async def test_silence_after_the_message_ends_it(leave, odoo):
    talk = await leave(hertz=0)
    await told(odoo, "recording_started")
    await say(talk.customer, spoken(DELIVERY, after_ms=0))
    data = await told(odoo, "voicemail_recorded")
    length = len(spoken(DELIVERY, after_ms=0)) / 32
    assert data["ended_by"] == "silence"
    assert data["duration_ms"] == pytest.approx(length, abs=600)
    assert (await told(odoo, "ended"))["reason"] == "program"


async def test_who_says_nothing_has_a_little_longer_and_leaves_nothing(
    leave, odoo, monkeypatch
):
    monkeypatch.setattr(voicemail, "FIRST_WORDS", 1.5)
    await leave(hertz=0)
    data = await told(odoo, "voicemail_recorded")
    assert data == {"duration_ms": 0, "ended_by": "silence"}


async def test_the_key_ends_the_message(leave, odoo):
    talk = await leave()
    await told(odoo, "recording_started")
    talk.customer.leg.send_digits("5#")
    assert (await told(odoo, "voicemail_recorded"))["ended_by"] == "key"


async def test_during_the_greeting_the_key_leads_on_to_the_tone(leave, odoo):
    long = {"text": "This is a very long greeting. " * 20, "language": "en"}
    talk = await leave(greeting=long)
    await until(lambda: talk.customer.tones() == {0}, "a voice")
    talk.customer.leg.send_digits("#")
    await told(odoo, "recording_started")
    assert odoo.told("voicemail_recorded") == []


async def test_the_limit_ends_the_message(leave, odoo):
    await leave(max_seconds=1)
    data = await told(odoo, "voicemail_recorded")
    assert data["ended_by"] == "limit"
    assert data["duration_ms"] == pytest.approx(1000, abs=300)


async def test_a_caller_who_hangs_up_has_left_what_was_said(leave, odoo):
    talk = await leave()
    await told(odoo, "recording_started")
    await until(lambda: talk.call.elapsed_ms > 1500)
    await talk.sidecar.do("DELETE", f"/v1/calls/{talk.ref}", {"reason": "odoo"})
    data = await told(odoo, "voicemail_recorded")
    assert data["ended_by"] == "hang_up" and data["duration_ms"] > 300
    await told(odoo, "ended")
    kinds = odoo.kinds(talk.ref)
    assert kinds.index("voicemail_recorded") < kinds.index("recording_stopped")
    assert kinds.count("voicemail_recorded") == 1


async def test_who_hangs_up_during_the_greeting_leaves_nothing(leave, odoo):
    talk = await leave(greeting=GREETING)
    await told(odoo, "voicemail_started")
    await talk.sidecar.do("DELETE", f"/v1/calls/{talk.ref}", {"reason": "odoo"})
    data = await told(odoo, "voicemail_recorded")
    assert data == {"duration_ms": 0, "ended_by": "hang_up"}
    await told(odoo, "ended")
    assert odoo.told("recording_started") == []


@pytest.mark.parametrize("order", ["before", "after"])
async def test_who_refuses_the_recording_is_not_recorded(leave, record, odoo, order):
    announce = {"text": "This message is recorded. " * 5, "language": "en"}
    wanted = record(announce=announce, refuse_key="9", order=order)
    talk = await leave(settings={"record": wanted}, greeting=GREETING)
    await until(lambda: talk.call.tape.state == "waiting", "the announcement")
    talk.customer.leg.send_digits("9")
    assert await told(odoo, "consent_refused") == {"key": "9"}
    await told(odoo, "ended")
    assert odoo.told("recording_started") == []
    assert all(data["duration_ms"] == 0 for data in odoo.told("voicemail_recorded"))


async def test_a_message_refused_while_it_is_spoken_is_no_message(leave, record, odoo):
    wanted = record(
        announce={"text": "It is recorded.", "language": "en"}, refuse_key="9"
    )
    talk = await leave(settings={"record": wanted})
    await told(odoo, "recording_started")
    talk.customer.leg.send_digits("9")
    await told(odoo, "recording_discarded")
    await told(odoo, "ended")
    assert odoo.told("voicemail_recorded") == []


async def test_an_operator_who_takes_the_call_ends_the_voicemail(leave, odoo):
    talk = await leave()
    await told(odoo, "recording_started")
    operator = await talk.join("leg-1", "operator", 660)
    await talk.customer.hears(660)
    await operator.hears(440)
    await told(odoo, "recording_discarded")
    assert odoo.told("voicemail_recorded") == odoo.told("ended") == []


async def test_the_message_is_understood_and_its_sound_handed_over(leave, record, odoo):
    transcribe = {"engine": "local", "language": "en"}
    wanted = record()
    settings = {"record": wanted, "transcribe": transcribe}
    talk = await leave(hertz=0, settings=settings, silence_seconds=3)
    await told(odoo, "recording_started")
    await say(talk.customer, spoken(STATUS))
    turn = await told(odoo, "turn")
    assert turn["speaker"] == "caller" and turn["engine"] == "local"
    # encoded twice on a busy machine: most words, not each one
    assert len(set(turn["text"].split()) & set(STATUS.split())) >= 8
    await told(odoo, "ended")
    uid = wanted["recording"]
    await until(lambda: uid in odoo.archive.finished, "the recording", patience=30)
    assert odoo.archive.finished[uid]["kind"] == "voicemail"
    files = odoo.archive.heard(uid)
    assert list(files) == ["caller"]
    seconds = len(sounds.decoded(files["caller"])) / sounds.RATE
    assert seconds > len(spoken(STATUS, after_ms=0)) / 32000 / 1.02
    # the words' times are the recording's, which begins with the tone
    assert turn["end_ms"] <= 1000 * seconds
