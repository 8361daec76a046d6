"""Servers on fresh copies of the template, with the reference addon installed."""

import contextlib

from benchmarks import volume
from benchmarks.webhooks import NUMBER, Client
from tools import commands, databases
from tools.paths import DEV_DIR, ROOT
from tools.run import run
from tools.servers import OdooServer, wire

ADDONS = ("--addons-path", f"{ROOT},{ROOT}/benchmarks/addons")
REFERENCE_ADDON = "whatsapp_calling_reference"


@contextlib.contextmanager
def base():
    """A database to copy: the template with the reference addon."""
    with databases.copied(databases.template(), "bench") as name:
        command = commands.odoo(
            *("-d", name, *ADDONS, "-i", REFERENCE_ADDON),
            *("--stop-after-init", "--no-http"),
        )
        run(command, "bench-databases", cwd=DEV_DIR, env=commands.environment())
        yield name


@contextlib.contextmanager
def server(base_name, api_url, count, tables=tuple(volume.TABLES), log="bench-odoo"):
    """A warm Odoo on a copy of `base_name` with `count` customers.

    :param api_url: where provider requests go
    """
    with databases.copied(base_name, "bench") as name:
        volume.fill(name, count, NUMBER, tables)
        odoo = OdooServer(name, options=ADDONS, log=log)
        wire(name, odoo.url, api_url)
        try:
            odoo.start().wait_ready()
            _wait_for_jobs(odoo)
            yield odoo
        finally:
            odoo.stop()


def _wait_for_jobs(odoo, seconds=180):
    """Every scheduled job of a fresh copy is due at once: a second of work, measured
    as if it were the webhook's when it falls between two of them."""
    due = (
        "SELECT count(*) FROM ir_cron"
        " WHERE active AND nextcall <= now() AT TIME ZONE 'utc'"
    )
    odoo.wait_until(lambda: odoo.sql(due) == [(0,)], seconds)


def count_calls(odoo, refs):
    """How many of these call ids have a call."""
    return _count(odoo, "whatsapp_call", refs)


def count_reference(odoo, refs):
    return _count(odoo, REFERENCE_ADDON, refs)


def _count(odoo, table, refs):
    text = (
        f"SELECT count(DISTINCT provider_ref) FROM {table} WHERE provider_ref = ANY(%s)"
    )
    return odoo.sql(text, [list(refs)])[0][0]


def memory(odoo):
    """Resident memory of a server, MiB."""
    with open(f"/proc/{odoo.pid}/status") as status:
        line = next(line for line in status if line.startswith("VmRSS:"))
    return int(line.split()[1]) / 1024


def client(odoo):
    return contextlib.closing(Client(odoo.url))
