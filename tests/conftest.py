"""Fixtures for all pytest suites: real PostgreSQL, Odoo, simulator and Chromium.

Module-scoped, so that a file's tests share one Odoo; a test that needs a server of
its own (to kill it, say) asks for `make_odoo`.
"""

import contextlib

import pytest

from tools import databases, postgres
from tools.browser import Browser
from tools.process import free_port
from tools.servers import OdooServer, Sidecar, Simulator, wire


@pytest.fixture(scope="session")
def cluster():
    """The project's PostgreSQL, up for the whole run (fsync on)."""
    with postgres.running():
        yield


@pytest.fixture(scope="session")
def template(cluster):
    """Name of the database with all our modules and demo data."""
    return databases.template()


@pytest.fixture
def database(template):
    """Name of a fresh copy of the template."""
    with databases.copied(template) as name:
        yield name


@pytest.fixture(scope="module")
def simulator_port():
    """Reserved first: Odoo's accounts are pointed at it before either starts."""
    return free_port()


@pytest.fixture(scope="module")
def odoo_server(template, simulator_port, request):
    """A running Odoo (16 HTTP threads) on a copy of the template.

    `.url`, `.database`, `.rpc(login)` -> `call(model, method, *args, **kwargs)`,
    `.sql(text, parameters)` -> rows, `.restart()`, `.kill()`, `.log` (a path).
    """
    with _odoo(template, simulator_port, _log(request, "odoo")) as server:
        yield server


@pytest.fixture
def make_odoo(template, simulator_port, request):
    """A function that starts another Odoo on its own copy, for this test only."""
    with contextlib.ExitStack() as stack:

        def make(**options):
            log = _log(request, "odoo-own")
            return stack.enter_context(_odoo(template, simulator_port, log, **options))

        yield make


@pytest.fixture(scope="module")
def simulator(odoo_server, simulator_port, request):
    """A running simulator whose webhooks go to `odoo_server`.

    `.url`, `.control("POST", "calls", {...})` -> the answer.
    """
    server = Simulator(
        odoo_server.url, simulator_port, log=_log(request, "simulator")
    ).start()
    try:
        yield server.wait_ready()
    finally:
        server.stop()


@pytest.fixture(scope="module")
def sidecar(odoo_server, request, tmp_path_factory):
    """A running media sidecar that `odoo_server` knows (`demo-sidecar`).

    `.url`, `.health()`, `.restart()`, `.kill()`, `.start()`, `.wait_known()`,
    `.state` (its folder).
    """
    folder = tmp_path_factory.mktemp("sidecar")
    server = Sidecar(odoo_server.url, state=folder, log=_log(request, "sidecar"))
    server.start()
    try:
        yield server.wait_ready().wait_known()
    finally:
        server.stop()


@pytest.fixture(scope="session")
def chromium():
    """One Chromium with a fake microphone for the whole run."""
    with Browser() as opened:
        yield opened


@pytest.fixture
def browser(chromium, odoo_server):
    """`browser.operator("agent1")` -> a logged-in page; `browser.page(url)` -> any.

    Each person has cookies of their own; what a page wrote to its console as errors
    is in `page.console_errors`. Closed after the test.
    """
    with chromium.people(odoo_server) as people:
        yield people


@contextlib.contextmanager
def _odoo(template, simulator_port, log, **options):
    """An Odoo on a copy of the template, gone with its database after the block."""
    with databases.copied(template) as name:
        server = OdooServer(name, log=log, **options)
        wire(name, server.url, f"http://localhost:{simulator_port}")
        server.start()
        try:
            yield server.wait_ready()
        finally:
            server.stop()


def _log(request, name):
    """`pytest-<test file>-<name>`: each file's servers have logs of their own."""
    return f"pytest-{request.node.path.stem}-{name}"
