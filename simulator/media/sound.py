"""Sound a phone can play: a tone, a WAV or spoken text as 20 ms Opus packets."""

import asyncio
import base64
import functools
import io
import math
import tempfile
import wave
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

RATE = 48000
FRAME = 960  # samples of 20 ms, the only packet time WhatsApp uses
BITRATE = 20000  # maxaveragebitrate of WhatsApp's own offers
DECODER_DELAY = 312  # samples libopus looks ahead at 48 kHz

Packets = tuple[bytes, ...]


class SoundError(ValueError):
    """The sound cannot be made: unknown file, bad base64, no speech program."""


def encode(pcm: np.ndarray) -> Packets:
    """Encode mono int16 at 48 kHz to Opus packets of 20 ms; the tail is padded."""
    codec = av.CodecContext.create("libopus", "w")
    codec.bit_rate = BITRATE
    codec.format = "s16"
    codec.layout = "mono"
    codec.sample_rate = RATE
    codec.time_base = Fraction(1, RATE)
    codec.options = {"application": "voip", "frame_duration": "20"}
    packets = []
    padded = np.pad(pcm, (0, -len(pcm) % FRAME))
    for start in range(0, len(padded), FRAME):
        frame = av.AudioFrame.from_ndarray(
            padded[start : start + FRAME].reshape(1, -1), format="s16", layout="mono"
        )
        frame.sample_rate = RATE
        frame.pts = start
        packets += [bytes(p) for p in codec.encode(frame)]
    packets += [bytes(p) for p in codec.encode(None)]
    return tuple(packets)


def decode(packets: list[bytes]) -> np.ndarray:
    """Decode Opus packets one after the other to mono int16 at 48 kHz."""
    codec = av.CodecContext.create("libopus", "r")
    codec.format = "s16"
    codec.layout = "mono"
    codec.sample_rate = RATE
    out = []
    for data in packets:
        for frame in codec.decode(av.Packet(data)):
            out.append(frame.to_ndarray().reshape(-1))
    return np.concatenate(out) if out else np.zeros(0, np.int16)


@functools.lru_cache(maxsize=32)
def tone(hertz: float, seconds: float = 2.0, level: float = 0.35) -> Packets:
    """A sine of `hertz`; two seconds are made and looped by the phone."""
    count = int(RATE * seconds)
    wave_ = np.sin(2 * math.pi * hertz * np.arange(count) / RATE)
    return encode((wave_ * level * 32767).astype(np.int16))


@functools.lru_cache(maxsize=1)
def silence() -> bytes:
    """One 20 ms packet of silence, which keeps a call alive."""
    return encode(np.zeros(FRAME * 3, np.int16))[2]


def read(source: str | bytes) -> np.ndarray:
    """Read any sound file to mono int16 at 48 kHz; raises SoundError."""
    handle = io.BytesIO(source) if isinstance(source, bytes) else source
    try:
        with av.open(handle) as container:
            resampler = av.AudioResampler(format="s16", layout="mono", rate=RATE)
            parts = []
            for frame in container.decode(audio=0):
                parts += resampler.resample(frame)
            parts += resampler.resample(None)
    except (av.FFmpegError, OSError, IndexError) as error:
        raise SoundError(f"cannot read the sound: {error}") from error
    arrays = [part.to_ndarray().reshape(-1) for part in parts]
    return np.concatenate(arrays) if arrays else np.zeros(0, np.int16)


async def made_by(command: list[str], text: str) -> np.ndarray:
    """What a speech program makes of `text` on its input: int16 mono at 48 kHz.

    :param command: "{}" in it becomes the file to write; raises SoundError
    """
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "speech.wav"
        command = [part.replace("{}", str(target)) for part in command]
        try:
            process = await asyncio.create_subprocess_exec(
                *command, stdin=asyncio.subprocess.PIPE
            )
        except FileNotFoundError as error:
            raise SoundError(f"{command[0]} is not installed") from error
        await process.communicate(text.encode())
        if process.returncode:
            raise SoundError(f"{command[0]} failed")
        return await asyncio.to_thread(read, str(target))


async def spoken(text: str) -> Packets:
    """Speak `text` with flite; raises SoundError when flite is not installed."""
    command = ["flite", "-voice", "slt", "-f", "/dev/stdin", "-o", "{}"]
    pcm = await made_by(command, text)
    return await asyncio.to_thread(encode, pcm)


async def from_file(source: str | bytes) -> Packets:
    """Read a sound file (path or content) off the event loop; raises SoundError."""
    return await asyncio.to_thread(lambda: encode(read(source)))


async def load(wanted: dict) -> Packets:
    """Opus packets of {say|wav|wav_base64|tone}; raises SoundError."""
    if wanted.get("say"):
        return await spoken(wanted["say"])
    if wanted.get("wav"):
        return await from_file(wanted["wav"])
    if wanted.get("wav_base64"):
        try:
            content = base64.b64decode(wanted["wav_base64"], validate=True)
        except ValueError as error:
            raise SoundError(f"wav_base64: {error}") from error
        return await from_file(content)
    if wanted.get("tone"):
        return await asyncio.to_thread(tone, float(wanted["tone"]))
    return ()


def to_wav(pcm: np.ndarray) -> bytes:
    """Wrap mono int16 at 48 kHz as a WAV file."""
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as target:
        target.setnchannels(1)
        target.setsampwidth(2)
        target.setframerate(RATE)
        target.writeframes(pcm.astype("<i2").tobytes())
    return buffer.getvalue()


def to_ogg(pcm: np.ndarray) -> bytes:
    """Mono int16 at 48 kHz as OGG with Opus: a voice message of WhatsApp."""
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="ogg") as target:
        stream = target.add_stream("libopus", rate=RATE, layout="mono")
        stream.bit_rate = BITRATE
        for start in range(0, len(pcm), FRAME):
            part = np.pad(pcm[start : start + FRAME], (0, FRAME))[:FRAME]
            frame = av.AudioFrame.from_ndarray(
                part.reshape(1, -1), format="s16", layout="mono"
            )
            frame.sample_rate, frame.pts = RATE, start
            target.mux(stream.encode(frame))
        target.mux(stream.encode(None))
    return buffer.getvalue()
