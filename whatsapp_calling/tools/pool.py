"""The few threads that talk to providers after a transaction has committed."""

import contextlib
import logging
import os
import threading
from collections import Counter, defaultdict, deque
from concurrent.futures import ThreadPoolExecutor

from odoo import SUPERUSER_ID, api
from odoo.modules import module
from odoo.modules.registry import Registry

_logger = logging.getLogger(__name__)

# Requests that somebody waits for go by URGENT. What may come a second later goes by
# LATER: one thread, or a burst's chatter entries would take the processor from the
# webhooks and stand in front of the requests.
# Web pushes go by PUSH: a push service that stalls holds up nothing else. Outgoing
# webhooks go by HOOK: somebody else's server answers when it likes. Automation rules
# go by RULES, one after the other: they may do and wait for anything. What the media
# sidecars are asked goes by MEDIA: a slow WhatsApp delays no hold.
URGENT, LATER, PUSH, HOOK = "urgent", "later", "push", "hook"
RULES, MEDIA = "rules", "media"
WORKERS = {URGENT: 9, LATER: 1, PUSH: 2, HOOK: 2, RULES: 1, MEDIA: 4}
# Of them one account gets so many: a provider that stalls leaves some to the others.
SHARE = 6
SHARES = {HOOK: 1, MEDIA: 3}
# What may come later waits for a moment without webhooks, at most so long (seconds).
PATIENCE = 1.0
_lock = threading.Lock()
_lanes = {}
_owner = None  # the process the threads live in: a fork inherits none of them


class _Calm:
    """Whether a webhook is at work in this process."""

    def __init__(self):
        self._changed = threading.Condition()
        self._busy = 0

    @contextlib.contextmanager
    def disturbed(self):
        with self._changed:
            self._busy += 1
        try:
            yield
        finally:
            with self._changed:
                self._busy -= 1
                self._changed.notify_all()

    def wait(self):
        with self._changed:
            self._changed.wait_for(lambda: not self._busy, PATIENCE)


_calm = _Calm()
# around the work of a webhook: what goes by LATER does not begin meanwhile
urgent_work = _calm.disturbed


def submit_after_commit(env, model, method, *args, lane=URGENT, share=None):
    """Run `env[model].method(*args)` on its own cursor once `env` has committed.

    Never raises: the rows say what is to be done, and the cron finds them when
    this process dies first.

    :param share: whose the work is, e.g. the id of an account
    """
    dbname = env.cr.dbname

    @env.cr.postcommit.add
    def submit():
        run_soon(dbname, model, method, *args, lane=lane, share=share)


def run_soon(dbname, model, method, *args, lane=URGENT, share=None):
    """Hand the work to a thread of this process; nothing happens under tests."""
    if module.current_test:
        return
    try:
        _lane(lane).submit((dbname, share), (dbname, model, method, args))
    except RuntimeError:  # the server is going down: the next one's cron sends
        _logger.info("%s.%s is left to the next start", model, method)


def _lane(name):
    global _lanes, _owner
    with _lock:
        if _owner != os.getpid():
            _lanes = {each: _Lane(each, count) for each, count in WORKERS.items()}
            _owner = os.getpid()
        return _lanes[name]


class _Lane:
    """Threads that do one account's work in order, and no more than SHARE at once."""

    def __init__(self, name, workers):
        self._threads = ThreadPoolExecutor(workers, f"wa_calling_{name}")
        self._patient = name == LATER
        self._share = SHARES.get(name, SHARE)
        self._lock = threading.Lock()
        self._running = Counter()
        self._waiting = defaultdict(deque)
        self._known = set()  # work that has not begun: it will see what comes meanwhile

    def submit(self, share, work):
        with self._lock:
            if work in self._known:
                return
            self._known.add(work)
            if self._running[share] >= self._share:
                self._waiting[share].append(work)
                return
            self._running[share] += 1
        self._threads.submit(self._do, share, work)

    def _do(self, share, work):
        if self._patient:
            _calm.wait()
        with self._lock:
            self._known.discard(work)
        try:
            _run(*work)
        finally:
            self._next(share)

    def _next(self, share):
        # at the end of the line, behind those of other accounts
        with self._lock:
            if self._waiting[share]:
                self._threads.submit(self._do, share, self._waiting[share].popleft())
                return
            del self._waiting[share]
            self._running[share] -= 1
            if not self._running[share]:
                del self._running[share]


def _run(dbname, model, method, args):
    try:
        with Registry(dbname).cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {})
            getattr(env[model], method)(*args)
    except Exception:
        # the rows are as they were and the sweep finds them again
        _logger.exception("%s.%s failed", model, method)
