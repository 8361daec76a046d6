"""Run one command, its output in a log, and say the end of that log if it fails."""

import subprocess

from tools.paths import LOGS
from tools.say import SetupError


def run(command, log, cwd=None, env=None, stdin=None):
    """Run `command`; its output goes to `$DEV_DIR/logs/<log>.log`.

    :raises SetupError: with the last lines of the log, when it fails
    """
    LOGS.mkdir(parents=True, exist_ok=True)
    path = LOGS / f"{log}.log"
    with path.open("ab") as stream:
        stream.write(f"$ {' '.join(map(str, command))}\n".encode())
        stream.flush()
        done = subprocess.run(
            [str(part) for part in command],
            check=False,
            cwd=cwd,
            env=env,
            input=stdin,
            stdin=subprocess.DEVNULL if stdin is None else None,
            stdout=stream,
            stderr=subprocess.STDOUT,
        )
    if done.returncode:
        tail = "\n".join(path.read_text(errors="replace").splitlines()[-15:])
        raise SetupError(
            f"{command[0]} failed ({done.returncode}). The end of {path}:\n{tail}"
        )


def output(command, **options):
    """The standard output of a command, stripped; empty when it cannot be run."""
    try:
        return subprocess.run(
            [str(part) for part in command],
            check=False,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            **options,
        ).stdout.strip()
    except FileNotFoundError:
        return ""
