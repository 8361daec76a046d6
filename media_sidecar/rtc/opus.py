"""libopus: the system's, or the one that PyAV brings along."""

import ctypes
import functools
import glob
import os

MAXIMUM = 1275  # bytes of a packet of one frame

_VOIP = 2048
_SET_BITRATE, _SET_COMPLEXITY, _SET_FEC, _SET_LOSS = 4002, 4010, 4012, 4014


class OpusError(Exception):
    """libopus is missing, or refuses what it was given."""


@functools.cache
def library() -> ctypes.CDLL:
    """Load libopus once; raises OpusError when there is none."""
    for name in _names():
        try:
            loaded = ctypes.CDLL(name)
        except OSError:
            continue
        return _declared(loaded)
    raise OpusError("libopus is missing: install it (Debian: libopus0) or PyAV's wheel")


def _names():
    yield from ("libopus.so.0", "libopus.0.dylib", "opus.dll")
    try:
        import av
    except ImportError:
        return
    folder = os.path.dirname(os.path.dirname(av.__file__))
    yield from sorted(glob.glob(os.path.join(folder, "av.libs", "libopus*")))


def _declared(opus: ctypes.CDLL) -> ctypes.CDLL:
    pointer, integer = ctypes.c_void_p, ctypes.c_int
    opus.opus_decoder_create.restype = pointer
    opus.opus_decoder_create.argtypes = [ctypes.c_int32, integer, pointer]
    opus.opus_decoder_destroy.argtypes = [pointer]
    opus.opus_decode.argtypes = [
        *(pointer, ctypes.c_char_p, ctypes.c_int32, pointer, integer, integer)
    ]
    opus.opus_encoder_create.restype = pointer
    opus.opus_encoder_create.argtypes = [ctypes.c_int32, integer, integer, pointer]
    opus.opus_encoder_destroy.argtypes = [pointer]
    opus.opus_encode.argtypes = [
        *(pointer, ctypes.c_char_p, integer, pointer, ctypes.c_int32)
    ]
    opus.opus_strerror.restype = ctypes.c_char_p
    return opus


def _checked(result: int) -> int:
    if result < 0:
        raise OpusError(library().opus_strerror(result).decode())
    return result


class Decoder:
    """Opus packets to mono s16le at `rate` (8, 12, 16, 24 or 48 kHz)."""

    def __init__(self, rate: int = 48000) -> None:
        self._opus = library()
        error = ctypes.c_int()
        self._state = self._opus.opus_decoder_create(rate, 1, ctypes.byref(error))
        _checked(error.value)
        self.rate = rate
        self._room = rate * 12 // 100  # 120 ms, the longest packet there is
        self._buffer = ctypes.create_string_buffer(self._room * 2)

    def decode(self, payload: bytes) -> bytes:
        """The sound of one packet; raises OpusError when it is none."""
        count = self._opus.opus_decode(
            self._state, payload, len(payload), self._buffer, self._room, 0
        )
        return self._buffer[: 2 * _checked(count)]

    def repair(self, following: bytes, samples: int) -> bytes:
        """The packet lost before `following`, from what that repeats of it.

        Without such a repetition libopus makes the sound up.
        """
        count = self._opus.opus_decode(
            self._state, following, len(following), self._buffer, samples, 1
        )
        return self._buffer[: 2 * _checked(count)]

    def conceal(self, samples: int) -> bytes:
        """Sound in place of a packet of `samples` that is lost; fades to nothing."""
        count = self._opus.opus_decode(self._state, None, 0, self._buffer, samples, 0)
        return self._buffer[: 2 * _checked(count)]

    def __del__(self) -> None:
        if getattr(self, "_state", None):
            self._opus.opus_decoder_destroy(self._state)


class Encoder:
    """Mono s16le at `rate` to Opus packets, as WhatsApp asks for them.

    :param complexity: 0 to 10; 5 takes about 150 µs for 20 ms
    :param loss: percent of packets that may be lost; above 0 each packet also repeats
        the speech of the one before
    """

    def __init__(
        self,
        rate: int = 48000,
        bitrate: int = 20000,
        complexity: int = 5,
        loss: int = 0,
    ) -> None:
        self._opus = library()
        error = ctypes.c_int()
        self._state = self._opus.opus_encoder_create(
            rate, 1, _VOIP, ctypes.byref(error)
        )
        _checked(error.value)
        self.rate = rate
        self._buffer = ctypes.create_string_buffer(MAXIMUM)
        self._set(_SET_BITRATE, bitrate)
        self._set(_SET_COMPLEXITY, complexity)
        self._set(_SET_FEC, int(loss > 0))
        self._set(_SET_LOSS, loss)

    def _set(self, request: int, value: int) -> None:
        _checked(
            self._opus.opus_encoder_ctl(
                ctypes.c_void_p(self._state), request, ctypes.c_int32(value)
            )
        )

    def encode(self, pcm: bytes) -> bytes:
        """One packet; `pcm` holds 2.5, 5, 10, 20, 40 or 60 ms. Raises OpusError."""
        size = self._opus.opus_encode(
            self._state, pcm, len(pcm) // 2, self._buffer, MAXIMUM
        )
        return self._buffer[: _checked(size)]

    def __del__(self) -> None:
        if getattr(self, "_state", None):
            self._opus.opus_encoder_destroy(self._state)
