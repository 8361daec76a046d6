"""One short transaction, done again at once when it collides with another.

Odoo's own retry sleeps up to two seconds before the second try, which a phone
that rings cannot wait for. This is the only place of the addon that commits.
"""

import contextlib
import logging
import random
import sys
import threading
import time
from functools import partial

import psycopg2
from psycopg2 import errorcodes

from odoo.modules import module

_logger = logging.getLogger(__name__)

CONFLICTS = frozenset(
    {
        errorcodes.SERIALIZATION_FAILURE,
        errorcodes.DEADLOCK_DETECTED,
        errorcodes.LOCK_NOT_AVAILABLE,
        # two first calls of one caller both create the contact: the second try
        # finds the row of the first
        errorcodes.UNIQUE_VIOLATION,
    }
)
# what another try may mend whoever's mistake it was; any other is the work's own
AGAIN = frozenset({errorcodes.SERIALIZATION_FAILURE, errorcodes.DEADLOCK_DETECTED})
TRIES = 40
_thread = threading.local()


def run_in_transaction(env, work):
    """Run `work()`, commit, and return what it returned.

    On a conflict the transaction is rolled back, the environment is reset and
    `work` runs again after 1 to 5 ms, so it must do everything anew and touch
    nothing outside the database.

    :param env: the request's or worker's environment; its cursor is committed
    :raises psycopg2.Error: what is no conflict, or a conflict on every try
    """
    cr = env.cr
    for tries_left in range(TRIES - 1, -1, -1):
        _thread.tries_again = tries_again = tries_left and not _in_test(cr)
        try:
            result = work()
            _commit(cr)
            return result
        except psycopg2.Error as error:
            if error.pgcode not in CONFLICTS or not tries_again:
                raise
            cr.rollback()
            env.transaction.reset()
            env.registry.reset_changes()
            time.sleep(random.uniform(0.001, 0.005))
        finally:
            _thread.tries_again = False


def _worth_logging(_record):
    """Not a conflict that is tried again: no error, and its SQL names people."""
    code = getattr(sys.exc_info()[1], "pgcode", None)
    return not (getattr(_thread, "tries_again", False) and code in CONFLICTS)


logging.getLogger("odoo.sql_db").addFilter(_worth_logging)


def run_apart(env, work):
    """Run `work()` for one row of many: that it breaks must not hold up the others.

    When the whole transaction has lost, that is raised all the same, for
    `run_in_transaction` to begin anew.

    :return: False when it broke; nothing of it is left then but a line in the log
    """
    try:
        with env.cr.savepoint():
            work()
    except Exception as error:
        if getattr(error, "pgcode", None) in AGAIN:
            raise
        _logger.exception("Left aside, so that the others go on")
        return False
    return True


def run_on_its_own(env, work, give_up=None):
    """Run `work()` in a transaction of its own: that it breaks stops nobody else.

    :param give_up: what is done with the error when it breaks, in the transaction
        after; what this one raises is raised
    :return: False when it broke; nothing of it is left then but a line in the log
    """
    cr = env.cr
    try:
        # a test's own transaction goes on after an error, as the next one would
        with cr.savepoint() if _in_test(cr) else contextlib.nullcontext():
            run_in_transaction(env, work)
    except Exception as error:
        _logger.exception("Left aside, so that the others go on")
        if not _in_test(cr):
            cr.rollback()
        env.transaction.reset()
        env.registry.reset_changes()
        if give_up:
            run_in_transaction(env, partial(give_up, error))
        return False
    return True


def _in_test(cr):
    """Inside a TransactionCase the test owns the cursor and rolls it back.

    A request of an HttpCase has a TestCursor, whose commit is a savepoint; the
    class is known by name because a server must not import Odoo's test suite.
    """
    return bool(module.current_test) and type(cr).__name__ != "TestCursor"


def _commit(cr):
    if _in_test(cr):
        cr.flush()
    else:
        cr.commit()  # pylint: disable=invalid-commit
