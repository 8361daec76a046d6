"""Which sound reaches the transcriber, with which speaker and time; turns to Odoo."""

import numpy as np
import pytest

from tests.sidecar.service.far_end import RATE, until
from tests.sidecar.service.test_recording import ANNOUNCE, recorded

TRANSCRIBE = {"engine": "local", "language": "en"}


class Transcriber:
    """Keeps what it hears."""

    def __init__(self, settings, on_turn, on_failed):
        self.settings, self.on_turn, self.on_failed = settings, on_turn, on_failed
        self.heard = {"caller": [], "agent": []}
        self.paused = self.closed = False

    def audio(self, speaker, pcm, start_ms):
        self.heard[speaker].append((start_ms, pcm))

    def pause(self):
        self.paused = True

    async def close(self):
        self.closed = True

    def pitch(self, speaker):
        pcm = b"".join(pcm for _, pcm in self.heard[speaker][-25:])
        sound = np.frombuffer(pcm, "<i2").astype(float)
        power = np.abs(np.fft.rfft(sound * np.hanning(len(sound))))
        return round(int(np.argmax(power)) * RATE / len(sound) / 20) * 20


@pytest.fixture
def made(sidecar):
    """The transcribers that were made."""
    made = []

    def make(*arguments):
        made.append(Transcriber(*arguments))
        return made[-1]

    sidecar.unit.calls._host.transcriber = make
    return made


async def test_both_speakers_are_heard_from_the_accept_on(sidecar, made):
    talk = await sidecar.call(settings={"transcribe": TRANSCRIBE}, accepted=False)
    assert made == []
    await talk.do("accepted")
    await until(lambda: made and all(len(x) > 30 for x in made[0].heard.values()))
    assert made[0].settings == TRANSCRIBE
    assert made[0].pitch("caller") == 440
    assert made[0].pitch("agent") == 660


async def test_times_are_those_of_the_call(sidecar, made):
    talk = await sidecar.call(settings={"transcribe": TRANSCRIBE})
    await until(lambda: made and len(made[0].heard["caller"]) > 50)
    starts = [start for start, _ in made[0].heard["caller"]]
    assert starts[0] < 500
    steps = {after - before for before, after in zip(starts, starts[1:], strict=False)}
    assert steps <= {19, 20, 21}
    assert abs(starts[-1] - talk.call.elapsed_ms) < 500


async def test_what_the_operator_says_to_a_colleague_is_not_written_down(sidecar, made):
    talk = await sidecar.call(settings={"transcribe": TRANSCRIBE})
    await until(lambda: made and len(made[0].heard["agent"]) > 20)
    colleague = await talk.join("leg-2", "consult", 880)
    await talk.do("talk", {"with": "consult"})
    await colleague.hears(660)
    before = len(made[0].heard["agent"])
    customer = len(made[0].heard["caller"])
    await until(lambda: len(made[0].heard["caller"]) > customer + 30)
    assert len(made[0].heard["agent"]) == before
    await talk.do("talk", {"with": "peer"})
    await until(lambda: len(made[0].heard["agent"]) > before + 20)
    assert made[0].pitch("agent") == 660


async def test_turns_and_gaps_reach_odoo(sidecar, odoo, made):
    talk = await sidecar.call(settings={"transcribe": TRANSCRIBE})
    await until(lambda: made)
    turn = {"speaker": "caller", "start_ms": 40, "end_ms": 900, "text": "Hello."}
    made[0].on_turn({**turn, "engine": "local"})
    made[0].on_failed("transcript_gap", {"from_ms": 1, "to_ms": 2, "reason": "away"})
    await until(lambda: odoo.told("transcript_gap", talk.ref))
    assert odoo.told("turn") == [{**turn, "engine": "local"}]


async def test_a_new_operator_is_heard_as_the_agent(sidecar, made):
    talk = await sidecar.call(settings={"transcribe": TRANSCRIBE})
    await talk.join("leg-2", "operator", 880)
    await talk.customer.hears(880)
    made[0].heard["agent"].clear()
    await until(lambda: len(made[0].heard["agent"]) > 30)
    assert made[0].pitch("agent") == 880


async def test_nothing_is_heard_before_the_announcement_or_while_it_is_paused(
    sidecar, odoo, made
):
    more, _uid = recorded(odoo, announce=ANNOUNCE)
    more["settings"]["transcribe"] = TRANSCRIBE
    talk = await sidecar.call(**more)
    await until(lambda: made)
    while talk.call.tape.state != "on":
        assert made[0].heard["caller"] == []
        await until(lambda: True)
        await talk.do("hold", {"on": False})
    await until(lambda: made[0].heard["caller"])
    await talk.do("recording", {"action": "pause"})
    assert made[0].paused
    count = len(made[0].heard["caller"])
    await talk.operator.hears(440)
    await until(lambda: talk.call.elapsed_ms > 4000)
    assert len(made[0].heard["caller"]) == count


async def test_who_refuses_the_recording_is_not_transcribed_either(sidecar, odoo, made):
    more, _uid = recorded(odoo, announce=ANNOUNCE, refuse_key="9")
    more["settings"]["transcribe"] = TRANSCRIBE
    talk = await sidecar.call(**more)
    talk.customer.leg.send_digits("9")
    await until(lambda: odoo.told("consent_refused", talk.ref))
    await until(lambda: made[0].closed)
    made[0].on_turn({"speaker": "caller", "text": "too late"})
    assert odoo.told("turn") == []


async def test_the_last_turn_may_come_after_the_end(sidecar, odoo, made):
    talk = await sidecar.call(settings={"transcribe": TRANSCRIBE})
    await until(lambda: made)
    await sidecar.do("DELETE", f"/v1/calls/{talk.ref}")
    await until(lambda: made[0].closed)
    made[0].on_turn({"speaker": "caller", "text": "bye"})
    await until(
        lambda: odoo.told("turn", talk.ref) == [{"speaker": "caller", "text": "bye"}]
    )
