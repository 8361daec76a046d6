"""A server, a stand-in for Graph and WhatsApp's side of it."""

import pytest

from tests.races.graph import Graph
from tests.races.whatsapp import WhatsApp


@pytest.fixture(scope="module")
def graph(simulator_port):
    """Where the server's requests to WhatsApp go."""
    with Graph(simulator_port) as graph:
        yield graph


@pytest.fixture(scope="module")
def odoo(odoo_server, graph):
    return odoo_server


@pytest.fixture(scope="module")
def whatsapp(odoo):
    return WhatsApp(odoo)


@pytest.fixture(scope="module")
def calls(odoo):
    """`calls(ref)` -> {column: value} of each call with that id of WhatsApp's."""

    def find(ref):
        columns = "id, state, handler_id, decision_ms, closed_reason, version, outcome"
        rows = odoo.sql(
            f"SELECT {columns} FROM whatsapp_call WHERE provider_ref = %s", [ref]
        )
        return [dict(zip(columns.split(", "), row, strict=True)) for row in rows]

    return find


@pytest.fixture(scope="module")
def anna(odoo):
    return odoo.rpc("agent1")


@pytest.fixture(scope="module")
def ben(odoo):
    return odoo.rpc("agent2")
