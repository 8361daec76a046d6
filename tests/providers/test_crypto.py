"""Secrets at rest: which key encrypts, which decrypt, and what when one is gone."""

import base64
import multiprocessing
import os
import stat

import pytest

from whatsapp_calling.tools import crypto

OLD, NEW = "old-key-with-enough-letters", "new-key-with-enough-letters"
SECRET = "EAAtoken·Ü·🔑"


@pytest.fixture(autouse=True)
def no_key_given(monkeypatch):
    monkeypatch.delenv(crypto.ENVIRONMENT, raising=False)
    monkeypatch.delenv(crypto.ENVIRONMENT_FILE, raising=False)


@pytest.fixture
def given(monkeypatch):
    return lambda text: monkeypatch.setenv(crypto.ENVIRONMENT, text)


def key_file(data_dir):
    return data_dir / "whatsapp_calling.key"


def test_a_secret_comes_back(tmp_path):
    value = crypto.encrypt(SECRET, tmp_path)
    assert SECRET not in value
    assert crypto.decrypt(value, tmp_path) == SECRET


def test_the_same_secret_is_encrypted_differently_each_time(tmp_path):
    assert crypto.encrypt(SECRET, tmp_path) != crypto.encrypt(SECRET, tmp_path)


def test_a_ciphertext_names_its_key(tmp_path):
    value = crypto.encrypt(SECRET, tmp_path)
    assert value.split(":")[0] == crypto.key_ids(tmp_path)[0]


def test_an_empty_secret_comes_back_too(tmp_path):
    assert crypto.decrypt(crypto.encrypt("", tmp_path), tmp_path) == ""


# ---- where the key comes from


def test_a_key_file_is_made_on_first_use_for_its_owner_only(tmp_path):
    data_dir = tmp_path / "not" / "there"
    crypto.encrypt(SECRET, data_dir)
    assert stat.S_IMODE(key_file(data_dir).stat().st_mode) == 0o600
    assert len(key_file(data_dir).read_text().strip()) >= 43
    assert os.listdir(data_dir) == ["whatsapp_calling.key"]


def test_a_key_file_lies_outside_of_what_a_dump_contains(tmp_path):
    crypto.encrypt(SECRET, tmp_path)
    assert "filestore" not in key_file(tmp_path).relative_to(tmp_path).parts


def test_a_key_file_that_is_open_to_others_is_closed(tmp_path):
    value = crypto.encrypt(SECRET, tmp_path)
    key_file(tmp_path).chmod(0o644)
    assert crypto.decrypt(value, tmp_path) == SECRET
    assert stat.S_IMODE(key_file(tmp_path).stat().st_mode) == 0o600


def test_with_a_key_in_the_environment_no_file_is_made(tmp_path, given):
    given(NEW)
    assert crypto.decrypt(crypto.encrypt(SECRET, tmp_path), tmp_path) == SECRET
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("text", [f"{NEW}\n", f"{NEW},{OLD}", f" {NEW}\n{OLD}\n\n"])
def test_a_key_may_come_from_a_file_of_its_own(tmp_path, monkeypatch, given, text):
    path = tmp_path / "key"
    path.write_text(text)
    monkeypatch.setenv(crypto.ENVIRONMENT_FILE, str(path))
    value = crypto.encrypt(SECRET, tmp_path)
    monkeypatch.delenv(crypto.ENVIRONMENT_FILE)
    given(NEW)
    assert crypto.decrypt(value, tmp_path) == SECRET


def test_the_environment_counts_more_than_the_file_it_could_name(
    tmp_path, monkeypatch, given
):
    monkeypatch.setenv(crypto.ENVIRONMENT_FILE, "/nowhere")
    given(NEW)
    assert crypto.decrypt(crypto.encrypt(SECRET, tmp_path), tmp_path) == SECRET


def test_a_key_may_be_base64(tmp_path, given):
    given(base64.b64encode(bytes(range(32))).decode())
    assert crypto.decrypt(crypto.encrypt(SECRET, tmp_path), tmp_path) == SECRET


@pytest.mark.parametrize("text", ["", " , ", "short", f"{NEW},short"])
def test_a_key_that_is_empty_or_short_is_refused_and_no_other_one_made(
    tmp_path, given, text
):
    given(text)
    with pytest.raises(crypto.KeyUnusable) as caught:
        crypto.encrypt(SECRET, tmp_path)
    assert NEW not in str(caught.value)
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("content", [None, b"", b"\n", b"\xff\xfe" * 20])
def test_a_named_file_that_cannot_be_read_is_refused(tmp_path, monkeypatch, content):
    path = tmp_path / "key"
    if content is not None:
        path.write_bytes(content)
    monkeypatch.setenv(crypto.ENVIRONMENT_FILE, str(path))
    with pytest.raises(crypto.KeyUnusable):
        crypto.encrypt(SECRET, tmp_path)


# ---- rotation


def test_the_first_key_encrypts_and_all_decrypt(tmp_path, given):
    given(OLD)
    old = crypto.encrypt(SECRET, tmp_path)
    given(f"{NEW},{OLD}")
    new = crypto.encrypt(SECRET, tmp_path)
    assert crypto.decrypt(old, tmp_path) == crypto.decrypt(new, tmp_path) == SECRET
    assert not crypto.is_current(old, tmp_path)
    assert crypto.is_current(new, tmp_path)
    given(NEW)
    assert crypto.decrypt(new, tmp_path) == SECRET
    with pytest.raises(crypto.KeyMissing):
        crypto.decrypt(old, tmp_path)


def test_moving_from_the_file_to_the_environment_loses_nothing(tmp_path, given):
    old = crypto.encrypt(SECRET, tmp_path)
    given(NEW)
    assert crypto.decrypt(old, tmp_path) == SECRET
    assert not crypto.is_current(old, tmp_path)
    assert crypto.encrypt(SECRET, tmp_path).split(":")[0] != old.split(":")[0]


# ---- what can go wrong


def test_a_ciphertext_whose_key_is_missing_says_so_and_makes_no_new_key(tmp_path):
    value = crypto.encrypt(SECRET, tmp_path)
    key_file(tmp_path).unlink()
    with pytest.raises(crypto.KeyMissing) as caught:
        crypto.decrypt(value, tmp_path)
    assert caught.value.key_id == value.split(":")[0]
    assert caught.value.key_id in str(caught.value)
    assert os.listdir(tmp_path) == []
    assert crypto.key_ids(tmp_path) == []
    assert not crypto.is_current(value, tmp_path)


@pytest.mark.parametrize(
    "value",
    [None, "", "EAAplain", "abc:def", "0123456789ab:", "0123456789ab:%%%", "x" * 5000],
)
def test_what_is_no_ciphertext_is_told_apart(tmp_path, value):
    crypto.encrypt(SECRET, tmp_path)
    with pytest.raises(crypto.Malformed) as caught:
        crypto.decrypt(value, tmp_path)
    assert "EAAplain" not in str(caught.value)


@pytest.mark.parametrize(
    "alter",
    [
        lambda sealed: sealed[:-1],
        lambda sealed: sealed[:5],
        lambda sealed: b"",
        lambda sealed: sealed[:20] + bytes([sealed[20] ^ 1]) + sealed[21:],
    ],
)
def test_an_altered_ciphertext_is_refused(tmp_path, alter):
    key_id, sealed = crypto.encrypt(SECRET, tmp_path).split(":")
    altered = alter(base64.urlsafe_b64decode(sealed))
    value = f"{key_id}:{base64.urlsafe_b64encode(altered).decode()}"
    with pytest.raises(crypto.Malformed):
        crypto.decrypt(value, tmp_path)


def test_a_ciphertext_is_tied_to_the_key_it_names(tmp_path, given):
    given(f"{NEW},{OLD}")
    first, second = crypto.key_ids(tmp_path)
    value = crypto.encrypt(SECRET, tmp_path).replace(first, second)
    with pytest.raises(crypto.Malformed):
        crypto.decrypt(value, tmp_path)


def _encrypt_at_once(start, data_dir, results):
    start.wait()
    results.put(crypto.encrypt(SECRET, data_dir))


def test_processes_that_start_at_once_make_one_key(tmp_path):
    """With O_EXCL alone the losers could read the winner's file half written."""
    context = multiprocessing.get_context("fork")
    start, results = context.Barrier(8), context.Queue()
    workers = [
        context.Process(target=_encrypt_at_once, args=(start, tmp_path, results))
        for _each in range(8)
    ]
    for worker in workers:
        worker.start()
    values = [results.get(timeout=20) for _each in workers]
    for worker in workers:
        worker.join()
    assert len({value.split(":")[0] for value in values}) == 1
    assert {crypto.decrypt(value, tmp_path) for value in values} == {SECRET}
    assert os.listdir(tmp_path) == ["whatsapp_calling.key"]


def test_a_new_key_is_put_in_front_and_the_old_one_still_decrypts(tmp_path):
    value = crypto.encrypt(SECRET, tmp_path)
    (old,) = crypto.key_ids(tmp_path)
    new = crypto.add_key(tmp_path)
    assert crypto.key_ids(tmp_path) == [new, old]
    path = tmp_path / crypto.FILE_NAME
    assert crypto.key_sources(tmp_path) == [(new, str(path)), (old, str(path))]
    assert path.stat().st_mode & 0o777 == 0o600
    assert crypto.decrypt(value, tmp_path) == SECRET
    assert not crypto.is_current(value, tmp_path)
    assert crypto.key_id_of(crypto.encrypt(SECRET, tmp_path)) == new


def test_a_key_of_the_environment_is_not_ours_to_change(tmp_path, given):
    given(OLD)
    assert not crypto.may_add_key(tmp_path)
    with pytest.raises(crypto.KeyUnusable, match="WHATSAPP_CALLING_KEY"):
        crypto.add_key(tmp_path)
    assert os.listdir(tmp_path) == []


def test_a_disk_that_is_full_leaves_the_old_file(tmp_path, monkeypatch):
    value = crypto.encrypt(SECRET, tmp_path)

    def full(*_arguments):
        raise OSError("No space left on device")

    monkeypatch.setattr(crypto, "_write_new", full)
    with pytest.raises(crypto.KeyUnusable, match="No space left"):
        crypto.add_key(tmp_path)
    assert crypto.decrypt(value, tmp_path) == SECRET


def _add_keys(data_dir, ready):
    while True:
        crypto.add_key(data_dir)
        ready.set()


def test_a_kill_while_keys_are_made_loses_none(tmp_path):
    """Two processes make keys and are killed in the middle of it."""
    value = crypto.encrypt(SECRET, tmp_path)
    context = multiprocessing.get_context("fork")
    known = set(crypto.key_ids(tmp_path))
    for _round in range(5):
        ready = context.Event()
        workers = [
            context.Process(target=_add_keys, args=(tmp_path, ready)) for _each in "ab"
        ]
        for worker in workers:
            worker.start()
        assert ready.wait(20)
        for worker in workers:
            worker.kill()
            worker.join()
        found = set(crypto.key_ids(tmp_path))
        assert known < found
        known = found
        assert crypto.decrypt(value, tmp_path) == SECRET
