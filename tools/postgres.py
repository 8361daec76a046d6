"""The project's own PostgreSQL cluster: 127.0.0.1 only, fsync on, its own port.

Several runs share it (a demo, a test run): each holds a shared lock while it uses
the cluster, and whoever leaves last stops it. `python -m tools.postgres start` keeps
it up until `python -m tools.postgres stop`.
"""

import contextlib
import fcntl
import os
import secrets
import shutil
import subprocess
import sys
from pathlib import Path

from tools import debian
from tools.paths import DEV_DIR, PG_PASSWORD_FILE, PG_PORT, PG_USER, short_hash
from tools.process import free_port, is_free
from tools.run import run
from tools.say import SetupError, main, say

SETTINGS = """
listen_addresses = '127.0.0.1'
port = {port}
unix_socket_directories = '{home}'
fsync = on
max_connections = 200
shared_buffers = 256MB
max_wal_size = 2GB
password_encryption = md5
log_destination = stderr
logging_collector = on
log_directory = '{home}'
log_filename = 'server.log'
"""
# the superuser comes in by the socket only, as its system user
ACCESS = """local all all peer
host all all 127.0.0.1/32 md5
"""
SOCKET_PATH_LIMIT = 90  # bytes; the kernel's is 107, with the file's name


def home():
    """The cluster's folder, which the system user `postgres` can reach."""
    inside = DEV_DIR / "postgres"
    if len(str(inside)) < SOCKET_PATH_LIMIT and _is_reachable(DEV_DIR):
        return inside
    return Path("/var/tmp") / f"whatsapp_calling-{short_hash(DEV_DIR)}" / "postgres"


def environment():
    """How libpq, and so Odoo, finds the cluster."""
    return {
        "PGHOST": "127.0.0.1",
        "PGPORT": str(port()),
        "PGUSER": PG_USER,
        "PGPASSWORD": PG_PASSWORD_FILE.read_text().strip(),
    }


def port():
    """The port it was last started on: PG_PORT, or another when that was taken."""
    path = _port_file()
    return int(path.read_text()) if path.exists() else PG_PORT


def set_up():
    folder = home()
    if (folder / "data/PG_VERSION").exists() and PG_PASSWORD_FILE.exists():
        say("postgres", f"cluster is there, port {port()}")
        return
    if not folder.is_relative_to(DEV_DIR):
        say("postgres", f"{DEV_DIR} is closed to user postgres, using {folder}")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    if not os.geteuid():
        shutil.chown(folder, "postgres", "postgres")
    folder.chmod(0o700)
    _create_cluster(folder)
    say("postgres", f"cluster in {folder}, port {port()}")


@contextlib.contextmanager
def running():
    """Keep the cluster up while the block runs."""
    with _locks() as (door, users):
        with _held(door):
            fcntl.flock(users, fcntl.LOCK_SH)
            start()
        try:
            yield
        finally:
            with _held(door):
                _stop_if_last(users)


def start():
    if is_up():
        return
    folder = home()
    _choose_port()
    _configure(folder)
    data = folder / "data"
    run(_pg_ctl("start", "-D", data, "-w", "-t", "60", "-s"), "postgres", cwd="/")


def stop():
    if is_up():
        run(_pg_ctl("stop", "-D", home() / "data", "-m", "fast", "-s"), "postgres")


def is_up():
    # asked as the system user `postgres`, who may read the folder
    status = subprocess.run(
        _pg_ctl("status", "-D", home() / "data"),
        check=False,
        cwd="/",
        capture_output=True,
    )
    return status.returncode == 0


def _create_cluster(folder):
    data = folder / "data"
    initdb = [_binary("initdb"), "-D", data, "-E", "UTF8", "--locale=C.UTF-8"]
    run(_as_postgres([*initdb, "--auth=peer"]), "postgres", cwd="/")
    (data / "pg_hba.conf").write_text(ACCESS)
    password = secrets.token_hex(16)
    PG_PASSWORD_FILE.touch(mode=0o600)
    PG_PASSWORD_FILE.write_text(password)
    with running():
        psql = [_binary("psql"), "-h", folder, "-p", port(), "-d", "postgres"]
        sql = f"CREATE ROLE {PG_USER} LOGIN CREATEDB PASSWORD '{password}'"
        run(_as_postgres([*psql, "-q", "-f", "-"]), "postgres", "/", stdin=sql.encode())


def _configure(folder):
    text = SETTINGS.format(port=port(), home=folder)
    path = folder / "data/conf.d.conf"
    main_file = folder / "data/postgresql.conf"
    include = "include 'conf.d.conf'"
    if include not in main_file.read_text():
        with main_file.open("a") as stream:
            stream.write(f"\n{include}\n")
    if not path.exists() or path.read_text() != text:
        path.write_text(text)
        if not os.geteuid():
            shutil.chown(path, "postgres", "postgres")


def _choose_port():
    """Another clone's cluster may have the port: unless asked for, take any other."""
    chosen = port()
    if os.environ.get("PG_PORT"):
        chosen = PG_PORT
        if not is_free(chosen):
            raise SetupError(f"Port {chosen} is taken. Choose another: PG_PORT=<port>")
    elif not is_free(chosen):
        chosen = PG_PORT if is_free(PG_PORT) else free_port()
    _port_file().write_text(str(chosen))


def _port_file():
    return DEV_DIR / "postgres.port"


def _stop_if_last(users):
    fcntl.flock(users, fcntl.LOCK_UN)
    if _kept().exists():
        return
    try:
        fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return
    stop()


@contextlib.contextmanager
def _locks():
    DEV_DIR.mkdir(parents=True, exist_ok=True)
    with (
        (DEV_DIR / "postgres.door").open("w") as door,
        (DEV_DIR / "postgres.users").open("w") as users,
    ):
        yield door, users


@contextlib.contextmanager
def _held(lock):
    fcntl.flock(lock, fcntl.LOCK_EX)
    try:
        yield
    finally:
        fcntl.flock(lock, fcntl.LOCK_UN)


def _kept():
    return DEV_DIR / "postgres.keep"


def _is_reachable(folder):
    folder.mkdir(parents=True, exist_ok=True)
    if os.geteuid():
        return True
    test = _as_postgres(["test", "-x", folder])
    return not subprocess.run(test, check=False, cwd="/").returncode


def _as_postgres(command):
    """PostgreSQL refuses to run as root; another user runs it as themselves."""
    command = [str(part) for part in command]
    return command if os.geteuid() else ["runuser", "-u", "postgres", "--", *command]


def _pg_ctl(*arguments):
    return _as_postgres([_binary("pg_ctl"), *arguments])


def _binary(name):
    folder = debian.postgres_bin()
    if not folder:
        raise SetupError("PostgreSQL is not installed.")
    return f"{folder}/{name}"


def _command():
    verb = sys.argv[1] if len(sys.argv) > 1 else "status"
    if verb == "start":
        _kept().touch()
        start()
    elif verb == "stop":
        _kept().unlink(missing_ok=True)
        stop()
    print(f"PostgreSQL on port {port()}: {'up' if is_up() else 'down'}")


if __name__ == "__main__":
    main(_command)
