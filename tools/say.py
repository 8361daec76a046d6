"""What a person sees while the tools work: progress, failures and what to do."""

import sys
import time

_started = time.monotonic()


class SetupError(Exception):
    """Something is missing that only the person at the machine can mend."""


def say(step, text):
    """Print one line of progress: seconds since the start, the step, the text."""
    seconds = time.monotonic() - _started
    print(f"[{seconds:6.1f}s] {step:<10} {text}", flush=True)


def main(function):
    """Run a tool's main function; a SetupError is told without a traceback."""
    try:
        sys.exit(function() or 0)
    except SetupError as error:
        print(f"\n{error}\n", file=sys.stderr, flush=True)
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)
