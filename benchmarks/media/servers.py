"""The sidecar as it runs, and the references, each a process of its own."""

import contextlib
import json
import os
import secrets
import shutil
import sys
import tempfile
import time
from pathlib import Path

import aiohttp
import psutil

from benchmarks.media import reference
from benchmarks.media.odoo import REF, SECRET, Odoo
from benchmarks.media.talkers import Crowd
from media_sidecar import auth
from tools.paths import ROOT
from tools.process import Process, free_port


def favour(pid):
    """Let a measured process, ours or a reference, have the processor before whatever
    else the machine does; only root may.

    Linux weighs sessions against one another first (`autogroup`), then processes.
    """
    with contextlib.suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, pid, -15)
        Path(f"/proc/{pid or 'self'}/autogroup").write_text("-15")


class Server(Process):
    """A process with an HTTP API, a folder, and calls between talkers.

    Use it as an asynchronous context; `call(crowd)` opens one call more.
    """

    def __init__(self, name, command, env=None):
        super().__init__(name, command, env, ROOT, log=f"bench-{name}")
        self.crowd = Crowd()
        self._session = None

    async def __aenter__(self):
        self._session = aiohttp.ClientSession()
        self.start()
        await self.ready()
        return self

    async def __aexit__(self, *_error):
        await self.crowd.close()
        await self._session.close()
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    async def ready(self, patience=60):
        """Wait until it answers; raises SetupError with its log's end."""
        end = time.monotonic() + patience
        while True:
            try:
                return await self.health()
            except aiohttp.ClientError:
                self.wait_until(lambda: True)
                if time.monotonic() > end:
                    self.wait_until(lambda: False, 0)
                time.sleep(0.02)

    async def health(self):
        async with self._session.get(f"{self.url}/health") as answer:
            return await answer.json()

    async def lag_ms(self):
        """p99 lateness of its loop, of the last ten seconds."""
        return (await self.health())["lag_ms"]

    def start(self):
        super().start()
        favour(self.pid)
        return self

    def cpu(self):
        """Seconds of processor it has had."""
        times = psutil.Process(self.pid).cpu_times()
        return times.user + times.system

    def memory(self):
        """Resident MiB."""
        return psutil.Process(self.pid).memory_info().rss / 2**20


class Sidecar(Server):
    """`python -m media_sidecar` with one worker."""

    def __init__(self, odoo: Odoo):
        self.odoo = odoo
        self.folder = Path(tempfile.mkdtemp(prefix="bench-sidecar-"))
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        self._calls = []
        environment = os.environ | {
            "ODOO_URL": odoo.url,
            "SIDECAR_REF": REF,
            "SIDECAR_SECRET": SECRET,
            "SIDECAR_URL": self.url,
            "LISTEN_PORT": str(port),
            "CAPACITY": "1000",
            "LAG_LIMIT_MS": "10000",
            "STATE_DIR": str(self.folder),
            "DRAIN_SECONDS": "0",
            "LOG_LEVEL": "WARNING",
        }
        command = [sys.executable, "-m", "media_sidecar"]
        super().__init__("media-sidecar", command, environment)

    async def ask(self, method, path, body=None):
        """One signed request; raises RuntimeError with what was answered instead."""
        data = json.dumps(body or {}).encode()
        headers = auth.sign(REF, SECRET, method, path, data)
        async with self._session.request(
            method, self.url + path, data=data, headers=headers
        ) as answer:
            if answer.status != 200:
                raise RuntimeError(f"{path}: {answer.status} {await answer.text()}")
            return await answer.json()

    async def open_call(self, offer):
        """Only WhatsApp's offer in and the SDP out; the call's media_ref."""
        ref = secrets.token_hex(16)
        body = {"call": ref, "direction": "inbound", "offer": offer, "settings": {}}
        await self.ask("POST", "/v1/calls", body)
        self._calls.append(ref)
        return ref

    async def call(self, crowd=None, uid=""):
        """An accepted and recorded call between two talkers; its media_ref."""
        crowd = crowd or self.crowd
        caller, operator = await crowd.add("whatsapp"), await crowd.add("browser")
        ref = secrets.token_hex(16)
        body = {
            "call": ref,
            "direction": "inbound",
            "offer": await caller.leg.offer(),
            "operator": {
                "leg": secrets.token_hex(8),
                "offer": await operator.leg.offer(),
                "user": {"id": 1, "name": "Operator"},
            },
            "settings": {"record": self.odoo.record(uid)},
        }
        answer = await self.ask("POST", "/v1/calls", body)
        await caller.take(answer["sdp"])
        await operator.take(answer["operator_sdp"])
        await self.ask("POST", f"/v1/calls/{ref}/accepted")
        self._calls.append(ref)
        return ref

    async def hang_up(self):
        """End all calls."""
        while self._calls:
            ref = self._calls.pop()
            await self.ask("DELETE", f"/v1/calls/{ref}", {"reason": "bench"})
        await self.crowd.close()

    async def crash(self):
        """SIGKILL, and a new start on the same folder."""
        self.kill()
        self._calls.clear()
        self.start()
        await self.ready()


class Bridge(Server):
    """pipecat or stock aiortc between two talkers, recording as they do."""

    def __init__(self, kind):
        self.folder = Path(tempfile.mkdtemp(prefix=f"bench-{kind}-"))
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        command = [reference.PYTHON, reference.BRIDGE, kind, port, self.folder]
        super().__init__(f"media-{kind}", command)

    async def call(self, crowd=None):
        crowd = crowd or self.crowd
        caller, operator = await crowd.add("whatsapp"), await crowd.add("browser")
        offers = {
            "caller": await caller.leg.offer(),
            "operator": await operator.leg.offer(),
        }
        answers = await self._post("/calls", offers)
        await caller.take(answers["caller"])
        await operator.take(answers["operator"])

    async def open_call(self, offer):
        """One offer in, its answer out."""
        await self._post("/answers", {"offer": offer})

    async def _post(self, path, body):
        async with self._session.post(self.url + path, json=body) as answer:
            answer.raise_for_status()
            return await answer.json()

    async def hang_up(self):
        async with self._session.delete(f"{self.url}/calls"):
            await self.crowd.close()
