"""The Debian packages the project needs, installed when they are missing."""

import os
import shutil

from tools.run import output, run
from tools.say import SetupError, say

# package: the command that shows it is there on a machine that is no Debian
PACKAGES = {
    "postgresql": "initdb",
    "chromium": "chromium",
    "flite": "flite",
    "espeak-ng": "espeak-ng",
    "sox": "sox",
    "ffmpeg": "ffmpeg",
    "fonts-dejavu-core": None,
    "libmagic1": None,
    "git": "git",
}
NODE_PACKAGES = {"nodejs": "node", "npm": "npm"}

NOT_DEBIAN = """This set-up installs Debian packages, and this machine has no apt-get.
What to do instead:
  1. install PostgreSQL 13 or later, Chromium, flite, espeak-ng, sox, ffmpeg and
     libmagic with your system's own means, so that these commands are on PATH:
       {missing}
  2. get the source of Odoo 19.0 and point ODOO_SOURCE at it;
  3. run the same command again. The rest (Python packages, database cluster)
     is set up in the same way as on Debian.
A container of Debian 12 with Python 3.11 and git does as well."""


def is_debian():
    return bool(shutil.which("apt-get") and shutil.which("dpkg-query"))


def postgres_bin():
    """The folder with `initdb`: Debian keeps it off PATH."""
    found = sorted(
        (path for path in _postgres_folders() if os.access(f"{path}/initdb", os.X_OK)),
        key=_version,
    )
    if found:
        return found[-1]
    initdb = shutil.which("initdb")
    return os.path.dirname(os.path.realpath(initdb)) if initdb else None


def install_packages(with_node=False):
    """Install what is missing; refreshes the package lists only when it must."""
    wanted = dict(PACKAGES)
    if with_node and not (shutil.which("node") and shutil.which("npm")):
        wanted.update(NODE_PACKAGES)
    if not is_debian():
        _check_commands(wanted)
        return
    missing = [name for name in wanted if not _is_installed(name)]
    if not missing:
        say("packages", "all there")
        return
    if os.geteuid():
        raise SetupError(
            "These Debian packages are missing; run as root, or install them first:\n"
            f"  apt-get install {' '.join(missing)}"
        )
    say("packages", f"installing {' '.join(missing)}")
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    install = ["apt-get", "install", "-y", "--no-install-recommends", *missing]
    run(["apt-get", "update"], "packages", env=env)
    run(install, "packages", env=env)
    say("packages", "done")


def _is_installed(name):
    status = output(["dpkg-query", "-W", "-f", "${db:Status-Status}", name])
    return status == "installed"


def _check_commands(wanted):
    commands = [command for command in wanted.values() if command]
    missing = [
        command
        for command in commands
        if not (postgres_bin() if command == "initdb" else shutil.which(command))
    ]
    if missing or not os.environ.get("ODOO_SOURCE"):
        raise SetupError(NOT_DEBIAN.format(missing=" ".join(missing or commands)))


def _postgres_folders():
    base = "/usr/lib/postgresql"
    if not os.path.isdir(base):
        return []
    return [f"{base}/{version}/bin" for version in os.listdir(base)]


def _version(path):
    digits = path.split("/")[-2]
    return int(digits) if digits.isdigit() else 0
