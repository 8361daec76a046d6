"""Several workers, one per core: started, watched, started again when one dies.

Each worker is a process of its own with its own calls, so a crash takes only its calls,
and the Python lock is no limit. This process does nothing else.
"""

import logging
import multiprocessing
import signal
import threading
import time

from . import log, worker
from .config import Config

logger = logging.getLogger(__name__)

LONGEST_PAUSE = 30.0  # seconds before a worker that keeps dying is started again
SETTLED = 60.0  # seconds: who lived longer is started again at once


class Supervisor:
    """`run()` returns when all workers have ended after a signal."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self._context = multiprocessing.get_context("spawn")
        self._workers: dict[int, multiprocessing.Process] = {}
        self._deaths: dict[int, int] = {}
        self._due: dict[int, float] = {}
        self._started: dict[int, float] = {}
        self._stopping = threading.Event()

    def run(self) -> int:
        log.set_up(self.config.log_level, "supervisor")
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        for number in range(self.config.workers):
            self._start(number)
        while not self._stopping.wait(0.2):
            self._look()
        for process in self._workers.values():
            process.join()
        return 0

    def _start(self, number: int) -> None:
        arguments = (self.config.unit(number), self.config.state_dir)
        process = self._context.Process(target=worker.run_supervised, args=arguments)
        process.start()
        self._workers[number] = process
        self._due[number] = 0.0
        self._started[number] = time.monotonic()
        if self._stopping.is_set():
            process.terminate()  # the signal came between, and knew the old one only

    def _look(self) -> None:
        now = time.monotonic()
        for number, process in self._workers.items():
            if process.is_alive():
                continue
            if not self._due[number]:
                lived = now - self._started[number]
                deaths = 1 if lived > SETTLED else self._deaths.get(number, 0) + 1
                self._deaths[number] = deaths
                facts = {"worker": number, "exit": process.exitcode, "deaths": deaths}
                logger.error("A worker ended by itself", extra={"facts": facts})
                self._due[number] = now + min(2.0 ** (deaths - 1) - 1, LONGEST_PAUSE)
            if now >= self._due[number]:
                self._start(number)

    def _stop(self, number: int, _frame) -> None:
        self._stopping.set()
        for process in self._workers.values():
            if process.is_alive():
                process.terminate()
