"""What of a call is recorded: announced, paused, refused; heard as Odoo gets it."""

import secrets

import pytest

from media_sidecar.speech import SpeechError
from tests.sidecar.recording import sounds
from tests.sidecar.service.far_end import until

ANNOUNCE = {"text": "This call is recorded.", "language": "en"}


def recorded(odoo, **more):
    """Settings of a call that is recorded, and the recording's id."""
    uid = secrets.token_hex(16)
    record = {
        **{"agent": True, "caller": True, "key": odoo.archive.key, "recording": uid},
        **more,
    }
    return {"settings": {"record": record}}, uid


async def over(sidecar, odoo, talk, uid):
    """End the call; Odoo's tracks as sound."""
    await sidecar.do("DELETE", f"/v1/calls/{talk.ref}")
    await until(lambda: uid in odoo.archive.finished, "the recording", patience=30)
    files = odoo.archive.heard(uid)
    return {name: sounds.decoded(file) for name, file in files.items()}


async def test_each_side_is_recorded_and_the_agents_track_is_what_the_customer_got(
    sidecar, odoo
):
    more, uid = recorded(odoo)
    talk = await sidecar.call(**more)
    await talk.customer.hears(660)
    await until(lambda: talk.call.elapsed_ms > 1500)
    await talk.do("hold", {"on": True})
    await talk.customer.hears_music()
    await until(lambda: talk.call.elapsed_ms > 3000)
    sound = await over(sidecar, odoo, talk, uid)
    assert set(sound) == {"agent", "caller", "mix"}
    assert sounds.pitches(sound["caller"], 0.5, 1.2) == [440]
    assert sounds.pitches(sound["agent"], 0.5, 1.2) == [660]
    assert sounds.pitches(sound["mix"], 0.5, 1.2) == [440, 660]
    assert len(sounds.pitches(sound["agent"], 2.2, 2.9)) > 2  # music
    assert odoo.told("recording_started", talk.ref) == [{"tracks": ["agent", "caller"]}]
    stopped = odoo.told("recording_stopped", talk.ref)[0]
    assert stopped["reason"] == "end" and stopped["offset_ms"] >= 3000
    assert odoo.archive.finished[uid]["call"] == talk.ref


async def test_it_is_announced_first_and_nothing_said_before_is_kept(sidecar, odoo):
    more, uid = recorded(odoo, announce=ANNOUNCE)
    talk = await sidecar.call(**more)
    await until(lambda: odoo.told("recording_started", talk.ref))
    kinds = odoo.kinds(talk.ref)
    assert kinds.index("announcement_played") < kinds.index("recording_started")
    assert odoo.told("announcement_played") == [{"language": "en"}]
    began = talk.call.elapsed_ms / 1000
    assert began > 0.8
    await until(lambda: talk.call.elapsed_ms / 1000 > began + 1)
    sound = await over(sidecar, odoo, talk, uid)
    # the recording's time is the call's: before the announcement's end it is silent
    assert sounds.is_silent(sound["caller"], 0, began - 0.5)
    assert sounds.pitches(sound["caller"], began + 0.3, began + 0.9) == [440]


async def test_an_announcement_that_cannot_be_spoken_means_no_recording(
    sidecar, odoo, monkeypatch
):
    prompts = sidecar.unit.speech.prompts
    packets = prompts.packets

    async def mute(prompt, *more):
        if prompt == ANNOUNCE:
            raise SpeechError("local", "No voice is installed.")
        return await packets(prompt, *more)

    monkeypatch.setattr(prompts, "packets", mute)
    more, _uid = recorded(odoo, announce=ANNOUNCE)
    talk = await sidecar.call(**more)
    await until(lambda: odoo.told("recording_failed", talk.ref))
    assert odoo.told("recording_failed") == [{"reason": "not_announced"}]
    assert odoo.told("tts_failed")[0]["message"] == "No voice is installed."
    await talk.customer.hears(660)
    assert not {"recording_started", "announcement_played"} & set(odoo.kinds(talk.ref))


@pytest.mark.parametrize("key", ["no base64!", "c2hvcnQ="])
async def test_a_key_that_is_none_costs_the_recording_and_says_so(sidecar, odoo, key):
    more, uid = recorded(odoo, key=key)
    talk = await sidecar.call(**more)
    await until(lambda: odoo.told("recording_failed", talk.ref))
    assert odoo.told("recording_failed") == [{"reason": "key_error"}]
    await talk.customer.hears(660)
    await sidecar.do("DELETE", f"/v1/calls/{talk.ref}")
    await until(lambda: uid not in sidecar.unit.library._live)


async def test_the_announcement_counts_though_the_operator_was_lost_during_it(
    sidecar, odoo
):
    more, _uid = recorded(odoo, announce=ANNOUNCE)
    talk = await sidecar.call(**more)
    await until(lambda: talk.call.parties.operator.ear.playing)
    await talk.operator.close()
    await until(lambda: odoo.told("recording_started", talk.ref))


async def test_the_key_refuses_and_nothing_is_kept(sidecar, odoo):
    more, uid = recorded(odoo, announce=ANNOUNCE, refuse_key="9")
    talk = await sidecar.call(**more)
    talk.customer.leg.send_digits("9")
    await until(lambda: odoo.told("recording_discarded", talk.ref))
    assert odoo.told("consent_refused") == [{"key": "9"}]
    assert odoo.told("recording_discarded")[0]["reason"] == "consent_refused"
    await talk.customer.hears(660)  # the call goes on
    await until(
        lambda: ("POST", f"recordings/{uid}/discarded") in odoo.archive.requests
    )
    assert "recording_started" not in odoo.kinds(talk.ref)
    assert talk.call.described()["recording"] == "discarded"


async def test_refused_while_it_runs_what_was_recorded_is_destroyed(sidecar, odoo):
    more, uid = recorded(odoo, announce=ANNOUNCE, refuse_key="9")
    talk = await sidecar.call(**more)
    await until(lambda: odoo.told("recording_started", talk.ref))
    talk.customer.leg.send_digits("9")
    await until(
        lambda: ("POST", f"recordings/{uid}/discarded") in odoo.archive.requests
    )
    await sidecar.do("DELETE", f"/v1/calls/{talk.ref}")
    assert not odoo.archive.files


async def test_another_digit_is_no_refusal(sidecar, odoo):
    more, _uid = recorded(odoo, announce=ANNOUNCE, refuse_key="9")
    talk = await sidecar.call(**more)
    talk.customer.leg.send_digits("1")
    await until(lambda: odoo.told("recording_started", talk.ref))
    assert "consent_refused" not in odoo.kinds(talk.ref)


async def test_a_pause_is_told_with_its_place_and_leaves_a_gap(sidecar, odoo):
    more, uid = recorded(odoo)
    talk = await sidecar.call(**more)
    await until(lambda: talk.call.elapsed_ms > 1200)
    await talk.do("recording", {"action": "pause"})
    await talk.do("recording", {"action": "pause"})
    paused = talk.call.elapsed_ms / 1000
    await until(lambda: talk.call.elapsed_ms > 1000 * paused + 1500)
    await talk.do("recording", {"action": "resume"})
    resumed = talk.call.elapsed_ms / 1000
    await until(lambda: talk.call.elapsed_ms > 1000 * resumed + 1000)
    sound = await over(sidecar, odoo, talk, uid)
    told = odoo.told("recording_paused", talk.ref)
    assert len(told) == 1 and told[0]["reason"] == "operator"
    assert abs(told[0]["offset_ms"] - 1000 * paused) < 200
    assert len(odoo.told("recording_resumed", talk.ref)) == 1
    for track in ("agent", "caller"):
        assert sounds.is_silent(sound[track], paused + 0.2, resumed - 0.2)
        assert sounds.pitches(sound[track], resumed + 0.3, resumed + 0.8)


async def test_an_operator_may_discard_it(sidecar, odoo):
    more, uid = recorded(odoo)
    talk = await sidecar.call(**more)
    await until(lambda: talk.call.tape.state == "on")
    await talk.do("recording", {"action": "discard"})
    await until(
        lambda: ("POST", f"recordings/{uid}/discarded") in odoo.archive.requests
    )
    assert odoo.told("recording_discarded")[0]["reason"] == "operator"


async def test_a_disk_that_is_full_ends_the_recording_and_not_the_call(sidecar, odoo):
    sidecar.unit.library._least_free = 1 << 60
    more, _uid = recorded(odoo)
    talk = await sidecar.call(**more)
    await until(lambda: odoo.told("recording_failed", talk.ref))
    assert odoo.told("recording_failed")[0] == {"reason": "disk_full"}
    await talk.customer.hears(660)


async def test_a_call_without_a_recording_has_nothing_to_pause(sidecar):
    talk = await sidecar.call()
    answer = await talk.ask("recording", {"action": "pause"})
    assert (answer.status, answer.code) == (422, "no_recording")
