"""`make test`: every suite, then one plain last line `N passed, N failed`."""

import argparse
import time
import tomllib

from tools import databases, features, postgres, suite_lint, suite_odoo, suite_pytest
from tools.paths import LOGS, ROOT
from tools.results import FAILED, PASSED, SKIPPED, Results
from tools.say import SetupError, main, say

SUITES = tomllib.loads((ROOT / "tools/suites.toml").read_text())
LINES_OF_A_FAILURE = 12


def run_tests():
    options = _options()
    total = Results()
    with postgres.running():
        for name in options.only or SUITES:
            total.update(_suite(name, options.k))
    if not (options.only or options.k):
        total.update(_shown("features", features.as_results(total)))
    print(f"{total.count(PASSED)} passed, {total.count(FAILED)} failed", flush=True)
    return 1 if total.count(FAILED) else 0


def _suite(name, only):
    began = time.monotonic()
    say(name, "running")
    try:
        results = _results(name, only)
    except SetupError as error:
        results = Results()
        results.add(f"{name}:set-up", FAILED, str(error))
    minimum = SUITES[name]["minimum"]
    ran = results.count(PASSED) + results.count(FAILED)
    if not only and ran < minimum:
        why = f"{ran} tests ran, at least {minimum} must"
        results.add(f"{name}:minimum", FAILED, why)
    return _shown(name, results, f" in {time.monotonic() - began:.0f} s")


def _results(name, only):
    if "pytest" in SUITES[name]:
        return suite_pytest.run(name, SUITES[name]["pytest"], only)
    run = {"lint": suite_lint.run, "odoo": suite_odoo.run}[name]
    return run(databases.template(), only)


def _shown(name, results, more=""):
    for test in results.named(SKIPPED):
        say(name, f"skipped {test}: {results.why.get(test, '')[:200]}")
    for test in results.named(FAILED):
        say(name, f"FAILED  {test}")
        for line in results.why.get(test, "").splitlines()[-LINES_OF_A_FAILURE:]:
            print(f"    {line}")
    counts = {key: results.count(key) for key in (PASSED, FAILED, SKIPPED)}
    text = ", ".join(f"{count} {key}" for key, count in counts.items())
    say(name, f"{text}{more}; logs in {LOGS}/test-{name}*")
    return results


def _options():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--only",
        type=lambda text: text.replace(",", " ").split(),
        help=f"suites to run, of {' '.join(SUITES)}",
    )
    parser.add_argument("-k", default="", help="narrow it: pytest's -k, Odoo's Class")
    options = parser.parse_args()
    unknown = set(options.only or []) - set(SUITES)
    if unknown:
        parser.error(f"no suite {' '.join(unknown)}: there are {' '.join(SUITES)}")
    return options


if __name__ == "__main__":
    main(run_tests)
