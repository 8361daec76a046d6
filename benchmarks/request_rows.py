"""From what an operator clicks to the provider's request leaving."""

import time

from benchmarks import volume, webhooks
from benchmarks.figures import median
from benchmarks.rows import Row
from benchmarks.stage import client
from benchmarks.webhook_rows import call_of, end_calls
from benchmarks.webhooks import SUBJECT


def decline(odoo, graph, operator, count=40, first=4000):
    """RPC softphone_decline posted -> `reject` has arrived at the stand-in."""
    rpc = odoo.rpc(operator)
    samples, calls = [], []
    with client(odoo) as sender:
        for index in range(count):
            ref, caller = webhooks.call_ref(), volume.caller(first + index)
            sender.must(SUBJECT, webhooks.connect(ref, caller))
            call_id = call_of(odoo, ref)
            time.sleep(0.05)  # the ring's chatter entry is written by the pool
            started = time.perf_counter()
            done = rpc("whatsapp.call", "softphone_decline", call_id)
            if not done["ok"]:
                raise RuntimeError(done["message"])
            samples.append((graph.wait_for("reject", ref) - started) * 1000)
            calls.append((ref, caller))
        end_calls(sender, calls)
    yield Row(
        f"RPC decline posted -> `reject` at the provider, p50 of {count}",
        median(samples),
        40,
    )
