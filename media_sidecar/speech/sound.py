"""Sound as WhatsApp takes it: PCM at 48 kHz and Opus packets of 20 ms.

PCM is int16 mono throughout.
"""

import io

import av
import numpy as np

from ..recording.ogg import PRE_SKIP, opus_file
from ..rtc.opus import Encoder

RATE = 48000
FRAME = 960  # samples of 20 ms
LOUDNESS = 0.1  # RMS of full scale, -20 dBFS
PEAK = 0.7


class PacketMaker:
    """Turns PCM into Opus packets as it comes."""

    def __init__(self) -> None:
        self._encoder = Encoder()
        self._rest = np.zeros(0, np.int16)

    def push(self, pcm: np.ndarray) -> list[bytes]:
        """The packets that are complete with these samples (48 kHz)."""
        samples = np.concatenate([self._rest, pcm])
        whole = len(samples) - len(samples) % FRAME
        self._rest = samples[whole:]
        return [
            self._encoder.encode(samples[start : start + FRAME].tobytes())
            for start in range(0, whole, FRAME)
        ]

    def finish(self) -> list[bytes]:
        """The last one, its tail filled up with silence."""
        return self.push(np.zeros(-len(self._rest) % FRAME, np.int16))


class Resampler:
    """Any rate to 48 kHz, as it comes; keeps its filter between the pieces."""

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._same = rate == RATE
        self._inner = av.AudioResampler(format="s16", layout="mono", rate=RATE)

    def push(self, pcm: np.ndarray) -> np.ndarray:
        """`pcm` at the source's rate; returns 48 kHz."""
        if self._same or not len(pcm):
            return pcm
        frame = av.AudioFrame.from_ndarray(
            np.ascontiguousarray(pcm).reshape(1, -1), format="s16", layout="mono"
        )
        frame.sample_rate = self._rate
        return _joined(self._inner.resample(frame))

    def finish(self) -> np.ndarray:
        """What the filter still holds."""
        if self._same:
            return np.zeros(0, np.int16)
        return _joined(self._inner.resample(None))


def _joined(frames: list[av.AudioFrame]) -> np.ndarray:
    arrays = [frame.to_ndarray().reshape(-1) for frame in frames]
    return np.concatenate(arrays) if arrays else np.zeros(0, np.int16)


def encode(pcm: np.ndarray) -> list[bytes]:
    """All packets of PCM at 48 kHz."""
    maker = PacketMaker()
    return maker.push(pcm) + maker.finish()


def encode_loop(pcm: np.ndarray) -> list[bytes]:
    """Packets of music that may follow each other round and round without a click.

    Encoded twice; the second time the encoder comes from the end of the music, as
    the decoder does when it starts again. Its length must be whole frames.
    """
    return encode(np.concatenate([pcm, pcm]))[len(pcm) // FRAME :]


def voice_note(pcm: np.ndarray) -> bytes:
    """An Ogg Opus file of PCM at 48 kHz, as WhatsApp wants a voice message."""
    padded = np.concatenate([pcm, np.zeros(PRE_SKIP, np.int16)])
    return b"".join(opus_file(encode(padded), len(pcm)))


def read(content: bytes) -> np.ndarray:
    """A sound file (WAV, Ogg, MP3) as 48 kHz; raises ValueError when it is none."""
    resampler = av.AudioResampler(format="s16", layout="mono", rate=RATE)
    frames = []
    try:
        with av.open(io.BytesIO(content)) as container:
            for frame in container.decode(audio=0):
                frames += resampler.resample(frame)
            frames += resampler.resample(None)
    except (av.FFmpegError, IndexError, OSError) as error:
        raise ValueError(f"not a sound: {error}") from error
    return _joined(frames)


def levelled(pcm: np.ndarray) -> np.ndarray:
    """As loud as everything else we say: -20 dBFS where there is sound."""
    if not len(pcm):
        return pcm
    samples = pcm.astype(np.float32) / 32768
    loud = samples[np.abs(samples) > 0.01]
    if not len(loud):
        return pcm
    gain = LOUDNESS / max(float(np.sqrt(np.mean(loud**2))), 1e-4)
    gain = min(gain, PEAK / float(np.max(np.abs(samples))), 8.0)
    return (samples * gain * 32767).astype(np.int16)
