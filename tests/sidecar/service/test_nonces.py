"""A nonce counts once, for every worker, over restarts, on a full disk."""

import errno
import time

import pytest

from media_sidecar import nonces
from media_sidecar.auth import LEEWAY
from media_sidecar.nonces import NonceFolder

ONE, TWO = "1" * 32, "2" * 32


@pytest.fixture
def now():
    return int(time.time())


def test_a_nonce_counts_once_for_all_who_share_the_folder(tmp_path, now):
    first, second = NonceFolder(tmp_path), NonceFolder(tmp_path)
    assert first.take(ONE, now)
    assert not first.take(ONE, now)
    assert not second.take(ONE, now)
    assert second.take(TWO, now)
    assert not NonceFolder(tmp_path).take(TWO, now)


def test_it_is_known_for_as_long_as_its_signature_is_taken_and_then_forgotten(
    tmp_path, now
):
    folder = NonceFolder(tmp_path)
    folder.take(ONE, now)
    folder.forget(now + 2 * LEEWAY)
    assert not folder.take(ONE, now)
    folder.forget(now + 10 * LEEWAY)
    assert list(tmp_path.iterdir()) == []


def test_on_a_full_disk_it_is_known_to_this_process_at_least(
    tmp_path, now, monkeypatch
):
    folder = NonceFolder(tmp_path)
    folder.take(TWO, now)

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(nonces.os, "open", full)
    assert folder.take(ONE, now)
    assert not folder.take(ONE, now)
    folder.forget(now + 10 * LEEWAY)
    assert folder._memory == {}
