"""What is recorded of a call and what is not, heard with ffmpeg in Odoo's hands."""

import itertools
import os
import random
import resource
import subprocess
import sys

import numpy
import pytest

from media_sidecar.recording.journal import Journal
from media_sidecar.recording.recorder import MOST_WAITING
from tests.sidecar.recording import sounds
from tests.sidecar.recording.conftest import CALL, UID, caller_packet, play, until

AGENT, CALLER = 440, 1000


@pytest.fixture(scope="module")
def agent():
    return sounds.tone_packets(AGENT, 8)


@pytest.fixture(scope="module")
def caller():
    return sounds.tone_packets(CALLER, 8)


async def handed_over(recorder, odoo):
    recorder.stop()
    await until(lambda: UID in odoo.finished)
    return odoo.finished[UID]


@pytest.mark.parametrize(
    "switches", itertools.product([False, True], repeat=2), ids=str
)
async def test_the_switches_make_exactly_the_right_files(
    library, odoo, clock, record, agent, caller, switches
):
    record |= {"agent": switches[0], "caller": switches[1]}
    recorder = library.recorder(CALL, record)
    recorder.start()
    play(recorder, clock, 2, agent, caller)
    told = await handed_over(recorder, odoo)

    wanted = {
        (False, False): [],
        (True, False): ["agent"],
        (False, True): ["caller"],
        (True, True): ["agent", "caller", "mix"],
    }[switches]
    assert [track["track"] for track in told["tracks"]] == wanted
    assert sorted(odoo.files) == [f"recordings/{UID}/{name}" for name in wanted]
    tones = {"agent": [AGENT], "caller": [CALLER], "mix": [AGENT, CALLER]}
    for name, file in odoo.heard().items():
        assert sounds.pitches(sounds.decoded(file), 0.2, 1.8) == tones[name]


async def test_all_tracks_last_as_long_as_the_call(
    library, odoo, clock, record, agent, caller, tmp_path
):
    recorder = library.recorder(CALL, record)
    recorder.start()
    play(recorder, clock, 3, agent=None, caller=caller)
    play(recorder, clock, 2.5, agent, caller=None, since=3)
    clock.now += 1.13  # nobody says anything, then the end
    told = await handed_over(recorder, odoo)

    assert {key: told[key] for key in ("call", "kind", "recovered")} == {
        "call": CALL,
        "kind": "call",
        "recovered": False,
    }
    for track in told["tracks"]:
        assert track["duration_ms"] == track["expected_ms"] == 6630
        assert len(track["peaks"]) == 67
    for name, file in odoo.heard().items():
        path = tmp_path / f"{name}.opus"
        path.write_bytes(file)
        stream = sounds.probed(path)
        assert (stream["codec_name"], stream["channels"]) == ("opus", 1)
        assert len(sounds.decoded(file)) == pytest.approx(6.63 * sounds.RATE, abs=16)
    mix = sounds.decoded(odoo.heard()["mix"])
    assert sounds.pitches(mix, 0.2, 2.9) == [CALLER]
    assert sounds.pitches(mix, 3.1, 5.4) == [AGENT]
    assert sounds.is_silent(mix, 5.8, 6.5)
    assert [track["gaps"] for track in told["tracks"]] == [
        [[0, 3000], [5500, 6630]],
        [[3000, 6630]],
        [[5500, 6630]],
    ]


async def test_tracks_align_by_rtp_time_whenever_packets_arrive(
    library, odoo, clock, record, agent, caller
):
    """The caller's packets come late, in bursts and out of order; nothing shifts."""
    recorder, chance = library.recorder(CALL, record), random.Random(4)
    recorder.start()
    order = []
    for index in range(300):
        jitter = 0 if index == 0 else chance.random() * 0.3
        order.append((1000 + index / 50 + jitter, index))
    spoken = iter(range(300))
    for arrived, index in sorted(order):
        clock.now = arrived
        # the caller speaks in the odd seconds, the agent in the even ones
        if (index // 50) % 2:
            recorder.caller(caller_packet(caller[index], index, arrived))
        place = next(spoken)
        if not (place // 50) % 2:
            recorder._keep("agent", agent[place], 960 * place, 1000 + place / 50)
    clock.now = 1006.0
    await handed_over(recorder, odoo)

    mix = sounds.decoded(odoo.heard()["mix"])
    for second in range(6):
        tone = [CALLER] if second % 2 else [AGENT]
        assert sounds.pitches(mix, second + 0.15, second + 0.85) == tone


async def test_a_pause_leaves_a_gap_in_every_track(
    library, odoo, clock, record, agent, caller
):
    recorder = library.recorder(CALL, record)
    recorder.start()
    play(recorder, clock, 2, agent, caller)
    recorder.pause()
    play(recorder, clock, 2, agent, caller, since=2)
    recorder.resume()
    assert recorder.offset_ms == 4000
    # what was said in the pause and arrives after it
    recorder.caller(caller_packet(caller[199], 199, clock.now + 0.05))
    play(recorder, clock, 2, agent, caller, since=4)
    told = await handed_over(recorder, odoo)

    for track in told["tracks"]:
        ((since, end),) = track["gaps"]
        assert (since, end) == (2000, 4000)
        assert track["duration_ms"] == 6000
        assert max(track["peaks"][22:39]) == 0
    for name, file in odoo.heard().items():
        sound = sounds.decoded(file)
        assert sounds.is_silent(sound, 2.15, 3.98), name
        assert sounds.pitches(sound, 4.1, 5.9), name


async def test_loss_is_concealed_and_changes_no_duration(
    library, odoo, clock, record, agent, caller
):
    lost = [None if i % 33 == 7 or 200 <= i < 220 else p for i, p in enumerate(caller)]
    recorder = library.recorder(CALL, record)
    recorder.start()
    play(recorder, clock, 8, agent, lost)
    told = await handed_over(recorder, odoo)
    assert {track["duration_ms"] for track in told["tracks"]} == {8000}
    sound = sounds.decoded(odoo.heard()["caller"])
    assert sounds.pitches(sound, 5, 7.9, floor=0.1) == [CALLER]
    assert abs(sound).max() < 0.7  # the tone has 0.25: no bang where packets lack


async def test_the_time_before_the_start_is_silent_when_the_call_is_older(
    library, odoo, clock, record, agent, caller
):
    """Played first: an announcement. The offsets of a transcript still fit."""
    recorder = library.recorder(CALL, record)
    clock.now = 1003.0
    recorder.start(zero=1000.0)
    play(recorder, clock, 1, agent, caller, since=3)
    told = await handed_over(recorder, odoo)
    assert {track["duration_ms"] for track in told["tracks"]} == {4000}
    sound = sounds.decoded(odoo.heard()["mix"])
    assert sounds.is_silent(sound, 0, 2.9)
    assert sounds.pitches(sound, 3.1, 3.9) == [AGENT, CALLER]


async def test_key_presses_and_broken_packets_are_no_sound(
    library, odoo, clock, record, agent, caller
):
    recorder = library.recorder(CALL, record)
    recorder.start()
    play(recorder, clock, 1, agent, caller)
    press = caller_packet(b"\x05\x0a\x01\x40", 50, clock.now)
    press.dtmf = True
    recorder.caller(press)
    for index, broken in enumerate([b"", b"\xfb", b"\xfb\x00", b"\x03\xff" + b"x" * 9]):
        recorder.caller(caller_packet(broken, 51 + index, clock.now))
    play(recorder, clock, 1, agent, caller, since=2)
    told = await handed_over(recorder, odoo)
    assert {track["duration_ms"] for track in told["tracks"]} == {3000}
    sound = sounds.decoded(odoo.heard()["caller"])
    assert sounds.is_silent(sound, 1.2, 1.9)
    assert sounds.pitches(sound, 2.1, 2.9) == [CALLER]


async def test_it_is_on_the_disk_each_second_whatever_other_disks_take(
    library, clock, record, monkeypatch
):
    synced = []
    monkeypatch.setattr(Journal, "sync", lambda _journal: synced.append(clock.now))
    recorder = library.recorder(CALL, record)
    recorder.start()
    await until(lambda: recorder._journal)
    monkeypatch.setattr(library._writer, "may_sync", lambda: False)
    clock.now += 1.5
    recorder.caller(caller_packet(b"\xf8\xff\xfe", 0, clock.now))
    await until(lambda: not recorder._waiting)
    assert not synced
    monkeypatch.undo()
    monkeypatch.setattr(Journal, "sync", lambda _journal: synced.append(clock.now))
    await until(lambda: synced)
    recorder.stop()
    await until(lambda: recorder._closed)


async def test_a_minute_takes_at_most_150_kilobytes(library, odoo, clock, record):
    """Speech at 20 kbit/s without a pause; and white noise, the hardest to encode."""
    noise = random.Random(1).choices(range(-9000, 9000), k=60 * sounds.RATE)
    loud = sounds.packets(numpy.array(noise, "<i2"))
    speech = sounds.packets(_speech(60))
    recorder = library.recorder(CALL, record)
    recorder.start()
    play(recorder, clock, 60, agent=loud, caller=speech)
    told = await handed_over(recorder, odoo)
    sizes = {track["track"]: track["size"] for track in told["tracks"]}
    assert sizes["caller"] <= 150_000
    # what 20 kbit/s are at the most, a byte a packet, and 27 for the page of a second
    assert sizes["agent"] <= 60 * (20_000 / 8 + 50 + 27) * 1.005
    pages = odoo.heard()["agent"].count(b"OggS")
    assert pages == 2 + 61  # head, tags, and what the decoder needs to come to the end


def _speech(seconds):
    wav = subprocess.run(
        [
            *("flite", "-voice", "slt", "-o", "/dev/stdout", "-t"),
            "Good morning, I would like to know the status of my order, please. " * 4,
        ],
        capture_output=True,
        check=True,
    ).stdout
    sound = numpy.frombuffer(wav[44:], "<i2")
    return numpy.resize(sound, seconds * sounds.RATE).astype("<i2")


async def test_nothing_lies_on_the_disk_in_the_clear(
    library, odoo, clock, record, agent, caller
):
    recorder = library.recorder(CALL, record)
    recorder.start()
    play(recorder, clock, 2, agent, caller)
    folder = recorder.folder.path
    await until(lambda: size(folder / "journal") > 5000)
    while_it_runs = b"".join(file.read_bytes() for file in folder.iterdir())
    assert b"OggS" not in while_it_runs and b"Opus" not in while_it_runs
    assert not any(packet in while_it_runs for packet in caller[:100])
    odoo.away = True
    recorder.stop()
    journal = folder / "journal"
    await until(lambda: (folder / "finished.json").exists() and not journal.exists())
    after = b"".join(file.read_bytes() for file in folder.iterdir())
    assert (folder / "mix.wcr").exists()
    assert b"OggS" not in after and not any(packet in after for packet in caller[:100])


async def test_a_refused_consent_destroys_key_and_sound_at_once(
    library, odoo, clock, record, agent, caller
):
    odoo.away = True
    recorder = library.recorder(CALL, record)
    recorder.start()
    play(recorder, clock, 2, agent, caller)
    folder = recorder.folder.path
    await until(lambda: (folder / "journal").exists())
    recorder.discard()
    recorder.caller(caller_packet(caller[0], 0, clock.now))
    await until(lambda: not (folder / "journal").exists())
    assert sorted(os.listdir(folder)) == ["erased", "lock", "recording.json"]

    odoo.away = False
    library._pauses.clear()
    library._wake()
    await until(lambda: not folder.exists())
    assert odoo.requests == [("POST", f"recordings/{UID}/discarded")]


async def test_a_consent_refused_before_anything_was_recorded_is_told_too(
    library, odoo, record
):
    library.recorder(CALL, record).discard()
    await until(lambda: UID in odoo.finished)
    assert odoo.requests == [("POST", f"recordings/{UID}/discarded")]


async def test_a_full_disk_ends_the_recording_and_nothing_else(
    library, odoo, clock, record, agent, caller
):
    """The writer of a recording that fails goes on with the others."""
    reasons, other = [], dict(record, recording="f" * 32)
    failing = library.recorder(CALL, record, on_failed=reasons.append)
    failing.start()
    play(failing, clock, 1, agent, caller)
    await until(lambda: failing._journal)
    full = os.open("/dev/full", os.O_WRONLY)
    os.dup2(full, failing._journal._file)
    os.close(full)
    await until(lambda: reasons)
    assert reasons == ["disk_full"]
    assert failing.state == "failed"

    fine = library.recorder("d" * 32, other)
    fine.start(zero=1000.0)
    play(failing, clock, 1, agent, caller, since=1)
    play(fine, clock, 1, agent, caller, since=1)
    fine.stop()
    failing.stop()
    await until(lambda: {UID, "f" * 32} <= set(odoo.finished))
    assert odoo.finished["f" * 32]["tracks"][0]["duration_ms"] == 2000
    assert reasons == ["disk_full"]


async def test_a_disk_that_is_nearly_full_counts_as_full(library, clock, record):
    reasons = []
    library._least_free = 1 << 60
    recorder = library.recorder(CALL, record, on_failed=reasons.append)
    recorder.start()
    await until(lambda: reasons)
    assert reasons == ["disk_full"]


async def test_a_disk_that_stands_still_does_not_fill_the_memory(
    library, clock, record, agent
):
    reasons = []
    recorder = library.recorder(CALL, record, on_failed=reasons.append)
    recorder.work = lambda: True  # the writer gets nowhere
    recorder.start()
    for index in range(MOST_WAITING + 10):
        recorder.agent(agent[0], 960 * index)
    await until(lambda: reasons)
    assert reasons == ["disk_slow"]
    assert len(recorder._waiting) <= MOST_WAITING + 1


def test_a_limit_of_file_sizes_counts_as_a_full_disk(tmp_path):
    """In a process of its own: the limit holds for all of it."""
    code = (
        "import resource, signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN);"
        "from media_sidecar.recording.journal import Journal;"
        f"j = Journal(__import__('pathlib').Path('{tmp_path}/j'), bytes(32));"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (500, 500));"
        "[j.append([(1, 0, bytes(100))]) for _ in range(9)]"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert "OSError: [Errno 27]" in run.stderr
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] != 500


async def test_commands_at_the_wrong_time_change_nothing(library, odoo, clock, record):
    recorder = library.recorder(CALL, record)
    assert library.recorder(CALL, record) is recorder
    recorder.stop()
    recorder.pause()
    recorder.resume()
    assert recorder.state == "new"
    recorder.start()
    recorder.start()
    recorder.pause()
    recorder.pause()
    clock.now += 1
    told = await handed_over(recorder, odoo)
    recorder.stop()
    recorder.resume()
    assert recorder.state == "stopped"
    assert told["tracks"][0]["gaps"] == [[0, 1000]]


def size(path):
    return path.stat().st_size if path.exists() else 0
