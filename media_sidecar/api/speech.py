"""A text spoken into a file, for what is sent as a message."""

from aiohttp import web

from ..errors import ApiError
from ..speech import SpeechError


async def speech(unit, _request: web.Request, body: dict) -> web.Response:
    try:
        content = await unit.speech.note(body)
    except SpeechError as error:
        raise ApiError(502, "tts_failed", error.message) from error
    return web.Response(body=content, content_type="audio/ogg")


HANDLERS = {"speech": speech}
