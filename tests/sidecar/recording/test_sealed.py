"""Sealed files and their keys: what opens, and what never does."""

import os
import stat

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from media_sidecar.recording import keys, sealed

KEY = bytes(range(32))
CHUNK = 64


@given(st.lists(st.binary(max_size=200), max_size=8))
def test_what_is_sealed_opens_again_however_it_came(pieces):
    written = b"".join(sealed.seal(pieces, KEY, "mix", chunk=CHUNK))
    assert sealed.unseal(written, KEY, "mix") == b"".join(pieces)
    assert len(written) == sealed.sealed_size(sum(map(len, pieces)), CHUNK)


@pytest.mark.parametrize("size", [0, 1, CHUNK, 3 * CHUNK, 3 * CHUNK + 1])
@settings(max_examples=40)
@given(data=st.data())
def test_no_file_that_was_touched_opens(size, data):
    """Shortened anywhere, a bit turned, chunks exchanged: refused."""
    whole = b"".join(sealed.seal([os.urandom(size)], KEY, "caller", chunk=CHUNK))
    place = data.draw(st.integers(0, len(whole) - 1))
    turned = bytearray(whole)
    turned[place] ^= 1 << data.draw(st.integers(0, 7))
    for broken in (whole[:place], bytes(turned), whole + b"\0" * 20):
        with pytest.raises(sealed.SealBroken):
            sealed.unseal(broken, KEY, "caller")


def test_chunks_cannot_change_places_nor_a_track_pass_for_another():
    whole = b"".join(sealed.seal([bytes(3 * CHUNK)], KEY, "agent", chunk=CHUNK))
    step = CHUNK + sealed.TAG
    first, second = whole[16 : 16 + step], whole[16 + step : 16 + 2 * step]
    exchanged = whole[:16] + second + first + whole[16 + 2 * step :]
    with pytest.raises(sealed.SealBroken):
        sealed.unseal(exchanged, KEY, "agent")
    with pytest.raises(sealed.SealBroken):
        sealed.unseal(whole, KEY, "caller")
    with pytest.raises(sealed.SealBroken):
        sealed.unseal(sealed.header("caller", CHUNK) + whole[16:], KEY, "caller")
    with pytest.raises(sealed.SealBroken):
        sealed.unseal(whole, bytes(32), "agent")


def test_the_local_key_is_made_once_and_read_by_its_owner_only(tmp_path):
    path = tmp_path / "local.key"
    wrapped = keys.LocalKey(path).wrap(KEY, "a" * 32)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert KEY not in wrapped
    assert keys.LocalKey(path).unwrap(wrapped, "a" * 32) == KEY
    assert os.listdir(tmp_path) == ["local.key"]


def test_a_wrapped_key_opens_for_its_recording_and_its_machine_only(tmp_path):
    local = keys.LocalKey(tmp_path / "local.key")
    wrapped = local.wrap(KEY, "a" * 32)
    with pytest.raises(keys.KeyLost):
        local.unwrap(wrapped, "b" * 32)
    with pytest.raises(keys.KeyLost):
        keys.LocalKey(tmp_path / "other.key").unwrap(wrapped, "a" * 32)


def test_a_destroyed_key_is_overwritten_before_it_is_removed(tmp_path):
    path = tmp_path / "key"
    path.write_bytes(b"k" * 60)
    os.link(path, tmp_path / "kept")
    keys.destroy(path)
    assert not path.exists()
    left = (tmp_path / "kept").read_bytes()
    assert len(left) == 60 and left != b"k" * 60
    keys.destroy(path)  # once more harms nobody
