"""A program has a call: from the accept on, until it is done or an operator comes."""

import asyncio

import pytest

from tests.sidecar.service.far_end import until
from tests.sidecar.service.test_recording import recorded

TONE = {"tone": "beep"}
SPEC = {"kind": "voicemail", "max_seconds": 30}


class Program:
    """Plays a tone, then listens until it is told to go on."""

    def __init__(self, call, spec):
        self.call, self.spec = call, spec
        self.digits, self.sound, self.stopped = [], [], []
        self.announced = None
        self.go_on = asyncio.Event()

    async def run(self):
        await self.call.play(TONE)
        self.announced = await self.call.stage.announce()
        self.call.stage.record()
        self.call.stage.digits(self.digits.append)
        self.call.stage.sound(lambda pcm, timestamp: self.sound.append(pcm))
        await self.go_on.wait()
        self.call.end("program")

    def stop(self, reason):
        self.stopped.append(reason)


@pytest.fixture
def programs(sidecar):
    made = []

    def make(call, spec):
        made.append(Program(call, spec))
        return made[-1]

    sidecar.unit.calls._host.programs["voicemail"] = make
    return made


async def test_it_begins_with_the_accept_and_ends_the_call(sidecar, odoo, programs):
    more, uid = recorded(odoo)
    talk = await sidecar.call(operator=False, accepted=False, program=SPEC, **more)
    assert programs == []
    await talk.do("accepted")
    await until(lambda: programs and programs[0].sound)
    talk.customer.leg.send_digits("#")
    await until(lambda: programs[0].digits == ["#"])
    assert programs[0].spec == SPEC and programs[0].announced
    assert (await sidecar.do("GET", f"/v1/calls/{talk.ref}"))["program"] == "voicemail"
    programs[0].go_on.set()
    await until(lambda: odoo.told("ended", talk.ref))
    assert odoo.told("ended")[0]["reason"] == "program"
    assert programs[0].stopped == ["program"]
    await until(lambda: uid in odoo.archive.finished, patience=30)
    assert odoo.archive.finished[uid]["kind"] == "voicemail"


async def test_while_it_runs_no_operator_is_missed(sidecar, programs):
    watch = {"watchdog": {"reattach": 1}}
    talk = await sidecar.call(operator=False, program=SPEC, settings=watch)
    await until(lambda: talk.call.elapsed_ms > 1600)
    assert talk.ref in sidecar.unit.calls.live


async def test_it_may_be_asked_for_during_the_call_and_only_once(sidecar, programs):
    talk = await sidecar.call(operator=False)
    await talk.do("program", SPEC)
    await talk.do("program", SPEC)
    await until(lambda: programs and programs[0].sound)
    assert len(programs) == 1


async def test_when_the_customer_hangs_up_it_says_what_it_has_before_the_end(
    sidecar, odoo, programs
):
    talk = await sidecar.call(operator=False, program=SPEC)
    await until(lambda: programs and programs[0].sound)
    told = []
    programs[0].stop = lambda reason: told.append((reason, odoo.kinds(talk.ref)))
    await talk.customer.close()
    await until(lambda: odoo.told("ended", talk.ref))
    assert told[0][0] == "peer" and "ended" not in told[0][1]


async def test_an_operator_who_takes_the_call_stops_it(sidecar, programs):
    talk = await sidecar.call(operator=False, program=SPEC)
    await until(lambda: programs and programs[0].sound)
    operator = await talk.join("leg-1", "operator", 660)
    await talk.customer.hears(660)
    await operator.hears(440)
    assert programs[0].stopped == ["operator"]


async def test_one_that_breaks_ends_the_call_with_a_reason(sidecar, odoo, programs):
    def broken(call, spec):
        program = Program(call, spec)
        program.call = None
        return program

    sidecar.unit.calls._host.programs["voicemail"] = broken
    talk = await sidecar.call(operator=False, program=SPEC)
    await until(lambda: odoo.told("ended", talk.ref))
    assert odoo.told("ended")[0]["reason"] == "error"


async def test_one_that_is_not_there_is_refused(sidecar):
    sidecar.unit.calls._host.programs.clear()
    talk = await sidecar.call(operator=False)
    answer = await talk.ask("program", SPEC)
    assert (answer.status, answer.code) == (422, "no_program")
