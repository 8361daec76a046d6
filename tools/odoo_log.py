"""Read the outcome of each test from the log of an Odoo test run.

Python tests (tours among them) get the id `<module>/tests/<file>.py::<Class>.<test>`,
HOOT tests `hoot:@<module>/<file>/<test>` as HOOT itself prints them.
"""

import re
from dataclasses import dataclass

from tools.results import FAILED, PASSED, SKIPPED, Results

RECORD = re.compile(
    r"^\d{4}-\d\d-\d\d [\d:,]+ \d+ (?P<level>[A-Z]+) \S+ (?P<logger>[\w.?]+): ?"
)
TEST_LOGGER = re.compile(r"odoo\.addons\.(\w+)\.tests\.([\w.]+)$")
STARTING = re.compile(r"Starting (\S+) \.\.\.")
SKIPPING = re.compile(r"skipped (\S+) : (.*)", re.S)
FAILING = re.compile(
    r"(?P<flavour>FAIL|ERROR): (?:Subtest )?(?P<test>\S+)(?P<rest>.*)", re.S
)
HOOT = re.compile(r'\[HOOT\] Test "(?P<name>.+)" (?P<outcome>passed|failed)', re.S)
# what Odoo says at the end about failures that were already reported one by one
SUMMARIES = ("odoo.modules.loading", "odoo.tests.result", "odoo.service.server")


@dataclass
class Record:
    level: str
    logger: str
    text: str


def records(text):
    """The log's records, each with the lines that follow its first."""
    current = None
    for line in text.splitlines():
        found = RECORD.match(line)
        if found:
            if current:
                yield current
            current = Record(found["level"], found["logger"], line[found.end() :])
        elif current:
            current.text += f"\n{line}"
    if current:
        yield current


def read(text):
    """Results of one run; a logged error that no test reports fails `odoo:log`."""
    results = Results()
    for record in records(text):
        found = TEST_LOGGER.match(record.logger)
        if found and ".browser" not in record.logger:
            _read_python(results, record, *found.groups())
        elif "[HOOT]" in record.text:
            _read_hoot(results, record)
        elif record.level in ("ERROR", "CRITICAL"):
            if record.logger not in SUMMARIES and ".browser" not in record.logger:
                results.add("odoo:log", FAILED, f"{record.logger}: {record.text}")
    return results


def _read_python(results, record, module, file):
    def name(test):
        return f"{module}/tests/{file.replace('.', '/')}.py::{test}"

    if found := STARTING.match(record.text):
        results.add(name(found[1]), PASSED)
    elif found := SKIPPING.match(record.text):
        results.add(name(found[1]), SKIPPED, found[2])
    elif found := FAILING.match(record.text):
        results.add(name(found["test"]), FAILED, record.text)


def _read_hoot(results, record):
    if found := HOOT.match(record.text):
        outcome = PASSED if found["outcome"] == "passed" else FAILED
        results.add(f"hoot:{found['name']}", outcome, record.text * (outcome == FAILED))
