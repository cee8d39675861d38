"""The sweeper finds what is due in the real database and nudges over a real Redis."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from subprocess import Popen
from threading import Thread

from flask import Flask
from redis import Redis
from rq import Queue
from rq.serializers import JSONSerializer
from sqlalchemy import select
from sqlalchemy.orm import Session

from nps.adapters import queue
from nps.extensions import db
from nps.jobs import reminders
from nps.jobs.sweeper import sweep_once
from nps.models import Appointment, JobRun, Reminder, Shift
from nps.services import reminders as service
from nps.supervisor import redis_server
from tests import factories

NOW = datetime(2026, 11, 24, 7, 0, tzinfo=UTC)


def waiting_job(session: Session) -> JobRun:
    owner = factories.user(session, "manager")
    job = JobRun(kind="sample", state="waiting", owner_id=owner.id, created_at=NOW)
    session.add(job)
    session.commit()
    return job


def test_without_redis_the_rows_wait(session: Session) -> None:
    waiting_job(session)
    assert sweep_once(NOW) == 0


def test_a_nudge_lost_by_redis_is_given_again(session: Session, redis_url: str, redis: "Redis[bytes]") -> None:
    job_id = waiting_job(session).id
    queue.connect(redis_url)
    bulk = Queue(queue.BULK, connection=redis, serializer=JSONSerializer)

    assert sweep_once(NOW) == sweep_once(NOW) == 1
    assert [job.args for job in bulk.get_jobs()] == [[job_id]]
    redis.flushall()
    sweep_once(NOW)
    assert [job.args for job in bulk.get_jobs()] == [[job_id]]


def promise(session: Session) -> tuple[int, datetime]:
    """A campaign with a promise that is due, its owner on shift."""
    campaign = factories.campaign(session)
    owner = factories.member(session, campaign)
    session.add(Shift(user_id=owner.id, campaign_id=campaign.id, spoken_name="Ольга", started_at=factories.NOW))
    client = factories.respondent(session, campaign)
    call = factories.attempt(session, client, owner, "callback", at=factories.NOW)
    at = datetime.now(UTC)
    session.add(
        Appointment(
            respondent_id=client.id, attempt_id=call.id, at=at, owner_id=owner.id, reserved_until=at, state="open"
        )
    )
    session.commit()
    return campaign.id, at


def kinds(session: Session) -> list[str]:
    session.rollback()
    return list(session.scalars(select(Reminder.kind).order_by(Reminder.kind)))


def work(redis: "Redis[bytes]") -> None:
    """What a worker does with each nudge, in the order they wait."""
    letters = Queue(queue.LETTERS, connection=redis, serializer=JSONSerializer)
    for job in letters.get_jobs():
        job.func(*job.args)
    letters.empty()


def test_two_sweepers_and_an_emptied_redis_neither_double_nor_lose_a_reminder(
    session: Session, redis_url: str, redis: "Redis[bytes]"
) -> None:
    _, at = promise(session)
    queue.connect(redis_url)
    assert sweep_once(at) == sweep_once(at) == 1
    redis.flushall()
    work(redis)
    assert kinds(session) == []
    assert sweep_once(at) == 1
    # Both sweepers have nudged before a worker came: the second job finds everything written.
    campaign_id = Queue(queue.LETTERS, connection=redis, serializer=JSONSerializer).get_jobs()[0].args[0]
    work(redis)
    reminders.write(campaign_id)
    assert kinds(session) == ["callback_due"]
    assert sweep_once(at) == 0


def test_two_workers_at_once_write_one_line(app: Flask, session: Session) -> None:
    campaign_id, at = promise(session)

    def write() -> None:
        with app.app_context():
            service.write_due(db.session, campaign_id, now=at)
            db.session.remove()

    both = [Thread(target=write) for _ in range(2)]
    for thread in both:
        thread.start()
    for thread in both:
        thread.join()
    assert kinds(session) == ["callback_due"]


def test_a_redis_that_was_stopped_loses_no_reminder(
    session: Session, redis_url: str, redis: "Redis[bytes]", data: Path, on_leash: Callable[..., "Popen[str]"]
) -> None:
    _, at = promise(session)
    queue.connect(redis_url)
    redis.shutdown(nosave=True)
    assert sweep_once(at) == 0
    process = on_leash(redis_server.binary(), str(redis_server.write_config(data)))
    while not redis_server.answers(data):
        assert process.poll() is None, "Redis ended at its start"
    assert sweep_once(at) == 1
    work(redis)
    assert kinds(session) == ["callback_due"]
