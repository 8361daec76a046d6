"""A process that records is killed outright: what is left, and who finishes it."""

import asyncio
import mmap
import os
import struct
import subprocess
import sys

import pytest

from media_sidecar.recording.folder import Folder
from media_sidecar.recording.library import Library
from tests.sidecar.recording import sounds
from tests.sidecar.recording.conftest import CALL, UID, until

CHILD = "tests.sidecar.recording.recording_process"


@pytest.fixture
def killed(tmp_path, odoo):
    """Kill a process after it recorded for so long; seconds it had recorded."""
    progress = tmp_path / "progress"
    progress.write_bytes(bytes(8))

    def kill(seconds):
        with open(progress, "r+b") as file, mmap.mmap(file.fileno(), 8) as said:
            child = subprocess.Popen(
                [sys.executable, "-m", CHILD, str(tmp_path), odoo.key, str(progress)]
            )
            while (spoken := struct.unpack("d", said[:])[0]) < seconds:
                assert child.poll() is None
            child.kill()
            child.wait()
            return max(spoken, struct.unpack("d", said[:])[0])

    return kill


@pytest.mark.parametrize("seconds", [0.3, 1.25, 2.1, 3.333])
async def test_under_half_a_second_is_lost_and_the_rest_is_finished(
    killed, tmp_path, odoo, seconds
):
    recorded = killed(seconds)
    library = Library(tmp_path, odoo)
    await library.start()
    try:
        await until(lambda: UID in odoo.finished)
        await until(lambda: not (library.path / UID).exists())
    finally:
        await library.close()

    told = odoo.finished[UID]
    assert told["recovered"] is True
    assert [track["track"] for track in told["tracks"]] == ["agent", "caller", "mix"]
    tones = {"agent": [440], "caller": [1000], "mix": [440, 1000]}
    for name, file in odoo.heard().items():
        sound = sounds.decoded(file)
        kept = len(sound) / sounds.RATE
        assert recorded - kept < 0.5
        # what was kept is sound to its end, not silence
        last = max(0.1, kept - 0.4)
        assert sounds.pitches(sound, last - 0.1, last + 0.25, 0.05) == tones[name]


async def test_of_two_workers_that_start_one_finishes_it(killed, tmp_path, odoo):
    killed(1)
    workers = [Library(tmp_path, odoo) for _ in range(2)]
    for worker in workers:
        await worker.start()
    try:
        await until(lambda: not (workers[0].path / UID).exists())
    finally:
        for worker in workers:
            await worker.close()
    finishes = [path for _method, path in odoo.requests if path.endswith("finish")]
    assert finishes == [f"recordings/{UID}/finish"]


async def test_what_another_worker_records_is_left_alone(library, tmp_path, odoo):
    """Its lock is held: by a call in progress there."""
    other = Folder(library.path, UID)
    other.make()
    other.write("recording.json", {"call": CALL})
    library._wake()
    await asyncio.sleep(0)
    assert not Folder(library.path, UID).lock()
    await library._finish_all()
    assert (other / "recording.json").exists() and not odoo.requests
    other.release()


async def test_finishing_that_is_killed_is_begun_again(killed, tmp_path, odoo):
    """Half a sealed file is never taken for a whole one."""
    killed(1)
    folder = tmp_path / "recordings" / UID
    (folder / ".agent.wcr").write_bytes(b"half")
    (folder / "caller.wcr").write_bytes(b"of an earlier try")
    library = Library(tmp_path, odoo)
    await library.start()
    try:
        await until(lambda: UID in odoo.finished)
    finally:
        await library.close()
    assert sorted(odoo.heard()) == ["agent", "caller", "mix"]


async def test_a_recording_whose_local_key_is_lost_is_told_to_odoo(
    killed, tmp_path, odoo
):
    """Nobody can read it any more; Odoo must not wait for it for ever."""
    killed(0.5)
    os.remove(tmp_path / "recordings/local.key")
    library = Library(tmp_path, odoo)
    await library.start()
    try:
        await until(lambda: UID in odoo.finished)
    finally:
        await library.close()
    assert odoo.finished[UID]["tracks"] == []
    assert odoo.finished[UID]["recovered"] is True
