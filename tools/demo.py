"""`make demo`: everything in the foreground until Ctrl-C."""

import re
import signal
import threading

import requests

from tools import databases, postgres
from tools.paths import (
    DEMO_DATABASE,
    LOGS,
    ODOO_PORT,
    ROOT,
    SIDECAR_PORT,
    SIMULATOR_PORT,
)
from tools.process import is_free
from tools.say import SetupError, main, say
from tools.servers import OdooServer, Sidecar, Simulator, wire

LOGINS = """
  Odoo        {odoo}
              admin / admin      administrator
              agent1 / agent1    operator, first company
              agent2 / agent2    operator, first company
              agent3 / agent3    operator, second company
  The phone   {phone}
              be Eva Gruber: her ticket is agent1's, so her call rings there first
  The sidecar {sidecar}
              calls of +43 720 880102 (Service line) pass through it and are recorded
              and written down; admin and agent1 may listen to them
  Connect     to try it, as admin: token demo-token-3, app secret
              demo-app-secret-3, account ID 100000000000003
  Logs        {logs}

  Open both addresses as `localhost`: browsers give the microphone to no other plain
  HTTP address. Ctrl-C stops everything.
"""


def demo():
    stopped = threading.Event()
    _on_signals(_interrupt)  # a database half made is given up at once
    ports = {
        "ODOO_PORT": ODOO_PORT,
        "SIMULATOR_PORT": SIMULATOR_PORT,
        "SIDECAR_PORT": SIDECAR_PORT,
    }
    for name, port in ports.items():
        if not is_free(port):
            raise SetupError(f"Port {port} is taken. Choose another: {name}=<port>")
    with postgres.running():
        changed = databases.update(DEMO_DATABASE, "demo-database")
        odoo = OdooServer(DEMO_DATABASE, ODOO_PORT, log="demo-odoo")
        simulator = Simulator(odoo.url, SIMULATOR_PORT, log="demo-simulator")
        wire(DEMO_DATABASE, odoo.url, simulator.url)
        _show_recordings()
        sidecar = Sidecar(odoo.url, SIDECAR_PORT, log="demo-sidecar")
        processes = [odoo, sidecar]
        if (ROOT / "simulator/__main__.py").exists():
            processes.insert(0, simulator)
        _on_signals(lambda *_: stopped.set())
        try:
            _start(processes, stopped)
            if changed and not stopped.is_set():
                say("odoo", "preparing the pages")
                _warm_up(odoo)
            if not stopped.is_set():
                urls = {
                    "odoo": odoo.url,
                    "phone": f"{simulator.url}/",
                    "sidecar": f"{sidecar.url}/health",
                }
                print(LOGINS.format(**urls, logs=LOGS))
                print("READY", flush=True)
            _watch(processes, stopped)
        finally:
            say("demo", "stopping")
            for process in reversed(processes):
                process.stop()
    say("demo", "stopped")


def _on_signals(handler):
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, handler)


def _interrupt(*_):
    raise KeyboardInterrupt


def _start(processes, stopped):
    for process in processes:
        process.start()
    for process in processes:
        if not stopped.is_set():
            say(process.name.lower(), f"starting on {process.url}")
            process.wait_ready()


def _watch(processes, stopped):
    while not stopped.wait(0.5):
        for process in processes:
            if not process.is_alive():
                raise SetupError(f"{process.name} ended by itself: see {process.log}")


def _show_recordings():
    """The right to listen, which nobody has by itself, for two people of the demo; and
    the service line writes down what is said."""
    databases.query(
        DEMO_DATABASE,
        "INSERT INTO res_groups_users_rel (gid, uid)"
        " SELECT ref.res_id, users.id FROM ir_model_data ref, res_users users"
        " WHERE ref.module = 'whatsapp_calling' AND ref.name = 'group_recordings'"
        " AND users.login IN ('admin', 'agent1') ON CONFLICT DO NOTHING",
    )
    databases.query(
        DEMO_DATABASE,
        "UPDATE whatsapp_calling_number SET record_text = TRUE"
        " WHERE provider_ref = '200000000000004'",
    )


def _warm_up(odoo):
    """Have the pages' scripts and styles made now, not at a person's first look."""
    rpc = odoo.rpc("admin")
    page = rpc.session.get(f"{odoo.url}/odoo", timeout=120).text
    for path in set(re.findall(r'(?:src|href)="(/web/assets/[^"]+)"', page)):
        try:
            rpc.session.get(odoo.url + path, timeout=120)
        except requests.RequestException:
            return


if __name__ == "__main__":
    main(demo)
