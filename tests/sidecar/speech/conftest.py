"""The speech vendors, played by the simulator in a process of its own."""

import pytest

from tests.sidecar.speech.ear import Ear, Vendors
from tools.process import free_port
from tools.servers import Simulator


@pytest.fixture(scope="session")
def simulated():
    server = Simulator("http://127.0.0.1:1", free_port(), log="pytest-speech-vendors")
    server.start()
    try:
        yield server.wait_ready()
    finally:
        server.stop()


@pytest.fixture
def vendors(simulated):
    """`.order(kind, …)` makes something go wrong, `.script(…)` says what is heard."""
    simulated.control("POST", "reset", {"everything": True})
    return Vendors(simulated)


@pytest.fixture
def ear():
    return Ear()
