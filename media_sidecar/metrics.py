"""What Prometheus may read of a unit; a registry per process."""

import time

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
)

ANSWER_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1, 5)


class Metrics:
    """Counters to add to; gauges are read from the unit when somebody asks."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.started = time.time()
        self.calls = self._counter("calls", "Calls opened", "direction")
        self.ended = self._counter("calls_ended", "Calls ended", "reason")
        self.refused = self._counter("refused", "Requests not done", "reason")
        self.asked = self._counter("requests", "Requests of Odoo", "action")
        self.events = self._counter("events", "Events put into the outbox", "kind")
        self.to_odoo = self._counter("odoo_answers", "Odoo's answers", "to", "status")
        self.answer_time = Histogram(
            "sidecar_answer_seconds",
            "Time to answer a request of Odoo",
            ["action"],
            registry=self.registry,
            buckets=ANSWER_BUCKETS,
        )

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        return Counter(f"sidecar_{name}", text, labels, registry=self.registry)

    def gauge(self, name: str, text: str, read) -> None:
        """A value that `read()` gives at each reading."""
        gauge = Gauge(f"sidecar_{name}", text, registry=self.registry)
        gauge.set_function(read)

    def text(self) -> bytes:
        """The page Prometheus reads."""
        return generate_latest(self.registry)
