"""What tests of recordings share: a listener, and a recording of a call."""

import hashlib

LISTENERS = "whatsapp_calling.group_recordings"


def sound(size):
    """Bytes that stand for an Ogg file; no two chunks are alike."""
    blocks = (hashlib.sha256(b"sound %d" % i).digest() for i in range(-(-size // 32)))
    return b"".join(blocks)[:size]


class RecordingMixin:
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.whatsapp_calling_recording_enabled = True
        cls.number.write({"record_agent": True, "record_caller": True})

    def listener(self, user):
        """The same user, who may listen."""
        user.group_ids |= self.env.ref(LISTENERS)
        return user

    def finished(self, **members):
        """A call of Eva with Anna that is over."""
        call = self.answered(**members)
        self.deliver_end(call)
        return call

    def deliver_end(self, call):
        call._note_facts(terminated_at=call._moment(None))

    def recording(self, call, track="mix", kind="call", content=None, **values):
        """A recording of a call, as it is when it has come."""
        recording = self.env["whatsapp.call.recording"]._store_plain(
            call,
            track,
            kind,
            sound(1000) if content is None else content,
            **{"duration_ms": 4000, "peaks": [0, 255], **values},
        )
        call.recording_state = "stored"
        return recording

    def turn(self, call, text="Hello", **values):
        values = {"speaker": "caller", "start_ms": 0, "end_ms": 900, **values}
        call.has_transcript = True
        return self.env["whatsapp.call.turn"].create(
            {"call_id": call.id, "text": text, **values}
        )

    def listens(self, recording):
        """[(who, how)] of the log, oldest first."""
        lines = self.env["whatsapp.call.listen"].search(
            [("recording_id", "=", recording.id)], order="id"
        )
        return [(line.user_id, line.how) for line in lines]
