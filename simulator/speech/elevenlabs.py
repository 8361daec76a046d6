"""ElevenLabs: `POST /v1/text-to-speech/{voice}[/stream]`, spoken by local voices."""

import asyncio
import json
import time
from typing import TYPE_CHECKING

import av
import numpy as np
from aiohttp import web

from ..media import sound

if TYPE_CHECKING:
    from ..world import World

# voice ids of the real service that every account has
VOICES = {
    "21m00Tcm4TlvDq8ikWAM": "slt",  # Rachel
    "EXAVITQu4vr4xnSDxMaL": "slt",  # Sarah
    "nPczCjzI2devNBz1zQrb": "awb",  # Brian
}
MODELS = {  # whether they take language_code
    "eleven_flash_v2_5": True,
    "eleven_turbo_v2_5": True,
    "eleven_v3": True,
    "eleven_multilingual_v2": False,
}
RATES = {f"pcm_{rate}": rate for rate in (8000, 16000, 22050, 24000, 44100, 48000)}
LONGEST = 40000  # characters
PIECE = 0.1  # seconds of sound in a chunk
REFUSALS = {
    401: ("invalid_api_key", "Invalid API key"),
    429: (
        "too_many_concurrent_requests",
        "Too many concurrent requests. Your current subscription is associated with a "
        "maximum of 5 concurrent requests (running in parallel).",
    ),
    503: ("system_busy", "The system is experiencing heavy traffic, please try again."),
}


class Refused(Exception):
    """An error answer: HTTP status, their status word, their text."""


async def speak(world: "World", request: web.Request) -> web.StreamResponse:
    """The handler of both paths."""
    log = world.speech.open("elevenlabs", request.query)
    log.query["voice"] = request.match_info["voice"]
    try:
        text, rate = await _checked(world, request, log)
        pcm = await _spoken(text, log.body.get("language_code"), log.query["voice"])
    except Refused as refused:
        log.status, status, message = refused.args
        body = {"detail": {"status": status, "message": message}}
        return web.json_response(body, status=log.status)
    finally:
        log.ended = time.time()
        world.speech.tell(log)
    log.status, log.characters = 200, len(text)
    log.audio_seconds = round(len(pcm) / sound.RATE, 3)
    world.speech.tell(log)
    return await _answer(world, request, log, _at_rate(pcm, rate))


async def _checked(world, request, log) -> tuple[str, int]:
    order = world.speech.fault("speech_refuse", log)
    if order:
        http = int(order.values.get("status", 429))
        status, message = REFUSALS.get(http, ("error", "Something went wrong."))
        said = order.values.get("message", message)
        raise Refused(http, order.values.get("word", status), said)
    if not world.speech.good_key("elevenlabs", request.headers.get("xi-api-key", "")):
        raise Refused(401, *REFUSALS[401])
    if log.query["voice"] not in VOICES:
        voice = log.query["voice"]
        said = f"A voice with the voice_id {voice} was not found."
        raise Refused(404, "voice_not_found", said)
    try:
        log.body = body = json.loads(await request.read())
        text = body["text"]
        if not isinstance(text, str):
            raise TypeError
    except (ValueError, KeyError, TypeError):
        raise Refused(400, "invalid_request", "The field text is required.") from None
    if not text.strip():
        raise Refused(400, "input_text_empty", "The text is empty.")
    if len(text) > LONGEST:
        said = f"This request's text has {len(text)} characters and exceeds the limit."
        raise Refused(400, "max_character_limit_exceeded", said)
    model = body.get("model_id", "eleven_multilingual_v2")
    if model not in MODELS:
        said = f"A model with model ID {model} does not exist."
        raise Refused(400, "model_not_found", said)
    if body.get("language_code") and not MODELS[model]:
        said = f"Model '{model}' does not support the language_code parameter."
        raise Refused(400, "unsupported_language", said)
    rate = RATES.get(request.query.get("output_format", "mp3_44100_128"))
    if rate is None:
        said = "The simulator gives pcm_* only."
        raise Refused(400, "invalid_output_format", said)
    return text, rate


async def _spoken(text: str, language: str | None, voice: str) -> np.ndarray:
    """int16 mono, 48 kHz."""
    if not language or language == "en":
        command = ["flite", "-voice", VOICES[voice], "-o", "{}", "-f", "/dev/stdin"]
    else:
        command = ["espeak-ng", "-v", language, "-w", "{}", "--stdin"]
    try:
        return await sound.made_by(command, text)
    except sound.SoundError as error:
        raise Refused(400, "unsupported_language", str(error)) from error


def _at_rate(pcm: np.ndarray, rate: int) -> bytes:
    resampler = av.AudioResampler(format="s16", layout="mono", rate=rate)
    frame = av.AudioFrame.from_ndarray(pcm.reshape(1, -1), format="s16", layout="mono")
    frame.sample_rate = sound.RATE
    frames = [*resampler.resample(frame), *resampler.resample(None)]
    return b"".join(part.to_ndarray().tobytes() for part in frames)


async def _answer(world, request, log, data: bytes) -> web.StreamResponse:
    order = world.speech.fault("speech_bad_sound", log)
    how = order.values.get("how", "html") if order else ""
    if how == "html":
        return web.Response(text="<html>oops</html>", content_type="text/html")
    if how == "odd":
        data = data[: len(data) // 2 | 1]
    rate = RATES[request.query["output_format"]]
    response = web.StreamResponse(headers={"Content-Type": f"audio/pcm;rate={rate}"})
    response.enable_chunked_encoding()
    await response.prepare(request)
    step = round(rate * PIECE) * 2
    for at in range(0, len(data), step):
        if how == "cut" and at > len(data) // 2:
            request.transport.abort()
            return response
        await response.write(data[at : at + step])
        await asyncio.sleep(0)
    await response.write_eof()
    return response
