"""What the speech vendors know: connections, spoken texts, turns to be heard."""

import time
import uuid
from collections import deque
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..faults import Fault
    from ..world import World

KEPT = 2000
FAULTS = (
    "speech_refuse",  # HTTP `status` (429) instead of the connection or the sound
    "speech_close",  # close `code` (1011) with `reason` after `after` s of audio (1)
    "speech_stall",  # says nothing more after `after` seconds of audio (1)
    "speech_error",  # an Error message `code`, `description` after `after` seconds
    "speech_no_final",  # Deepgram never says speech_final (as with a noisy line)
    "speech_bad_sound",  # ElevenLabs: `how` html, odd (half a sample) or cut
)


@dataclass
class Connection:
    """One stream or one spoken text; never with its key."""

    vendor: str  # deepgram, deepgram_flux, elevenlabs
    query: dict
    id: str = field(default_factory=lambda: uuid.uuid4().hex)
    at: float = field(default_factory=time.time)
    status: int = 0
    audio_seconds: float = 0.0
    messages: list[str] = field(default_factory=list)  # the client's, by type
    turns: list[str] = field(default_factory=list)  # told as final
    close_code: int = 0
    ended: float = 0.0
    body: dict = field(default_factory=dict)  # of a text to speak
    characters: int = 0
    fault: str = ""


class SpeechDesk:
    """Of one world: `connections` in order and the `script` of turns to hear."""

    def __init__(self, world: "World") -> None:
        self._world = world
        self.connections: list[Connection] = []
        self.script: deque[list[str]] = deque()

    def open(self, vendor: str, query: dict) -> Connection:
        """A new entry of the log."""
        connection = Connection(vendor, dict(query))
        self.connections.append(connection)
        del self.connections[:-KEPT]
        return connection

    def fault(self, kind: str, connection: Connection) -> "Fault | None":
        """The order of this kind for this vendor, used up; or None."""
        order = self._world.faults.one(kind, (connection.vendor,))
        if order:
            connection.fault = kind
        return order

    def tell(self, connection: Connection) -> None:
        """Say on the bus of events that something changed."""
        self._world.hub.send("speech", {"speech": asdict(connection)})

    def good_key(self, vendor: str, key: str) -> bool:
        switches = self._world.switches
        known = switches.elevenlabs_keys if vendor == "elevenlabs" else None
        known = switches.deepgram_keys if known is None else known
        return bool(key) and key in [part.strip() for part in known.split(",")]

    def next_script(self) -> list[str] | None:
        """The pieces of the next scripted turn, or None: recognise it."""
        return self.script.popleft() if self.script else None
