"""An Odoo that takes what a sidecar reports, and can open the recordings."""

import base64
import io
import secrets
import time

import av
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric.x25519 import (
    X25519PrivateKey,
    X25519PublicKey,
)
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from media_sidecar.recording import keys, sealed
from tools.process import free_port

REF = "bench-sidecar"
SECRET = "bench-sidecar-secret-0123456789abcdef"


class Odoo:
    """`finished` holds what came with each recording, by its uid."""

    def __init__(self) -> None:
        self._private = X25519PrivateKey.generate()
        self._public = self._private.public_key().public_bytes_raw()
        self._files: dict[tuple[str, str], bytearray] = {}
        self.finished: dict[str, dict] = {}
        self._runner: web.AppRunner | None = None
        self.url = ""

    async def __aenter__(self) -> "Odoo":
        app = web.Application(client_max_size=4 * 1024 * 1024)
        base = f"/whatsapp_calling/media/{REF}"
        app.router.add_post(f"{base}/hello", self._hello)
        app.router.add_post(f"{base}/events", self._events)
        app.router.add_put(f"{base}/recordings/{{uid}}/{{track}}", self._piece)
        app.router.add_post(f"{base}/recordings/{{uid}}/finish", self._finish)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        port = free_port()
        await web.TCPSite(self._runner, "127.0.0.1", port).start()
        self.url = f"http://127.0.0.1:{port}"
        return self

    async def __aexit__(self, *_error) -> None:
        await self._runner.cleanup()

    async def _hello(self, _request: web.Request) -> web.Response:
        key = base64.b64encode(self._public).decode()
        answer = {"public_key": key, "time": time.time(), "unknown_calls": []}
        return web.json_response(answer)

    async def _events(self, request: web.Request) -> web.Response:
        events = (await request.json())["events"]
        return web.json_response({"taken": [event["id"] for event in events]})

    async def _piece(self, request: web.Request) -> web.Response:
        key = request.match_info["uid"], request.match_info["track"]
        file = self._files.setdefault(key, bytearray())
        del file[int(request.query["offset"]) :]
        file += await request.read()
        return web.json_response({"size": len(file)})

    async def _finish(self, request: web.Request) -> web.Response:
        self.finished[request.match_info["uid"]] = await request.json()
        return web.json_response({"ok": True})

    def record(self, uid: str = "") -> dict:
        """RECORD of a call's settings: both tracks, no announcement."""
        return {
            "agent": True,
            "caller": True,
            "announce": None,
            "order": "before",
            "refuse_key": None,
            "key": base64.b64encode(self._public).decode(),
            "recording": uid or secrets.token_hex(16),
        }

    def heard(self, uid: str) -> dict[str, tuple[float, int]]:
        """(seconds that can be decoded, bytes of the Ogg file) of each track."""
        key = self._key(uid)
        heard = {}
        for track in self.finished[uid]["tracks"]:
            name = track["track"]
            plain = sealed.unseal(bytes(self._files[uid, name]), key, name)
            heard[name] = (seconds(io.BytesIO(plain)), len(plain))
        return heard

    def _key(self, uid: str) -> bytes:
        whole = base64.b64decode(self.finished[uid]["sealed_key"])
        peer = X25519PublicKey.from_public_bytes(whole[:32])
        hkdf = HKDF(SHA256(), keys.KEY_SIZE, whole[:32] + self._public, keys.PURPOSE)
        secret = hkdf.derive(self._private.exchange(peer))
        return AESGCM(secret).decrypt(bytes(12), whole[32:], uid.encode())


def seconds(file) -> float:
    """How much of a sound file (a path, or a file of bytes) can be decoded."""
    samples = 0
    try:
        with av.open(file) as container:
            for frame in container.decode(audio=0):
                samples += frame.samples
                rate = frame.sample_rate
    except (av.FFmpegError, IndexError):
        pass  # what came before the break counts
    return samples / rate if samples else 0.0
