"""Suite `lint`: ruff, pylint-odoo, ESLint and parts of Odoo's own test_lint."""

import os
import re
import subprocess

from tools import databases, modules, odoo_log, odoo_source
from tools.paths import LOGS, NODE, ROOT, VENV
from tools.results import FAILED, PASSED, Results
from tools.suite_odoo import odoo_tests

PYTHON_FOLDERS = ["tools", "tests", "simulator", "media_sidecar", "benchmarks"]
SCRIPT_FOLDERS = ["simulator", "media_sidecar"]
PYLINT_MESSAGES = [
    "--disable=all",
    "--enable=odoolint",
    # OCA's own: its name as author, a README.rst made by its robot
    "--disable=manifest-required-author,missing-readme",
    # a model's subjects are in files of their own here, so its classes are several
    "--disable=consider-merging-classes-inherited",
]
# The rest of test_lint judges Odoo's own code, or runs linters over all of it.
ODOO_LINT = [
    "ManifestLinter",
    "PotLinter",
    "RoutesLinter",
    "TestConflictMarkers",
    "TestDunderinit",
    "TestI18n",
    "TestIndex",
    "TestJsTranslations",
    "TestLintOverrideSignatures",
    "TestNaming",
    "TestOnchangeDomains",
    "TestTestHoles",
]
OURS = re.compile(r"whatsapp_calling|whatsapp\.")


def run(template, only=""):
    results = Results()
    checks = {
        "ruff": _ruff,
        "pylint-odoo": _pylint,
        "eslint": _eslint,
    }
    for name, command in checks.items():
        if only in name:
            _check(results, name, command())
    if only in "test_lint" and modules.own():
        results.update(_odoo_lint(template))
    return results


def _ruff():
    return [VENV / "bin/ruff", "check", *_there([*PYTHON_FOLDERS, *modules.own()])]


def _pylint():
    folders = _there(modules.own())
    if not folders:
        return None
    return [VENV / "bin/pylint", "--jobs=2", *PYLINT_MESSAGES, *folders]


def _eslint():
    folders = _there([*SCRIPT_FOLDERS, *modules.own()])
    quiet = "--no-error-on-unmatched-pattern"
    return [NODE / "node_modules/.bin/eslint", quiet, *folders] if folders else None


def _check(results, name, command):
    if not command:
        return
    done = subprocess.run(
        list(map(str, command)),
        check=False,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
    )
    text = done.stdout + done.stderr
    (LOGS / f"test-lint-{name}.log").write_text(text)
    results.add(f"lint:{name}", FAILED if done.returncode else PASSED, text)


def _odoo_lint(template):
    """test_lint looks at every module; what it says of others is not our business."""
    with databases.copied(template, "suite_lint") as name:
        tags = ",".join(f"/test_lint:{test}" for test in ODOO_LINT)
        options = ("-i", "test_lint", "--test-tags", tags)
        text, code = odoo_tests(name, "test-lint-odoo", *options)
    found = odoo_log.read(text)
    results = Results()
    for test in found.outcomes:
        results.add(f"lint:{test}", PASSED)
    for record in odoo_log.records(text):
        failing = odoo_log.FAILING.match(record.text)
        # an ERROR stopped the test before it had seen all modules
        if failing and (failing["flavour"] == "ERROR" or _is_ours(record.text)):
            file = record.logger.rpartition(".")[2]
            test = f"lint:test_lint/tests/{file}.py::{failing['test']}"
            results.add(test, FAILED, record.text)
    if not found.outcomes:
        results.add("lint:test_lint", FAILED, f"ran no test, ended with {code}")
    return results


def _is_ours(text):
    for foreign in (odoo_source.source(), VENV):
        text = text.replace(str(foreign), "")
    return bool(OURS.search(text.replace(str(ROOT), "")))


def _there(names):
    return [name for name in names if (ROOT / name).exists()]
