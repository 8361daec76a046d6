"""Deepgram's live API, version 1 (Nova): `wss://api.deepgram.com/v1/listen`.

A turn is the pieces that are final, put together; it ends with `speech_final` or with
`UtteranceEnd`, because noise can keep `speech_final` from coming.
"""

import json
from urllib.parse import urlencode

from ..languages import deepgram as language_of
from .socket_engine import Lost, SocketEngine
from .turn import RATE, Listener, Turn

ENGINE = "deepgram"
URL = "wss://api.deepgram.com"
MODEL = "nova-3"
ENDPOINTING = 300  # ms of silence that end a turn; their default of 10 cuts sentences
UTTERANCE_END = 1000  # ms without a word, their least


def address_of(settings: dict) -> str:
    """The WebSocket's address without its path; may be written as that of a page."""
    address = (settings.get("url") or URL).rstrip("/")
    return f"ws{address[4:]}" if address.startswith("http") else address


class Deepgram(SocketEngine):
    vendor = "Deepgram"

    def __init__(self, settings: dict, listener: Listener) -> None:
        self._pieces: list[dict] = []
        super().__init__(settings, listener)

    def url(self) -> str:
        query = {
            "model": self.settings.get("model") or MODEL,
            "language": language_of(self.settings.get("language")),
            "encoding": "linear16",
            "sample_rate": RATE,
            "channels": 1,
            "interim_results": "true",  # utterance_end_ms needs them
            "endpointing": ENDPOINTING,
            "utterance_end_ms": UTTERANCE_END,
            "punctuate": "true",
            "smart_format": "true",
        }
        return f"{address_of(self.settings)}/v1/listen?{urlencode(query)}"

    def message(self, data: dict) -> None:
        kind = data.get("type")
        if kind == "Results" and data.get("is_final"):
            self._piece(data)
        elif kind == "UtteranceEnd":
            self.flush()
        elif kind == "Error":
            said = data.get("description") or data.get("message") or ""
            raise Lost(f"Deepgram reported an error: {str(said)[:300]}")

    def _piece(self, data: dict) -> None:
        start, length = float(data["start"]), float(data["duration"])
        best = (data.get("channel", {}).get("alternatives") or [{}])[0]
        if text := str(best.get("transcript") or "").strip():
            words = best.get("words") or [{"start": start, "end": start + length}]
            self._pieces.append(
                {
                    "text": text,
                    "start": self.timeline.call_ms(1000 * words[0]["start"]),
                    "end": self.timeline.call_ms(1000 * words[-1]["end"]),
                    "confidence": float(best.get("confidence") or 0),
                    "words": len(words),
                }
            )
        if data.get("speech_final") or data.get("from_finalize"):
            self.flush()
        self.backlog.settle(self.timeline.call_ms(1000 * (start + length)))

    def flush(self) -> None:
        pieces, self._pieces = self._pieces, []
        if not pieces:
            return
        words = sum(piece["words"] for piece in pieces)
        sure = sum(piece["confidence"] * piece["words"] for piece in pieces) / words
        text = " ".join(piece["text"] for piece in pieces)
        self.told(Turn(text, pieces[0]["start"], pieces[-1]["end"], round(sure, 3)))

    def keep_alive(self, connection) -> None:
        # a text frame: as a binary one it would be taken for audio
        connection.send(json.dumps({"type": "KeepAlive"}))

    def end_turn(self, connection) -> None:
        connection.send(json.dumps({"type": "Finalize"}))
