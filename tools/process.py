"""A child process that never outlives its parent, with its output in a log."""

import contextlib
import ctypes
import signal
import socket
import subprocess
import time

from tools.paths import LOGS
from tools.say import SetupError

PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)


class Process:
    """Start, watch and end one process by its own id.

    It runs in a session of its own: Ctrl-C in the terminal reaches the parent only,
    which ends its children in order.
    """

    def __init__(self, name, command, env=None, cwd=None, log=None):
        self.name = name
        self.command = [str(part) for part in command]
        self.env = env
        self.cwd = cwd
        self.log = LOGS / f"{log or name}.log"
        self._child = None

    @property
    def pid(self):
        return self._child.pid if self._child else None

    def start(self):
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as stream:
            self._child = subprocess.Popen(
                self.command,
                env=self.env,
                cwd=self.cwd,
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=_end_with_parent,
            )
        return self

    def is_alive(self):
        return self._child is not None and self._child.poll() is None

    def stop(self, seconds=15):
        """End it and wait; by force after `seconds`."""
        if not self._child:
            return
        if self.is_alive():
            self._child.send_signal(signal.SIGTERM)
            try:
                self._child.wait(seconds)
            except subprocess.TimeoutExpired:
                self.kill()
        self._child = None

    def kill(self):
        """End it as a crash would: no clean-up of its own."""
        if self._child:
            self._child.kill()
            self._child.wait()

    def wait_until(self, ready, seconds=60):
        """Wait for `ready()`; a SetupError with the log's end if it does not come."""
        deadline = time.monotonic() + seconds
        while not ready():
            if not self.is_alive():
                raise SetupError(f"{self.name} ended at once.\n{self._tail()}")
            if time.monotonic() > deadline:
                raise SetupError(
                    f"{self.name} was not ready in {seconds} s.\n{self._tail()}"
                )
            time.sleep(0.05)
        return self

    def _tail(self):
        lines = self.log.read_text(errors="replace").splitlines()[-20:]
        return f"The end of {self.log}:\n" + "\n".join(lines)


def free_port():
    with contextlib.closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def is_free(port):
    with contextlib.closing(socket.socket()) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def _end_with_parent():
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
