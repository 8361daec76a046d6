"""Addon and sidecar sign alike: both against the same vectors, and each other."""

import json
import time
from pathlib import Path

import pytest

from media_sidecar import auth
from media_sidecar.errors import ApiError
from whatsapp_calling.tools import sidecar_signature

FILE = json.loads(Path(__file__).with_name("signature_v1.json").read_text())
SECRET, VECTORS = FILE["secret"], FILE["vectors"]
REF, PATH, BODY = "demo-sidecar", "/v1/calls?x=1", b'{"call": "a"}'


class Fresh:
    def take(self, nonce, timestamp):
        return True


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["method"])
def test_both_make_the_signature_of_the_vector(vector):
    given = (
        *(SECRET, vector["method"], vector["path"], str(vector["timestamp"])),
        *(vector["nonce"], bytes.fromhex(vector["body"])),
    )
    assert auth.signature(*given) == vector["signature"]
    assert sidecar_signature.sign(*given) == vector["signature"]


def test_what_the_addon_signs_the_sidecar_takes():
    headers = sidecar_signature.signed_headers(REF, SECRET, "POST", PATH, BODY)
    auth.verify(headers, REF, SECRET, "POST", PATH, BODY, Fresh())


def test_what_the_sidecar_signs_the_addon_takes():
    headers = auth.sign(REF, SECRET, "PUT", PATH, BODY)
    nonce, used = sidecar_signature.check([SECRET], "PUT", PATH, headers, BODY)
    assert (nonce, used) == (headers["X-Nonce"], SECRET)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"method": "DELETE"}, "bad_signature"),
        ({"path": "/v1/calls"}, "bad_signature"),
        ({"body": b"{}"}, "bad_signature"),
        ({"secret": "x" * 36}, "bad_signature"),
        ({"ago": 61}, "stale"),
        ({"ago": -62}, "stale"),
        ({"without": "X-Nonce"}, "unsigned"),
        ({"without": "X-Signature"}, "unsigned"),
        ({"without": "X-Timestamp"}, "unsigned"),
    ],
)
def test_both_refuse_the_same_for_the_same_reason(change, code):
    at = int(time.time()) - change.get("ago", 0)
    headers = auth.sign(REF, SECRET, "POST", PATH, BODY, timestamp=at)
    headers.pop(change.get("without"), None)
    request = (
        change.get("method", "POST"),
        change.get("path", PATH),
        change.get("body", BODY),
    )
    secret = change.get("secret", SECRET)
    with pytest.raises(ApiError) as ours:
        method, path, body = request
        auth.verify(headers, REF, secret, method, path, body, Fresh())
    with pytest.raises(sidecar_signature.Refused) as theirs:
        sidecar_signature.check([secret], method, path, headers, body)
    assert (ours.value.status, ours.value.code, theirs.value.code) == (401, code, code)


def test_both_have_the_same_limits():
    assert auth.LEEWAY == sidecar_signature.TOLERANCE == 60
    assert auth.REMEMBERED == sidecar_signature.REMEMBERED == 130
