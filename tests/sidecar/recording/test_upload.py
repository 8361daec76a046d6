"""Handing over: taken up after any break, checked, and nothing kept afterwards."""

import os
import shutil
import time

import pytest

from media_sidecar.recording import refused, upload
from media_sidecar.recording.folder import Folder
from media_sidecar.recording.library import Library
from tests.sidecar.recording import sounds
from tests.sidecar.recording.conftest import CALL, UID, play, until


@pytest.fixture
async def waiting(library, odoo, clock, record):
    """A finished recording that could not be handed over yet; its folder."""
    odoo.away = True
    recorder = library.recorder(CALL, record)
    recorder.start()
    tone = sounds.tone_packets(440, 4)
    play(recorder, clock, 4, tone, tone)
    recorder.stop()
    await until(lambda: (recorder.folder / "finished.json").exists())
    await until(lambda: UID in library._pauses)
    odoo.requests.clear()
    return recorder.folder


def again(library, odoo):
    odoo.away = False
    library._pauses.clear()
    library._wake()


async def test_nothing_is_kept_once_odoo_has_it(library, odoo, waiting):
    assert library.pending == 1
    again(library, odoo)
    await until(lambda: not waiting.path.exists())
    await until(lambda: library.pending == 0)
    assert os.listdir(library.path) == ["local.key"]
    tracks = ["agent", "caller", "mix"]
    query = f"?offset=0&call={CALL}"
    assert odoo.requests == [
        *(("PUT", f"recordings/{UID}/{name}{query}") for name in tracks),
        ("POST", f"recordings/{UID}/finish"),
    ]


async def test_pieces_go_on_where_odoo_says(library, odoo, waiting, monkeypatch):
    monkeypatch.setattr(upload, "PIECE", 4000)
    whole = (waiting / "agent.wcr").read_bytes()
    odoo.files[f"recordings/{UID}/agent"] = whole[:5000]
    again(library, odoo)
    await until(lambda: UID in odoo.finished)
    offsets = [
        int(path.split("offset=")[1].split("&")[0])
        for _method, path in odoo.requests
        if f"{UID}/agent" in path
    ]
    assert offsets == [0, *range(5000, len(whole), 4000)]
    assert odoo.files[f"recordings/{UID}/agent"] == whole


async def test_a_track_that_arrived_broken_is_sent_again(library, odoo, waiting):
    size = (waiting / "caller.wcr").stat().st_size
    odoo.files[f"recordings/{UID}/caller"] = bytes(size)
    again(library, odoo)
    await until(lambda: UID in odoo.finished)
    assert sorted(odoo.heard()) == ["agent", "caller", "mix"]


@pytest.mark.parametrize("status", [401, 404, 500, 503])
async def test_until_odoo_says_yes_everything_stays(library, odoo, waiting, status):
    odoo.answers = [(status, {})]
    again(library, odoo)
    await until(lambda: UID in library._pauses)
    assert {"key", "agent.wcr", "finished.json"} <= set(os.listdir(waiting.path))
    again(library, odoo)
    await until(lambda: UID in odoo.finished)


async def test_a_no_to_the_finish_keeps_everything_too(library, odoo, waiting):
    odoo.answers = [(200, {"size": 10**9})] * 3 + [(500, {})]
    again(library, odoo)
    await until(lambda: UID in library._pauses)
    assert (waiting / "key").exists()


async def test_pauses_between_tries_grow(library, odoo, waiting):
    pauses = []
    for _try in range(12):
        library._wait(waiting)
        pauses.append(library._pauses[UID][1])
    assert pauses == [2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300, 300]


@pytest.mark.parametrize("status", [404, 400])
async def test_after_a_week_of_no_it_is_left_for_a_person(
    library, odoo, waiting, monkeypatch, status
):
    told = []
    monkeypatch.setattr(library, "_on_refused", lambda *what: told.append(what))
    waiting.write("refused.json", {"since": time.time() - refused.KEEP - 1})
    odoo.answers = [(status, {})]
    again(library, odoo)
    await until(lambda: library.refused == 1 and told)
    asked = len(odoo.requests)
    again(library, odoo)
    await library._deliver_all()
    assert len(odoo.requests) == asked and library.pending == 1
    assert {"key", "agent.wcr", "finished.json"} <= set(os.listdir(waiting.path))
    assert told == [(CALL, status)]

    await library.purge([CALL])
    await until(lambda: not waiting.path.exists())
    await until(lambda: library.refused == 0)


async def test_that_it_is_left_is_told_once_and_a_restart_tries_again(
    odoo, waiting, library, tmp_path
):
    await library.close()
    since = time.time() - refused.KEEP - 1
    waiting.write("refused.json", {"since": since, "status": 400, "over": True})
    told = []
    odoo.away, odoo.answers = False, [(400, {})]
    first = Library(tmp_path, odoo, on_refused=lambda *what: told.append(what))
    await first.start()
    await until(lambda: first.refused == 1)
    await first.close()
    second = Library(tmp_path, odoo)
    await second.start()
    await until(lambda: UID in odoo.finished)
    await second.close()
    assert not told


@pytest.mark.parametrize("status", [401, 429, 500, 503])
async def test_what_may_pass_is_tried_for_ever(library, odoo, waiting, status):
    waiting.write("refused.json", {"since": 0})
    odoo.answers = [(status, {})]
    again(library, odoo)
    await until(lambda: UID in library._pauses)
    assert library.refused == 0
    again(library, odoo)
    await until(lambda: UID in odoo.finished)


async def test_what_odoo_calls_gone_is_erased_at_once(library, odoo, waiting):
    odoo.answers = [(410, {})] * 4
    again(library, odoo)
    await until(lambda: not waiting.path.exists())


async def test_a_purge_erases_what_waits_also_of_other_workers(
    library, odoo, waiting, tmp_path
):
    other = Library(tmp_path, odoo)
    assert await other.purge(["d" * 32]) == 0
    assert await other.purge([CALL]) == 1
    assert sorted(os.listdir(waiting.path)) == ["erased", "lock", "recording.json"]
    again(library, odoo)
    await until(lambda: not waiting.path.exists())
    assert odoo.requests == []


async def test_a_purge_during_the_call_ends_the_recording(library, clock, record):
    recorder = library.recorder(CALL, record)
    recorder.start()
    await until(lambda: (recorder.folder / "journal").exists())
    await library.purge([CALL])
    await until(lambda: not recorder.folder.path.exists())
    assert recorder.state == "discarded"


async def test_a_recording_purged_while_it_is_sent_is_not_sent_on(
    library, odoo, waiting, monkeypatch
):
    monkeypatch.setattr(upload, "PIECE", 4000)
    put = odoo.put

    async def put_and_purge(path, body):
        answer = await put(path, body)
        if len(odoo.requests) == 2:
            await library.purge([CALL])
        return answer

    odoo.put = put_and_purge
    again(library, odoo)
    await until(lambda: not waiting.path.exists())
    assert len(odoo.requests) == 2 and not odoo.finished


async def test_a_restart_hands_over_what_was_left(library, odoo, waiting, tmp_path):
    await library.close()
    odoo.away = False
    fresh = Library(tmp_path, odoo)
    await fresh.start()
    try:
        await until(lambda: UID in odoo.finished)
    finally:
        await fresh.close()
    assert odoo.finished[UID]["recovered"] is False


async def test_a_recording_that_is_being_removed_is_taken_up_by_nobody(
    library, odoo, waiting, tmp_path, monkeypatch
):
    """Half of its files are gone already when another worker looks."""
    seen = []
    remove = shutil.rmtree

    def look_and_remove(path, **options):
        (path / "erased").unlink(missing_ok=True)
        seen.extend(Library(tmp_path, odoo)._found())
        remove(path, **options)

    monkeypatch.setattr(shutil, "rmtree", look_and_remove)
    again(library, odoo)
    await until(lambda: UID in odoo.finished)
    await until(lambda: os.listdir(library.path) == ["local.key"])
    assert seen == []


async def test_a_removal_that_was_killed_is_done_at_the_next_start(tmp_path, odoo):
    library = Library(tmp_path, odoo)
    left = library.path / f".{UID}.gone"
    left.mkdir()
    (left / "agent.wcr").write_bytes(b"noise")
    await library.start()
    await library.close()
    assert os.listdir(library.path) == ["local.key"]


def test_a_uid_that_is_no_uid_leads_nowhere(tmp_path):
    for uid in ("", "../" + "a" * 29, "A" * 32, "a" * 33):
        with pytest.raises(ValueError):
            Folder(tmp_path, uid)
