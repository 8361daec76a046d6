"""WhatsApp's own recording and transcription of a call: asked for and handed out.

Since 2026-06-30, per call, in `connect` and `accept`. WhatsApp speaks an announcement
to both sides first. What it made is told of after the end, usually within a minute;
the link in it is good for 5 minutes, the file for 7 days under its media id
(call-recording and call-transcription pages).
"""

import json

from . import reading
from .base import Event, ProviderError
from .capture import CAPTURE_LANGUAGES, CAPTURE_PURPOSE_LIMIT
from .meta_parts import Place, event, unknown

# a call of hours at what WhatsApp's two channels take
RECORDING_LIMIT = 100 * 1024 * 1024  # bytes
EVENTS = {
    "CALL_RECORDING_AVAILABLE": ("recording", ("call_recording",), "audio"),
    # Meta names the event after the transcription and its member after the transcript.
    "CALL_TRANSCRIPTION_AVAILABLE": (
        "transcription",
        ("call_transcript", "call_transcription"),
        "document",
    ),
}
_SPEAKERS = {"BUSINESS": "agent", "CUSTOMER": "caller"}
_TURNS_LIMIT = 20000
_TEXT_LIMIT = 10000


def capture_members(payload: dict) -> dict:
    """`recording` and `transcription` of a connect's or an accept's body.

    :raises ValueError: no purpose, one that is too long, or a language in which
        WhatsApp cannot make its announcement: it would refuse the whole call
    """
    members = {}
    for name in ("recording", "transcription"):
        wanted = payload.get(name)
        if not wanted:
            continue
        purpose, language = wanted["purpose"], wanted["language"]
        if not 0 < len(purpose) <= CAPTURE_PURPOSE_LIMIT:
            raise ValueError(f"the purpose of the {name} has 1 to 250 characters")
        if language not in CAPTURE_LANGUAGES:
            raise ValueError(f"WhatsApp announces no {name} in {language!r}")
        members[name] = {
            "status": "ENABLED",
            "purpose": purpose,
            "announcement_language": language,
        }
    return members


def capture_event(call, name, place: Place, values, problems) -> Event:
    """What WhatsApp made of an ended call, and under which id it may be fetched.

    The link is not passed on: it needs the token, and is dead by the time a busy
    server gets to it.
    """
    what, members, kind = EVENTS[name]
    found = next((member for member in members if call.get(member)), members[0])
    medium = reading.obj(reading.obj(call, found, problems), kind, problems)
    media_ref = reading.ref(medium, "id", problems)
    if not media_ref:
        told = f"the {what} has no media id"
        return unknown(place, call, told, *problems, **values)
    data = {
        "media_ref": media_ref,
        "sha256": reading.text(medium, "sha256", problems, limit=128),
        "mime_type": reading.text(medium, "mime_type", problems, limit=128) or "",
    }
    raw = {key: call[key] for key in ("id", "event", "timestamp") if key in call}
    return event(
        f"{what}_available",
        f"{values['call_ref']}:{what}:{media_ref}",
        place,
        call,
        problems,
        data=data,
        raw=raw | {found: {kind: data}},
        **values,
    )


def transcript_of(content: bytes) -> dict:
    """What was said, of a transcript's file.

    :return: {"language", "duration_ms", "turns": [{"speaker": "agent"|"caller",
        "start_ms", "end_ms", "text", "confidence"}]} in order of time
    :raises ProviderError: it is no transcript
    """
    try:
        data = json.loads(content.decode("utf-8"))
        transcript = data["transcript"]
        segments = transcript["segments"]
    except (ValueError, RecursionError, KeyError, TypeError):
        segments = None
    if not isinstance(segments, list):
        raise ProviderError("The transcript cannot be read.", kind="nonsense")
    turns = [
        turn
        for each in segments[:_TURNS_LIMIT]
        if isinstance(each, dict) and (turn := _turn(each))
    ]
    turns.sort(key=lambda turn: (turn["start_ms"], turn["end_ms"]))
    return {
        "language": reading.text(transcript, "language", [], limit=16),
        "duration_ms": _milliseconds(transcript, "duration"),
        "turns": turns,
    }


def _turn(segment: dict) -> dict | None:
    speaker = _SPEAKERS.get(reading.word(segment, "speaker", []))
    text = reading.text(segment, "text", [], limit=_TEXT_LIMIT)
    if not speaker or not text:
        return None
    start = _milliseconds(segment, "start")
    confidence = segment.get("confidence")
    if isinstance(confidence, bool) or not isinstance(confidence, int | float):
        confidence = None
    return {
        "speaker": speaker,
        "start_ms": start,
        "end_ms": max(start, _milliseconds(segment, "end")),
        "text": text,
        "confidence": confidence if confidence and 0 < confidence <= 1 else None,
    }


def _milliseconds(holder: dict, key: str) -> int:
    """Seconds with a fraction, as milliseconds; a day at the most."""
    value = holder.get(key)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return 0
    return int(min(max(value, 0), 86400) * 1000)
