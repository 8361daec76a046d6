"""Group `media`: the sidecar's figures, beside stock aiortc and pipecat."""

from benchmarks.media import (
    bridge_rows,
    crash_rows,
    lossy,
    reference,
    servers,
    soak_rows,
)


def run(report):
    """Measure every row; `report.measure(name, work)` prints what `work()` yields."""
    report.measure("sound received: delay added", lossy.delay)
    report.measure("sound received: not delivered", lossy.missing)
    reference.set_up()
    servers.favour(0)  # the talkers: late ones would be taken for a late loop
    report.measure("CPU and memory per bridged and recorded call", bridge_rows.cost)
    report.measure("calls at once", bridge_rows.at_once)
    report.measure("offer in -> SDP out", bridge_rows.answers)
    report.measure("recording lost by kill -9, size", crash_rows.killed)
    report.measure("memory after 1000 calls", soak_rows.memory)
