"""Speech without keys: flite for English, espeak-ng for all other languages.

Each piece is a process of its own with the text on its standard input, where no list
of processes shows it. The first sentence is heard while the next one is made.
"""

import asyncio
import contextlib
import re
import tempfile
import unicodedata
import wave
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np

from ..errors import SpeechError
from ..languages import espeak_voice, is_english
from ..sound import Resampler, levelled

ENGINE = "local"
FLITE_VOICES = ("slt", "awb", "kal16", "rms")
ESPEAK_VARIANT = re.compile(r"[fm][1-8]")
WORDS_A_MINUTE = "150"
PATIENCE = 20  # seconds for one sentence
LONGEST_PIECE = 400  # characters
SENTENCE = re.compile(r"(?<=[.!?…؟。])\s+")
PAUSE = 0.18  # seconds between sentences


async def speak(text: str, language: str, voice: str = "") -> AsyncIterator[np.ndarray]:
    """PCM of `text`, int16 mono at 48 kHz, sentence by sentence.

    :param language: any code; without a voice for it English is used
    :param voice: a voice of flite, or a variant of espeak-ng (f1-f8, m1-m8); others
        mean the usual one, since they are another engine's
    :raises SpeechError: the program is missing or fails
    """
    for piece in pieces(text):
        pcm, rate = await _made(piece, language, voice)
        resampler = Resampler(rate)
        pcm = np.concatenate([pcm, np.zeros(round(PAUSE * rate), np.int16)])
        yield np.concatenate([resampler.push(levelled(pcm)), resampler.finish()])


def pieces(text: str) -> list[str]:
    """Sentences; one that is too long is parted between words."""
    found = []
    for sentence in SENTENCE.split(" ".join(text.split())):
        while len(sentence) > LONGEST_PIECE:
            cut = sentence.rfind(" ", 0, LONGEST_PIECE)
            cut = cut if cut > 0 else LONGEST_PIECE
            found.append(sentence[:cut])
            sentence = sentence[cut:].strip()
        if sentence:
            found.append(sentence)
    return found


async def _made(text: str, language: str, voice: str) -> tuple[np.ndarray, int]:
    with tempfile.TemporaryDirectory(prefix="speech-") as folder:
        target = Path(folder) / "speech.wav"
        await _run(_command(language, voice, target), _readable(text, language))
        try:
            # espeak-ng writes the length of a stream into its header: not known
            with wave.open(str(target)) as sound:
                rate, data = sound.getframerate(), sound.readframes(sound.getnframes())
        except (OSError, wave.Error, EOFError) as error:
            message = f"The local voice said nothing: {error}"
            raise SpeechError(ENGINE, message) from error
    return np.frombuffer(data, "<i2"), rate


def _command(language: str, voice: str, target: Path) -> list[str]:
    if is_english(language):
        name = voice if voice in FLITE_VOICES else FLITE_VOICES[0]
        return ["flite", "-voice", name, "-f", "/dev/stdin", "-o", str(target)]
    name = espeak_voice(language)
    if ESPEAK_VARIANT.fullmatch(voice or ""):
        name = f"{name}+{voice}"
    return ["espeak-ng", "-v", name, "-s", WORDS_A_MINUTE, "--stdin", "-w", str(target)]


def _readable(text: str, language: str) -> bytes:
    """flite knows ASCII only: accents are dropped rather than spelled out."""
    if is_english(language):
        plain = unicodedata.normalize("NFKD", text.replace("’", "'"))
        return plain.encode("ascii", "ignore") + b"\n"
    return text.encode() + b"\n"


async def _run(command: list[str], text: bytes) -> None:
    pipe, nothing = asyncio.subprocess.PIPE, asyncio.subprocess.DEVNULL
    try:
        process = await asyncio.create_subprocess_exec(
            *command, stdin=pipe, stdout=nothing, stderr=pipe
        )
    except FileNotFoundError as error:
        raise SpeechError(
            ENGINE,
            f"The program {command[0]} is not installed: install the Debian package "
            f"{command[0]} on the sidecar's machine.",
        ) from error
    try:
        async with asyncio.timeout(PATIENCE):
            _out, said = await process.communicate(text)
    except TimeoutError as error:
        raise SpeechError(ENGINE, f"{command[0]} took over {PATIENCE} s.") from error
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
    if process.returncode:
        reason = said.decode(errors="replace").strip()[:200]
        raise SpeechError(ENGINE, f"{command[0]} failed: {reason}", process.returncode)
