"""Make, copy and drop databases with their files.

`base` has the apps and demo data, `template` has our modules on top; both are made
anew when what they come from has changed. Every other database is a copy.
"""

import contextlib
import fcntl
import json
import os
import shutil
import uuid

import psycopg2
from psycopg2 import sql

from tools import commands, modules, odoo_source, postgres
from tools.paths import DATA, DEV_DIR, ROOT, TEMPLATE_DATABASE
from tools.run import run
from tools.say import SetupError, say
from tools.stamps import digest

BASE_DATABASE = "whatsapp_calling_base"
# Odoo does this before its first browser test of a database: 20 s, here once for all
# copies, which then make only the bundles that hold our own files
MAKE_BUNDLES = "env['ir.qweb']._pregenerate_assets_bundles()\nenv.cr.commit()\n"
FILESTORE = DATA / "filestore"


def query(database, text, parameters=None):
    """Run one statement in a transaction of its own; rows as tuples, if any."""
    with contextlib.closing(_connect(database)) as connection:
        with connection, connection.cursor() as cursor:
            cursor.execute(text, parameters)
            return cursor.fetchall() if cursor.description else []


def exists(name):
    found = query("postgres", "SELECT 1 FROM pg_database WHERE datname = %s", [name])
    return bool(found)


def copy(source, target):
    """Copy a database and its files (by hard links: they are never rewritten)."""
    drop(target)
    _admin("CREATE DATABASE {} TEMPLATE {}", target, source)
    if (FILESTORE / source).exists():
        shutil.copytree(FILESTORE / source, FILESTORE / target, copy_function=os.link)


def drop(name):
    _admin("DROP DATABASE IF EXISTS {} WITH (FORCE)", name)
    shutil.rmtree(FILESTORE / name, ignore_errors=True)


def rename(source, target):
    drop(target)
    _admin("ALTER DATABASE {} RENAME TO {}", source, target)
    if (FILESTORE / source).exists():
        (FILESTORE / source).rename(FILESTORE / target)


@contextlib.contextmanager
def copied(source, prefix="test"):
    """A copy that is dropped after the block; its name."""
    name = f"{prefix}_{uuid.uuid4().hex[:10]}"
    copy(source, name)
    try:
        yield name
    finally:
        drop(name)


def template():
    """The name of the template with all our modules, made anew when they changed."""
    with _alone():
        wanted = {"base": _base(), "modules": modules.hashes()}
        if note(TEMPLATE_DATABASE) != wanted:
            say("database", f"making the template: {' '.join(modules.own())}")
            _make(TEMPLATE_DATABASE, modules.own(), BASE_DATABASE, wanted)
    return TEMPLATE_DATABASE


def update(name, log):
    """Bring a lasting database (the demo's) up to the modules as they are now.

    Returns whether it changed.
    """
    wanted = modules.hashes()
    if not exists(name):
        with _alone():
            _base()
            say("database", f"making {name}: {' '.join(wanted)}")
            _make(name, list(wanted), BASE_DATABASE, {"modules": wanted}, log)
        return True
    had = note(name).get("modules", {})
    changed = [module for module in wanted if wanted[module] != had.get(module)]
    if not changed:
        return False
    fresh = [module for module in changed if not _is_installed(name, module)]
    stale = [module for module in changed if module not in fresh]
    say("database", f"updating {name}: {' '.join(changed)}")
    options = []
    if fresh:
        options += ["-i", ",".join(fresh)]
    if stale:
        options += ["-u", ",".join(stale)]
    _odoo(name, log, *options)
    set_note(name, {"modules": wanted})
    return True


def note(name):
    """What a database was made from: kept as its comment, so that it goes with it."""
    found = query(
        "postgres",
        "SELECT shobj_description(oid, 'pg_database') FROM pg_database"
        " WHERE datname = %s",
        [name],
    )
    try:
        return json.loads(found[0][0]) if found and found[0][0] else {}
    except ValueError:
        return {}


def set_note(name, value):
    _admin("COMMENT ON DATABASE {} IS %s", name, parameters=[json.dumps(value)])


def _base():
    """Make the database of the apps when it is not current; what it comes from."""
    pins = ROOT / "requirements/odoo-addons.txt"
    wanted = digest(odoo_source.identity(), *modules.APPS, pins, MAKE_BUNDLES)
    if note(BASE_DATABASE).get("base") != wanted:
        say("database", f"making the base: {' '.join(modules.APPS)}, demo data")
        _make(BASE_DATABASE, modules.APPS, None, {"base": wanted})
    return wanted


def _make(name, install, source, value, log="databases"):
    fresh = f"{name}_new"
    if source:
        copy(source, fresh)
    else:
        drop(fresh)
        _admin("CREATE DATABASE {} TEMPLATE template0", fresh)
    if install:
        _odoo(fresh, log, "-i", ",".join(install), "--with-demo")
    if not source:
        shell = commands.odoo("shell", "-d", fresh, "--no-http")
        environment = commands.environment()
        run(shell, log, DEV_DIR, environment, stdin=MAKE_BUNDLES.encode())
    rename(fresh, name)
    set_note(name, value)


def _odoo(name, log, *options):
    command = commands.odoo("-d", name, *options, "--stop-after-init", "--no-http")
    run(command, log, cwd=DEV_DIR, env=commands.environment())
    # Odoo only warns when demo data cannot be loaded
    broken = query(name, "SELECT error FROM ir_demo_failure")
    if broken:
        raise SetupError(f"Demo data of {name} failed:\n{broken[0][0]}")


def _is_installed(name, module):
    return query(
        name,
        "SELECT 1 FROM ir_module_module WHERE name = %s AND state = 'installed'",
        [module],
    )


def _connect(database):
    environment = postgres.environment()
    return psycopg2.connect(
        dbname=database,
        host=environment["PGHOST"],
        port=environment["PGPORT"],
        user=environment["PGUSER"],
        password=environment["PGPASSWORD"],
    )


def _admin(text, *names, parameters=None):
    """A statement about databases, which must not run in a transaction."""
    with contextlib.closing(_connect("postgres")) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            statement = sql.SQL(text).format(*map(sql.Identifier, names))
            cursor.execute(statement, parameters)


@contextlib.contextmanager
def _alone():
    with (DEV_DIR / "databases.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
