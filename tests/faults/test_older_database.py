"""The database comes back from a copy while Redis and the world have gone on: nothing is sent a second time."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from flask import Flask
from redis import Redis
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from nps.adapters import queue
from nps.domain.actor import Actor
from nps.models import Outbox, Reminder
from nps.services import letters, reminders
from nps.services.backup.holding_back import HELD
from tests import factories, redis_server, smtp_server
from tests.faults.test_older_redis import Questions, letters_queue, promise, two_sweepers
from tests.jobs.test_letters import worker
from tests.smtp_server import FaultyServer


@pytest.fixture
def smtp() -> Iterator[FaultyServer]:
    with smtp_server.running() as server:
        yield server


def nps(app: Flask, *words: object) -> dict[str, object]:
    result = app.test_cli_runner().invoke(args=["nps", *map(str, words), "--json"])
    assert result.exit_code == 0, result.output
    return dict(json.loads(result.stdout))


def test_an_older_database_with_a_newer_redis_sends_nothing_twice(
    app: Flask, session: Session, tmp_path: Path, database_url: str, smtp: FaultyServer
) -> None:
    folder, data, copy = tmp_path / "queue", tmp_path / "data", tmp_path / "copy.tar.gz"
    folder.mkdir(mode=0o700)
    campaign = factories.campaign(session)
    campaign_id, operator = campaign.id, factories.member(session, campaign)
    manager = Actor(factories.user(session, "manager").id, "manager", "")
    questions = Questions(session, campaign, operator)
    promise(session, campaign, operator)
    with redis_server.running(folder) as url, Redis.from_url(url) as redis:
        queue.connect(url)
        waiting = questions.letter()
        session.rollback()
        nps(app, "backup", copy)
        later = questions.letter()
        two_sweepers()
        with worker(data, database_url, url, smtp):
            assert smtp.wait_for(2)
        reminders.write_due(session, campaign_id, now=datetime.now(UTC))
        reminded = session.scalar(select(func.count()).select_from(Reminder))
        session.rollback()
        assert reminded == 1

        said = nps(app, "restore", copy, "--yes")
        assert said["letters_held"] == 1
        held = session.get_one(Outbox, waiting, populate_existing=True)
        assert (held.state, held.next_try_at, held.server_said) == ("unknown", None, HELD)
        assert session.get(Outbox, later, populate_existing=True) is None
        session.rollback()

        # What the newer Redis still knows: letters that were sent, one of them unknown here, and a reminder.
        for job, row in ((letters.SEND_JOB, waiting), (letters.SEND_JOB, later), (reminders.WRITE_JOB, campaign_id)):
            assert queue.enqueue(queue.LETTERS, job, row)
        two_sweepers()
        assert letters_queue(redis).count == 3
        # A number that was given before the restore is given again: to a letter of its own.
        again = questions.letter()
        assert again == later
        with worker(data, database_url, url, smtp):
            assert smtp.wait_for(3)
            two_sweepers()
            last = questions.letter()
            assert smtp.wait_for(4)
        assert letters_queue(redis).count == 0

        session.rollback()
        states = [tuple(row) for row in session.execute(select(Outbox.id, Outbox.state).order_by(Outbox.id))]
        assert states == [(waiting, "unknown"), (again, "sent"), (last, "sent")]
        assert len({taken.message["Message-ID"] for taken in smtp.taken}) == len(smtp.taken) == 4
        assert session.scalar(select(func.count()).select_from(Reminder)) == 1

        session.rollback()
        letters.send_again(session, manager, waiting, now=datetime.now(UTC))
        with worker(data, database_url, url, smtp):
            assert smtp.wait_for(5)
        repeated = smtp.taken[-1].message["Message-ID"]
        assert repeated in {taken.message["Message-ID"] for taken in smtp.taken[:2]}, "the mailbox can tell a repeat"
