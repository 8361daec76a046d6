"""WhatsApp's own recording and transcription of a call, made when it is over."""

import asyncio
import json
import secrets
import time
from typing import TYPE_CHECKING

import numpy as np

from ..errors import GraphError
from ..graph import media
from ..media import sound
from ..webhooks import bodies

if TYPE_CHECKING:
    from .call import Call

# the announcement's languages (call-recording page)
LANGUAGES = set(
    "en en_US en_AU en_CA en_GB en_IN en_NZ nl fr de hi it kn pt es es_ES te vi".split()
)
RECORDING = "audio/ogg; codecs=opus"


def check(body: dict) -> dict:
    """What of `recording` and `transcription` is switched on (2026-06-30).

    Both need a purpose and a language. Raises GraphError.
    """
    wanted = {}
    for name in ("recording", "transcription"):
        data = body.get(name)
        if data is None:
            continue
        if not isinstance(data, dict) or data.get("status") not in (
            "ENABLED",
            "DISABLED",
        ):
            raise GraphError(100, f"{name}.status is not valid")
        if data["status"] == "DISABLED":
            continue
        purpose = data.get("purpose")
        if not isinstance(purpose, str) or not 0 < len(purpose) <= 250:
            raise GraphError(100, f"{name}.purpose must have 1 to 250 characters")
        if data.get("announcement_language") not in LANGUAGES:
            raise GraphError(100, f"{name}.announcement_language is not supported")
        wanted[name] = data
    return wanted


async def announce(call: "Call") -> None:
    """Tell both sides that it is recorded; recording's values win."""
    wanted = call.recording.get("recording") or call.recording.get("transcription")
    call.mark("announced")
    call.announced = wanted["announcement_language"]
    if call.leg is None:
        return
    try:
        packets = await sound.spoken(f"This call is recorded. {wanted['purpose']}")
    except sound.SoundError:
        packets = sound.tone(880, 0.5)
    call.leg.speaker.play_first(packets)


async def hand_out(call: "Call") -> None:
    """Keep what was made of an ended call, and tell the business of it."""
    switches = call.world.switches
    if "recording" in call.recording:
        content = await asyncio.to_thread(_recording, call)
        medium = _keep(call, RECORDING, content)
        call.send(
            "calls",
            bodies.recording_available(call, medium, switches),
            "call_recording_available",
        )
    if "transcription" in call.recording:
        content = json.dumps(_transcript(call)).encode()
        medium = _keep(call, "application/json", content)
        call.send(
            "calls",
            bodies.transcription_available(call, medium, switches),
            "call_transcription_available",
        )


def _keep(call: "Call", mime: str, content: bytes) -> dict:
    """{id, sha256, mime_type, url} of a medium that is kept for 7 days."""
    world = call.world
    media_id = media.keep(world, call.number, mime, content)
    kept, key = world.media[media_id], secrets.token_urlsafe(16)
    kept["expires"] = time.time() + world.switches.capture_kept
    kept["keys"][key] = time.time() + world.switches.media_url_ttl
    medium = {"id": media_id, "sha256": media.digest(content), "mime_type": mime}
    if world.switches.capture_link:
        medium["url"] = (
            f"{call.graph_url}/whatsapp_business/attachments/?mid={media_id}&hash={key}"
        )
    return medium


def _recording(call: "Call") -> bytes:
    """OGG with what both said; silence when nothing was heard."""
    leg = call.leg
    tracks = [each.pcm() for each in (leg.heard, leg.said) if each] if leg else []
    tracks = [each for each in tracks if len(each)]
    length = max(map(len, tracks), default=sound.RATE)
    mixed = np.zeros(length, np.int32)
    for track in tracks:
        mixed[: len(track)] += track
    return sound.to_ogg(np.clip(mixed, -32768, 32767).astype(np.int16))


def _transcript(call: "Call") -> dict:
    """As Meta writes it; without ordered segments, the text the phone spoke."""
    lasted = round((call.times["ended"] - (call.answered_at or 0)), 2)
    segments = call.transcript
    if segments is None:
        said = call.sound.get("say") or call.phone.behaviour.sound.get("say")
        segments = [{"speaker": "Customer", "text": said}] if said else []
    whole = [
        {
            "id": index,
            "speaker": each.get("speaker", "Customer"),
            "channel": 0 if each.get("speaker") == "Business" else 1,
            "start": each.get("start", float(index)),
            "end": each.get("end", index + 1.0),
            "text": each["text"],
            "confidence": each.get("confidence", 0.95),
            "words": [],
        }
        for index, each in enumerate(segments)
    ]
    return {
        "metadata": {
            "processed_at": bodies.stamp(),
            "audio": {
                "duration": lasted,
                "sample_rate": 16000,
                "channels": 2,
                "audio_format": "ogg",
            },
        },
        "transcript": {
            "text": " ".join(each["text"] for each in whole),
            "language": "en",
            "duration": lasted,
            "confidence": 0.95,
            "segments": whole,
        },
    }
