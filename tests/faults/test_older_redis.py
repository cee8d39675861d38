"""Redis comes back with what it knew before: no letter and no reminder twice, none lost."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from redis import Redis
from rq import Queue
from rq.serializers import JSONSerializer
from sqlalchemy import select
from sqlalchemy.orm import Session

from nps.adapters import queue
from nps.domain.actor import Actor
from nps.jobs.sweeper import sweep_once
from nps.models import Appointment, Campaign, Outbox, Reminder, User
from nps.services import escalations
from tests import factories, redis_server, smtp_server
from tests.jobs.test_letters import FIELDS, worker
from tests.smtp_server import FaultyServer

LETTERS = 6


@pytest.fixture
def smtp() -> Iterator[FaultyServer]:
    with smtp_server.running() as server:
        yield server


class Questions:
    """Calls with a question each. They are made before a worker writes; each question is then one letter."""

    def __init__(self, session: Session, campaign: Campaign, operator: User) -> None:
        made = [factories.respondent(session, campaign) for _ in range(LETTERS)]
        self.calls = iter([factories.attempt(session, client, operator, "surveyed").id for client in made])
        self.session, self.actor = session, Actor(operator.id, "operator", operator.full_name)

    def escalate(self, times: int = 1) -> None:
        for _ in range(times):
            self.letter()

    def letter(self) -> int:
        """Raise one more; the number of its letter."""
        call, now = next(self.calls), datetime.now(UTC)
        self.session.rollback()
        escalation_id = escalations.raise_escalation(self.session, self.actor, attempt_id=call, fields=FIELDS, now=now)
        number = self.session.scalars(select(Outbox.id).where(Outbox.subject_id == escalation_id)).one()
        self.session.rollback()
        return number


def promise(session: Session, campaign: Campaign, operator: User) -> None:
    """A callback that is due now: one reminder."""
    client = factories.respondent(session, campaign)
    call = factories.attempt(session, client, operator, "callback")
    at = datetime.now(UTC)
    session.add(
        Appointment(
            respondent_id=client.id, attempt_id=call.id, at=at, owner_id=operator.id, reserved_until=at, state="open"
        )
    )
    session.commit()


def two_sweepers() -> None:
    for _ in range(2):
        sweep_once(datetime.now(UTC))


def letters_queue(redis: Redis[bytes]) -> Queue:
    return Queue(queue.LETTERS, connection=redis, serializer=JSONSerializer)


def test_an_older_redis_repeats_nothing_and_loses_nothing(
    session: Session, tmp_path: Path, database_url: str, smtp: FaultyServer
) -> None:
    folder, older, data = tmp_path / "queue", tmp_path / "older", tmp_path / "data"
    folder.mkdir(mode=0o700)
    campaign = factories.campaign(session)
    operator = factories.member(session, campaign)
    questions = Questions(session, campaign, operator)
    with redis_server.running(folder) as url, Redis.from_url(url) as redis:
        queue.connect(url)
        queue.enqueue(queue.LETTERS, "nps.jobs.letters.of_a_version_that_is_gone", 1)
        questions.escalate(3)
        promise(session, campaign, operator)
        two_sweepers()
        # The older state: one job failed, one runs, three wait, and somebody is cleaning up.
        smtp.faults.append("wait_text")
        with worker(data, database_url, url, smtp):
            assert smtp.wait_for(1)
            redis.set(letters_queue(redis).registry_cleaning_key, 1, ex=899)
            shutil.copytree(folder / "redis", older, ignore=shutil.ignore_patterns("*.sock"))
            smtp.go_on.set()
            # The queue is worked off in order: with the fourth letter everything before it is done.
            questions.escalate()
            assert smtp.wait_for(4)

    questions.escalate()
    promise(session, campaign, operator)
    shutil.rmtree(folder / "redis")
    shutil.copytree(older, folder / "redis")
    with redis_server.running(folder) as url, Redis.from_url(url) as redis:
        letters = letters_queue(redis)
        failed, started = letters.failed_job_registry.key, letters.started_job_registry.key
        assert (redis.zcard(failed), redis.zcard(started), letters.count) == (1, 1, 3)
        # So old that whoever ran the job has been silent for long.
        redis.zadd(started, dict.fromkeys(redis.zrange(started, 0, -1), 1))
        two_sweepers()
        with worker(data, database_url, url, smtp):
            assert smtp.wait_for(5)
            two_sweepers()
            questions.escalate()
            assert smtp.wait_for(LETTERS)
        assert redis.zcard(started) == 0
        two_sweepers()
        assert letters.count == 0

    session.rollback()
    assert session.scalars(select(Outbox.state)).all() == ["sent"] * LETTERS
    assert len({taken.message["Message-ID"] for taken in smtp.taken}) == len(smtp.taken) == LETTERS
    promised = session.scalars(select(Appointment.id).order_by(Appointment.id)).all()
    reminded = session.scalars(select(Reminder.subject).order_by(Reminder.id)).all()
    assert sorted(reminded) == sorted(f"appointment:{number}" for number in promised)
