"""What the sidecar says: prompts as Opus packets, made once and kept.

A PROMPT is {"text", "language", "voice"?}, {"music": "hold"|"quiet"} or
{"tone": "beep"}.
"""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import numpy as np

from . import music, tts
from .errors import SpeechError
from .prompt_files import PromptFiles, key_of
from .sound import PacketMaker, encode, encode_loop, voice_note

logger = logging.getLogger(__name__)

IN_MEMORY = 12 * 1024 * 1024  # bytes of packets, an hour and a quarter
BUILT_IN = {
    ("music", "hold"): lambda: encode_loop(music.hold()),
    ("music", "quiet"): lambda: encode_loop(music.quiet()),
    ("tone", "beep"): lambda: encode(music.beep()),
}

Failed = Callable[[dict], None]


class Prompts:
    """All prompts of a process.

    :param folder: where they are kept; bounded, see `PromptFiles`
    """

    def __init__(self, folder: Path) -> None:
        self._files = PromptFiles(folder)
        self._memory: OrderedDict[str, list[bytes]] = OrderedDict()
        self._size = 0
        self._making: dict[str, asyncio.Task] = {}

    async def packets(
        self, prompt: dict, speech: dict | None = None, on_failed: Failed | None = None
    ) -> list[bytes]:
        """Opus packets of 20 ms, mono, about 20 kbps; from the cache when it is there.

        :param speech: the call's `settings["speech"]`, of which "tts" counts
        :param on_failed: told (the data of `tts_failed`) when the chosen engine
            failed and the local voice speaks instead; that is not cached
        :raises SpeechError: nobody can speak it
        """
        speech = speech or {}
        key = key_of(prompt, speech)
        found = await self._kept(key)
        if found is not None:
            return found
        if key not in self._making:
            task = asyncio.create_task(self._make(key, prompt, speech))
            self._making[key] = task
            task.add_done_callback(lambda _task: self._making.pop(key, None))
        try:
            return await asyncio.shield(self._making[key])
        except SpeechError as error:
            if error.engine == "local" or "text" not in prompt:
                raise
            if on_failed:
                on_failed({**error.data(), "instead": "local"})
            return await self.packets(prompt, {})

    def ready(self, prompt: dict, speech: dict | None = None) -> list[bytes] | None:
        """The packets if they are in memory; None otherwise. Never blocks."""
        return self._memory.get(key_of(prompt, speech or {}))

    async def stream(
        self, prompt: dict, speech: dict | None = None, on_failed: Failed | None = None
    ) -> AsyncIterator[list[bytes]]:
        """The same in pieces, the first one as early as the engine gives it.

        When the engine fails before it said anything the local voice takes over; when
        it fails later the rest is missing and SpeechError is raised.
        """
        speech = speech or {}
        key = key_of(prompt, speech)
        found = await self._kept(key)
        if found is not None or "text" not in prompt or key in self._making:
            yield found or await self.packets(prompt, speech, on_failed)
            return
        packets: list[bytes] = []
        try:
            async for piece in _spoken(prompt, speech):
                packets += piece
                yield piece
        except SpeechError as error:
            if packets or error.engine == "local":
                raise
            if on_failed:
                on_failed({**error.data(), "instead": "local"})
            async for piece in self.stream(prompt, {}):
                yield piece
            return
        await self._keep(key, packets)

    async def prepare(self, prompts: list[dict], speech: dict | None = None) -> None:
        """Make them ready before they are needed; what fails is tried again then."""
        for prompt in prompts:
            try:
                await self.packets(prompt, speech)
            except SpeechError as error:
                logger.warning("A prompt could not be prepared: %s", error.message)

    async def close(self) -> None:
        """Give up what is being made."""
        tasks = list(self._making.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _kept(self, key: str) -> list[bytes] | None:
        if key in self._memory:
            self._memory.move_to_end(key)
            return self._memory[key]
        packets = await asyncio.to_thread(self._files.load, key)
        if packets is not None:
            self._remember(key, packets)
        return packets

    async def _make(self, key: str, prompt: dict, speech: dict) -> list[bytes]:
        if "text" in prompt:
            packets = []
            async for piece in _spoken(prompt, speech):
                packets += piece
        else:
            packets = await asyncio.to_thread(_built_in(prompt))
        await self._keep(key, packets)
        return packets

    async def _keep(self, key: str, packets: list[bytes]) -> None:
        self._remember(key, packets)
        try:
            await asyncio.to_thread(self._files.save, key, packets)
        except OSError as error:  # a full disk costs the cache, not the call
            logger.warning("A prompt could not be kept: %s", error.strerror)

    def _remember(self, key: str, packets: list[bytes]) -> None:
        self._size -= sum(map(len, self._memory.get(key, ())))
        self._memory[key] = packets
        self._size += sum(map(len, packets))
        while self._size > IN_MEMORY and len(self._memory) > 1:
            _key, dropped = self._memory.popitem(last=False)
            self._size -= sum(map(len, dropped))


def _built_in(prompt: dict) -> Callable[[], list[bytes]]:
    for name in prompt.items():
        if name in BUILT_IN:
            return BUILT_IN[name]
    raise SpeechError("local", "This is no prompt: it has no text, music or tone.")


async def _spoken(prompt: dict, speech: dict) -> AsyncIterator[list[bytes]]:
    """Packets of a text as they come; encoding is done beside the loop."""
    maker = PacketMaker()
    language, voice = prompt.get("language") or "en", prompt.get("voice") or ""
    async for pcm in tts.speak(prompt["text"], language, voice, speech.get("tts")):
        if packets := await asyncio.to_thread(maker.push, pcm):
            yield packets
    if packets := maker.finish():
        yield packets


async def speak_note(
    text: str, language: str, voice: str = "", settings: dict | None = None
) -> bytes:
    """An Ogg Opus file of a text (mono, about 20 kbps): WhatsApp's voice message.

    Not cached: such a text is about one customer. Raises SpeechError.
    """
    parts = [part async for part in tts.speak(text, language, voice, settings)]
    return await asyncio.to_thread(voice_note, np.concatenate(parts))
