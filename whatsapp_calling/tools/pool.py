"""The few threads that talk to providers after a transaction has committed."""

import logging
import os
import threading
from concurrent.futures import ThreadPoolExecutor

from odoo import SUPERUSER_ID, api
from odoo.modules import module
from odoo.modules.registry import Registry

_logger = logging.getLogger(__name__)

# Requests that somebody waits for go by URGENT. What may come a second later goes by
# LATER: one thread, or a burst's chatter entries would take the processor from the
# webhooks and stand in front of the requests.
URGENT, LATER = "urgent", "later"
WORKERS = {URGENT: 6, LATER: 1}
_lock = threading.Lock()
_executors = {}
_owner = None  # the process the threads live in: a fork inherits none of them


def submit_after_commit(env, model, method, *args, lane=URGENT):
    """Run `env[model].method(*args)` on its own cursor once `env` has committed.

    Never raises: the rows say what is to be done, and the cron finds them when
    this process dies first.
    """
    dbname = env.cr.dbname

    @env.cr.postcommit.add
    def submit():
        run_soon(dbname, model, method, *args, lane=lane)


def run_soon(dbname, model, method, *args, lane=URGENT):
    """Hand the work to a thread of this process; nothing happens under tests."""
    if module.current_test:
        return
    try:
        _pool(lane).submit(_run, dbname, model, method, args)
    except RuntimeError:  # the server is going down: the next one's cron sends
        _logger.info("%s.%s is left to the next start", model, method)


def _pool(lane):
    global _executors, _owner
    with _lock:
        if _owner != os.getpid():
            _executors = {
                name: ThreadPoolExecutor(count, f"wa_calling_{name}")
                for name, count in WORKERS.items()
            }
            _owner = os.getpid()
        return _executors[lane]


def _run(dbname, model, method, args):
    try:
        with Registry(dbname).cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {})
            getattr(env[model], method)(*args)
    except Exception:
        # the rows are as they were and the sweep finds them again
        _logger.exception("%s.%s failed", model, method)
