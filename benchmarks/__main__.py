"""`python -m benchmarks`; ONLY=<group> for one group, ROW=<part of a name> for rows.

Ends with 1 when a row could not be measured; a missed target is a result.
"""

import os
import traceback

from benchmarks import media, signalling
from benchmarks.rows import header, not_measured
from tools.paths import LOGS
from tools.say import SetupError, main

GROUPS = {"signalling": signalling.run, "media": media.run}


class Report:
    """Prints rows as they are measured, and keeps count of those that were not."""

    def __init__(self, wanted=""):
        self.wanted = wanted
        self.failures = 0

    def measure(self, name, work, *arguments):
        if self.wanted not in name:
            return
        try:
            for row in work(*arguments):
                print(row.line(), flush=True)
        except Exception as error:
            self.failures += 1
            print(not_measured(name, error), flush=True)
            with (LOGS / "bench.log").open("a") as log:
                traceback.print_exc(file=log)


def bench():
    only = os.environ.get("ONLY", "")
    if only and only not in GROUPS:
        raise SetupError(f"ONLY={only}: the groups are {', '.join(GROUPS)}.")
    report = Report(os.environ.get("ROW", ""))
    print(header(), flush=True)
    for name, run in GROUPS.items():
        if only in ("", name):
            run(report)
    return 1 if report.failures else 0


if __name__ == "__main__":
    main(bench)
