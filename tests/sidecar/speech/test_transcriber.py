"""A call's transcript: processes that understand, pipes that never hold up a call."""

import os
import signal
import time

import pytest

from media_sidecar.speech import Speech
from media_sidecar.speech.stt import workers
from tests.sidecar.speech.voices import DELIVERY, INVOICE, pieces, spoken
from tests.simulator import business

LOCAL = {"engine": "local", "language": "en_US"}


async def until(condition, what=""):
    """A minute's patience: recognition yields to everything else on this machine."""
    return await business.until(condition, what, patience=60)


class Call:
    """A transcriber and what it told."""

    def __init__(self, speech, settings):
        self.turns, self.failures = [], []
        self.transcriber = speech.transcriber(
            settings, self.turns.append, lambda *told: self.failures.append(told)
        )
        self.close = self.transcriber.close

    def say(self, speaker, pcm, start_ms=0):
        for piece, at in pieces(pcm, start_ms):
            self.transcriber.audio(speaker, piece, at)

    @property
    def texts(self):
        return [(turn["speaker"], turn["text"]) for turn in self.turns]


@pytest.fixture
async def speech(tmp_path):
    speech = Speech(tmp_path)
    yield speech
    await speech.close()


@pytest.fixture
def local(speech):
    return Call(speech, LOCAL)


def worker_of(speech, engine="local"):
    return speech._workers.worker(engine)


async def test_both_speakers_are_understood_each_by_itself(local):
    local.say("caller", spoken(INVOICE))
    local.say("agent", spoken(DELIVERY, "awb"), 4000)
    await local.close()
    assert sorted(local.texts) == [("agent", DELIVERY), ("caller", INVOICE)]
    (turn,) = [turn for turn in local.turns if turn["speaker"] == "agent"]
    assert turn["start_ms"] == pytest.approx(4100, abs=150)
    assert turn["engine"] == "local" and "confidence" not in turn
    assert local.failures == []


async def test_a_turn_is_told_while_the_call_goes_on(local):
    local.say("caller", spoken(DELIVERY))
    await until(lambda: local.texts, "a turn")
    await local.close()


async def test_a_pause_ends_the_turn_that_is_open(local):
    local.say("caller", spoken(DELIVERY, after_ms=0))
    local.transcriber.pause()
    await until(lambda: local.texts == [("caller", DELIVERY)], "the turn")
    await local.close()


async def test_audio_never_holds_up_the_loop(local):
    pcm = spoken(INVOICE)
    await until(lambda: local.transcriber and True)
    started = time.perf_counter()
    for piece, at in pieces(pcm):
        local.transcriber.audio("caller", piece, at)
    each = (time.perf_counter() - started) / (len(pcm) / 640)
    assert each < 0.001
    await local.close()
    assert local.texts == [("caller", INVOICE)]


async def test_a_worker_that_is_killed_costs_what_it_had_not_told(local, speech):
    local.say("caller", spoken(DELIVERY))
    await until(lambda: local.texts, "the first turn")
    worker = worker_of(speech)
    first = worker.pid
    local.say("caller", spoken(INVOICE, after_ms=0)[: 32 * 800], 5000)
    os.kill(first, signal.SIGKILL)
    await until(lambda: worker.pid not in (None, first), "another worker")
    local.say("caller", spoken(INVOICE), 10000)
    await local.close()
    assert local.texts == [("caller", DELIVERY), ("caller", INVOICE)]
    ((kind, gap),) = local.failures
    assert kind == "transcript_gap" and gap["speaker"] == "caller"
    assert gap["from_ms"] <= 5800 and gap["to_ms"] == 10000
    assert gap["reason"] == workers.DIED


async def test_a_worker_that_dies_again_and_again_is_given_up(
    local, speech, monkeypatch
):
    monkeypatch.setattr(workers, "MOST_STARTS", 2)
    worker = worker_of(speech)
    local.say("caller", bytes(32000))
    for _time in range(2):
        await until(lambda: worker.pid, "a worker")
        pid = worker.pid
        os.kill(pid, signal.SIGKILL)
        await until(lambda pid=pid: worker.pid != pid, "its end")
    await until(lambda: worker.gave_up, "the end of tries")
    local.say("caller", bytes(32000), 1000)
    await local.close()
    kinds = [kind for kind, _data in local.failures]
    assert kinds == ["stt_failed", "transcript_gap"]
    failed, gap = (data for _kind, data in local.failures)
    assert failed == {"engine": "local", "status": 0, "message": workers.GAVE_UP}
    assert gap["to_ms"] == 2000


async def test_a_worker_that_is_behind_costs_a_gap_and_no_memory(
    local, speech, monkeypatch
):
    monkeypatch.setattr(workers, "MOST_UNREAD", 100_000)
    worker = worker_of(speech)
    worker.start()
    await until(lambda: worker.pid, "a worker")
    os.kill(worker.pid, signal.SIGSTOP)
    local.say("caller", bytes(32 * 60_000))
    os.kill(worker.pid, signal.SIGCONT)
    await until(lambda: worker._process.stdin.transport.get_write_buffer_size() == 0)
    local.say("caller", spoken(DELIVERY), 60_000)
    await local.close()
    assert local.texts == [("caller", DELIVERY)]
    ((kind, gap),) = local.failures
    assert (kind, gap["to_ms"]) == ("transcript_gap", 60_000)
    assert gap["reason"] == workers.BEHIND and 3000 < gap["from_ms"] < 10_000


async def test_vendors_are_heard_through_a_process_too(vendors, speech):
    vendors.script("My invoice is wrong.")
    call = Call(speech, vendors.settings())
    call.say("caller", spoken(DELIVERY))
    await call.close()
    (turn,) = call.turns
    assert turn["text"] == "My invoice is wrong." and turn["engine"] == "deepgram"
    assert turn["confidence"] == pytest.approx(0.98)


async def test_a_key_that_is_not_accepted_is_told_once_for_both_speakers(
    vendors, speech, capfd
):
    call = Call(speech, vendors.settings("deepgram_flux", key="wrong-key"))
    call.say("caller", spoken(DELIVERY))
    call.say("agent", spoken(DELIVERY))
    await call.close()
    failed = [data for kind, data in call.failures if kind == "stt_failed"]
    assert [(data["engine"], data["status"]) for data in failed] == [
        ("deepgram_flux", 401)
    ]
    gaps = [data for kind, data in call.failures if kind == "transcript_gap"]
    assert sorted(gap["speaker"] for gap in gaps) == ["agent", "caller"]
    assert "wrong-key" not in "".join(capfd.readouterr()) + str(call.failures)


async def test_a_speaker_nobody_knows_is_refused(local):
    with pytest.raises(ValueError, match="no speaker"):
        local.transcriber.audio("mix", b"", 0)


async def test_an_engine_nobody_knows_is_refused(speech):
    call = Call(speech, {"engine": "whisper"})
    with pytest.raises(ValueError, match="no speech-to-text engine whisper"):
        call.say("caller", bytes(640))
