"""Deepgram's live API, version 1: `GET /v1/listen` as a WebSocket."""

import time

from .hearing import Utterances
from .stream import ENCODINGS, Stream, bad_query, number, wanted, words_of

MODELS = ("nova-3", "nova-2", "nova-2-phonecall", "nova-2-general", "nova", "base")
KNOWN = {
    "model",
    "language",
    "encoding",
    "sample_rate",
    "channels",
    "multichannel",
    "interim_results",
    "endpointing",
    "utterance_end_ms",
    "vad_events",
    "punctuate",
    "smart_format",
    "numerals",
    "keyterm",
    "keywords",
    "redact",
    "tag",
    "mip_opt_out",
    "diarize",
    "version",
}
FINAL_EVERY = 3.0  # seconds of silence that are declared final at once
INTERIM_EVERY = 1.0


class Deepgram(Stream):
    vendor = "deepgram"

    def check(self) -> Utterances:
        query = self.query
        wanted({"model": "base", **query}, KNOWN, "model", MODELS)
        if "encoding" not in query:
            raise bad_query("`encoding` is needed for raw audio")
        wanted(query, KNOWN, "encoding", ENCODINGS)
        if "sample_rate" not in query:
            raise bad_query("`sample_rate` is required when `encoding` is set")
        rate = int(number(query, "sample_rate", 0, 8000, 48000))
        number(query, "channels", 1, 1, 1)
        silence = query.get("endpointing", "10")
        silence = (
            1e9 if silence == "false" else number(query, "endpointing", 10, 0, 1e4)
        )
        self._interim = query.get("interim_results") == "true"
        self._end_after = None
        if "utterance_end_ms" in query:
            if not self._interim:
                raise bad_query("`utterance_end_ms` needs `interim_results=true`")
            self._end_after = number(query, "utterance_end_ms", 0, 1000, 5000) / 1000
        self._final = True
        if self.desk.fault("speech_no_final", self.log):
            self._final = False
        self._told = self._interim_at = 0.0  # seconds declared final; told of
        self._last_word: float | None = None
        self._opened = time.time()
        return Utterances(rate, max(silence, 100))

    async def sound(self, found: list[tuple]) -> None:
        for kind, *rest in found:
            if kind == "end":
                await self._utterance(*rest)
            elif self.query.get("vad_events") == "true":
                await self.send(
                    {"type": "SpeechStarted", "channel": [0], "timestamp": rest[0]}
                )
        now = self.utterances.seconds
        if self.utterances.start is None and now - self._told >= FINAL_EVERY:
            await self._results("", self._told, now, final=True)
        elif self._interim and now - self._interim_at >= INTERIM_EVERY:
            await self._results("", self._told, now, final=False)
        over = self._end_after and self._last_word is not None
        if over and now - self._last_word >= self._end_after:
            last, self._last_word = self._last_word, None
            message = {"type": "UtteranceEnd", "channel": [0, 1]}
            await self.send({**message, "last_word_end": round(last, 2)})

    async def text(self, data: dict) -> bool:
        kind = data.get("type")
        if kind in ("Finalize", "CloseStream"):
            finalize = kind == "Finalize"
            for _kind, *rest in self.utterances.end():
                await self._utterance(*rest, from_finalize=finalize)
            now = self.utterances.seconds
            if now > self._told:
                await self._results("", self._told, now, True, from_finalize=finalize)
        if kind == "CloseStream":
            await self._metadata()
        return kind == "CloseStream"

    async def _utterance(self, start, end, pcm, from_finalize=False) -> None:
        pieces = await self.understood(pcm)
        step = (end - start) / max(1, len(pieces))
        for index, text in enumerate(pieces):
            last = index == len(pieces) - 1
            first, until = start + index * step, start + (index + 1) * step
            await self._results(
                text,
                *(first, until),
                final=True,
                speech_final=last and self._final,
                from_finalize=last and from_finalize,
            )
        if pieces:
            self._last_word = end
        self._told = self.utterances.seconds

    async def _results(
        self, text, start, end, final, speech_final=False, from_finalize=False
    ) -> None:
        if final:
            self._told = end
        self._interim_at = end
        best = {
            "transcript": text,
            "confidence": 0.98 if text else 0.0,
            "words": words_of(text, start, end),
        }
        model = self.query.get("model", "base")
        await self.send(
            {
                "type": "Results",
                "channel_index": [0, 1],
                "start": round(start, 3),
                "duration": round(end - start, 3),
                "is_final": final,
                "speech_final": speech_final,
                "from_finalize": from_finalize,
                "channel": {"alternatives": [best]},
                "metadata": {
                    "request_id": self.log.id,
                    "model_info": {"name": model, "version": "simulated"},
                    "model_uuid": "00000000-0000-0000-0000-000000000000",
                },
            }
        )

    async def _metadata(self) -> None:
        await self.send(
            {
                "type": "Metadata",
                "transaction_key": "deprecated",
                "request_id": self.log.id,
                "sha256": "0" * 64,
                "created": time.strftime(
                    "%Y-%m-%dT%H:%M:%SZ", time.gmtime(self._opened)
                ),
                "duration": self.log.audio_seconds,
                "channels": 1,
            }
        )
