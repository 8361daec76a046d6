"""Suite `odoo`: the addons' Python tests, HOOT tests and tours, in one Odoo run.

It runs on an installed copy of the template with neither -i nor -u: with those, Odoo
collects post-install tests of the updated modules only, and none is a silent green.
"""

import subprocess

from tools import commands, databases, modules, odoo_log
from tools.paths import DEV_DIR, LOGS
from tools.process import free_port
from tools.results import FAILED, PASSED


def run(template, only=""):
    """Results of all our modules' tests; `only` is `Class` or `Class.test`."""
    with databases.copied(template, "suite_odoo") as name:
        suffix = f":{only}" if only else ""
        tags = ",".join(f"/{module}{suffix}" for module in modules.own())
        text, code = odoo_tests(name, "test-odoo", "--test-tags", tags)
    results = odoo_log.read(text)
    if code and not results.count(FAILED):
        results.add("odoo:run", FAILED, f"Odoo ended with {code}")
    elif not only:
        results.add("odoo:run", PASSED)
    return results


def odoo_tests(database, log, *options):
    """Run Odoo for its tests; its log's text and exit code."""
    if not modules.own():
        return "", 0
    path = LOGS / f"{log}.log"
    command = commands.odoo(
        *("-d", database, "--http-port", free_port(), "--stop-after-init", *options)
    )
    with path.open("wb") as stream:
        code = subprocess.run(
            command,
            check=False,
            cwd=DEV_DIR,
            env=commands.environment(),
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=subprocess.STDOUT,
        ).returncode
    return path.read_text(errors="replace"), code
