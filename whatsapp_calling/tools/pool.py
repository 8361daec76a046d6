"""The few threads that talk to providers after a transaction has committed."""

import logging
import os
import threading
from concurrent.futures import ThreadPoolExecutor

from odoo import SUPERUSER_ID, api
from odoo.modules import module
from odoo.modules.registry import Registry

_logger = logging.getLogger(__name__)

WORKERS = 6
_lock = threading.Lock()
_executor = None
_owner = None  # the process the threads live in: a fork inherits none of them


def submit_after_commit(env, model, method, *args):
    """Run `env[model].method(*args)` on its own cursor once `env` has committed.

    Never raises: the rows say what is to be done, and the cron finds them when
    this process dies first.
    """
    dbname = env.cr.dbname

    @env.cr.postcommit.add
    def submit():
        run_soon(dbname, model, method, *args)


def run_soon(dbname, model, method, *args):
    """Hand the work to a thread of this process; nothing happens under tests."""
    if module.current_test:
        return
    try:
        _pool().submit(_run, dbname, model, method, args)
    except RuntimeError:  # the server is going down: the next one's cron sends
        _logger.info("%s.%s is left to the next start", model, method)


def _pool():
    global _executor, _owner
    with _lock:
        if _owner != os.getpid():
            _executor = ThreadPoolExecutor(WORKERS, thread_name_prefix="wa_calling")
            _owner = os.getpid()
        return _executor


def _run(dbname, model, method, args):
    try:
        with Registry(dbname).cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {})
            getattr(env[model], method)(*args)
    except Exception:
        # the rows are as they were and the sweep finds them again
        _logger.exception("%s.%s failed", model, method)
