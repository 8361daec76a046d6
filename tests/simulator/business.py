"""The business of the simulator's tests: webhook receiver, Graph client, WebRTC."""

import asyncio
import fractions
import hashlib
import hmac
import json
import math
import time

import aiohttp
import av
import numpy as np
from aiohttp import web
from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import MediaStreamError, MediaStreamTrack

NUMBER = "200000000000001"
SERVICE_LINE = "200000000000004"  # of the same account
NUMBER_WA_ID = "43720880100"
WABA = "100000000000001"
APP = "300000000000001"
SECRET = "demo-app-secret-1"
TOKEN = "demo-token-1"
EVA = "436601112201"  # permanent permission
JONAS = "4915123456701"  # temporary permission
LUCIA = "34612345601"  # none
PATIENCE = 10


class Tone(MediaStreamTrack):
    """A sine of `hertz`, 20 ms a frame at 48 kHz."""

    kind = "audio"

    def __init__(self, hertz: float) -> None:
        super().__init__()
        self.hertz = hertz
        self._count = 0
        self._start: float | None = None

    async def recv(self) -> av.AudioFrame:
        self._start = self._start or time.monotonic()
        due = self._start + self._count * 0.02
        await asyncio.sleep(max(0, due - time.monotonic()))
        at = self._count * 960 + np.arange(960)
        pcm = np.sin(2 * math.pi * self.hertz * at / 48000) * 9000
        frame = av.AudioFrame.from_ndarray(
            pcm.astype(np.int16).reshape(1, -1), format="s16", layout="mono"
        )
        frame.sample_rate, frame.pts = 48000, self._count * 960
        frame.time_base = fractions.Fraction(1, 48000)
        self._count += 1
        return frame


class Peer:
    """An aiortc peer connection as the business's browser would have it."""

    def __init__(self, hertz: float | None = 660) -> None:
        self.connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self.heard: list[np.ndarray] = []
        self.connection.on("track", self._on_track)
        if hertz:
            self.connection.addTrack(Tone(hertz))
        else:
            self.connection.addTransceiver("audio")
        self._task: asyncio.Task | None = None

    def _on_track(self, track) -> None:
        async def read() -> None:
            try:
                while True:
                    frame = await track.recv()
                    self.heard.append(frame.to_ndarray().reshape(-1, 2)[:, 0])
            except MediaStreamError:
                return

        self._task = asyncio.create_task(read())

    async def offer(self) -> str:
        await self.connection.setLocalDescription(await self.connection.createOffer())
        return clean(self.connection.localDescription.sdp)

    async def take_answer(self, sdp: str) -> None:
        await self.connection.setRemoteDescription(RTCSessionDescription(sdp, "answer"))

    async def answer(self, offer: str) -> str:
        await self.connection.setRemoteDescription(
            RTCSessionDescription(offer, "offer")
        )
        answer = await self.connection.createAnswer()
        await self.connection.setLocalDescription(answer)
        return clean(self.connection.localDescription.sdp)

    @property
    def pitch(self) -> float:
        """Strongest tone in Hz of the last second heard."""
        if not self.heard:
            return 0.0
        pcm = np.concatenate(self.heard[-50:]).astype(float)
        spectrum = np.abs(np.fft.rfft(pcm * np.hanning(len(pcm))))
        return float(np.argmax(spectrum)) * 48000 / len(pcm)

    async def close(self) -> None:
        await self.connection.close()
        if self._task:
            self._task.cancel()


def _loads(text: bytes):
    return json.loads(text)


def clean(sdp: str) -> str:
    """One sha-256 fingerprint, as WhatsApp wants it; aiortc adds two more."""
    lines = [
        line
        for line in sdp.splitlines()
        if not line.startswith(("a=fingerprint:sha-384", "a=fingerprint:sha-512"))
    ]
    return "\r\n".join(lines) + "\r\n"


async def until(condition, what: str = "", patience: float = PATIENCE):
    """Poll `condition` (plain or async) until it is true; its value."""
    deadline = time.monotonic() + patience
    while True:
        value = condition()
        if asyncio.iscoroutine(value):
            value = await value
        if value:
            return value
        assert time.monotonic() < deadline, f"not in {patience} s: {what}"
        await asyncio.sleep(0.01)


class Business:
    """Receives webhooks on a port of its own and calls Graph."""

    def __init__(self, base: str) -> None:
        self.base = base
        self.webhooks: list[dict] = []
        self.posts: list[tuple[dict, bytes]] = []  # headers, body
        self.statuses: list[int] = []  # answers to give before 200s
        self.hold = 0.0
        self.verify_token = "demo-verify-1"
        self.session = aiohttp.ClientSession()
        self._runner: web.AppRunner | None = None
        self._arrived = asyncio.Condition()

    async def start(self) -> str:
        app = web.Application()
        app.router.add_post("/hook", self._take)
        app.router.add_get("/hook", self._verify)
        self._runner = web.AppRunner(app)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        port = site._server.sockets[0].getsockname()[1]
        return f"http://127.0.0.1:{port}/hook"

    async def _verify(self, request: web.Request) -> web.Response:
        query = request.query
        if query.get("hub.verify_token") != self.verify_token:
            return web.Response(status=403)
        return web.Response(text=query["hub.challenge"])

    async def _take(self, request: web.Request) -> web.Response:
        raw = await request.read()
        self.posts.append((dict(request.headers), raw))
        if self.hold:
            await asyncio.sleep(self.hold)
        status = self.statuses.pop(0) if self.statuses else 200
        if status == 200:
            for entry in json.loads(raw)["entry"]:
                for change in entry["changes"]:
                    await self._keep(change)
        return web.Response(status=status)

    async def _keep(self, change: dict) -> None:
        async with self._arrived:
            self.webhooks.append(change)
            self._arrived.notify_all()

    def parts(self) -> list[dict]:
        """Every call, status and message so far, with its field and value."""
        found = []
        for change in self.webhooks:
            value = change["value"]
            for name in ("calls", "statuses", "messages"):
                for part in value.get(name, []):
                    found.append({**part, "_value": value, "_field": change["field"]})
        return found

    def words(self) -> list[str]:
        """Event or status names in order of arrival."""
        return [
            p.get("event") or p.get("status") or p.get("type") for p in self.parts()
        ]

    async def wait(self, word: str, count: int = 1, patience: float = PATIENCE) -> dict:
        """The `count`-th call event, status or message type `word`."""

        def found() -> list[dict]:
            return [
                part
                for part in self.parts()
                if word in (part.get("event"), part.get("status"), part.get("type"))
            ]

        async with asyncio.timeout(patience), self._arrived:
            await self._arrived.wait_for(lambda: len(found()) >= count)
        return found()[count - 1]

    def signed(self, headers: dict, raw: bytes) -> bool:
        wanted = hmac.new(SECRET.encode(), raw, hashlib.sha256).hexdigest()
        return headers.get("X-Hub-Signature-256") == f"sha256={wanted}"

    async def graph(self, method: str, path: str, json=None, token=TOKEN, **options):
        """(HTTP status, JSON) of a request to Graph."""
        headers = options.pop("headers", {})
        if token:
            headers = {"Authorization": f"Bearer {token}", **headers}
        async with self.session.request(
            method, f"{self.base}/v23.0/{path}", json=json, headers=headers, **options
        ) as response:
            text = await response.read()
            if response.content_type == "application/json":
                return response.status, _loads(text)
            return response.status, text

    async def calls(self, action: str, number: str = NUMBER, **members):
        """POST /{PNID}/calls."""
        body = {"messaging_product": "whatsapp", "action": action, **members}
        if "sdp" in body:
            kind = "offer" if action == "connect" else "answer"
            body["session"] = {"sdp_type": kind, "sdp": body.pop("sdp")}
        return await self.graph("POST", f"{number}/calls", body)

    async def control(
        self, method: str, path: str, json=None, status: int | None = None
    ):
        """JSON (or bytes) of the control API; asserts 2xx or `status`."""
        async with self.session.request(
            method, f"{self.base}/control/{path}", json=json
        ) as response:
            data = await response.read()
            if response.content_type == "application/json":
                data = _loads(data)
            if status is None:
                assert response.status < 300, (response.status, data)
            else:
                assert response.status == status, (response.status, data)
            return data

    async def close(self) -> None:
        await self.session.close()
        if self._runner:
            await self._runner.cleanup()
