"""One daemon thread per process that lets due calls act, second by second.

Cron is precise to a minute only; it is the net for a process that died.
"""

import logging
import os
import threading
import time
from datetime import UTC, datetime

from odoo import SUPERUSER_ID, api
from odoo.modules import module
from odoo.modules.registry import Registry

from . import counters

_logger = logging.getLogger(__name__)

TICK = 1.0  # seconds
FLUSH_EVERY = 10.0  # seconds
_lock = threading.Lock()
_watched = {}  # dbname -> monotonic second until which it is looked at
_wake = threading.Event()
_owner = None
_since = (None, None)  # process and moment


def watch(dbname, seconds=30.0):
    """Look at the calls of a database for the next `seconds`, each second."""
    global _owner
    if module.current_test:
        return
    with _lock:
        _watched[dbname] = max(_watched.get(dbname, 0), time.monotonic() + seconds)
        if _owner != os.getpid():
            _owner = os.getpid()
            threading.Thread(target=_run, name="wa_calling_clock", daemon=True).start()
    _wake.set()


def listening_since():
    """When this process first had to do with calls (naive UTC); None under tests."""
    global _since
    if module.current_test:
        return None
    with _lock:
        if _since[0] != os.getpid():
            now = datetime.now(UTC).replace(tzinfo=None, microsecond=0)
            _since = (os.getpid(), now)
        return _since[1]


def watch_after_commit(env):
    """Start to watch when the transaction of `env` has committed."""
    dbname = env.cr.dbname
    env.cr.postcommit.add(lambda: watch(dbname))


def _run():
    flushed = time.monotonic()
    while True:
        now = time.monotonic()
        flush = now - flushed >= FLUSH_EVERY
        if flush:
            flushed = now
        for dbname, until in list(_watched.items()):
            try:
                if tick(dbname, flush):
                    watch(dbname)
            except Exception:
                _logger.exception("The call clock of %s failed", dbname)
            if now > until:
                _forget(dbname)
        if not _watched:
            _wake.wait()
        _wake.clear()
        time.sleep(TICK)


def _forget(dbname):
    with _lock:
        if time.monotonic() > _watched.get(dbname, 0):
            _watched.pop(dbname, None)


def tick(dbname, flush=False):
    """Let due calls and requests act once; true while any call lives."""
    with Registry(dbname).cursor() as cr:
        env = api.Environment(cr, SUPERUSER_ID, {})
        alive = env["whatsapp.call"]._tick()
        if flush:
            # times first: what comes in between is counted without one, never lost
            times = counters.take_times(dbname)
            env["whatsapp.calling.health"]._store_counts(counters.take(dbname), times)
        return alive
