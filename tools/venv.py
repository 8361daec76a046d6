"""The project's Python environment, with pinned versions."""

import os
import shutil
import sys

from tools.paths import ROOT, VENV
from tools.run import output, run
from tools.say import SetupError, say
from tools.stamps import digest, is_current, set_current

PINS = [ROOT / "requirements" / f"{name}.txt" for name in ("odoo", "media", "dev")]
# these ask for a package "odoo" that no registry has
PINS_NO_DEPS = ROOT / "requirements/odoo-addons.txt"

PYTHON = VENV / "bin/python"


def _interpreter():
    """Python 3.11 when there is one: the version the pins were tried with."""
    # not the environment's own: where that is on PATH, it would be removed and gone
    others = [each for each in os.get_exec_path() if each != str(VENV / "bin")]
    for name in ("python3.11", sys._base_executable):
        path = shutil.which(name, path=os.pathsep.join(others))
        version = path and output([path, "-c", "import sys;print(*sys.version_info)"])
        if version and (3, 11) <= tuple(map(int, version.split()[:2])) < (3, 14):
            return path
    raise SetupError("Python 3.11 (or 3.12, 3.13) is needed: none found on PATH.")


def set_up():
    python = _interpreter()
    value = digest(*PINS, PINS_NO_DEPS, output([python, "--version"]), str(VENV), "1")
    if is_current("venv", value) and PYTHON.exists():
        say("python", "environment is there")
        return
    if not is_current("venv-base", digest(python, str(VENV))) or not PYTHON.exists():
        shutil.rmtree(VENV, ignore_errors=True)
        say("python", "creating the environment")
        _create(python)
        set_current("venv-base", digest(python, str(VENV)))
    pip = [PYTHON, "-m", "pip", "install", "--no-input"]
    say("python", "installing pinned packages")
    run([*pip, *(part for pins in PINS for part in ("-r", pins))], "python")
    run([*pip, "--no-deps", "-r", PINS_NO_DEPS], "python")
    set_current("venv", value)
    say("python", f"environment in {VENV}")


def _create(python):
    try:
        run([python, "-m", "venv", VENV], "python")
    except SetupError:
        # Debian keeps ensurepip in a package of its own
        name = os.path.basename(os.path.realpath(python))
        if os.geteuid() or not shutil.which("apt-get"):
            raise
        say("python", f"installing {name}-venv")
        run(["apt-get", "install", "-y", f"{name}-venv"], "packages")
        shutil.rmtree(VENV, ignore_errors=True)
        run([python, "-m", "venv", VENV], "python")
