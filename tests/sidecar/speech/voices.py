"""Sentences spoken by flite, as the sidecar gets them from a call."""

import functools
import subprocess
import tempfile
from pathlib import Path

from media_sidecar.rtc.opus import Decoder
from media_sidecar.speech.sound import encode, levelled, read

STATUS = "good morning i would like to know the status of my order please"
INVOICE = "i have a problem with my invoice"
DELIVERY = "the delivery has not arrived"


@functools.cache
def spoken(text, voice="slt", after_ms=1000):
    """s16le at 16 kHz of `text` after Opus at 20 kbps, then silence."""
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "speech.wav"
        command = ["flite", "-voice", voice, "-t", text, "-o", str(target)]
        subprocess.run(command, check=True)
        pcm = levelled(read(target.read_bytes()))
    decoder = Decoder(16000)
    return b"".join(map(decoder.decode, encode(pcm))) + bytes(32 * after_ms)


def pieces(pcm, start_ms=0, size_ms=20):
    """(audio, start_ms) as it comes from a call."""
    step = 32 * size_ms
    for at in range(0, len(pcm), step):
        yield pcm[at : at + step], start_ms + at // 32
