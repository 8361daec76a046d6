"""ESLint and its pinned plugins, in a folder of their own."""

import shutil

from tools.paths import NODE, ROOT
from tools.run import output, run
from tools.say import SetupError, say
from tools.stamps import digest, is_current, set_current

PINS = ROOT / "package.json"


def set_up():
    npm = shutil.which("npm")
    if not npm:
        raise SetupError("npm (Node.js 18.18 or later) is needed for ESLint.")
    value = digest(PINS, str(NODE), output(["node", "--version"]), "1")
    if is_current("eslint", value) and (NODE / "node_modules/.bin/eslint").exists():
        say("eslint", "is there")
        return
    shutil.rmtree(NODE, ignore_errors=True)
    NODE.mkdir(parents=True)
    shutil.copy(PINS, NODE)
    say("eslint", "installing")
    quiet = ["--no-audit", "--no-fund", "--no-package-lock", "--ignore-scripts"]
    run([npm, "install", *quiet], "eslint", cwd=NODE)
    set_current("eslint", value)
