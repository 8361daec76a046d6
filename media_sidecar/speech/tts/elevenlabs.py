"""ElevenLabs: text-to-speech over its streaming HTTP endpoint.

`POST {url}/v1/text-to-speech/{voice}/stream?output_format=pcm_24000` with the header
`xi-api-key` answers with raw s16le as it is made. `requests` blocks, so it runs in a
thread; the key is in no log and no error.
"""

import asyncio
import json
import threading
from collections.abc import AsyncIterator

import numpy as np
import requests

from ..errors import SpeechError
from ..languages import base
from ..sound import Resampler

ENGINE = "elevenlabs"
URL = "https://api.elevenlabs.io"
VOICE = "21m00Tcm4TlvDq8ikWAM"  # "Rachel", which every account has
MODEL = "eleven_flash_v2_5"  # the quickest; takes language_code
RATE = 24000
CONNECT, READ = 5, 15  # seconds
CHUNK = 4800  # bytes: 100 ms
TRIES = 2
AGAIN_AFTER = 0.5  # seconds
AHEAD = 300  # chunks made but not yet taken, 30 s

# what their codes mean to somebody who may not know them
MEANING = {
    "invalid_api_key": "the API key is not accepted; enter a valid one",
    "missing_permissions": "the API key may not be used for text-to-speech",
    "quota_exceeded": "the characters of this account's plan are used up",
    "voice_not_found": "the voice does not exist in this account",
    "max_character_limit_exceeded": "the text is too long for this account",
    "text_too_long": "the text is too long for this account",
    "too_many_concurrent_requests": "too many texts are spoken at once for this plan",
    "system_busy": "its servers are busy",
}


async def speak(text: str, language: str, settings: dict) -> AsyncIterator[np.ndarray]:
    """PCM of `text`, int16 mono at 48 kHz, as it comes.

    :param settings: {"key", "voice"?, "url"?, "model"?}
    :raises SpeechError: refused, unreachable, or what came is no sound. Once sound
        came, no second try is made.
    """
    loop = asyncio.get_running_loop()
    queue: asyncio.Queue = asyncio.Queue()
    stop = threading.Event()
    room = threading.Semaphore(AHEAD)

    def tell(item: bytes | Exception | None) -> None:
        loop.call_soon_threadsafe(queue.put_nowait, item)

    def work() -> None:
        try:
            for chunk in _chunks(text, language, settings, stop):
                while not room.acquire(timeout=1):
                    if stop.is_set():
                        return
                tell(chunk)
            tell(None)
        except SpeechError as error:
            tell(error)
        except Exception as error:  # the reader must not wait for ever
            tell(SpeechError(ENGINE, f"ElevenLabs: {type(error).__name__}."))

    threading.Thread(target=work, name="elevenlabs", daemon=True).start()
    resampler = Resampler(RATE)
    try:
        while (item := await queue.get()) is not None:
            if isinstance(item, Exception):
                raise item
            room.release()
            yield resampler.push(np.frombuffer(item, "<i2"))
        yield resampler.finish()
    finally:
        stop.set()


def _chunks(text, language, settings, stop):
    """Pieces of s16le at 24 kHz, each of whole samples; asks again when it may help."""
    for attempt in range(TRIES):
        try:
            answer = _asked(text, language, settings)
            break
        except SpeechError as error:
            again = error.status in (0, 429) or error.status >= 500
            if not again or attempt == TRIES - 1 or stop.wait(AGAIN_AFTER):
                raise
    rest = b""
    with answer:
        try:
            for chunk in answer.iter_content(CHUNK):
                if stop.is_set():
                    return
                whole = len(rest) + len(chunk) & ~1
                data, rest = (rest + chunk)[:whole], (rest + chunk)[whole:]
                if data:
                    yield data
        except (requests.RequestException, OSError) as error:
            message = f"The sound of ElevenLabs broke off ({type(error).__name__})."
            raise SpeechError(ENGINE, message) from None
    if rest:
        raise SpeechError(ENGINE, "ElevenLabs sent something that is no sound.")


def _asked(text, language, settings) -> requests.Response:
    base_url = (settings.get("url") or URL).rstrip("/")
    voice = settings.get("voice") or VOICE
    try:
        answer = requests.post(
            f"{base_url}/v1/text-to-speech/{voice}/stream",
            params={"output_format": f"pcm_{RATE}"},
            headers={"xi-api-key": settings.get("key") or ""},
            json={
                "text": text,
                "model_id": settings.get("model") or MODEL,
                "language_code": base(language),
            },
            timeout=(CONNECT, READ),
            stream=True,
        )
    except requests.RequestException as error:
        # its text may hold the address only, never the headers
        message = f"ElevenLabs cannot be reached ({type(error).__name__})."
        raise SpeechError(ENGINE, message) from None
    if answer.status_code != 200:
        with answer:
            raise _refusal(answer)
    kind = answer.headers.get("Content-Type", "")
    if not kind.startswith(("audio/", "application/octet-stream")):
        answer.close()
        message = f"ElevenLabs sent {kind.split(';')[0] or 'nothing'} and no sound."
        raise SpeechError(ENGINE, message, answer.status_code)
    return answer


def _refusal(answer: requests.Response) -> SpeechError:
    """What ElevenLabs said, with what it means."""
    status, said = "", ""
    try:
        detail = json.loads(answer.content[:20000])["detail"]
        if isinstance(detail, dict):
            status, said = str(detail.get("status", "")), str(detail.get("message", ""))
        elif isinstance(detail, list):  # their validation errors
            said = "; ".join(str(item.get("msg", "")) for item in detail)
        else:
            said = str(detail)
    except (ValueError, KeyError, TypeError, AttributeError, requests.RequestException):
        pass
    why = MEANING.get(status, "")
    parts = [f"ElevenLabs refused the text (HTTP {answer.status_code})"]
    parts += [why] if why else []
    text = ": ".join(parts) + "."
    if said:
        text += f" It said: {said[:300]}"
    return SpeechError(ENGINE, text, answer.status_code)
