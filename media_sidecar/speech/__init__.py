"""Speech: what the sidecar says and what it understands.

Engines without keys are local; vendors are asked only when the settings of a call name
them, and their keys stay in memory.
"""

import asyncio
from pathlib import Path

from . import tts
from .errors import SpeechError
from .prompts import Prompts, speak_note
from .stt.transcriber import OnFailed, OnTurn, Transcriber
from .stt.workers import ENGINES, Workers

__all__ = ["Prompts", "Speech", "SpeechError", "Transcriber", "speak_note"]

ALWAYS = ({"music": "hold"}, {"tone": "beep"})


class Speech:
    """All speech of a media process: `prompts`, transcribers and voice notes.

    :param state_dir: prompts are kept in its folder `prompts`
    """

    def __init__(self, state_dir: Path) -> None:
        self.prompts = Prompts(state_dir / "prompts")
        self._workers = Workers()
        self._task: asyncio.Task | None = None

    def start(self) -> None:
        """Make ready in the background what each call may need."""
        self._task = asyncio.create_task(self.prompts.prepare(list(ALWAYS)))

    def transcriber(
        self, settings: dict, on_turn: OnTurn, on_failed: OnFailed
    ) -> Transcriber:
        """The live transcript of a call; see `Transcriber`."""
        return Transcriber(settings, on_turn, on_failed, self._workers)

    async def note(self, request: dict) -> bytes:
        """POST /v1/speech: an Ogg Opus file.

        :param request: {"text", "language"?, "voice"?, "tts"?}
        :raises SpeechError: with a plain sentence and the vendor's status
        """
        return await speak_note(
            str(request.get("text") or ""),
            request.get("language") or "en",
            request.get("voice") or "",
            request.get("tts"),
        )

    @staticmethod
    def engines() -> dict:
        """{"stt": [...], "tts": [...]}, as a unit reports them to Odoo."""
        return {"stt": list(ENGINES), "tts": tts.available()}

    async def close(self) -> None:
        if self._task:
            self._task.cancel()
        await self.prompts.close()
        await self._workers.close()
