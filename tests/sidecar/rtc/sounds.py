"""Sound for the tests of media: tones as Opus packets, and what was heard of them."""

import functools
import math

import numpy as np

from media_sidecar.rtc.opus import Decoder, Encoder

RATE = 48000
FRAME = 960


@functools.cache
def tone(hertz: float, seconds: float = 1.0, loss: int = 0) -> tuple[bytes, ...]:
    """A sine as Opus packets of 20 ms; with `loss` each repeats the one before."""
    encoder = Encoder(loss=loss)
    at = np.arange(int(seconds * 50) * FRAME)
    pcm = (np.sin(2 * math.pi * hertz * at / RATE) * 9000).astype("<i2")
    return tuple(encoder.encode(frame.tobytes()) for frame in pcm.reshape(-1, FRAME))


def pitch(payloads: list[bytes]) -> float:
    """The strongest frequency of Opus packets, in Hz."""
    decoder = Decoder(RATE)
    return pitch_of(b"".join(decoder.decode(payload) for payload in payloads), RATE)


def pitch_of(pcm: bytes, rate: int) -> float:
    """The strongest frequency of mono s16le, in Hz."""
    wave = np.frombuffer(pcm, "<i2").astype(float)
    spectrum = np.abs(np.fft.rfft(wave * np.hanning(len(wave))))
    return float(np.argmax(spectrum)) * rate / len(wave)
