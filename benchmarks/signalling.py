"""Group `signalling`: webhooks, requests and the browser's first sound."""

from benchmarks import (
    browser_rows,
    log_rows,
    permission_rows,
    request_rows,
    stage,
    volume,
    webhook_rows,
)
from benchmarks.graph import Graph
from tools import postgres
from tools.process import free_port
from tools.servers import Simulator

OPERATOR = "agent1"
CUSTOMERS = 5000
MANY, FEW = 1_000_000, 1000
PEOPLE = {"manager": "admin", "operator": OPERATOR}
ONLY_PARTNERS = ("res_partner",)


def run(report):
    """Measure every row; `report.measure(name, work)` prints what `work()` yields."""
    with postgres.running(), stage.base() as base, Graph() as graph:
        with stage.server(base, graph.url, CUSTOMERS, ONLY_PARTNERS) as odoo:
            rows = {
                "webhook, one at a time": webhook_rows.one_at_a_time,
                "webhook, 20 new calls/s": webhook_rows.at_a_rate,
                "50 webhooks at once": webhook_rows.burst,
                "300 callers": webhook_rows.many_callers,
            }
            for name, work in rows.items():
                report.measure(name, work, odoo)
            report.measure(
                "decline -> request", request_rows.decline, odoo, graph, OPERATOR
            )
            report.measure(
                "permission on a list",
                permission_rows.on_a_list_of_leads,
                odoo,
                graph,
            )
            odoo.restart()
            report.measure("server memory", webhook_rows.server_memory, odoo, OPERATOR)
        report.measure("popup and accept in Chromium", _browser, base)
        report.measure("log and webhook among a million", _volume, base, graph)


def _browser(base):
    port = free_port()
    api_url = f"http://localhost:{port}"
    with stage.server(base, api_url, CUSTOMERS, ONLY_PARTNERS) as odoo:
        simulator = Simulator(odoo.url, port, log="bench-simulator").start()
        try:
            simulator.wait_ready()
            with browser_rows.operator(odoo, OPERATOR) as page:
                yield from browser_rows.popup(odoo, page, OPERATOR)
                yield from browser_rows.accept(page, simulator)
        finally:
            simulator.stop()


def _volume(base, graph):
    tables = tuple(volume.TABLES)
    with (
        stage.server(base, graph.url, FEW, tables, "bench-few") as small,
        stage.server(base, graph.url, MANY, tables, "bench-many") as large,
    ):
        yield from log_rows.among_a_million(small, large, PEOPLE)
        yield from webhook_rows.among_a_million(small, large)
