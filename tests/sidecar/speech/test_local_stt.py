"""The engine without a key: real voices through Opus, really understood."""

import numpy as np
import pytest

from media_sidecar.speech.stt.endpointer import FRAME_BYTES, Endpointer
from media_sidecar.speech.stt.local import Local
from tests.sidecar.speech.voices import DELIVERY, INVOICE, STATUS, pieces, spoken


def heard(ear, pcm, start_ms=0, **settings):
    engine = Local({"language": "en", **settings}, ear)
    for piece, at in pieces(pcm, start_ms):
        engine.audio(piece, at)
    return engine


@pytest.mark.parametrize(
    "text, voice",
    [
        (STATUS, "slt"),
        (STATUS, "awb"),
        (STATUS, "kal16"),
        (DELIVERY, "slt"),
    ],
)
def test_a_sentence_after_opus_is_understood_word_for_word(ear, text, voice):
    heard(ear, spoken(text, voice)).close()
    assert ear.texts == [text]


def test_a_turn_has_its_place_in_the_call(ear):
    heard(ear, bytes(32 * 1500) + spoken(DELIVERY), 60000).close()
    (turn,) = ear.turns
    assert turn.start_ms == pytest.approx(61600, abs=150)
    length = len(spoken(DELIVERY, after_ms=0)) / 32
    assert turn.end_ms == pytest.approx(61500 + length, abs=350)
    assert turn.confidence is None


def test_two_sentences_with_a_pause_are_two_turns(ear):
    heard(ear, spoken(DELIVERY) + spoken(INVOICE)).close()
    assert ear.texts == [DELIVERY, INVOICE]


def test_what_is_being_said_at_the_end_is_told(ear):
    heard(ear, spoken(DELIVERY, after_ms=0)).close()
    assert ear.texts == [DELIVERY]


def test_a_jump_of_the_clock_ends_the_turn(ear):
    engine = heard(ear, spoken(DELIVERY, after_ms=0))
    for piece, at in pieces(spoken(INVOICE), 30000):
        engine.audio(piece, at)
    engine.close()
    assert ear.texts == [DELIVERY, INVOICE]
    assert ear.turns[1].start_ms == pytest.approx(30100, abs=150)


@pytest.mark.parametrize("level", [0.0, 0.002, 0.02])
def test_silence_and_steady_noise_are_no_speech(level):
    noise = np.random.default_rng(1).normal(0, level, 16000 * 8)
    pcm = (noise.clip(-1, 1) * 32767).astype("<i2").tobytes()
    endpointer = Endpointer()
    frames = range(0, len(pcm), FRAME_BYTES)
    said = [endpointer.feed(pcm[at : at + FRAME_BYTES]) for at in frames]
    settled = said[len(said) // 2 :]  # noise that begins suddenly may be speech
    assert "start" not in settled


def test_more_speakers_than_decoders_are_all_understood():
    from tests.sidecar.speech.ear import Ear

    ears = [Ear() for _number in range(4)]
    engines = [Local({"language": "en"}, ear) for ear in ears]
    for piece, at in pieces(spoken(DELIVERY), 0):
        for engine in engines:
            engine.audio(piece, at)
    for engine in engines:
        engine.close()
    assert [ear.texts for ear in ears] == [[DELIVERY]] * 4


def test_another_language_is_said_to_be_missing(ear):
    heard(ear, spoken(DELIVERY), language="de_DE").close()
    ((_status, message),) = ear.failures
    assert message.startswith("The local engine understands English only.")
    assert ear.gaps == [(0, len(spoken(DELIVERY)) // 32, message)]
    assert ear.turns == []
