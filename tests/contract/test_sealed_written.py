"""The sidecar writes sealed files byte for byte as `sealed_v1.json` says.

The addon's reader is tested against the same vectors.
"""

import base64
import hashlib
import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from media_sidecar.recording import keys, sealed

VECTORS = json.loads(Path(__file__).with_name("sealed_v1.json").read_text())
KEY = bytes.fromhex(VECTORS["key"])


def plain(size):
    blocks = (hashlib.sha256(b"plain %d" % i).digest() for i in range(-(-size // 32)))
    return b"".join(blocks)[:size]


def name(vector):
    return f"{vector['track']}-{vector['chunk']}-{vector['plain_size']}"


@pytest.mark.parametrize("vector", VECTORS["files"], ids=name)
def test_a_sealed_file_is_these_bytes(vector):
    text = plain(vector["plain_size"])
    assert hashlib.sha256(text).hexdigest() == vector["plain_sha256"]

    pieces = [text[i : i + 977] for i in range(0, len(text), 977)]
    written = b"".join(sealed.seal(pieces, KEY, vector["track"], chunk=vector["chunk"]))

    assert len(written) == vector["size"]
    assert hashlib.sha256(written).hexdigest() == vector["sha256"]
    assert written.hex() == vector.get("sealed", written.hex())
    assert sealed.sealed_size(len(text), vector["chunk"]) == len(written)
    assert sealed.unseal(written, KEY, vector["track"]) == text


def test_a_key_sealed_to_odoo_is_these_bytes():
    vector = VECTORS["sealed_key"]
    private = bytes.fromhex(vector["ephemeral_private"])
    written = keys.seal_key(
        KEY,
        bytes.fromhex(vector["recipient_public"]),
        VECTORS["uid"],
        ephemeral=X25519PrivateKey.from_private_bytes(private),
    )
    assert base64.b64encode(written).decode() == vector["sealed"]


def test_every_sealed_key_has_an_ephemeral_half_of_its_own():
    recipient = bytes.fromhex(VECTORS["sealed_key"]["recipient_public"])
    first, second = (keys.seal_key(KEY, recipient, VECTORS["uid"]) for _ in range(2))
    assert first[:32] != second[:32] and first[32:] != second[32:]
