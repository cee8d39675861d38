"""The RQ worker of one queue. Each job runs in a forked child, inside the application's context."""

import logging
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

from redis import Redis
from redis.exceptions import RedisError
from rq import Queue, Worker
from rq.executions import Execution
from rq.job import Job
from rq.serializers import JSONSerializer

# How soon a job whose worker was killed is noticed; RQ's own ten minutes are too long for a letter.
MAINTENANCE_S = 30
# An idle worker wakes this often (less 15 s) to do that.
WORKER_TTL_S = 60

ContextFactory = Callable[[], AbstractContextManager[Any]]
log = logging.getLogger(__name__)


class ContextWorker(Worker):
    """Runs each job inside a fresh context, made after the fork."""

    def __init__(self, queue: Queue, context: ContextFactory) -> None:
        self._context = context
        super().__init__(
            [queue],
            connection=queue.connection,
            serializer=JSONSerializer,
            maintenance_interval=MAINTENANCE_S,
            worker_ttl=WORKER_TTL_S,
        )

    def clean_registries(self) -> None:
        """Find lost jobs, whoever holds the lock on that.

        It may be one that a killed predecessor left, or that came back with an older state of Redis, and would keep
        lost jobs from being found for a quarter of an hour. Two workers of a queue that clean up at once do no harm: a
        job that is given back twice finds its row done (ADR 2).
        """
        for queue in self.queues:
            queue.release_maintenance_lock()  # type: ignore[no-untyped-call]
        super().clean_registries()  # type: ignore[no-untyped-call]

    def perform_job(self, job: Job, queue: Queue, execution: Execution) -> bool:
        with self._context():
            return super().perform_job(job, queue, execution)


def run(name: str, redis_url: str, context: ContextFactory) -> int:
    """Work on the queue `name` until a signal; the exit code. The supervisor starts a worker again that gave up."""
    queue = Queue(name, connection=Redis.from_url(redis_url), serializer=JSONSerializer)
    try:
        ContextWorker(queue, context).work(logging_level="WARNING")
    except RedisError as error:
        log.error("Redis does not answer: %s", error)
        return 1
    return 0
