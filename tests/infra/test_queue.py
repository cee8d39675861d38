"""The nudge queue with a real Redis, and without one."""

import json
import os
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import pytest
from redis import Redis
from rq import Queue
from rq.job import Job
from rq.serializers import JSONSerializer

from nps.adapters.queue import BULK, LETTERS, JobQueue, connect, enqueue_soon
from tests.infra.conftest import PYTHON

JOB = "tests.infra.test_queue.tell"
ROW = UUID("0195f0b0-0000-7000-8000-000000000001")


def tell(row: str) -> None:
    """A job that says where it ran."""
    from flask import current_app

    with Redis.from_url(current_app.config["REDIS_URL"]) as client:
        client.rpush("told", json.dumps([row, current_app.name]))


def waiting(redis: "Redis[bytes]", name: str) -> list[Job]:
    return Queue(name, connection=redis, serializer=JSONSerializer).get_jobs()


def test_without_redis_a_nudge_is_refused_and_no_error(data: Path) -> None:
    assert JobQueue(f"unix://{data}/nobody.sock").enqueue(LETTERS, JOB, 1) is False


def test_a_nudge_carries_one_id_as_json(redis_url: str, redis: "Redis[bytes]") -> None:
    assert JobQueue(redis_url).enqueue(LETTERS, JOB, ROW)
    (job,) = waiting(redis, LETTERS)
    assert (job.func_name, job.args) == (JOB, [str(ROW)])
    assert waiting(redis, BULK) == []


def test_a_nudge_of_a_request_arrives_without_the_request_waiting(
    redis_url: str, redis: "Redis[bytes]", data: Path
) -> None:
    connect(redis_url)
    # Redis is stopped in the middle of everything: the line is open, nobody answers.
    pid = int(redis.info("server")["process_id"])
    os.kill(pid, signal.SIGSTOP)
    try:
        for row in range(3):
            enqueue_soon(LETTERS, JOB, row)
    finally:
        os.kill(pid, signal.SIGCONT)
    told = redis.blmove(f"rq:queue:{LETTERS}", "seen", timeout=30)
    assert told is not None


def test_the_same_nudge_waits_once(redis_url: str, redis: "Redis[bytes]") -> None:
    queue = JobQueue(redis_url)
    assert [queue.enqueue(LETTERS, JOB, row) for row in (1, 1, 2)] == [True, True, True]
    assert len(waiting(redis, LETTERS)) == 2


def test_beside_a_nudge_that_was_taken_one_more_may_wait(redis_url: str, redis: "Redis[bytes]") -> None:
    queue = JobQueue(redis_url)
    queue.enqueue(BULK, JOB, 1)
    # A worker takes it and is killed: RQ calls it running for a minute and a half.
    redis.lpop(f"rq:queue:{BULK}")
    assert [queue.enqueue(BULK, JOB, 1) for _ in range(3)] == [True, True, True]
    (job,) = waiting(redis, BULK)
    assert job.args == [1]


def test_a_lost_nudge_can_be_given_again(redis_url: str, redis: "Redis[bytes]") -> None:
    queue = JobQueue(redis_url)
    queue.enqueue(LETTERS, JOB, 1)
    (job,) = waiting(redis, LETTERS)
    assert redis.ttl(job.key) > 0, "a nudge whose list entry is lost would block its row for ever"
    redis.flushall()
    assert queue.enqueue(LETTERS, JOB, 1)
    assert len(waiting(redis, LETTERS)) == 1


def test_a_queue_without_a_worker_is_refused(redis_url: str) -> None:
    with pytest.raises(KeyError):
        JobQueue(redis_url).enqueue("nobody", JOB, 1)


@pytest.mark.parametrize("name", [LETTERS, BULK])
def test_a_worker_runs_the_jobs_of_its_queue_inside_the_application(
    redis_url: str,
    redis: "Redis[bytes]",
    environ: dict[str, str],
    on_leash: Callable[..., subprocess.Popen[str]],
    name: str,
) -> None:
    JobQueue(redis_url).enqueue(name, JOB, ROW)
    environ["REDIS_URL"] = redis_url
    worker = on_leash(*PYTHON, "-m", "nps.runner", name)
    told = redis.blpop(["told"], timeout=30)
    assert told is not None
    assert json.loads(told[1]) == [str(ROW), "nps"]
    worker.terminate()
    assert worker.wait(timeout=30) == 0
