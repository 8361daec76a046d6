"""A sidecar as a process of its own, asked over signed HTTP."""

import asyncio
import json
import socket
import time

import aiohttp
import psutil

from media_sidecar import auth
from tests.sidecar.service.odoo import REF, SECRET
from tests.sidecar.service.sidecar import Answer
from tools.servers import Sidecar


class Running(Sidecar):
    """`await ask(...)`; `number` picks the worker."""

    async def ready(self, workers=1):
        """Wait until every worker answers."""
        for number in range(workers):
            await self._answers(number)
        return self

    async def _answers(self, number):
        deadline = time.monotonic() + 30
        while True:
            try:
                return await self.get("/health", number)
            except aiohttp.ClientError:
                assert self.is_alive(), self._tail()
                assert time.monotonic() < deadline, self._tail()
                await asyncio.sleep(0.05)

    async def get(self, path, number=0):
        url = f"http://127.0.0.1:{self.port + number}{path}"
        async with aiohttp.ClientSession() as session, session.get(url) as answer:
            return await answer.json()

    async def ask(self, method, path, body=None, number=0, headers=None) -> Answer:
        data = json.dumps(body or {}).encode()
        headers = headers or auth.sign(REF, SECRET, method, path, data)
        url = f"http://127.0.0.1:{self.port + number}{path}"
        async with (
            aiohttp.ClientSession() as session,
            session.request(method, url, data=data, headers=headers) as answer,
        ):
            content = await answer.read()
            return Answer(answer.status, content, answer.headers["Content-Type"])

    async def ended(self, seconds=15):
        """Wait until the process is gone; its exit status."""
        deadline = time.monotonic() + seconds
        while self.is_alive():
            assert time.monotonic() < deadline, "it lives on"
            await asyncio.sleep(0.02)
        return self._child.returncode

    def terminate(self):
        self._child.terminate()

    def worker(self, number):
        """The psutil.Process that listens on a worker's port; None if none does."""
        for child in psutil.Process(self.pid).children(recursive=True):
            for line in child.net_connections("tcp"):
                if line.status == "LISTEN" and line.laddr.port == self.port + number:
                    return child
        return None


def free_ports(count):
    """The first of `count` free ports in a row."""
    while True:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            first = probe.getsockname()[1]
        try:
            for port in range(first, first + count):
                with socket.socket() as probe:
                    probe.bind(("127.0.0.1", port))
            return first
        except OSError:
            continue
