"""A unit in this process, asked over real HTTP as Odoo asks."""

import json
import secrets
from pathlib import Path

import aiohttp
from aiohttp import web

from media_sidecar import auth
from media_sidecar.app import make_app
from media_sidecar.config import Config
from media_sidecar.unit import Unit
from tests.sidecar.service.far_end import FarEnd
from tests.sidecar.service.odoo import REF, SECRET


def config(odoo_url: str, folder: Path, **more) -> Config:
    """A configuration for a test; the limit on lag is off: this machine is shared."""
    values = {
        "odoo_url": odoo_url,
        "ref": REF,
        "secret": SECRET,
        "url": "http://127.0.0.1:1",
        "state_dir": folder,
        "lag_limit_ms": 10000,
    }
    return Config(**values | more)


class Answer:
    """Status, JSON (or None) and bytes."""

    def __init__(self, status, content, kind):
        self.status, self.content, self.kind = status, content, kind
        self.json = json.loads(content) if "json" in kind else None

    @property
    def code(self):
        return self.json["error"]["code"]


class Sidecar:
    """`ask(method, path, body)`; `call(...)` opens one with ends that really talk."""

    def __init__(self, settings: Config) -> None:
        self.unit = Unit(settings)
        self._runner = web.AppRunner(
            make_app(self.unit), access_log=None, shutdown_timeout=0.1
        )
        self.url = ""
        self.session: aiohttp.ClientSession | None = None
        self.ends: list[FarEnd] = []

    async def start(self):
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://127.0.0.1:{site._server.sockets[0].getsockname()[1]}"
        self.session = aiohttp.ClientSession()
        await self.unit.start()
        return self

    async def stop(self):
        for end in self.ends:
            await end.close()
        await self.session.close()
        await self.unit.close()
        await self._runner.cleanup()

    async def ask(self, method, path, body=None, headers=None, raw=None) -> Answer:
        """One signed request; `headers` in place of the signature's."""
        data = raw if raw is not None else json.dumps(body or {}).encode()
        if headers is None:
            headers = auth.sign(REF, SECRET, method, path, data)
        async with self.session.request(
            method, self.url + path, data=data, headers=headers
        ) as answer:
            content = await answer.read()
            return Answer(answer.status, content, answer.headers["Content-Type"])

    async def do(self, method, path, body=None) -> dict:
        """An `ask` that must succeed."""
        answer = await self.ask(method, path, body)
        assert answer.status == 200, answer.content
        return answer.json

    async def end(self, hertz) -> FarEnd:
        """Somebody who says a tone of `hertz` (0: nothing at all)."""
        end = await FarEnd.open(hertz)
        end.music = set(await self.unit.speech.prompts.packets({"music": "hold"}))
        self.ends.append(end)
        return end

    async def call(self, *, operator=True, accepted=True, **more) -> "Talk":
        """An inbound call whose customer says 440 Hz and its operator 660 Hz."""
        talk = Talk(self)
        talk.customer = await self.end(440)
        body = {
            "call": talk.ref,
            "direction": "inbound",
            "offer": await talk.customer.offer(),
            "settings": {},
            **more,
        }
        if operator:
            talk.operator = await self.end(660)
            offer = await talk.operator.offer()
            user = {"id": 6, "name": "Anna Berger"}
            body["operator"] = {"leg": "leg-1", "offer": offer, "user": user}
        answer = await self.do("POST", "/v1/calls", body)
        await talk.customer.take(answer["sdp"])
        if operator:
            await talk.operator.take(answer["operator_sdp"])
            await talk.operator.connected()
        await talk.customer.connected()
        if accepted:
            await talk.do("accepted")
        return talk


class Talk:
    """A call of a test."""

    def __init__(self, sidecar: Sidecar) -> None:
        self.sidecar = sidecar
        self.ref = secrets.token_hex(16)
        self.customer = self.operator = None

    @property
    def call(self):
        return self.sidecar.unit.calls.live[self.ref]

    async def do(self, what, body=None, method="POST") -> dict:
        """A command of this call that must succeed."""
        return await self.sidecar.do(method, f"/v1/calls/{self.ref}/{what}", body)

    async def ask(self, what, body=None, method="POST") -> Answer:
        return await self.sidecar.ask(method, f"/v1/calls/{self.ref}/{what}", body)

    async def join(self, leg, role, hertz, **more) -> FarEnd:
        """Another browser, connected."""
        end = await self.sidecar.end(hertz)
        body = {"leg": leg, "role": role, "offer": await end.offer(), **more}
        await end.take((await self.do("legs", body))["sdp"])
        await end.connected()
        return end
