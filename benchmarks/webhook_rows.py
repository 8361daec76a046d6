"""Rows of the webhook: alone, at a rate, in bursts, among a million, in memory."""

import time

from benchmarks import volume, webhooks
from benchmarks.figures import in_turns, median, percentile
from benchmarks.rows import Row
from benchmarks.stage import client, count_calls, count_reference, memory
from benchmarks.webhooks import REFERENCE, SUBJECT, Burst

PAUSE = 0.05  # seconds in which what a webhook leaves to the pool is done


def one_at_a_time(odoo, count=100):
    """Connect webhooks of first-time callers whom Odoo knows as partners."""
    ours, floor = _in_turns(odoo, count)
    yield Row(
        f"webhook -> 200, one at a time, p50 of {count}",
        median(ours),
        3,
        reference=median(floor),
        relative=True,
    )


def _in_turns(odoo, count, first=0):
    calls = [(webhooks.call_ref(), volume.caller(first + i)) for i in range(count)]
    with client(odoo) as sender:
        for path in (SUBJECT, REFERENCE):  # the first request of a kind is slower
            for _ in range(5):
                sender.must(path, _warm_up_body())
        samples = in_turns(
            count,
            lambda i: sender.must(SUBJECT, webhooks.connect(*calls[i])),
            lambda i: sender.must(REFERENCE, webhooks.connect(*calls[i])),
            PAUSE,
        )
        end_calls(sender, calls)
    return samples


def _warm_up_body():
    return webhooks.connect(webhooks.call_ref(), volume.caller(0))


def end_calls(sender, calls):
    """Callers hang up, so that their calls do not ring on into the next row."""
    for ref, caller in calls:
        sender.must(SUBJECT, webhooks.terminate(ref, caller))


def at_a_rate(odoo, count=300, per_second=20, first=1000):
    calls = [(webhooks.call_ref(), volume.caller(first + i)) for i in range(count)]
    due = [(i / per_second, webhooks.connect(*call)) for i, call in enumerate(calls)]
    latencies, _failed = Burst(odoo.url).run(SUBJECT, due)
    found = count_calls(odoo, [ref for ref, _ in calls])
    name = f"webhook -> 200, {per_second} new calls/s"
    yield Row(f"{name}, p99 of {count}", percentile(latencies, 99), 100)
    yield Row(f"{name}, lost of {count}", count - found, 0, unit="")
    with client(odoo) as sender:
        end_calls(sender, calls)


def burst(odoo, count=50, rounds=4, first=2000):
    """`count` first-time callers in the same instant, several times."""
    ours, floor, calls, failed = [], [], [], 0
    for index in range(rounds):
        start = first + index * count
        some = [(webhooks.call_ref(), volume.caller(start + i)) for i in range(count)]
        due = [(0, webhooks.connect(*call)) for call in some]
        latencies, failures = Burst(odoo.url, count).run(SUBJECT, due)
        ours += latencies
        failed += failures
        time.sleep(1)
        floor += Burst(odoo.url, count).run(REFERENCE, due)[0]
        time.sleep(1)
        calls += some
    name = f"{count} webhooks at once"
    yield from _burst_rows(odoo, name, ours, floor, calls, failed)
    with client(odoo) as sender:
        end_calls(sender, calls)


def many_callers(odoo, count=300, seconds=60, first=3000):
    """300 callers in a minute: each connects and ends three seconds later."""
    calls = [(webhooks.call_ref(), volume.caller(first + i)) for i in range(count)]
    due = []
    for index, call in enumerate(calls):
        moment = index * seconds / count
        due.append((moment, webhooks.connect(*call)))
        due.append((moment + 3, webhooks.terminate(*call)))
    due.sort(key=lambda item: item[0])
    ours, failed = Burst(odoo.url).run(SUBJECT, due)
    time.sleep(1)
    floor, _failed = Burst(odoo.url).run(REFERENCE, due)
    name = f"{count} callers in {seconds} s"
    yield from _burst_rows(odoo, name, ours, floor, calls, failed)


def _burst_rows(odoo, name, ours, floor, calls, failed):
    refs = [ref for ref, _ in calls]
    if not floor or count_reference(odoo, refs) < len(refs):
        raise RuntimeError("the reference route lost some: nothing to compare with")
    yield Row(
        f"{name}, p95",
        percentile(ours, 95),
        3,
        reference=percentile(floor, 95),
        relative=True,
    )
    lost = len(refs) - count_calls(odoo, refs)
    yield Row(f"{name}, lost", lost, 0, unit="")
    yield Row(f"{name}, not answered with 200", failed, 0, unit="")


def among_a_million(small, large, count=80):
    """The same webhook on two servers in turns; callers spread over all customers."""
    samples = []
    with client(small) as to_small, client(large) as to_large:
        senders = [(to_large, 1_000_000), (to_small, 1000)]
        calls = [
            [
                (webhooks.call_ref(), volume.caller(i * customers // count))
                for i in range(count)
            ]
            for _, customers in senders
        ]
        for sender, _ in senders:
            for _ in range(10):
                sender.must(SUBJECT, _warm_up_body())
        samples = in_turns(
            count,
            lambda i: to_large.must(SUBJECT, webhooks.connect(*calls[0][i])),
            lambda i: to_small.must(SUBJECT, webhooks.connect(*calls[1][i])),
            PAUSE,
        )
    yield Row(
        f"webhook -> 200 among 1,000,000 partners and calls, p50 of {count}",
        median(samples[0]),
        1.3,
        reference=median(samples[1]),
        relative=True,
    )


def server_memory(odoo, operator, count=1000, early=200):
    """Whole calls on a server just started: ring, accept by RPC, end."""
    answer = webhooks.sdp("answer")
    rpc = odoo.rpc(operator)
    before = None
    with client(odoo) as sender:
        for index in range(count):
            ref, caller = webhooks.call_ref(), volume.caller(index)
            sender.must(SUBJECT, webhooks.connect(ref, caller))
            call_id = call_of(odoo, ref)
            done = rpc("whatsapp.call", "softphone_accept", call_id, "bench", answer)
            if not done["ok"]:
                raise RuntimeError(done["message"])
            sender.must(SUBJECT, webhooks.terminate(ref, caller))
            if index + 1 == early:
                time.sleep(2)
                before = memory(odoo)
    time.sleep(2)
    yield Row(
        f"server memory after {count} calls (reference: after {early})",
        memory(odoo),
        1.05,
        unit="MiB",
        reference=before,
        relative=True,
    )


def call_of(odoo, ref):
    rows = odoo.sql("SELECT id FROM whatsapp_call WHERE provider_ref = %s", [ref])
    return rows[0][0]
