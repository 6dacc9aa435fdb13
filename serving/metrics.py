"""What the server counts about itself, in Prometheus' form; no label ever holds what a caller typed."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

BUCKETS = (0.0005, 0.001, 0.002, 0.003, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)


class Metrics:
    """The counters of one server, on a registry of their own.

    Examples
    --------
    >>> metrics = Metrics()
    >>> metrics.answered("churn", ["ok", "ok", "unknown"])
    >>> 'rapport_answers_total{model="churn",status="ok"} 2.0' in metrics.text().decode()
    True
    """

    media_type = CONTENT_TYPE_LATEST

    def __init__(self) -> None:
        self.registry = registry = CollectorRegistry()
        self._requests = Counter(
            "rapport_requests_total",
            "Requests by route and HTTP status.",
            ["route", "method", "status"],
            registry=registry,
        )
        self._seconds = Histogram(
            "rapport_request_seconds", "Time from request to answer.", ["route"], buckets=BUCKETS, registry=registry
        )
        self._answers = Counter(
            "rapport_answers_total", "Answers by model and status, one per id.", ["model", "status"], registry=registry
        )
        self._model = Gauge(
            "rapport_model_info", "The version that answers (1).", ["model", "version", "grade"], registry=registry
        )
        self._swaps = Counter(
            "rapport_model_swaps_total", "Champions taken up or refused.", ["model", "outcome"], registry=registry
        )
        self._online_age = Gauge("rapport_online_age_seconds", "Age of the online features.", registry=registry)

    def requested(self, route: str, method: str, status: int, seconds: float) -> None:
        """Count one request."""
        self._requests.labels(route, method, str(status)).inc()
        self._seconds.labels(route).observe(seconds)

    def answered(self, model: str, statuses: Iterable[str]) -> None:
        """Count the answers of one request."""
        counts: dict[str, int] = {}
        for status in statuses:
            counts[status] = counts.get(status, 0) + 1
        for status, number in counts.items():
            self._answers.labels(model, status).inc(number)

    def serving(self, models: Iterable[tuple[str, str, str]]) -> None:
        """State which (model, version, grade) answer from now on."""
        self._model.clear()
        for model, version, grade in models:
            self._model.labels(model, version, grade).set(1)

    def swapped(self, model: str, outcome: str) -> None:
        """Count a champion that was taken up (``swapped``) or refused (``refused``)."""
        self._swaps.labels(model, outcome).inc()

    def watch_age(self, age: Callable[[], float]) -> None:
        """Ask `age` for the age of the online features whenever the metrics are read."""
        self._online_age.set_function(age)

    def text(self) -> bytes:
        """All of it, in the text format that Prometheus reads."""
        return generate_latest(self.registry)
