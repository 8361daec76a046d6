"""Percentiles, and taking two things in turns."""

import itertools
import math
import statistics
import time


def percentile(samples, percent):
    """The sample that `percent` of all do not exceed (nearest rank)."""
    ordered = sorted(samples)
    return ordered[max(0, math.ceil(len(ordered) * percent / 100) - 1)]


def median(samples):
    return statistics.median(samples)


def timed(work):
    """Milliseconds that `work()` takes."""
    started = time.perf_counter()
    work()
    return (time.perf_counter() - started) * 1000


def in_turns(count, subject, reference, pause):
    """Milliseconds of `subject(i)` and `reference(i)`, taken A B A B …

    :param pause: seconds between two, so that what the one left to do in the
        background is not counted against the other
    """
    samples = [], []
    for index, (work, taken) in itertools.product(
        range(count), zip((subject, reference), samples, strict=True)
    ):
        taken.append(timed(lambda work=work, index=index: work(index)))
        time.sleep(pause)
    return samples
