"""A pitch is recognised within two steps, and silence has none."""

import pytest

from tools import listening


@pytest.mark.parametrize("hertz", [440, 660, 1000])
def test_the_pitch_of_a_tone_is_found(hertz):
    data = listening.tone_wav(hertz, seconds=2)
    assert listening.is_pitch(listening.pitch_of_wav(data), hertz)


def test_silence_has_no_pitch():
    assert listening.pitch_of_wav(listening.tone_wav(0, seconds=1)) == 0


def test_another_tone_is_not_taken_for_it():
    data = listening.tone_wav(440, seconds=2)
    assert not listening.is_pitch(listening.pitch_of_wav(data), 660)
