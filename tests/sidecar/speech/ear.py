"""A listener that remembers, and the vendors of the simulator."""

from tests.waiting import wait_until


class Ear:
    """See `media_sidecar.speech.stt.turn.Listener`."""

    def __init__(self):
        self.turns, self.gaps, self.failures, self.starts = [], [], [], []

    def turn(self, turn):
        self.turns.append(turn)

    def gap(self, from_ms, to_ms, reason):
        self.gaps.append((from_ms, to_ms, reason))

    def speech(self, start_ms):
        self.starts.append(start_ms)

    def failed(self, status, message):
        self.failures.append((status, message))

    @property
    def texts(self):
        return [turn.text for turn in self.turns]


class Vendors:
    def __init__(self, simulator):
        self.simulator = simulator
        self.http = simulator.url.replace("localhost", "127.0.0.1")

    def settings(self, engine="deepgram", **more):
        """TRANSCRIBE for the simulator's Deepgram."""
        key = "demo-deepgram-key"
        basic = {"engine": engine, "language": "en_US", "key": key, "url": self.http}
        return {**basic, **more}

    def voice(self, **more):
        """`settings["speech"]` for the simulator's ElevenLabs."""
        key = "demo-elevenlabs-key"
        return {"tts": {"engine": "elevenlabs", "key": key, "url": self.http, **more}}

    def script(self, *turns):
        self.simulator.control("POST", "speech", {"turns": list(turns)})

    def order(self, kind, **values):
        self.simulator.control("POST", "faults", {"kind": kind, **values})

    def set(self, **settings):
        self.simulator.control("POST", "settings", settings)

    @property
    def log(self):
        return self.simulator.control("GET", "speech")

    def wait_for(self, check, what):
        """The log once `check(log)` is true."""
        return wait_until(lambda: check(rows := self.log) and rows, what=what)
