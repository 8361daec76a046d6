"""Text to speech: one function for all engines.

An engine is a file here with `speak(...)`, an asynchronous iterator over int16 mono
PCM at 48 kHz that begins as soon as there is something to hear.
"""

import shutil
from collections.abc import AsyncIterator

import numpy as np

from ..errors import SpeechError
from . import elevenlabs, local

LONGEST = 5000  # characters

__all__ = ["LONGEST", "available", "speak"]


async def speak(
    text: str, language: str, voice: str = "", settings: dict | None = None
) -> AsyncIterator[np.ndarray]:
    """PCM of `text`, int16 mono at 48 kHz, piece by piece.

    :param voice: a voice of the engine; of `settings` when empty
    :param settings: {"engine": "local|elevenlabs", "key"?, "voice"?, "url"?}
    :raises SpeechError: with a plain sentence and the vendor's status
    """
    settings = settings or {}
    engine = settings.get("engine") or local.ENGINE
    voice = voice or settings.get("voice") or ""
    if not text.strip():
        raise SpeechError(engine, "There is no text to speak.")
    if len(text) > LONGEST:
        raise SpeechError(engine, f"The text is longer than {LONGEST} characters.")
    if engine == local.ENGINE:
        pieces = local.speak(text, language, voice)
    elif engine == elevenlabs.ENGINE:
        pieces = elevenlabs.speak(text, language, {**settings, "voice": voice})
    else:
        raise SpeechError(engine, f"There is no voice engine {engine}.")
    async for piece in pieces:
        yield piece


def available() -> list[str]:
    """The engines this machine has: `local` needs flite and espeak-ng."""
    here = all(shutil.which(program) for program in ("flite", "espeak-ng"))
    return ([local.ENGINE] if here else []) + [elevenlabs.ENGINE]
