"""What speech-to-text vendors have in common: one WebSocket, one thread, no loop.

A thread of its own holds the socket. When the connection is lost a new one gets what
the vendor had not answered for (at most 15 s of it); what is lost is told as a gap.
The key is in the headers only and in no text that leaves here.
"""

import contextlib
import json
import select
import socket
import struct
import threading
import time

import websocket

from .backlog import Backlog
from .timeline import Timeline
from .turn import BYTES_MS, Listener, Turn

CONNECT = 5.0  # seconds
STALL = 10.0  # seconds without a message while audio goes out
GIVE_UP = 45.0  # seconds without a connection that works
LAST_WORDS = 4.0  # seconds to wait for the end of what was said
BACK_OFF = (0.0, 0.5, 1.0, 2.0, 4.0, 8.0)  # seconds
QUIET = 4.0  # seconds without audio until the connection is kept alive
FATAL = (400, 401, 402, 403, 404)


class Lost(Exception):
    """The connection is over; `fatal` when another one would end the same way."""

    def __init__(self, message: str, status: int = 0, fatal: bool = False) -> None:
        super().__init__(message)
        self.status = status
        self.fatal = fatal


class SocketEngine:
    """One speaker's stream; see `turn.Engine`. A vendor's file says the rest.

    :param settings: {"language", "key", "url"?, "model"?}
    """

    vendor = ""

    def __init__(self, settings: dict, listener: Listener) -> None:
        self.settings = settings
        self.listener = listener
        self.backlog = Backlog()
        self.timeline = Timeline()
        self._closing = threading.Event()
        self._pausing = threading.Event()
        self._failed = False
        self._bad_data = 0
        self._heard_at = self._sent_at = 0.0
        # written to when there is something to do: the thread waits on both sockets
        self._wake, self._woken = socket.socketpair()
        self._wake.setblocking(False)
        self._thread = threading.Thread(target=self._run, name=self.vendor, daemon=True)
        self._thread.start()

    # -- for the caller --------------------------------------------------------------
    def audio(self, pcm: bytes, start_ms: int) -> None:
        self.backlog.add(pcm, start_ms)
        self._nudge()

    def pause(self) -> None:
        """Nothing comes for a while: end the turn that is open."""
        self._pausing.set()
        self._nudge()

    def close(self) -> None:
        self._closing.set()
        self._nudge()
        self._thread.join(LAST_WORDS + CONNECT + 1)

    def _nudge(self) -> None:
        with contextlib.suppress(OSError):  # full: it will wake anyhow
            self._wake.send(b"\0")

    # -- what a vendor's file says ---------------------------------------------------
    def url(self) -> str:
        raise NotImplementedError

    def connected(self) -> None:
        """On a new connection: what the last one had not settled comes again."""

    def message(self, data: dict) -> None:
        """Take a message; raises Lost when it says that all is over."""
        raise NotImplementedError

    def keep_alive(self, connection: websocket.WebSocket) -> None:
        raise NotImplementedError

    def end_turn(self, connection: websocket.WebSocket) -> None:
        """Ask for the end of the turn that is open."""
        raise NotImplementedError

    def end_stream(self, connection: websocket.WebSocket) -> None:
        connection.send(json.dumps({"type": "CloseStream"}))

    def flush(self) -> None:
        """Tell the turn that is open: nothing more will come of it."""
        raise NotImplementedError

    # -- the thread ------------------------------------------------------------------
    def _run(self) -> None:
        working_at, tries, reason = time.monotonic(), 0, ""
        try:
            while True:
                self._woken.setblocking(True)
                if self._done_before_connecting():
                    return
                try:
                    self._stream()
                    return
                except Lost as lost:
                    reason = str(lost)
                    if self._heard_at > working_at:
                        working_at, tries = self._heard_at, 0
                    self._bad_data += lost.status == 1008
                    late = time.monotonic() - working_at > GIVE_UP
                    if lost.fatal or late or self._bad_data > 1:
                        self._give_up(lost)
                        return
                if self._closing.wait(BACK_OFF[min(tries, len(BACK_OFF) - 1)]):
                    self._missing(reason)
                    return
                tries += 1
        except Exception as error:
            self._give_up(Lost(f"{self.vendor}: {type(error).__name__}."))
        finally:
            self.flush()
            self._wake.close()
            self._woken.close()

    def _done_before_connecting(self) -> bool:
        """Wait for the first audio; a speaker who is never heard costs nothing."""
        while not self.backlog.end and not self._closing.is_set():
            self._woken.recv(4096)
        return not self.backlog.end

    def _stream(self) -> None:
        connection = self._connect()
        try:
            if lost := self.backlog.rewind():
                reason = f"The connection to {self.vendor} was lost."
                self.listener.gap(*lost, reason)
            self.timeline = Timeline()
            self.connected()
            now = time.monotonic()
            self._quiet_since = self._waiting_since = now
            while not self._closing.is_set():
                self._step(connection, 1.0)
            self._finish(connection)
        except (websocket.WebSocketException, OSError) as error:
            name = type(error).__name__
            message = f"The connection to {self.vendor} broke ({name})."
            raise Lost(message) from None
        finally:
            connection.shutdown()

    def _connect(self) -> websocket.WebSocket:
        key = self.settings.get("key") or ""
        try:
            return websocket.create_connection(
                self.url(),
                timeout=CONNECT,
                header=[f"Authorization: Token {key}"],
                enable_multithread=False,
            )
        except websocket.WebSocketBadStatusException as error:
            raise self._refusal(error) from None
        except (websocket.WebSocketException, OSError, ValueError) as error:
            name = type(error).__name__
            raise Lost(f"{self.vendor} cannot be reached ({name}).") from None

    def _refusal(self, error: websocket.WebSocketBadStatusException) -> Lost:
        status = error.status_code
        headers = error.resp_headers or {}
        said = headers.get("dg-error", "")
        if not said:
            with contextlib.suppress(ValueError, TypeError, AttributeError):
                said = json.loads(error.resp_body or b"{}").get("err_msg", "")
        meaning = {
            401: "the API key is not accepted; enter a valid one",
            402: "the account has no credit left",
            403: "the account may not use this model",
            429: "too many calls are transcribed at once for this plan",
        }.get(
            status, "the request is not accepted" if status < 500 else "it has a fault"
        )
        text = f"{self.vendor} refused (HTTP {status}): {meaning}."
        if said:
            text += f" It said: {str(said)[:300]}"
        return Lost(text, status, fatal=status in FATAL)

    def _step(self, connection: websocket.WebSocket, patience: float) -> bool:
        """Send what there is, take what came. True when the vendor closed it well."""
        if self._pausing.is_set():
            self._send_all(connection)
            self._pausing.clear()
            self.end_turn(connection)
        self._send_all(connection)
        self._check_time(connection)
        patience = min(patience, QUIET / 2)
        secure = getattr(connection.sock, "pending", None)
        if not (secure and secure()):
            watched = [connection.sock, self._woken]
            ready = select.select(watched, [], [], patience)[0]
            if self._woken in ready:
                self._woken.recv(4096)
            if connection.sock not in ready:
                return False
        opcode, data = connection.recv_data(control_frame=True)
        self._waiting_since = time.monotonic()
        if opcode == websocket.ABNF.OPCODE_CLOSE:
            return self._closed(data)
        if opcode == websocket.ABNF.OPCODE_TEXT:
            self._heard_at = time.monotonic()
            try:
                message = json.loads(data)
            except ValueError:
                raise Lost(f"{self.vendor} sent something unreadable.") from None
            if isinstance(message, dict):
                self.message(message)
        return False

    def _send_all(self, connection: websocket.WebSocket) -> None:
        while piece := self.backlog.unsent():
            pcm, start_ms = piece
            self.timeline.add(len(pcm) / BYTES_MS, start_ms)
            connection.send_binary(pcm)
            self._quiet_since = time.monotonic()
            if self._waiting_since is None:
                self._waiting_since = self._quiet_since

    def _check_time(self, connection: websocket.WebSocket) -> None:
        now = time.monotonic()
        if self._waiting_since is not None and now - self._waiting_since > STALL:
            raise Lost(f"{self.vendor} gave no answer for {STALL:.0f} s.")
        if now - self._quiet_since > QUIET:
            self._quiet_since = now
            self._waiting_since = None  # nothing was asked, so nothing need come
            self.keep_alive(connection)

    def _closed(self, data: bytes) -> bool:
        code = struct.unpack(">H", data[:2])[0] if len(data) >= 2 else 1005
        reason = data[2:].decode(errors="replace")[:200]
        if code == 1000:
            if self._closing.is_set():
                return True
            raise Lost(f"{self.vendor} closed the connection.", code)
        what = {1008: "could not read the audio", 1011: "had a fault or no audio"}
        why = what.get(code, "closed the connection")
        raise Lost(f"{self.vendor} {why} (close {code}): {reason}", code)

    def _finish(self, connection: websocket.WebSocket) -> None:
        """Send the rest, then wait for the last words."""
        self._send_all(connection)
        end = self.backlog.end
        with contextlib.suppress(Lost):
            self.end_turn(connection)
            self.end_stream(connection)
            deadline = time.monotonic() + LAST_WORDS
            while (left := deadline - time.monotonic()) > 0:
                if self._step(connection, left):
                    self.backlog.settle(end)
                    break
        self.flush()
        self._missing(f"{self.vendor} did not answer at the end of the call.")

    def _give_up(self, lost: Lost) -> None:
        """No transcript from here on: say so, and at the end what is missing."""
        self.flush()
        self._failed = True
        self.listener.failed(lost.status, str(lost))
        self._closing.wait()
        self._missing(str(lost))

    def _missing(self, reason: str) -> None:
        if self.backlog.end > self.backlog.settled:
            self.listener.gap(self.backlog.settled, self.backlog.end, reason)
            self.backlog.settle(self.backlog.end)

    def told(self, turn: Turn) -> None:
        """Hand a turn on unless it is empty."""
        if turn.text.strip():
            self.listener.turn(turn)
