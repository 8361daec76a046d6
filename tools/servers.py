"""Real servers for the demo, the tests and the benchmarks: Odoo, simulator, sidecar."""

import contextlib
import json

import requests

from tools import commands, databases
from tools.paths import DATA, DEV_DIR, ROOT
from tools.process import Process, free_port
from tools.venv import PYTHON

TIMEOUT = 60  # seconds for one RPC; the first one may compile assets


class RpcError(Exception):
    """What Odoo answered instead of a result; `name` is the exception's dotted name."""

    def __init__(self, error):
        data = error.get("data") or {}
        self.name = data.get("name", "")
        self.debug = data.get("debug", "")
        super().__init__(data.get("message") or error.get("message"))


class Rpc:
    """One log-in. `rpc("res.partner", "search_count", [])` calls a model's method."""

    def __init__(self, url, database, login, password):
        self.url = url
        self.session = requests.Session()
        who = {"db": database, "login": login, "password": password}
        self.info = self.post("/web/session/authenticate", who)
        self.uid = self.info["uid"]

    def __call__(self, model, method, *args, **kwargs):
        params = {"model": model, "method": method, "args": args, "kwargs": kwargs}
        return self.post(f"/web/dataset/call_kw/{model}/{method}", params)

    def post(self, path, params):
        """Call a JSON-RPC route with the session's cookie."""
        body = {"jsonrpc": "2.0", "method": "call", "params": params}
        answer = self.session.post(self.url + path, json=body, timeout=TIMEOUT)
        answer.raise_for_status()
        answer = answer.json()
        if "error" in answer:
            raise RpcError(answer["error"])
        return answer.get("result")


class OdooServer(Process):
    """A threaded Odoo on one database, for 127.0.0.1 only."""

    def __init__(self, database, port=None, options=(), env=None, log="odoo"):
        self.database = database
        self.port = port or free_port()
        self.url = f"http://localhost:{self.port}"
        command = commands.odoo(
            *("-d", database, "--db-filter", f"^{database}$"),
            *("--http-port", self.port, "--workers", 0, *options),
        )
        env = commands.environment(**(env or {}))
        super().__init__("Odoo", command, env, DEV_DIR, log)

    def wait_ready(self, seconds=60):
        self.wait_until(lambda: _answers(f"{self.url}/web/health"), seconds)
        # the first request of a database loads it
        requests.get(f"{self.url}/web/login", timeout=TIMEOUT)
        return self

    def restart(self):
        """A clean stop and a new start on the same port and database."""
        self.stop()
        return self.start().wait_ready()

    def rpc(self, login="admin", password=None):
        return Rpc(self.url, self.database, login, password or login)

    def sql(self, text, parameters=None):
        """Rows of one statement, committed at once."""
        return databases.query(self.database, text, parameters)


class Simulator(Process):
    """WhatsApp's side; `control` speaks to its control API."""

    def __init__(self, odoo_url, port=None, config=None, options=(), log="simulator"):
        self.port = port or free_port()
        self.url = f"http://localhost:{self.port}"
        command = [PYTHON, "-m", "simulator", "--port", self.port]
        command += ["--config", config or ROOT / "simulator/demo.json"]
        command += ["--odoo-url", odoo_url, *options]
        super().__init__("Simulator", command, commands.environment(), ROOT, log)

    def wait_ready(self, seconds=30):
        return self.wait_until(lambda: _answers(f"{self.url}/"), seconds)

    def control(self, method, path, json=None, timeout=30):
        """`control("POST", "calls", {...})`: the answer's JSON, or its bytes."""
        url = f"{self.url}/control/{path.removeprefix('/control/').lstrip('/')}"
        answer = requests.request(method, url, json=json, timeout=timeout)
        if not answer.ok:
            raise requests.HTTPError(
                f"{answer.status_code} {method} {url}: {answer.text[:500]}",
                response=answer,
            )
        if "json" in answer.headers.get("Content-Type", ""):
            return answer.json()
        return answer.content


class Sidecar(Process):
    """A media sidecar as the demo data know it; `state` is its folder."""

    REF = "demo-sidecar"
    SECRET = "demo-sidecar-secret-0123456789abcdef"  # not one: in the demo data too

    def __init__(
        self, odoo_url, port=None, state=None, workers=1, env=None, log="sidecar"
    ):
        self.port = port or free_port()
        self.url = f"http://localhost:{self.port}"
        self.state = state or DATA / "sidecar"
        settings = {
            "ODOO_URL": odoo_url,
            "SIDECAR_REF": self.REF,
            "SIDECAR_SECRET": self.SECRET,
            "SIDECAR_URL": self.url,
            "LISTEN_PORT": self.port,
            "STATE_DIR": self.state,
            "WORKERS": workers,
            # a machine that also runs Odoo, a browser and tests is late now and then
            "LAG_LIMIT_MS": 10000,
            "DRAIN_SECONDS": 3,  # nobody waits for the calls of a demo
        }
        env = commands.environment(**settings | (env or {}))
        command = [PYTHON, "-m", "media_sidecar"]
        super().__init__("Sidecar", command, env, ROOT, log)

    def wait_ready(self, seconds=30):
        return self.wait_until(lambda: _answers(f"{self.url}/health"), seconds)

    def restart(self):
        """A clean stop and a new start on the same port and folder."""
        self.stop()
        return self.start().wait_ready()

    def health(self):
        """What it says of itself; `odoo` is "up" once Odoo knows it."""
        return requests.get(f"{self.url}/health", timeout=5).json()

    def wait_known(self, seconds=30):
        """Wait until Odoo has its heartbeat."""
        return self.wait_until(lambda: self.health()["odoo"] == "up", seconds)


def wire(database, odoo_url, simulator_url):
    """Make a database that no server has open yet point at these two addresses."""
    parameter = (
        "INSERT INTO ir_config_parameter (key, value) VALUES (%s, %s)"
        " ON CONFLICT (key) DO UPDATE SET value = EXCLUDED.value"
    )
    databases.query(database, parameter, ["web.base.url", odoo_url])
    databases.query(database, parameter, ["web.base.url.freeze", "True"])
    has_account = databases.query(
        database,
        "SELECT 1 FROM information_schema.columns WHERE column_name = 'base_url'"
        " AND table_name = 'whatsapp_calling_account'",
    )
    if has_account:
        # the path (a version, perhaps) stays, host and port are replaced
        databases.query(
            database,
            "UPDATE whatsapp_calling_account SET base_url ="
            " regexp_replace(base_url, '^http://localhost:[0-9]+', %s)"
            " WHERE base_url LIKE 'http://localhost:%%'",
            [simulator_url],
        )
    # what is connected by hand asks the simulator too
    fields = (
        "SELECT id FROM ir_model_fields WHERE name = 'base_url' AND store"
        " AND model IN ('whatsapp.calling.account', 'whatsapp.calling.connect')"
    )
    databases.query(database, f"DELETE FROM ir_default WHERE field_id IN ({fields})")
    databases.query(
        database,
        "INSERT INTO ir_default (field_id, json_value)"
        f" SELECT id, %s FROM ({fields}) AS field",
        [json.dumps(simulator_url)],
    )


def _answers(url):
    with contextlib.suppress(requests.RequestException):
        return requests.get(url, timeout=5).status_code < 500
    return False
