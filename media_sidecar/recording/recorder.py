"""Records one call: takes packets on the media loop, leaves the disk to the writer.

Packets are kept as they are, each with its place on one time line for all tracks
(`placing`), in an encrypted journal (`journal`). Ogg files are made of it when the call
is over (`finishing`).
"""

import base64
import errno
import logging
import os
import secrets
import time
from collections import deque
from collections.abc import Callable

from media_sidecar.recording import journal, keys
from media_sidecar.recording.folder import DISCARDED, PURGED, Folder
from media_sidecar.recording.opus_packet import RATE
from media_sidecar.recording.placing import Placer
from media_sidecar.recording.sealed import TRACKS
from media_sidecar.recording.writer import Writer

logger = logging.getLogger(__name__)

# Below this the disk counts as full: what lies there must still be finished.
LEAST_FREE = 64 * 1024 * 1024
# Two packets per 20 ms for 30 s: a disk that takes longer than that has failed.
MOST_WAITING = 3000
_LOOK = 1.0  # seconds between two syncs and looks at the disk's free space
# what `on_failed` is told
DISK_FULL, DISK_ERROR, DISK_SLOW, KEY_ERROR = (
    "disk_full",
    "disk_error",
    "disk_slow",
    "key_error",
)
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class Recorder:
    """`start()`, then `caller()` and `agent()` per packet, then `stop()`/`discard()`.

    Every method is cheap, never waits, and does nothing when it comes at the wrong
    time (twice, after the end). Call them from one thread: the media loop.

    :param folder: of the recording, not made yet
    :param record: RECORD as Odoo sends it: `agent`, `caller` (bool), `key` (base64 of
        Odoo's X25519 public key)
    :param call: the call's media_ref
    :param kind: "call" or "voicemail"
    :param on_failed: called with a reason when nothing more is recorded, on the
        writer's thread; the call goes on
    :param on_closed: called with this recorder when its files are written and closed,
        on the writer's thread
    :param clock: seconds that only grow, the one of `Packet.arrived`
    """

    def __init__(
        self,
        folder: Folder,
        record: dict,
        clock: Callable[[], float] = time.monotonic,
        *,
        call: str,
        local_key: keys.LocalKey,
        writer: Writer,
        kind: str = "call",
        on_failed: Callable[[str], None] | None = None,
        on_closed: Callable[["Recorder"], None] | None = None,
        least_free: int = LEAST_FREE,
    ) -> None:
        self.folder = folder
        self.call = call
        self.kind = kind
        self.tracks = [name for name in ("agent", "caller") if record.get(name)]
        self.state = "new"  # recording, paused, failed, stopped, discarded
        self.reason = ""  # why it failed
        self._odoo_key = base64.b64decode(record["key"])
        self._clock = clock
        self._local_key = local_key
        self._writer = writer
        self._on_failed = on_failed
        self._on_closed = on_closed
        self._least_free = least_free
        self._waiting: deque[journal.Entry] = deque()
        self._placers = {name: Placer() for name in self.tracks}
        self._zero = clock()
        self._started = time.time()
        self._from = 0  # nothing said before this may be kept
        self._journal: journal.Journal | None = None
        self._opened = False
        self._closed = False
        self._erase = ""
        self._looked = 0.0

    @property
    def running(self) -> bool:
        return self.state in ("recording", "paused")

    @property
    def offset_ms(self) -> int:
        """How far the recording is."""
        return max(0, self._now() * 1000 // RATE)

    def start(self, zero: float | None = None) -> None:
        """Record from now on.

        :param zero: the clock when the recording's time began, now if left out. From
            there to now the files are silent, so that they keep step with the call.
        """
        if self.state != "new":
            return
        self._zero = self._clock() if zero is None else zero
        self._from = self._now()
        self._started = time.time() - (self._clock() - self._zero)
        self.state = "recording"
        self._writer.add(self)

    def caller(self, packet) -> None:
        """A `media_sidecar.rtc.packet.Packet` as it arrived, in whatever order."""
        if not packet.dtmf:
            self._keep("caller", packet.payload, packet.timestamp, packet.arrived)

    def agent(self, payload: bytes, timestamp: int) -> None:
        """An Opus packet we send now; its RTP time in samples of 48 kHz."""
        self._keep("agent", payload, timestamp, None)

    def pause(self) -> None:
        """Keep nothing until `resume()`; all tracks have the gap."""
        if self.state == "recording":
            self.state = "paused"
            self._mark(journal.PAUSED)

    def resume(self) -> None:
        if self.state == "paused":
            self._from = self._now()
            self._mark(journal.RESUMED)
            self.state = "recording"

    def stop(self) -> None:
        """The end. The writer closes the files, then `on_closed` is called."""
        if self.state in ("recording", "paused", "failed"):
            self._mark(journal.STOPPED)
            self.state = "stopped"
            self._writer.wake()

    def discard(self) -> None:
        """Consent was refused: destroy the key and all that was written."""
        self._end(DISCARDED)

    def purge(self) -> None:
        """Odoo wants nothing of this call to remain."""
        self._end(PURGED)

    def work(self) -> bool:
        """One turn of the writer's thread: write what waits. False: no more to do."""
        if self._closed:
            return False
        if self._erase or self.state == "stopped":
            self._close()
            return False
        if self.state == "failed":
            self._waiting.clear()
            return True
        try:
            self._open()
            self._flush()
        except (keys.KeyLost, ValueError) as error:
            self._fail(KEY_ERROR, error)
        except OSError as error:
            self._fail(DISK_FULL if error.errno in _FULL else DISK_ERROR, error)
        return True

    def _end(self, why):
        if self._erase:
            return
        again = self.state == "new" or self._closed
        self._erase, self._closed = why, False
        self.state = "discarded"
        self._waiting.clear()
        if again:
            self._writer.add(self)
        self._writer.wake()

    def _now(self):
        return self._place(self._clock())

    def _place(self, seconds):
        return round((seconds - self._zero) * RATE)

    def _keep(self, name, payload, timestamp, arrived):
        placer = self._placers.get(name)
        if placer is None or not self.running:
            return
        at = self._now() if arrived is None else self._place(arrived)
        position = placer.place(timestamp, at)
        # What was said before a resume may arrive after it: card numbers end late.
        if self.state == "recording" and position >= self._from:
            self._waiting.append((TRACKS[name], position, payload))
            if len(self._waiting) > MOST_WAITING:
                self._fail(DISK_SLOW)

    def _mark(self, name):
        self._waiting.append((journal.MARK, self._now(), name))

    def _fail(self, reason, error=None):
        """Nothing more is recorded; what was written is kept for the end."""
        if self.state not in ("recording", "paused"):
            return
        self.state, self.reason = "failed", reason
        logger.error("recording %s failed: %s", self.folder.uid, reason, exc_info=error)
        if self._on_failed:
            self._on_failed(reason)

    def _open(self):
        if self._opened:
            return
        self._opened = True
        folder, key = self.folder, secrets.token_bytes(keys.KEY_SIZE)
        folder.make()
        self._look()
        # the key first: a journal without it would be noise
        (folder / "key").write_bytes(self._local_key.wrap(key, folder.uid))
        folder.write("recording.json", self._about(key))
        self._journal = journal.Journal(folder / "journal", key)

    def _about(self, key):
        uid = self.folder.uid
        sealed = keys.seal_key(key, self._odoo_key, uid) if key else b""
        return {
            "call": self.call,
            "kind": self.kind,
            "tracks": self.tracks,
            "started": self._started,
            "sealed_key": base64.b64encode(sealed).decode(),
        }

    def _flush(self, last=False):
        if not self._journal:  # it failed at the beginning
            return
        entries = []
        while self._waiting:
            entries.append(self._waiting.popleft())
        if not last:
            entries.append((journal.MARK, self._now(), journal.NOW))
        self._journal.append(entries)
        due = self._clock() - self._looked >= _LOOK
        if last or (due and self._writer.may_sync()):
            self._journal.sync()
            self._look()

    def _look(self):
        self._looked = self._clock()
        disk = os.statvfs(self.folder.path)
        if disk.f_bavail * disk.f_frsize < self._least_free:
            self._fail(DISK_FULL)

    def _close(self):
        """Write the end or destroy it all; on the writer's thread, once."""
        self._closed = True
        try:
            if self._erase:
                self._destroy()
            else:
                self._open()  # a call that was over before the writer's turn
                self._flush(last=True)
        except (OSError, ValueError, keys.KeyLost) as error:
            logger.error("recording %s: its end: %s", self.folder.uid, error)
        finally:
            if self._journal:
                self._journal.close()
                self._journal = None
            self.folder.release()
        if self._on_closed:
            self._on_closed(self)

    def _destroy(self):
        if not self._opened:
            self._opened = True
            self.folder.make()
            self.folder.write("recording.json", self._about(b""))
        self.folder.erase(self._erase)
