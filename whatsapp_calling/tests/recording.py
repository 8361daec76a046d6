"""What tests of recordings share: a listener, and a recording of a call."""

import hashlib
import json
import time
import uuid

from odoo import fields

from ..tools import sealed_file
from ..tools.sidecar_signature import signed_headers

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
        return self.env["whatsapp.call.recording"]._store_plain(
            call,
            track,
            kind,
            sound(1000) if content is None else content,
            **{"duration_ms": 4000, "peaks": [0, 255], **values},
        )

    def turn(self, call, text="Hello", **values):
        values = {"speaker": "caller", "start_ms": 0, "end_ms": 900, **values}
        return self.env["whatsapp.call.turn"].create(
            {"call_id": call.id, "text": text, **values}
        )

    def listens(self, recording):
        """[(who, how)] of the log, oldest first."""
        lines = self.env["whatsapp.call.listen"].search(
            [("recording_id", "=", recording.id)], order="id"
        )
        return [(line.user_id, line.how) for line in lines]


class SidecarMixin(RecordingMixin):
    """A media sidecar that is up, and calls that go through it."""

    SECRET = "sidecar-secret-of-the-tests-0123456789"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.sidecar = cls._sidecar("rec-sidecar", cls.SECRET)
        cls.unit = cls.sidecar.unit_ids

    @classmethod
    def _sidecar(cls, ref, secret):
        sidecar = cls.env["whatsapp.media.sidecar"].create(
            {"name": f"Sidecar {ref}", "ref": ref, "secret": secret}
        )
        cls.env["whatsapp.media.unit"].create(
            {
                "sidecar_id": sidecar.id,
                "unit": "one",
                "url": "http://127.0.0.1:9",
                "capacity": 10,
                "seen_at": fields.Datetime.now(),
            }
        )
        return sidecar

    def anchored(self, **members):
        """A call of Eva with Anna that goes through the sidecar, which was told of it.

        :return: (call, RECORD as the sidecar got it)
        """
        call = self.answered(**members)
        call.write(
            {
                "anchored": True,
                "media_ref": uuid.uuid4().hex,
                "media_unit_id": self.unit.id,
            }
        )
        record = call._media_record()
        self.env.flush_all()
        return call, record

    def happens(self, call, kind, at=None, **data):
        """The sidecar reports an event of a call; the id it has."""
        event = {
            "id": uuid.uuid4().hex,
            "call": call.media_ref,
            "at": at or time.time(),
            "kind": kind,
            "data": data,
        }
        taken, strange = self.env["whatsapp.call"]._media_events(self.sidecar, [event])
        self.assertEqual((taken, strange), ([event["id"]], 0))
        return event

    def recorded_by_sidecar(self, record, contents, **more):
        """What the sidecar has when a call is over: its files and what it says of them.

        :param contents: {track: bytes}
        :return: ({track: sealed bytes}, body of `finish`)
        """
        key, uid = sealed_file.new_key(), record["recording"]
        files = {
            track: sealed_file.seal(content, key, track)
            for track, content in contents.items()
        }
        told = {
            "call": "",
            "kind": "call",
            "sealed_key": sealed_file.seal_key(key, record["key"], uid),
            "tracks": [
                {
                    "track": track,
                    "size": len(sealed),
                    "sha256": hashlib.sha256(sealed).hexdigest(),
                    "plain_size": len(contents[track]),
                    "duration_ms": 4000,
                    "expected_ms": 4020,
                    "peaks": [0, 17, 255],
                    "gaps": [[1000, 2000]],
                }
                for track, sealed in files.items()
            ],
            "started": 1790000000.5,
            "recovered": False,
            **more,
        }
        return files, told

    # ---- over HTTP

    def signed(self, method, path, body, ref="rec-sidecar", secret=SECRET):
        """What the sidecar asks, signed: (status, JSON)."""
        path = f"/whatsapp_calling/media/{ref}/{path}"
        body = body if isinstance(body, bytes) else json.dumps(body).encode()
        headers = {
            "Content-Type": "application/octet-stream",
            **signed_headers(ref, secret, method, path, body),
        }
        answer = self.opener.request(
            method, self.base_url() + path, data=body, headers=headers, timeout=20
        )
        return answer.status_code, answer.json()

    def put(self, uid, track, offset, piece, **kw):
        path = f"recordings/{uid}/{track}?offset={offset}&call=x"
        return self.signed("PUT", path, piece, **kw)

    def finish(self, uid, told, **kw):
        return self.signed("POST", f"recordings/{uid}/finish", told, **kw)

    def hand_over(self, record, contents, **more):
        """The sidecar hands a recording over, as it does after a call."""
        uid = record["recording"]
        files, told = self.recorded_by_sidecar(record, contents, **more)
        for track, sealed in files.items():
            self.assertEqual(self.put(uid, track, 0, sealed)[0], 200)
        self.assertEqual(self.finish(uid, told), (200, {"ok": True}))
