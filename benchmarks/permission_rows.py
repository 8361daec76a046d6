"""What the state of permission costs on a list of leads: queries, and requests."""

import re
import time

from benchmarks.rows import Row
from benchmarks.volume import caller

LEADS = 80
FEW = 2
COLUMNS = {"name": {}, "phone": {}, "stage_id": {"fields": {"display_name": {}}}}
PERMISSION = {**COLUMNS, "whatsapp_permission": {}}
# Odoo's line of a request ends with: queries, seconds in them, seconds beside
COUNTED = re.compile(
    r'/web/dataset/call_kw/crm\.lead/web_search_read\S* HTTP/[\d.]+" 200 - (\d+) '
)
PATIENCE = 10  # seconds


def on_a_list_of_leads(odoo, graph):
    rpc = odoo.rpc()
    ids = rpc(
        "crm.lead",
        "create",
        [{"name": f"Lead {i}", "phone": f"+{caller(i)}"} for i in range(LEADS)],
    )

    def queries(count, columns):
        domain = [["id", "in", ids[:count]]]
        for _warm_up in range(3):
            before = len(_counted(odoo))
            rpc("crm.lead", "web_search_read", domain, columns, limit=LEADS)
            lines = _await_more(odoo, before)
        return lines[-1]

    asked = graph.requests
    cost = {
        count: queries(count, PERMISSION) - queries(count, COLUMNS)
        for count in (FEW, LEADS)
    }
    yield Row(
        f"permission on a list of {LEADS} leads against {FEW}: queries",
        cost[LEADS],
        1,
        unit="",
        reference=cost[FEW],
        relative=True,
    )
    name = f"permission on a list of {LEADS} leads: requests to the provider"
    yield Row(name, graph.requests - asked, 0, unit="")


def _counted(odoo):
    return [int(count) for count in COUNTED.findall(odoo.log.read_text())]


def _await_more(odoo, before):
    """The line is written after the answer has gone out."""
    end = time.monotonic() + PATIENCE
    while len(lines := _counted(odoo)) <= before:
        if time.monotonic() > end:
            raise TimeoutError("Odoo wrote no line about the request")
        time.sleep(0.01)
    return lines
