"""Control of calls: place, look, answer, reject, hang up, talk, press, listen."""

import asyncio
import time

from aiohttp import web

from ..calls.outbound import OutboundCall
from ..calls.place import CallRefused, place
from ..media import sound
from ..media.leg import Leg
from .tools import answer, body_of, call_of, number_of, phone_of, sound_of, world_of


async def create(request: web.Request) -> web.Response:
    """POST /control/calls {from, to, …}: a customer calls the business.

    A `from` of unknown digits becomes a new phone.
    """
    world, data = world_of(request), sound_of(await body_of(request))
    number, phone = number_of(world, data), phone_of(world, data.get("from"), True)
    await sound.load(data)  # a wrong sound is told now, not in mid-call
    call = await place(world, number, phone, data)
    return answer(call.as_dict(), 201)


async def index(request: web.Request) -> web.Response:
    """GET /control/calls[?live=1][&wa_id=]: oldest first."""
    calls = list(world_of(request).calls.values())
    if request.query.get("live"):
        calls = [call for call in calls if not call.ended]
    if wa_id := request.query.get("wa_id"):
        calls = [call for call in calls if call.phone.wa_id == wa_id]
    return answer([call.as_dict() for call in calls])


async def show(request: web.Request) -> web.Response:
    """GET /control/calls/{wacid}[?wait=state&timeout=10]: one call.

    With `wait` the answer comes when the call is in that state (or ended), or has
    that entry in its times, or when `timeout` seconds are over.
    """
    call = call_of(request)
    wanted = request.query.get("wait")
    if wanted:
        deadline = time.time() + float(request.query.get("timeout", 10))
        queue = world_of(request).hub.listen()
        try:
            while not (call.state == wanted or wanted in call.times or call.ended):
                left = deadline - time.time()
                if left <= 0:
                    break
                try:
                    await asyncio.wait_for(queue.get(), min(left, 0.25))
                except TimeoutError:
                    continue
        finally:
            world_of(request).hub.leave(queue)
    return answer(call.as_dict())


async def pick_up(request: web.Request) -> web.Response:
    """POST …/answer [{say|wav|tone}]: the customer picks an outbound call up."""
    call, data = call_of(request), sound_of(await body_of(request))
    if not isinstance(call, OutboundCall) or call.state not in ("dialing", "ringing"):
        raise CallRefused(f"The call is {call.state}")
    await _play(call, data)
    call.answer()
    return answer(call.as_dict())


async def reject(request: web.Request) -> web.Response:
    """POST …/reject: the customer declines an outbound call."""
    call = call_of(request)
    if not isinstance(call, OutboundCall) or call.state not in ("dialing", "ringing"):
        raise CallRefused(f"The call is {call.state}")
    call.reject()
    return answer(call.as_dict())


async def hang_up(request: web.Request) -> web.Response:
    """POST …/hangup: the customer ends or cancels the call."""
    call = call_of(request)
    if call.ended:
        raise CallRefused("The call has ended")
    if isinstance(call, OutboundCall) and call.state in ("dialing", "ringing"):
        call.reject()
    else:
        call.end("phone")
    return answer(call.as_dict())


async def fail(request: web.Request) -> web.Response:
    """POST …/fail [{code, details}]: WhatsApp drops the call."""
    call, data = call_of(request), await body_of(request)
    call.fail(int(data.get("code", 138020)), data.get("details", ""))
    return answer(call.as_dict())


def _leg(call) -> Leg:
    if call.leg is None:
        raise CallRefused("The call has no media")
    return call.leg


async def dtmf(request: web.Request) -> web.Response:
    """POST …/dtmf {digits, duration_ms}: the customer presses keys."""
    call, data = call_of(request), await body_of(request)
    duration = int(data.get("duration_ms", 160))
    _leg(call).speaker.press(str(data["digits"]), duration)
    return answer({"ok": True})


async def say(request: web.Request) -> web.Response:
    """POST …/say {say|text|wav|wav_base64|tone, loop}: the customer speaks."""
    call, data = call_of(request), sound_of(await body_of(request))
    if "text" in data:
        data["say"] = data["text"]
    await _play(call, data)
    return answer({"ok": True})


async def _play(call, data: dict) -> None:
    if {"say", "wav", "wav_base64", "tone"} & data.keys():
        _leg(call).speaker.stop()
        await call.play(data)


async def transcript(request: web.Request) -> web.Response:
    """POST …/transcript {segments: [{speaker, start, end, text}]}: what WhatsApp's
    transcript will say; without it, the text that the phone spoke."""
    call, data = call_of(request), await body_of(request)
    segments = data.get("segments")
    if not isinstance(segments, list) or not all(
        isinstance(each, dict) and isinstance(each.get("text"), str)
        for each in segments
    ):
        raise ValueError("segments must be a list of objects with a text")
    call.transcript = segments
    return answer({"ok": True})


async def quiet(request: web.Request) -> web.Response:
    """POST …/mute {muted} or …/stop: silence instead of sound, or no more sounds."""
    call, data = call_of(request), await body_of(request)
    speaker = _leg(call).speaker
    if request.path.endswith("/stop"):
        speaker.stop()
    else:
        speaker.muted = bool(data.get("muted", True))
    call.tell()
    return answer({"ok": True, "muted": speaker.muted})


async def heard_wav(request: web.Request) -> web.Response:
    """GET …/heard.wav: all the phone heard, 48 kHz mono. X-First-Packet-At: epoch."""
    heard = _leg(call_of(request)).heard
    content = await asyncio.to_thread(heard.wav)
    headers = {}
    if heard.packets:
        headers["X-First-Packet-At"] = f"{heard.packets[0][1]:.6f}"
    return web.Response(body=content, content_type="audio/wav", headers=headers)


async def heard(request: web.Request) -> web.Response:
    """GET …/heard: seconds, level, strongest tone, when sound began."""
    return answer(await asyncio.to_thread(_leg(call_of(request)).heard.analyse))


async def descriptions(request: web.Request) -> web.Response:
    """GET …/offer or …/sdp: WhatsApp's own SDP and the business's."""
    call = call_of(request)
    kinds = ("offer", "answer") if call.inbound else ("answer", "offer")
    return answer(
        {
            "own_type": kinds[0],
            "own": call.own_sdp,
            "business_type": kinds[1],
            "business": call.business_sdp,
        }
    )


ROUTES = [
    ("POST", "calls", create),
    ("GET", "calls", index),
    ("POST", "calls/{wacid:.+}/answer", pick_up),
    ("POST", "calls/{wacid:.+}/reject", reject),
    ("POST", "calls/{wacid:.+}/hangup", hang_up),
    ("POST", "calls/{wacid:.+}/fail", fail),
    ("POST", "calls/{wacid:.+}/dtmf", dtmf),
    ("POST", "calls/{wacid:.+}/say", say),
    ("POST", "calls/{wacid:.+}/transcript", transcript),
    ("POST", "calls/{wacid:.+}/mute", quiet),
    ("POST", "calls/{wacid:.+}/stop", quiet),
    ("GET", "calls/{wacid:.+}/heard.wav", heard_wav),
    ("GET", "calls/{wacid:.+}/heard", heard),
    ("GET", "calls/{wacid:.+}/offer", descriptions),
    ("GET", "calls/{wacid:.+}/sdp", descriptions),
    ("GET", "calls/{wacid:.+}", show),
]
