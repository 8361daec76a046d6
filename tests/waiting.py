"""Waiting for something to come true, with a deadline instead of a sleep."""

import time


def wait_until(check, seconds=10, what="it", every=0.02):
    """The first true answer of `check()`.

    :raises AssertionError: none came in `seconds`; the last answer is in the text
    """
    deadline = time.monotonic() + seconds
    while not (answer := check()):
        if time.monotonic() > deadline:
            raise AssertionError(f"{what} did not come in {seconds} s: {answer!r}")
        time.sleep(every)
    return answer
