"""The addon reads sealed files byte for byte as `sealed_v1.json` says.

The sidecar's writer is tested against the same vectors.
"""

import base64
import hashlib
import io
import json
from pathlib import Path

import pytest

from media_sidecar.recording import sealed
from whatsapp_calling.tools import sealed_file

VECTORS = json.loads(Path(__file__).with_name("sealed_v1.json").read_text())
KEY = bytes.fromhex(VECTORS["key"])


def plain(size):
    blocks = (hashlib.sha256(b"plain %d" % i).digest() for i in range(-(-size // 32)))
    return b"".join(blocks)[:size]


def name(vector):
    return f"{vector['track']}-{vector['chunk']}-{vector['plain_size']}"


@pytest.mark.parametrize("vector", VECTORS["files"], ids=name)
def test_a_sealed_file_holds_this(vector):
    size = vector["plain_size"]
    pieces = sealed.seal([plain(size)], KEY, vector["track"], chunk=vector["chunk"])
    written = b"".join(pieces)
    assert hashlib.sha256(written).hexdigest() == vector["sha256"]

    found = sealed_file.SealedFile(io.BytesIO(written), len(written), KEY)
    assert (found.track, found.plain_size) == (vector["track"], size)
    assert b"".join(found.pieces()) == plain(size)
    middle = size // 2
    assert (
        b"".join(found.pieces(middle, middle + 7)) == plain(size)[middle : middle + 7]
    )
    assert (
        sealed_file.seal(plain(size), KEY, vector["track"], vector["chunk"]) == written
    )


def test_a_key_of_the_sidecar_is_read_with_ours():
    vector = VECTORS["sealed_key"]
    private = base64.b64encode(bytes.fromhex(vector["recipient_private"])).decode()
    assert sealed_file.unseal_key(vector["sealed"], private, VECTORS["uid"]) == KEY
