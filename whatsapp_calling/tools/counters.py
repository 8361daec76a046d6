"""Webhook health counters of this process, flushed as rows by the clock.

A counter in the database would be one row that every webhook waits for; these
live in memory and become inserted rows every ten seconds.
"""

import threading
from collections import Counter, defaultdict

_lock = threading.Lock()
_counts = defaultdict(Counter)


def count(dbname, account_id, name, amount=1):
    """Add to a counter: `name` is e.g. "accepted", "bad_signature"."""
    with _lock:
        _counts[dbname][(account_id or None, name)] += amount


def take(dbname):
    """Give what was counted since the last take, and start anew.

    :return: {(account id or None, name): count}
    """
    with _lock:
        return dict(_counts.pop(dbname, {}))
