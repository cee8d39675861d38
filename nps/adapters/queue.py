"""The nudge queue: RQ over Redis.

The database is the schedule and the outbox; a job here only says "look at row N now". A nudge may be lost or come
twice, so jobs check the row themselves, and the sweeper nudges again. That is why a Redis that is down costs the
caller no time: the call answers False and the row waits for the sweeper.
"""

import logging
import os
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from queue import Queue as Waiting
from threading import Lock, Thread
from uuid import UUID

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry
from rq import Queue, Worker
from rq.exceptions import DuplicateJobError
from rq.serializers import JSONSerializer

LETTERS, BULK = "letters", "bulk"
# Exactly one kind of worker listens to each queue, and to one queue only: with two queues RQ pops a job without keeping
# a copy, and a worker killed in that moment loses it.
QUEUES = (LETTERS, BULK)

# Longest run of one job: a letter is a few SMTP steps with a time-out each, bulk work is a large load or workbook.
TIMEOUT_S = {LETTERS: 180, BULK: 1800}
# An id is refused while Redis knows a job of that id. A nudge therefore has to be forgotten by itself: soon after it
# failed, and also when its entry in the list was lost while its hash stayed. RQ stops this clock when the job starts.
NUDGE_TTL_S = 600
FAILURE_TTL_S = 5
CONNECT_TIMEOUT_S = 0.5
ANSWER_TIMEOUT_S = 1.0
# A sweeper sweeps every ten seconds.
BEAT_TTL_S = 60
_SWEEPER = "nps:sweeper"
# Nudges that wait inside a process while Redis hangs; those beyond are the sweeper's.
MOST_WAITING = 100

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class QueueState:
    """Living workers and waiting nudges by queue, and whether a sweeper has swept within a minute."""

    answers: bool
    workers: Mapping[str, int]
    waiting: Mapping[str, int]
    sweeper: bool


class JobQueue:
    """Sends nudges to one Redis; threads may share it. Nothing is connected before the first nudge."""

    def __init__(self, redis_url: str) -> None:
        self._redis = Redis.from_url(
            redis_url,
            retry=Retry(NoBackoff(), 0),
            socket_connect_timeout=CONNECT_TIMEOUT_S,
            socket_timeout=ANSWER_TIMEOUT_S,
        )

    def enqueue(self, queue: str, job: str, row_id: int | str | UUID) -> bool:
        """Nudge the worker of `queue` to call the function `job` ("nps.jobs.letters.send") with `row_id`.

        The same nudge waits once. One that was taken may have looked at the row already, or its worker may be dead,
        and RQ notices that after a minute and a half: beside it one more may wait.

        True when it waits now; False when Redis doesn't answer, which is no error: the sweeper comes back to the row.
        Raises KeyError for a queue that nobody listens to.
        """
        timeout_s = TIMEOUT_S[queue]
        if isinstance(row_id, UUID):
            row_id = str(row_id)
        waiting = Queue(queue, connection=self._redis, serializer=JSONSerializer)
        own_id = nudge_id(job, row_id)
        try:
            for job_id in (own_id, f"{own_id}-again"):
                with suppress(DuplicateJobError):
                    waiting.enqueue_call(
                        job,
                        args=(row_id,),
                        job_id=job_id,
                        timeout=timeout_s,
                        ttl=NUDGE_TTL_S,
                        result_ttl=0,
                        failure_ttl=FAILURE_TTL_S,
                        unique=True,
                    )
                    return True
                if waiting.get_job_position(job_id) is not None:
                    return True
        except RedisError as error:
            log.warning("Redis did not take %s %s: %s", job, row_id, error)
            return False
        return True

    def beat(self) -> None:
        """Leave a sign that a sweeper lives."""
        with suppress(RedisError):
            self._redis.set(_SWEEPER, 1, ex=BEAT_TTL_S)

    def state(self) -> QueueState:
        """What Redis knows of workers and nudges; `answers` is False when it does not answer."""
        queues = {name: Queue(name, connection=self._redis, serializer=JSONSerializer) for name in QUEUES}
        try:
            return QueueState(
                answers=True,
                # A worker that was killed stays in RQ's list until another cleans up; its own key lapses.
                workers={name: len(Worker.all(queue=queue)) for name, queue in queues.items()},
                waiting={name: queue.count for name, queue in queues.items()},
                sweeper=bool(self._redis.exists(_SWEEPER)),
            )
        except RedisError as error:
            log.warning("Redis does not answer the monitor: %s", error)
            return QueueState(answers=False, workers={}, waiting={}, sweeper=False)

    def close(self) -> None:
        self._redis.close()


_jobs: JobQueue | None = None


def connect(redis_url: str) -> None:
    """Set the Redis that `enqueue` of this process speaks to; the application does it once when it is made."""
    global _jobs
    if _jobs is not None:
        _jobs.close()
    _jobs = JobQueue(redis_url)


def enqueue(queue: str, job: str, row_id: int | str | UUID) -> bool:
    """`JobQueue.enqueue` on the Redis of this process. Call it on the line after the transaction."""
    return _own().enqueue(queue, job, row_id)


def beat() -> None:
    """`JobQueue.beat` on the Redis of this process."""
    _own().beat()


def state() -> QueueState:
    """`JobQueue.state` on the Redis of this process."""
    return _own().state()


def _own() -> JobQueue:
    if _jobs is None:
        raise RuntimeError("nps.adapters.queue.connect() comes first: create_app() does it")
    return _jobs


class _Messenger:
    """Carries a process' nudges to Redis in a thread of its own, so that no request waits for Redis' answer."""

    def __init__(self) -> None:
        self.process = os.getpid()
        self.nudges: Waiting[tuple[str, str, int | str | UUID]] = Waiting()
        Thread(target=self._carry, name="nudges", daemon=True).start()

    def take(self, queue: str, job: str, row_id: int | str | UUID) -> None:
        if self.nudges.qsize() < MOST_WAITING:
            self.nudges.put((queue, job, row_id))

    def _carry(self) -> None:
        while True:
            nudge = self.nudges.get()
            try:
                enqueue(*nudge)
            except Exception:
                log.exception("the nudge %s was dropped", nudge)
            finally:
                self.nudges.task_done()


_messenger: _Messenger | None = None
_messenger_lock = Lock()


def enqueue_soon(queue: str, job: str, row_id: int | str | UUID) -> None:
    """`enqueue` without waiting for Redis, which may hang: for requests. What gets lost the sweeper gives again."""
    global _messenger
    if queue not in TIMEOUT_S:
        raise KeyError(queue)
    with _messenger_lock:
        # A forked process has the object, but not its thread.
        if _messenger is None or _messenger.process != os.getpid():
            _messenger = _Messenger()
        _messenger.take(queue, job, row_id)


def nudge_id(job: str, row_id: int | str) -> str:
    """The id of a nudge: the same kind and row give the same id. RQ takes letters, digits, `_` and `-` only."""
    return re.sub(r"[^A-Za-z0-9_-]", "-", f"{job.removeprefix('nps.jobs.')}-{row_id}")
