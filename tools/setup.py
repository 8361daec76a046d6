"""Set up everything the project runs on; at once when it is all there."""

import fcntl
import os
import shutil
import sys
from concurrent.futures import ThreadPoolExecutor

from tools import commands, debian, eslint, odoo_source, postgres, venv
from tools.paths import DEV_DIR, LOGS
from tools.say import SetupError, main, say


def set_up(for_tests=False):
    DEV_DIR.mkdir(parents=True, exist_ok=True)
    LOGS.mkdir(parents=True, exist_ok=True)
    with (DEV_DIR / "setup.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        _check_machine()
        debian.install_packages(with_node=for_tests)
        steps = [odoo_source.set_up, venv.set_up, postgres.set_up]
        if for_tests:
            steps.append(eslint.set_up)
        with ThreadPoolExecutor(len(steps)) as pool:
            for done in [pool.submit(step) for step in steps]:
                done.result()
        commands.set_up()


def _check_machine():
    if sys.version_info < (3, 11):  # noqa: UP036 (any Python may run this)
        raise SetupError("Python 3.11 or later is needed to run the set-up.")
    if not os.geteuid() and not shutil.which("runuser"):
        raise SetupError("'runuser' (package util-linux) is needed when run as root.")


def _command():
    set_up(for_tests="--for-tests" in sys.argv)
    say("set-up", "done")


if __name__ == "__main__":
    main(_command)
