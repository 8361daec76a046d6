"""An Odoo that keeps what a sidecar reports, and may be away or of another mind."""

import json
import time

from aiohttp import web

from media_sidecar import auth
from media_sidecar.errors import ApiError
from tests.sidecar.recording import conftest as recordings

REF = "demo-sidecar"
SECRET = "demo-sidecar-secret-0123456789abcdef"


class Seen:
    """Nonces in memory."""

    def __init__(self):
        self.nonces = set()

    def take(self, nonce, timestamp):
        fresh = nonce not in self.nonces
        self.nonces.add(nonce)
        return fresh


class Odoo:
    """`events` in order of first arrival, each once; `posts` counts all copies."""

    def __init__(self, port=0):
        self.port = port
        self.events, self.posts, self.hellos, self.refusals = [], [], [], []
        self.archive = recordings.Odoo()  # what it was given of recordings
        self.statuses = []  # answers to give to events before 200s
        self.unknown_calls = []
        self.clock = 0.0  # seconds ahead
        self.takes = lambda event: True
        self.cut_after_taking = False  # the answer does not leave
        self._known = set()
        self._seen = Seen()
        self._runner = None

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    async def start(self):
        app = web.Application(client_max_size=4 * 1024 * 1024)
        base = f"/whatsapp_calling/media/{REF}"
        app.router.add_post(f"{base}/hello", self._hello)
        app.router.add_post(f"{base}/events", self._events)
        app.router.add_route("*", f"{base}/recordings/{{rest:.*}}", self._recording)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self.port)
        await site.start()
        self.port = site._server.sockets[0].getsockname()[1]
        return self

    async def stop(self):
        if self._runner:
            await self._runner.cleanup()
            self._runner = None

    async def _checked(self, request):
        body = await request.read()
        now = time.time() + self.clock
        try:
            auth.verify(
                request.headers,
                *(REF, SECRET, request.method, request.raw_path, body, self._seen),
                now=now,
            )
        except ApiError as error:
            self.refusals.append(error.code)
            raise web.HTTPUnauthorized(
                text=json.dumps(error.body()), content_type="application/json"
            ) from error
        return body

    async def _hello(self, request):
        self.hellos.append(json.loads(await self._checked(request)))
        return web.json_response(
            {
                "public_key": "",
                "time": time.time() + self.clock,
                "unknown_calls": self.unknown_calls,
            }
        )

    async def _events(self, request):
        events = json.loads(await self._checked(request))["events"]
        self.posts.append(events)
        status = self.statuses.pop(0) if self.statuses else 200
        if status != 200:
            return web.json_response({"error": {"code": "no"}}, status=status)
        taken = [event for event in events if self.takes(event)]
        for event in taken:
            if event["id"] not in self._known:
                self._known.add(event["id"])
                self.events.append(event)
        if self.cut_after_taking:
            self.cut_after_taking = False
            request.transport.abort()
        return web.json_response({"taken": [event["id"] for event in taken]})

    async def _recording(self, request):
        body = await self._checked(request)
        path = "recordings" + request.path_qs.split("/recordings")[1]
        if request.method == "PUT":
            status, answer = await self.archive.put(path, body)
        else:
            status, answer = await self.archive.post(path, json.loads(body))
        return web.json_response(answer, status=status)

    def kinds(self, call=None):
        """Kinds of the events so far, of one call."""
        return [e["kind"] for e in self.events if call in (None, e["call"])]

    def told(self, kind, call=None):
        """`data` of the events of a kind."""
        return [
            e["data"]
            for e in self.events
            if e["kind"] == kind and call in (None, e["call"])
        ]
