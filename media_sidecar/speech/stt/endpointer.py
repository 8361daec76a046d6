"""Where an utterance begins and ends, by its energy over the noise of the line."""

from collections import deque

import numpy as np

FRAME_MS = 20
FRAME_BYTES = 640
ONSET = 4  # loud frames of the last six begin an utterance
BEFORE = 12  # frames before it that belong to it: soft first sounds
SILENCE_MS = 600  # end it
LONGEST_MS = 20000  # a monologue is cut here
QUIETEST = 0.003  # RMS of full scale (-50 dBFS); less is never speech
OVER_NOISE = 3.0  # times the noise


class Endpointer:
    """Fed with frames of 20 ms (s16le, 16 kHz).

    `feed` returns what the frame does: "" (silence), "start", "speech", "end". On
    "start", `before` has the frames that come first, this one included.
    """

    def __init__(self) -> None:
        self._noise = QUIETEST
        self._recent: deque[bool] = deque(maxlen=6)
        self.before: deque[bytes] = deque(maxlen=BEFORE + 6)
        self.speaking = False
        self.quiet_ms = 0
        self._length = 0

    def feed(self, frame: bytes) -> str:
        loud = self._is_loud(frame)
        if not self.speaking:
            self._recent.append(loud)
            self.before.append(frame)
            if sum(self._recent) < ONSET:
                return ""
            self.speaking = True
            self.quiet_ms = self._length = 0
            return "start"
        self._length += FRAME_MS
        self.quiet_ms = 0 if loud else self.quiet_ms + FRAME_MS
        if self.quiet_ms >= SILENCE_MS or self._length >= LONGEST_MS:
            self.reset()
            return "end"
        return "speech"

    def reset(self) -> None:
        """Silence from here on; what is known of the noise stays."""
        self.speaking = False
        self._recent.clear()
        self.before.clear()

    def _is_loud(self, frame: bytes) -> bool:
        samples = np.frombuffer(frame, "<i2").astype(np.float32) / 32768
        level = float(np.sqrt(np.mean(samples * samples)))
        if level < self._noise:  # falls at once, rises slowly: 20 % a second
            self._noise += (level - self._noise) * 0.2
        else:
            self._noise = min(self._noise * 1.0037, 0.05)
        return level > max(QUIETEST, self._noise * OVER_NOISE)
