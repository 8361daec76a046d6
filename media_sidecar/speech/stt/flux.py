"""Deepgram Flux: `wss://api.deepgram.com/v2/listen`, which knows when a turn ends."""

import json
from urllib.parse import urlencode

from ..languages import base, is_english
from .deepgram import address_of
from .socket_engine import Lost, SocketEngine
from .turn import BYTES_MS, RATE, Listener, Turn

ENGINE = "deepgram_flux"
ENGLISH, OTHERS = "flux-general-en", "flux-general-multi"
SILENCE = 500  # ms of it keep the stream alive; Flux knows no KeepAlive


class Flux(SocketEngine):
    vendor = "Deepgram Flux"

    def __init__(self, settings: dict, listener: Listener) -> None:
        self._started: float | None = None  # seconds of the stream
        self._latest: dict = {}
        super().__init__(settings, listener)

    def url(self) -> str:
        language = self.settings.get("language")
        model = self.settings.get("model")
        if not model:
            model = ENGLISH if is_english(language) else OTHERS
        query = {"model": model, "encoding": "linear16", "sample_rate": RATE}
        if model == OTHERS:
            query["language_hint"] = base(language)
        return f"{address_of(self.settings)}/v2/listen?{urlencode(query)}"

    def connected(self) -> None:
        self._started, self._latest = None, {}

    def message(self, data: dict) -> None:
        if data.get("type") == "Error":
            said = f"{data.get('code', '')} {data.get('description', '')}".strip()
            raise Lost(f"Deepgram Flux reported an error: {said[:300]}")
        if data.get("type") != "TurnInfo":
            return
        event = data.get("event")
        if event == "StartOfTurn":
            self._started = self._start_of(data)
        if event == "EndOfTurn":
            self._latest = data
            self.flush()
            self._settle(data)
        elif data.get("transcript"):
            self._latest = data
        elif self._started is None:
            self._settle(data)  # silence: nothing to be heard again

    def _settle(self, data: dict) -> None:
        end = 1000 * float(data.get("audio_window_end") or 0)
        self.backlog.settle(self.timeline.call_ms(end))

    def _start_of(self, data: dict) -> float:
        words = data.get("words") or [{}]
        return float(words[0].get("start", data.get("audio_window_start") or 0))

    def flush(self) -> None:
        data, self._latest = self._latest, {}
        started, self._started = self._started, None
        text = str(data.get("transcript") or "").strip()
        if not text:
            return
        words = data.get("words") or []
        if started is None or "start" in (words or [{}])[0]:
            started = self._start_of(data)
        end = float((words or [{}])[-1].get("end", data.get("audio_window_end") or 0))
        sure = [float(word.get("confidence") or 0) for word in words]
        self.told(
            Turn(
                text,
                self.timeline.call_ms(1000 * started),
                self.timeline.call_ms(1000 * end),
                round(sum(sure) / len(sure), 3) if sure else None,
            )
        )

    def keep_alive(self, connection) -> None:
        self.timeline.fill(SILENCE)
        connection.send_binary(bytes(SILENCE * BYTES_MS))

    def end_turn(self, connection) -> None:
        connection.send(json.dumps({"type": "ForceEndTurn"}))
