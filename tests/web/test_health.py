"""What monitors are told, and who may ask: every figure from real rows, a real Redis, a real worker's sign of life."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from prometheus_client.parser import text_string_to_metric_families
from redis import Redis
from rq import Queue, Worker
from rq.serializers import JSONSerializer
from sqlalchemy import text, update
from sqlalchemy.orm import Session

from nps.adapters import queue
from nps.adapters.queue import QUEUES
from nps.jobs.sweeper import sweep_once
from nps.models import JobRun, Outbox, Shift
from nps.services.transaction import write
from tests import factories, redis_server
from tests.faults.test_older_redis import Questions

TOKEN = "0123456789abcdef01234567"
BEARER = {"Authorization": f"Bearer {TOKEN}"}


@pytest.fixture
def monitor(app: Flask) -> FlaskClient:
    app.config["MONITOR_TOKEN"] = TOKEN
    return app.test_client()


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[Redis]:
    folder = tmp_path / "queue"
    folder.mkdir(mode=0o700)
    with redis_server.running(folder) as url, Redis.from_url(url) as redis:
        queue.connect(url)
        yield redis


@pytest.fixture
def workers(redis: Redis) -> None:
    """A worker of each queue and a sweeper, as they announce themselves."""
    for name in QUEUES:
        Worker([Queue(name, connection=redis)], connection=redis, serializer=JSONSerializer).register_birth()
    sweep_once(datetime.now(UTC))


@pytest.mark.parametrize("path", ["/health", "/metrics"])
@pytest.mark.parametrize("given", ["", "Bearer ", "Bearer wrong", TOKEN + "0", f"Bearer {TOKEN}x", "Bearer ыыы"])
def test_the_world_is_told_nothing(monitor: FlaskClient, path: str, given: str) -> None:
    headers = {"Authorization": given.encode().decode("latin-1")}
    assert monitor.get(path, headers=headers).status_code == 404


@pytest.mark.parametrize("path", ["/health", "/metrics"])
def test_without_a_token_in_the_settings_nobody_is_told(client: FlaskClient, path: str) -> None:
    assert client.get(path).status_code == 404
    assert client.get(path, headers={"Authorization": "Bearer "}).status_code == 404


def test_a_house_in_which_everything_works(monitor: FlaskClient, session: Session, workers: None) -> None:
    answer = monitor.get("/health", headers=BEARER)
    assert (answer.status_code, answer.json["status"], answer.json["problems"]) == (200, "ok", [])
    assert answer.json["workers"] == {"letters": 1, "bulk": 1}
    assert answer.json["oldest_due_letter_s"] == answer.json["oldest_waiting_job_s"] == 0


def test_what_has_stopped_is_named(monitor: FlaskClient, session: Session, redis: Redis) -> None:
    problems = monitor.get("/health", headers=BEARER)
    assert problems.status_code == 503
    assert problems.json["problems"] == ["letters_worker", "bulk_worker", "sweeper"]


def test_without_redis_the_database_is_still_told(monitor: FlaskClient) -> None:
    answer = monitor.get("/health", headers=BEARER)
    assert (answer.status_code, answer.json["problems"], answer.json["database"]) == (503, ["redis"], True)
    assert answer.json["workers"] == {}


def test_without_the_database_redis_is_still_told(monitor: FlaskClient, session: Session, workers: None) -> None:
    with write(session) as s:
        s.execute(text("ALTER TABLE login_attempt RENAME TO lost"))
    answer = monitor.get("/health", headers=BEARER)
    assert (answer.status_code, answer.json["problems"]) == (503, ["database"])
    assert "letters" not in answer.json
    metrics = samples(monitor)
    assert metrics["nps_database_up", ""] == 0
    assert metrics["nps_redis_up", ""] == 1


def test_work_nobody_takes_up_is_a_problem_after_five_minutes(
    monitor: FlaskClient, session: Session, workers: None
) -> None:
    campaign = factories.campaign(session)
    operator = factories.member(session, campaign)
    questions = Questions(session, campaign, operator)
    campaign_id, operator_id = campaign.id, operator.id
    late, fresh = questions.letter(), questions.letter()
    now = datetime.now(UTC)
    with write(session) as s:
        s.execute(update(Outbox).where(Outbox.id == late).values(next_try_at=now - timedelta(minutes=6)))
        s.execute(update(Outbox).where(Outbox.id == fresh).values(next_try_at=now + timedelta(hours=1)))
        s.add(JobRun(kind="sample", state="waiting", owner_id=operator_id, created_at=now - timedelta(minutes=7)))
        s.add(Shift(user_id=operator_id, campaign_id=campaign_id, spoken_name="Ольга", started_at=now))
    answer = monitor.get("/health", headers=BEARER)
    assert (answer.status_code, answer.json["problems"]) == (503, ["letters_late", "jobs_late"])
    assert 360 <= answer.json["oldest_due_letter_s"] < 420 <= answer.json["oldest_waiting_job_s"] < 480
    metrics = samples(monitor)
    assert metrics["nps_letters", "waiting"] == 2
    assert 360 <= metrics["nps_letters_oldest_due_seconds", ""] < 420
    assert metrics["nps_shifts_open", ""] == answer.json["open_shifts"] == 1
    assert metrics["nps_workers", "letters"] == 1
    result = monitor.application.test_cli_runner().invoke(args=["nps", "health"])
    assert result.exit_code == 1
    assert "письмо, которое давно пора отправить" in result.output


def test_they_hold_no_personal_data(monitor: FlaskClient, session: Session, workers: None) -> None:
    campaign = factories.campaign(session)
    client = factories.respondent(session, campaign, contact="Зырянов Пётр", phones=("+79170007553",))
    operator = factories.member(session, campaign)
    factories.attempt(session, client, operator, "surveyed")
    told = [monitor.get(path, headers=BEARER).text for path in ("/health", "/metrics")]
    for word in ("Зырянов", "79170007553", operator.full_name, operator.login, campaign.title):
        assert not [text for text in told if word in text], word


def samples(monitor: FlaskClient) -> dict[tuple[str, str], float]:
    """The metrics as Prometheus reads them, by name and the value of their label."""
    answer = monitor.get("/metrics", headers=BEARER)
    assert answer.status_code == 200
    found = {}
    for family in text_string_to_metric_families(answer.text):
        for sample in family.samples:
            found[sample.name, "".join(sample.labels.values())] = sample.value
    return found
