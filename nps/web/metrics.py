"""The state of the installation in Prometheus' text format.

Every figure is read from the database or Redis when it is asked for: all web processes give the same, and none is lost
with a process. Times of requests are in the request log (docs/adr/0013).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Metric, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from nps.services.monitoring import State


class _Installation(Collector):
    """One reading of one state."""

    def __init__(self, state: State) -> None:
        self._state = state

    def collect(self) -> Iterator[Metric]:
        """The gauges; those of the database are absent while it does not answer."""
        queue, figures = self._state.queue, self._state.figures
        yield _gauge("nps_database_up", "1 while the database answers", figures is not None)
        yield _gauge("nps_redis_up", "1 while Redis answers", queue.answers)
        yield _gauge("nps_sweeper_up", "1 while a sweeper has swept within a minute", queue.sweeper)
        yield _by("nps_workers", "Living workers of a queue", "queue", queue.workers)
        yield _by("nps_queue_jobs", "Nudges that wait in a queue", "queue", queue.waiting)
        yield _gauge("nps_data_free_bytes", "Free space where the data lie", self._state.free_bytes)
        if figures is None:
            return
        yield _by("nps_letters", "Letters of the outbox by state", "state", figures.letters)
        yield _gauge(
            "nps_letters_oldest_due_seconds", "Since when the oldest due letter waits", figures.oldest_due_letter_s
        )
        yield _gauge(
            "nps_jobs_oldest_waiting_seconds", "Since when the oldest load waits", figures.oldest_waiting_job_s
        )
        yield _gauge("nps_calls_open", "Calls without a result", figures.open_calls)
        yield _gauge("nps_shifts_open", "Operators on shift", figures.open_shifts)
        yield _gauge("nps_sessions_active", "Sessions used within the last hour", figures.active_sessions)
        yield _gauge("nps_logins_failed_last_hour", "Failed logins of the last hour", figures.failed_logins_last_hour)


def exposition(state: State) -> tuple[bytes, str]:
    """The text and its content type."""
    registry = CollectorRegistry()
    registry.register(_Installation(state))
    return generate_latest(registry), CONTENT_TYPE_LATEST


def _gauge(name: str, documentation: str, value: float) -> Metric:
    return GaugeMetricFamily(name, documentation, value=float(value))


def _by(name: str, documentation: str, label: str, values: Mapping[str, int]) -> Metric:
    family = GaugeMetricFamily(name, documentation, labels=[label])
    for key, value in values.items():
        family.add_metric([key], value)
    return family
