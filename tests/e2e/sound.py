"""What is in a recording: its length, and which tones when."""

import io

import av
import numpy as np

RATE = 48_000


class Sound:
    """An Ogg Opus file, decoded.

    :ivar seconds: its length
    """

    def __init__(self, content):
        self.pcm = _decoded(content)
        self.seconds = len(self.pcm) / RATE

    def has_tone(self, hertz, start=0.0, end=None):
        """Whether a tone is there between two moments (seconds): no weaker than the
        strongest by 26 dB."""
        piece = self.pcm[int(start * RATE) : int((end or self.seconds) * RATE)]
        if len(piece) < RATE // 10:
            return False
        levels = np.abs(np.fft.rfft(piece * np.hanning(len(piece))))
        pitches = np.fft.rfftfreq(len(piece), 1 / RATE)
        near = np.abs(pitches - hertz) <= 10
        return bool(levels[near].max() > 0.05 * levels.max()) and _loud(piece)

    def is_silent(self, start, end):
        return not _loud(self.pcm[int(start * RATE) : int(end * RATE)])

    def silences(self, at_least=0.5):
        """[(start, end)] seconds of what is silent for so long."""
        step = RATE // 20
        quiet = [
            not _loud(self.pcm[at : at + step])
            for at in range(0, len(self.pcm) - step, step)
        ]
        found, began = [], None
        for index, silent in enumerate([*quiet, False]):
            if silent and began is None:
                began = index
            elif not silent and began is not None:
                if (index - began) / 20 >= at_least:
                    found.append((began / 20, index / 20))
                began = None
        return found


def _loud(pcm):
    return bool(len(pcm)) and np.sqrt(np.mean(pcm.astype(float) ** 2)) > 100


def _decoded(content):
    with av.open(io.BytesIO(content), format="ogg") as container:
        resampler = av.AudioResampler(format="s16", layout="mono", rate=RATE)
        pieces = [
            resampled.to_ndarray().reshape(-1)
            for frame in container.decode(audio=0)
            for resampled in resampler.resample(frame)
        ]
    return np.concatenate(pieces) if pieces else np.zeros(0, dtype=np.int16)
