"""One worker process: the unit, its API on its port, and the signals that end it."""

import asyncio
import ctypes
import gc
import logging
import signal
from collections.abc import Iterable
from pathlib import Path

from aiohttp import web

from . import log
from .app import make_app
from .config import Config
from .unit import Unit

logger = logging.getLogger(__name__)

PR_SET_PDEATHSIG = 1


async def serve(config: Config, shared: Path | None, signals: Iterable[int]) -> None:
    """Run until a signal has drained the unit; a second one cuts that short."""
    unit = Unit(config, shared)
    runner = web.AppRunner(make_app(unit), access_log=None, shutdown_timeout=2)
    await runner.setup()
    stop, at_once = asyncio.Event(), asyncio.Event()
    _on_signals(signals, stop, at_once)
    try:
        await web.TCPSite(
            runner, config.listen_host, config.listen_port, backlog=1024
        ).start()
        await unit.start()
        # what lives from now on is looked at once, not at each collection
        gc.collect()
        gc.freeze()
        facts = {"port": runner.addresses[0][1], "id": unit.id}
        logger.info("Ready", extra={"facts": facts})
        await stop.wait()
        await _first(unit.drain(), at_once.wait())
    finally:
        await unit.close()
        await runner.cleanup()
        logger.info("Stopped")


def run(config: Config, shared: Path | None = None) -> None:
    """`serve` in this process."""
    log.set_up(config.log_level, config.state_dir.name)
    asyncio.run(serve(config, shared, (signal.SIGTERM, signal.SIGINT)))


def run_supervised(config: Config, shared: Path) -> None:
    """`serve` as a child: it ends when its parent says so, or is gone.

    Ctrl-C reaches parent and child; the child takes the parent's word only, else it
    would count as the second signal that cuts calls short.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    log.set_up(config.log_level, config.state_dir.name)
    asyncio.run(serve(config, shared, (signal.SIGTERM,)))


def _on_signals(signals, stop: asyncio.Event, at_once: asyncio.Event) -> None:
    def stopped() -> None:
        if stop.is_set():
            at_once.set()
        stop.set()

    loop = asyncio.get_running_loop()
    for number in signals:
        loop.add_signal_handler(number, stopped)


async def _first(*coroutines) -> None:
    """Wait for one of them; give up the others."""
    tasks = [asyncio.ensure_future(coroutine) for coroutine in coroutines]
    _, others = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
