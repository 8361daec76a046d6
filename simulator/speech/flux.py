"""Deepgram Flux: `GET /v2/listen` as a WebSocket that tells turns."""

from .hearing import Utterances
from .stream import ENCODINGS, Stream, bad_query, number, wanted, words_of

ENGLISH, OTHERS = "flux-general-en", "flux-general-multi"
KNOWN = {
    "model",
    "encoding",
    "sample_rate",
    "eot_threshold",
    "eager_eot_threshold",
    "eot_timeout_ms",
    "language_hint",
    "keyterm",
    "tag",
    "mip_opt_out",
}
END_MS = 400  # of silence end a turn
UPDATE_EVERY = 0.25  # seconds of audio


class Flux(Stream):
    vendor = "deepgram_flux"

    def check(self) -> Utterances:
        query = self.query
        model = wanted(query, KNOWN, "model", (ENGLISH, OTHERS))
        wanted(query, KNOWN, "encoding", ENCODINGS)
        if "sample_rate" not in query:
            raise bad_query("`sample_rate` is required when `encoding` is set")
        number(query, "eot_threshold", 0.7, 0.5, 1.0)
        number(query, "eager_eot_threshold", 0.5, 0.3, 0.9)
        number(query, "eot_timeout_ms", 5000, 500, 60000)
        if "language_hint" in query and model != OTHERS:
            raise bad_query(f"`language_hint` is for {OTHERS} only")
        self._sequence = self._turn = 0
        self._window = self._updated = 0.0
        return Utterances(int(number(query, "sample_rate", 0, 8000, 48000)), END_MS)

    async def opened(self) -> None:
        await self._tell({"type": "Connected"})

    async def sound(self, found: list[tuple]) -> None:
        for kind, *rest in found:
            if kind == "start":
                self._window = rest[0]
                await self._info("StartOfTurn", "", rest[0], self.utterances.seconds)
            else:
                await self._ended("model", *rest)
        now = self.utterances.seconds
        if now - self._updated >= UPDATE_EVERY:
            self._updated = now
            await self._info("Update", "", self._window, now)

    async def text(self, data: dict) -> bool:
        kind = data.get("type")
        if kind not in ("CloseStream", "ForceEndTurn", "Configure"):
            said = "The message could not be parsed."
            await self.error("UNPARSABLE_CLIENT_MESSAGE", said)
            return False
        if kind != "Configure":
            for _kind, *rest in self.utterances.end():
                await self._ended("manual", *rest)
        return kind == "CloseStream"

    async def _ended(self, trigger: str, start: float, end: float, pcm: bytes) -> None:
        text = " ".join(await self.understood(pcm))
        now = self.utterances.seconds
        await self._info("EndOfTurn", text, start, now, end, trigger)
        self._turn += 1
        self._window = now

    async def _info(self, event, text, start, now, end=None, trigger=None) -> None:
        words = words_of(text, start, end or now)
        for word in words:
            word.pop("punctuated_word")
        message = {
            "type": "TurnInfo",
            "event": event,
            "turn_index": self._turn,
            "audio_window_start": round(start, 3),
            "audio_window_end": round(now, 3),
            "transcript": text,
            "words": words,
            "end_of_turn_confidence": 0.9 if event == "EndOfTurn" else 0.1,
        }
        if trigger:
            message["trigger"] = trigger
        if self.query["model"] == OTHERS:
            message["languages"] = [self.query.get("language_hint", "en")]
        await self._tell(message)

    async def _tell(self, data: dict) -> None:
        data |= {"request_id": self.log.id, "sequence_id": self._sequence}
        self._sequence += 1
        await self.send(data)
