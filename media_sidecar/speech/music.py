"""Hold music and the tone, made by us: nobody's rights are touched.

The music is a slow loop of four chords, plucked softly over a quiet pad, kept where
a telephone is heard best (between 150 Hz and 4 kHz) and low enough to talk over.
"""

import numpy as np

from .sound import FRAME, RATE

BEAT = 0.6  # seconds
BEATS = 8  # of a chord
VERSION = 1  # part of the cache's key: raise it when the sound changes
# C major 7, A minor 7, F major 7, G 6: midi notes, low to high
CHORDS = (
    (60, 64, 67, 71, 76),
    (57, 64, 67, 72, 76),
    (53, 60, 64, 69, 72),
    (55, 62, 64, 67, 74),
)
# which note of the chord each half beat plucks; None is a rest
PATTERN = (0, 2, 3, 4, 3, 2, 1, None, 0, 2, 4, 3, 2, None, 1, None)


def hold() -> np.ndarray:
    """The loop: int16 mono, 48 kHz, 19.2 s, its end runs into its beginning."""
    chord = round(BEAT * BEATS * RATE)
    total = chord * len(CHORDS)
    total -= total % FRAME
    out = np.zeros(total, np.float32)
    for index, notes in enumerate(CHORDS):
        at = index * chord
        for note in notes[:4]:
            _add(out, at, _pad(note, BEAT * BEATS + 0.8) * 0.035)
        for step, which in enumerate(PATTERN):
            if which is not None:
                accent = 0.15 if step % 4 == 0 else 0.11
                pluck = _pluck(notes[which] + 12 * (notes[which] < 60)) * accent
                _add(out, at + round(step * BEAT / 2 * RATE), pluck)
    out *= 0.35 / np.max(np.abs(out))
    return (out * 32767).astype(np.int16)


def quiet() -> np.ndarray:
    """For who likes no music: two soft notes, then 5 s of nothing, 6 s in all."""
    out = np.zeros(6 * RATE, np.float32)
    for at, note in ((0.0, 67), (0.35, 72)):
        _add(out, round(at * RATE), _pluck(note))
    out *= 0.2 / np.max(np.abs(out))
    return (out * 32767).astype(np.int16)


def beep() -> np.ndarray:
    """The tone after which one speaks: 400 ms of 1000 Hz, then 100 ms of nothing."""
    seconds = 0.4
    time = np.arange(round(seconds * RATE)) / RATE
    shape = np.minimum(1, np.minimum(time, seconds - time) / 0.015)
    tone = np.sin(2 * np.pi * 1000 * time) * shape * 0.25
    return np.concatenate([(tone * 32767), np.zeros(RATE // 10)]).astype(np.int16)


def _hertz(note: int) -> float:
    return 440.0 * 2 ** ((note - 69) / 12)


def _pluck(note: int) -> np.ndarray:
    """A soft string: harmonics that fade the faster the higher they are."""
    time = np.arange(round(1.6 * RATE)) / RATE
    wave = np.zeros_like(time)
    for harmonic, strength in ((1, 1.0), (2, 0.42), (3, 0.16), (4, 0.07)):
        fading = np.exp(-time * (2.2 + 1.9 * harmonic))
        wave += strength * fading * np.sin(2 * np.pi * _hertz(note) * harmonic * time)
    wave *= np.minimum(1, time / 0.006) * np.minimum(1, (1.6 - time) / 0.05)
    return wave.astype(np.float32)


def _pad(note: int, seconds: float) -> np.ndarray:
    """A held note that comes and goes slowly, two voices a little apart."""
    time = np.arange(round(seconds * RATE)) / RATE
    wave = np.sin(2 * np.pi * _hertz(note) * 0.9985 * time)
    wave += np.sin(2 * np.pi * _hertz(note) * 1.0015 * time)
    shape = np.minimum(1, np.minimum(time / 0.7, (seconds - time) / 0.8))
    return (wave * shape).astype(np.float32)


def _add(out: np.ndarray, at: int, wave: np.ndarray) -> None:
    """Mix `wave` in; what goes past the end comes in at the beginning."""
    end = at + len(wave)
    if end <= len(out):
        out[at:end] += wave
    else:
        out[at:] += wave[: len(out) - at]
        out[: end - len(out)] += wave[len(out) - at :]
