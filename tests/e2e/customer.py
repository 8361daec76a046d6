"""A customer: a phone of the simulator and what it sees of the business."""

import itertools

from tests.waiting import wait_until
from tools import listening

BUSINESS = "43720880100"
SECOND_BUSINESS = "34911980100"
TONE = 440  # Hz of the customers' phones
_new = itertools.count(1)


class Customer:
    """One phone. `call()` and what the business does make `ref`, the call's id."""

    def __init__(self, simulator, wa_id=None, **behaviour):
        self.simulator = simulator
        self.wa_id = wa_id or f"43699{next(_new):07d}"
        self.ref = None
        self.behave(**behaviour)

    def behave(self, **behaviour):
        """answer_after, reject_after, permission_reply, … of the simulator."""
        values = {"behaviour": {"tone": TONE, "loop": True, **behaviour}}
        self.simulator.control("POST", f"phones/{self.wa_id}", values)
        return self

    def call(self, to=BUSINESS, **more):
        call = {"from": self.wa_id, "to": to, "tone": TONE, "loop": True, **more}
        self.ref = self.simulator.control("POST", "calls", call)["wacid"]
        return self

    def is_called(self, seconds=10):
        """Wait until the business calls this phone."""

        def found():
            path = f"calls?live=1&wa_id={self.wa_id}"
            calls = self.simulator.control("GET", path)
            return [call for call in calls if call["direction"] == "outbound"]

        self.ref = wait_until(found, seconds, "a call to the phone")[-1]["wacid"]
        return self

    def act(self, action, **more):
        """answer, hangup, reject, dtmf, mute."""
        path = f"calls/{self.ref}/{action}"
        return self.simulator.control("POST", path, more)

    @property
    def view(self):
        """The call as WhatsApp knows it."""
        return self.simulator.control("GET", f"calls/{self.ref}")

    def wait_for_state(self, *states, seconds=10):
        return wait_until(
            lambda: self.view["state"] in states and self.view,
            seconds,
            f"{states} at WhatsApp",
        )

    def requests(self, *actions):
        """What Graph received about this call, in order; "body" is what was sent."""
        return [
            entry
            for entry in self.simulator.control("GET", "requests")
            if self.ref in (entry.get("call_id"), entry.get("body", {}).get("call_id"))
            and (not actions or entry["action"] in actions)
        ]

    def actions(self):
        return [entry["action"] for entry in self.requests()]

    def hears(self, hertz, seconds=10):
        """Wait until the last half second of what arrived is this tone (0: silence)."""

        def pitch():
            wav = self.simulator.control("GET", f"calls/{self.ref}/heard.wav")
            return (listening.pitch_of_wav(wav, 0.5),)

        wait_until(
            lambda: listening.is_pitch(pitch()[0], hertz), seconds, f"{hertz} Hz"
        )

    def chat(self):
        """Messages of the business, oldest first."""
        messages = self.simulator.control("GET", f"phones/{self.wa_id}/chat")
        return [message for message in messages if message["from"] == "business"]

    def allows_calls(self, status="permanent"):
        """Gives the business its permission, which WhatsApp tells the business."""
        values = {"wa_id": self.wa_id, "status": status, "webhook": True}
        self.simulator.control("POST", "permissions", values)
        return self
