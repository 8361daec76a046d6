"""Webhook health counters of this process, flushed as rows by the clock.

A counter in the database would be one row that every webhook waits for; these
live in memory and become inserted rows every ten seconds.
"""

import threading
from bisect import bisect_left
from collections import Counter, defaultdict

# Handling times are counted in steps, so that any number of them takes the same
# room: upper ends in milliseconds, the last step has none.
STEPS = (5, 10, 15, 20, 30, 40, 50, 75, 100, 150, 200, 300, 500)
STEPS += (750, 1000, 1500, 2000, 3000, 5000, 10000)
# counters of webhooks that were not taken in
REFUSED = (
    "no_secret",
    "bad_signature",
    "unknown_key",
    "bad_body",
    "too_large",
    "bad_verify_token",
    "rate_limited",
)
_lock = threading.Lock()
_counts = defaultdict(Counter)
_times = defaultdict(lambda: defaultdict(Counter))


def count(dbname, account_id, name, amount=1, took=None):
    """Add to a counter: `name` is e.g. "accepted", "bad_signature".

    :param took: how long it was handled, seconds
    """
    with _lock:
        _counts[dbname][(account_id or None, name)] += amount
        if took is not None:
            _times[dbname][account_id or None][bisect_left(STEPS, took * 1000)] += 1


def take(dbname):
    """Give what was counted since the last take, and start anew.

    :return: {(account id or None, name): count}
    """
    with _lock:
        return dict(_counts.pop(dbname, {}))


def take_times(dbname):
    """Give the handling times since the last take, and start anew.

    :return: {account id or None: {index of the step: count}}
    """
    with _lock:
        return {key: dict(found) for key, found in _times.pop(dbname, {}).items()}


def percentile(steps, share):
    """The handling time below which a share of all lies, milliseconds.

    Within a step it is taken to grow evenly; beyond the last one it is its end.

    :param steps: {index of the step: count}
    :param share: e.g. 0.95
    :return: None when nothing was counted
    """
    total = sum(steps.values())
    if not total:
        return None
    wanted, seen = share * total, 0
    for index in sorted(steps):
        if seen + steps[index] >= wanted:
            low = STEPS[index - 1] if index else 0
            high = STEPS[min(index, len(STEPS) - 1)]
            return low + (high - low) * (wanted - seen) / steps[index]
        seen += steps[index]
    return None
