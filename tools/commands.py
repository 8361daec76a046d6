"""Small commands in `$DEV_DIR/bin` and the settings they share, written anew each time.

`odoo` runs the project's Odoo with its database and folders; `google-chrome` is the
browser that Odoo's own tests find on PATH, with a fake microphone; `env.sh` puts
both on a shell's PATH.
"""

import os
import shlex
import shutil

from tools import odoo_source, postgres
from tools.paths import BIN, DATA, DEV_DIR, ODOO_CONF, ROOT
from tools.say import SetupError
from tools.venv import PYTHON

CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
    "--autoplay-policy=no-user-gesture-required",
]
# Unknown keys in this file make Odoo warn at each start: only its own options.
CONF = """[options]
addons_path = {addons}
data_dir = {data}
list_db = False
http_interface = 127.0.0.1
max_cron_threads = 1
"""


def chromium():
    for name in ("chromium", "chromium-browser", "google-chrome"):
        path = shutil.which(name, path=_path_without_ours())
        if path:
            return path
    raise SetupError("Chromium is not installed.")


def environment(**more):
    """The environment for Odoo and for everything that runs beside it."""
    return {
        **os.environ,
        **postgres.environment(),
        "PATH": f"{BIN}:{_path_without_ours()}",
        "PYTHONPATH": f"{odoo_source.source()}:{ROOT}",
        "ODOO_RC": str(ODOO_CONF),
        "ODOO_MAX_HTTP_THREADS": "16",
        "DEV_DIR": str(DEV_DIR),
        **{key: str(value) for key, value in more.items()},
    }


def odoo(*arguments):
    """The command line of Odoo; sub-commands such as `shell` come first."""
    return [str(PYTHON), "-m", "odoo", *map(str, arguments)]


def set_up():
    BIN.mkdir(parents=True, exist_ok=True)
    DATA.mkdir(parents=True, exist_ok=True)
    ODOO_CONF.write_text(CONF.format(addons=ROOT, data=DATA))
    flags = " ".join(CHROMIUM_FLAGS)
    _script("google-chrome", f'exec {shlex.quote(chromium())} {flags} "$@"')
    exports = _exports()
    _script("odoo", f'{exports}\nexec {shlex.quote(str(PYTHON))} -m odoo "$@"')
    path = f'export PATH={shlex.quote(f"{BIN}:{PYTHON.parent}")}:"$PATH"'
    env = DEV_DIR / "env.sh"
    env.touch(mode=0o600)
    env.write_text(f"{exports}\n{path}\n")


def _exports():
    names = ["PYTHONPATH", "ODOO_RC", "ODOO_MAX_HTTP_THREADS", "DEV_DIR"]
    values = environment()
    return "\n".join(
        f"export {name}={shlex.quote(values[name])}"
        for name in [*postgres.environment(), *names]
    )


def _script(name, body):
    path = BIN / name
    path.touch(mode=0o700)
    path.write_text(f"#!/bin/sh\n{body}\n")


def _path_without_ours():
    parts = os.environ.get("PATH", "").split(":")
    return ":".join(part for part in parts if part != str(BIN))
