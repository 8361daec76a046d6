"""The sidecar as a process: killed, drained, with several workers."""

import asyncio
import contextlib
import random
import secrets
import signal
import subprocess
import sys
from types import SimpleNamespace

import aiohttp
import pytest_asyncio

from media_sidecar import auth, config
from media_sidecar.supervisor import Supervisor
from tests.sidecar.service.far_end import until
from tests.sidecar.service.odoo import REF, SECRET
from tests.sidecar.service.process import Running, free_ports
from tests.sidecar.service.sidecar import config as configured

KILLS = 8


@pytest_asyncio.fixture
async def start(odoo, tmp_path, request):
    """A function that starts a sidecar; it is gone after the test."""
    running = []

    async def make(workers=1, **env):
        port, log = free_ports(workers), f"pytest-sidecar-{request.node.name[:40]}"
        env = {"DRAIN_SECONDS": 60, **env}
        server = Running(odoo.url, port, tmp_path / "state", workers, env, log)
        running.append(server.start())
        return await server.ready(workers)

    yield make
    for server in running:
        server.kill()


def a_call():
    """The body of an outbound call; nobody need be at its other end."""
    return {"call": secrets.token_hex(16), "direction": "outbound"}


def run(**env):
    return subprocess.run(
        [sys.executable, "-m", "media_sidecar"],
        env={"PYTHONPATH": ".", "PATH": "/usr/bin", **env},
        capture_output=True,
        text=True,
        timeout=30,
    )


def test_what_is_missing_in_the_configuration_is_said_in_one_line():
    done = run(SIDECAR_REF="x")
    assert done.returncode == 2
    assert done.stderr == (
        "media_sidecar: ODOO_URL is not set: it is part of the sidecar in Odoo.\n"
    )


def test_a_short_secret_is_not_taken_and_not_shown():
    done = run(ODOO_URL="http://x", SIDECAR_REF="x", SIDECAR_SECRET="short-one")
    assert done.returncode == 2
    assert "32 characters or more" in done.stderr
    assert "short-one" not in done.stderr


async def test_kill_9_at_any_moment_loses_and_doubles_nothing(start, odoo):
    """Each command that was answered has its event in Odoo, once and in order."""
    server = await start()
    for _ in range(KILLS):
        call, done = a_call(), []
        assert (await server.ask("POST", "/v1/calls", call)).status == 200

        async def toggle(call=call, done=done):
            path = f"/v1/calls/{call['call']}/hold"
            with contextlib.suppress(aiohttp.ClientError):
                while True:
                    on = len(done) % 2 == 0
                    if (await server.ask("POST", path, {"on": on})).status == 200:
                        done.append(on)

        task = asyncio.create_task(toggle())
        wanted = random.randrange(1, 12)
        await until(lambda done=done, wanted=wanted: len(done) >= wanted)
        server.kill()
        await task
        server.start()
        await server.ready()
        ref = call["call"]
        await until(lambda ref=ref, done=done: len(odoo.told("held", ref)) >= len(done))
        told = [data["on"] for data in odoo.told("held", ref)]
        assert told[: len(done)] == done
        assert len(told) <= len(done) + 1  # the one under way, whose answer was lost


async def test_odoo_dying_between_taking_and_answering_doubles_nothing(start, odoo):
    server = await start()
    call = a_call()
    await server.ask("POST", "/v1/calls", call)
    path = f"/v1/calls/{call['call']}/hold"
    for number in range(6):
        odoo.cut_after_taking = number % 2 == 0
        await server.ask("POST", path, {"on": number % 2 == 0})
        await until(lambda number=number: len(odoo.told("held")) == number + 1)
    assert sum(map(len, odoo.posts)) > 6  # some came twice
    assert [d["on"] for d in odoo.told("held")] == [True, False] * 3


async def test_after_a_crash_the_heartbeat_names_no_call_and_the_unit_is_the_same(
    start, odoo
):
    server = await start()
    await server.ask("POST", "/v1/calls", a_call())
    await until(lambda: odoo.hellos and odoo.hellos[-1]["unit"])
    before = odoo.hellos[-1]
    server.kill()
    server.start()
    await until(lambda: odoo.hellos[-1]["started"] != before["started"])
    assert odoo.hellos[-1]["calls"] == []
    assert odoo.hellos[-1]["unit"] == before["unit"]


async def test_what_happened_before_a_crash_is_told_before_the_heartbeat_after_it(
    start, odoo
):
    server = await start()
    await until(lambda: odoo.hellos)
    odoo.takes = lambda event: False
    call = a_call()
    await server.ask("POST", "/v1/calls", call)
    path = f"/v1/calls/{call['call']}/hold"
    await server.ask("POST", path, {"on": True})
    server.kill()
    odoo.takes = lambda event: True
    known = len(odoo.hellos)
    server.start()
    await until(lambda: len(odoo.hellos) > known or odoo.told("held"))
    assert odoo.told("held") == [{"on": True, "by": "operator"}]


async def test_a_request_from_before_a_crash_is_not_taken_again_after_it(start, odoo):
    server = await start()
    body = a_call()
    data = b'{"calls": []}'
    headers = auth.sign(REF, SECRET, "POST", "/v1/purge", data)
    first = await server.ask("POST", "/v1/purge", {"calls": []}, headers=headers)
    assert first.status == 200
    server.kill()
    server.start()
    await server.ready()
    again = await server.ask("POST", "/v1/purge", {"calls": []}, headers=headers)
    assert (again.status, again.code) == (409, "replayed")
    assert (await server.ask("POST", "/v1/calls", body)).status == 200


async def test_sigterm_takes_no_new_call_and_waits_for_those_that_are_on(start, odoo):
    server = await start()
    call = a_call()
    await server.ask("POST", "/v1/calls", call)
    server.terminate()
    await until(lambda: odoo.hellos[-1]["state"] == "draining")
    refused = await server.ask("POST", "/v1/calls", a_call())
    assert (refused.status, refused.code) == (503, "draining")
    path = f"/v1/calls/{call['call']}"
    assert (await server.ask("POST", f"{path}/hold", {"on": True})).status == 200
    assert (await server.ask("DELETE", path)).status == 200
    assert await server.ended() == 0
    assert odoo.told("ended")[0]["reason"] == "odoo"
    assert odoo.hellos[-1]["state"] == "stopped"


async def test_a_call_that_outlasts_the_drain_is_ended_and_told(start, odoo):
    server = await start(DRAIN_SECONDS=1)
    await server.ask("POST", "/v1/calls", a_call())
    server.terminate()
    assert await server.ended() == 0
    assert odoo.told("ended")[0]["reason"] == "draining"


async def test_a_second_sigterm_does_not_wait(start, odoo):
    server = await start()
    await server.ask("POST", "/v1/calls", a_call())
    server.terminate()
    await until(lambda: odoo.hellos[-1]["state"] == "draining")
    server.terminate()
    assert await server.ended() == 0
    assert odoo.told("ended")[0]["reason"] == "draining"


async def test_while_odoo_is_away_at_the_end_the_next_start_tells_it(start, odoo):
    server = await start(DRAIN_SECONDS=0)
    await server.ask("POST", "/v1/calls", a_call())
    await odoo.stop()
    server.terminate()
    assert await server.ended(30) == 0
    await odoo.start()
    server.start()
    await until(lambda: odoo.told("ended"))


async def test_two_workers_are_two_units_and_a_dead_one_is_started_again(start, odoo):
    server = await start(workers=2)
    await until(lambda: len({hello["unit"] for hello in odoo.hellos}) == 2)
    urls = {hello["unit"]: hello["url"] for hello in odoo.hellos}
    ports = {f"http://localhost:{server.port + number}" for number in range(2)}
    assert set(urls.values()) == ports
    call = a_call()
    await server.ask("POST", "/v1/calls", call, number=1)
    dead = server.worker(0)
    dead.kill()
    await until(lambda: server.worker(0) not in (None, dead), patience=20)
    await server.ready(2)
    state = await server.ask("GET", f"/v1/calls/{call['call']}", number=1)
    assert state.json["state"] == "opened"
    assert {hello["unit"] for hello in odoo.hellos} == set(urls)
    server.terminate()
    await server.ask("DELETE", f"/v1/calls/{call['call']}", number=1)
    assert await server.ended() == 0


async def test_what_one_worker_took_is_a_replay_to_the_next(start):
    server = await start(workers=2)
    data = b'{"calls": []}'
    headers = auth.sign(REF, SECRET, "POST", "/v1/purge", data)
    body = {"calls": []}
    first = await server.ask("POST", "/v1/purge", body, number=0, headers=headers)
    again = await server.ask("POST", "/v1/purge", body, number=1, headers=headers)
    assert (first.status, again.status) == (200, 409)


def test_the_configuration_may_be_a_file_and_the_secret_another(tmp_path):
    secret = tmp_path / "secret"
    secret.write_text(SECRET + "\n")
    file = tmp_path / "sidecar.toml"
    file.write_text(
        'odoo_url = "https://odoo.example.com/"\nsidecar_ref = "one"\n'
        f'sidecar_secret_file = "{secret}"\nworkers = 2\nlisten_port = 9000\n'
        'sidecar_url = "https://media.example.com"\npublic_address = "198.51.100.7"\n'
        'udp_ports = "40000-40199"\nstun_server = "stun.example.com:3478"\n'
    )
    read = config.load(file, {"CAPACITY": "12"})
    second = read.unit(1)
    assert (read.odoo_url, read.secret) == ("https://odoo.example.com", SECRET)
    assert (read.capacity, read.workers) == (12, 2)
    assert (second.listen_port, second.url) == (9001, "https://media.example.com:444")
    assert second.state_dir == read.state_dir / "unit-1"
    assert second.udp_ports == (40000, 40199)
    assert second.stun == ("stun.example.com", 3478)
    assert SECRET not in repr(read)


def test_a_worker_that_is_started_while_the_signal_comes_is_told_too(tmp_path):
    supervisor = Supervisor(configured("http://127.0.0.1:1", tmp_path))
    told = []

    class Worker:
        def __init__(self, target, args):
            pass

        def start(self):
            supervisor._stop(signal.SIGTERM, None)

        def is_alive(self):
            return True

        def terminate(self):
            told.append(self)

    supervisor._context = SimpleNamespace(Process=Worker)
    supervisor._start(0)
    assert told == [supervisor._workers[0]]
