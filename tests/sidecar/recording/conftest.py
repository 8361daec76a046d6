"""A library in a folder of its own, with an Odoo that keeps what it is given."""

import asyncio
import base64
import hashlib
import json

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import (
    X25519PrivateKey,
    X25519PublicKey,
)
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from media_sidecar.errors import OdooAway
from media_sidecar.recording import sealed
from media_sidecar.recording.library import Library
from media_sidecar.rtc.packet import Packet

UID = "00112233445566778899aabbccddeeff"
CALL = "c" * 32


class Clock:
    """Seconds that pass when the test says so."""

    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


class Odoo:
    """Keeps tracks as the contract says, and reads them with a private key."""

    def __init__(self):
        self._private = X25519PrivateKey.generate()
        self.key = base64.b64encode(
            self._private.public_key().public_bytes_raw()
        ).decode()
        self.files = {}
        self.requests = []
        self.finished = {}
        self.away = False
        self.answers = []  # (status, body) in place of the usual one, first to last

    async def put(self, path, body):
        where, query = path.split("?")
        offset = int(dict(part.split("=") for part in query.split("&"))["offset"])
        self._asked("PUT", path)
        if self.answers:
            return self.answers.pop(0)
        have = self.files.setdefault(where, b"")
        if offset != len(have):
            return 409, {"size": len(have)}
        self.files[where] = have + body
        return 200, {"size": len(self.files[where])}

    async def post(self, path, body):
        self._asked("POST", path)
        if self.answers:
            return self.answers.pop(0)
        uid, word = path.split("/")[1:]
        if word == "finish":
            for track in body["tracks"]:
                file = self.files[f"recordings/{uid}/{track['track']}"]
                if hashlib.sha256(file).hexdigest() != track["sha256"]:
                    self.files[f"recordings/{uid}/{track['track']}"] = b""
                    return 409, {"track": track["track"], "size": 0}
        self.finished[uid] = json.loads(json.dumps(body))
        return 200, {"ok": True}

    def _asked(self, method, path):
        if self.away:
            raise OdooAway("ClientConnectorError")
        self.requests.append((method, path))

    def heard(self, uid=UID):
        """{track: the Ogg file}, opened with the sealed key."""
        whole = base64.b64decode(self.finished[uid]["sealed_key"])
        ephemeral, text = whole[:32], whole[32:]
        public = self._private.public_key().public_bytes_raw()
        shared = self._private.exchange(X25519PublicKey.from_public_bytes(ephemeral))
        info = b"whatsapp_calling recording key v1"
        hkdf = HKDF(SHA256(), 32, ephemeral + public, info)
        key = AESGCM(hkdf.derive(shared)).decrypt(bytes(12), text, uid.encode())
        return {
            track["track"]: sealed.unseal(
                self.files[f"recordings/{uid}/{track['track']}"], key, track["track"]
            )
            for track in self.finished[uid]["tracks"]
        }


@pytest.fixture
def odoo():
    return Odoo()


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def record(odoo):
    """RECORD with both switches on."""
    return {"agent": True, "caller": True, "key": odoo.key, "recording": UID}


@pytest.fixture
async def library(tmp_path, odoo, clock):
    found = Library(tmp_path, odoo, clock=clock, flush=0.001)
    await found.start()
    yield found
    await found.close()


async def until(true, seconds=20):
    """Wait for what another thread or process does."""
    end = asyncio.get_running_loop().time() + seconds
    while not true():
        assert asyncio.get_running_loop().time() < end, "it did not happen"
        await asyncio.sleep(0.005)


def caller_packet(payload, index, arrived, base=777_000):
    return Packet(payload, index, base + 960 * index, arrived)


def play(recorder, clock, seconds, agent=None, caller=None, since=0):
    """Both sides speak for so long from `since`, in steps of 20 ms.

    :param agent: packets, one per step; None at an index is a loss
    """
    for index in range(round(since * 50), round((since + seconds) * 50)):
        clock.now = 1000.0 + index / 50
        if caller and caller[index]:
            recorder.caller(caller_packet(caller[index], index, clock.now))
        if agent and agent[index]:
            recorder.agent(agent[index], 5 + 960 * index)
    clock.now = 1000.0 + since + seconds
