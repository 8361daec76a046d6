"""Suites of `tests/`: pytest in a process of its own, outcomes by node id."""

import json
import os
import subprocess

from tools import commands
from tools.paths import LOGS, ROOT
from tools.results import FAILED, Results
from tools.venv import PYTHON

RESULTS_VARIABLE = "PYTEST_OUTCOMES"


def run(name, paths, only=""):
    results = Results()
    there = [path for path in paths if (ROOT / path).exists()]
    if not there:
        return results
    outcomes = LOGS / f"test-{name}.json"
    outcomes.unlink(missing_ok=True)
    command = [str(PYTHON), "-m", "pytest", "-v", "-p", "tools.suite_pytest", *there]
    if only:
        command += ["-k", only]
    env = commands.environment(**{RESULTS_VARIABLE: outcomes})
    with (LOGS / f"test-{name}.log").open("wb") as stream:
        code = subprocess.run(
            command,
            check=False,
            cwd=ROOT,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=subprocess.STDOUT,
        ).returncode
    if outcomes.exists():
        for line in outcomes.read_text().splitlines():
            results.add(*json.loads(line))
    # 5: no test was collected, which the suite's minimum judges
    if code not in (0, 5) and not results.count(FAILED):
        results.add(f"pytest:{name}", FAILED, f"pytest ended with {code}")
    return results


def pytest_runtest_logreport(report):
    """pytest's hook: passed counts once, a failure of any phase (set-up too) does."""
    if report.when == "call" or report.outcome != "passed":
        reason = report.longreprtext if report.failed else ""
        _write(report.nodeid, report.outcome, reason)


def pytest_collectreport(report):
    if report.failed:
        _write(report.nodeid, FAILED, report.longreprtext)


def _write(test, outcome, why):
    path = os.environ.get(RESULTS_VARIABLE)
    if path:
        with open(path, "a") as stream:
            stream.write(json.dumps([test, outcome, why[-2000:]]) + "\n")
