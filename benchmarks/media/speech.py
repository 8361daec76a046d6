"""What the talkers say: flite's voice as 20 ms Opus packets, 20 kbps, mono."""

import functools
import subprocess
import tempfile
from pathlib import Path

import av
import numpy as np

from media_sidecar.rtc.opus import Encoder
from media_sidecar.rtc.packet import CLOCK, FRAME

TEXT = (
    "Good morning, I would like to know the status of my order please. It should have"
    " come on Monday, and nobody has called me since. My number is four two seven nine."
)


@functools.cache
def pcm() -> bytes:
    """Nine seconds of talk without a pause, mono s16le at 48 kHz."""
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "speech.wav"
        subprocess.run(
            ["flite", "-voice", "slt", "-t", TEXT, "-o", str(target)], check=True
        )
        resampler = av.AudioResampler(format="s16", layout="mono", rate=CLOCK)
        with av.open(str(target)) as container:
            frames = [
                part
                for frame in container.decode(audio=0)
                for part in resampler.resample(frame)
            ]
    sound = np.concatenate([frame.to_ndarray().reshape(-1) for frame in frames])
    return sound[: len(sound) // FRAME * FRAME].astype("<i2").tobytes()


@functools.cache
def packets(loss: int = 10) -> tuple[bytes, ...]:
    """The packets; with `loss` percent expected each repeats the one before."""
    encoder = Encoder(loss=loss)
    sound = pcm()
    size = 2 * FRAME
    return tuple(
        encoder.encode(sound[at : at + size]) for at in range(0, len(sound), size)
    )
