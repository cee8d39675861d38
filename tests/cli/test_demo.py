"""`flask nps first-run` and `flask nps demo …` as they are typed: the demonstration comes, is used, and goes."""

from __future__ import annotations

import io
import json
import wave
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from nps.adapters import mail, queue
from nps.adapters.sample_sheet import store
from nps.domain.actor import Actor
from nps.extensions import db
from nps.models import Campaign, Outbox, Respondent, User
from nps.services import call_queue, desk, escalations, letters, recordings
from nps.services.call_queue import Taken
from nps.services.desk import Result as CallResult
from tests import factories

#: What the append-only tables hold fast, and themselves.
HELD = {"customer", "contract", "campaign", "script", "script_version", "user_account", "journal", "access_log"}


@pytest.fixture(autouse=True)
def _connected(app: Flask) -> Iterator[None]:
    store.connect(app.config["DATA_FOLDER"])
    queue.connect(app.config["REDIS_URL"])
    mail.configure(app.config)
    yield


def run(app: Flask, *words: str) -> Result:
    return app.test_cli_runner().invoke(args=["nps", *words])


def run_json(app: Flask, *words: str) -> Any:
    answer = run(app, *words, "--json")
    assert answer.exit_code == 0, answer.output
    return json.loads(answer.stdout)


def rows(session: Session) -> dict[str, int]:
    """How many rows each table has."""
    session.rollback()
    tables = db.metadata.sorted_tables
    found = {table.name: session.scalars(select(func.count()).select_from(table)).one() for table in tables}
    session.rollback()
    return found


def files(app: Flask) -> list[Path]:
    """Everything under the data folder but the database, the key and what is empty."""
    kinds = (".xlsx", ".eml", ".wav", ".rows")
    return [path for path in Path(app.config["DATA_FOLDER"]).rglob("*") if path.suffix in kinds]


class Operator:
    """Somebody who works in the demonstration for a while."""

    def __init__(self, session: Session) -> None:
        self.session, self.now = session, datetime.now(UTC)
        user = session.scalars(select(User).where(User.login == "operator1")).one()
        self.actor = Actor(user.id, user.role, user.full_name)
        self.campaign_id = session.scalars(select(Campaign.id).where(Campaign.closed_at.is_(None))).one()
        desk.start_shift(session, self.actor, self.campaign_id, "Ольга", self.now)

    def call(self) -> UUID:
        self.now += timedelta(seconds=30)
        taken = call_queue.take_next(self.session, self.actor.id, self.campaign_id, self.now)
        assert isinstance(taken, Taken), taken
        attempt_id = desk.dial(self.session, self.actor, taken.respondent_id, self.now)
        desk.answered(self.session, self.actor, attempt_id, self.now)
        return attempt_id

    def settle(self, attempt_id: UUID, result: CallResult) -> None:
        self.now += timedelta(seconds=30)
        desk.settle(self.session, self.actor, attempt_id, result, self.now)

    def work(self, app: Flask) -> None:
        """A questionnaire with a recording, an escalation with its letter; a callback; a number for the stop list."""
        surveyed = self.call()
        for step, value in (
            ("greeting", "yes"),
            ("rating", 7),
            ("reasons", {"prompts": ["delivery"], "words": "долго", "comment": ""}),
        ):
            desk.answer(self.session, self.actor, surveyed, step, value, self.now)
        self.escalate(surveyed)
        self.settle(surveyed, CallResult("surveyed"))
        recordings.add_recording(
            self.session,
            actor=self.actor,
            attempt_id=surveyed,
            stream=_sound(),
            source_name="call.wav",
            now=self.now,
        )
        self.settle(self.call(), CallResult("callback", callback_at=self.now + timedelta(hours=2)))
        self.settle(self.call(), CallResult("do_not_call"))

    def escalate(self, attempt_id: UUID) -> None:
        fields = {"organisation": "ООО «Кама»", "inn": "", "contact": "", "phone": "1", "email": "", "text": "Счёт"}
        escalations.raise_escalation(self.session, self.actor, fields=fields, now=self.now, attempt_id=attempt_id)
        (letter_id,) = self.session.scalars(select(Outbox.id)).all()
        letters.send(self.session, letter_id, server=mail.settings(), clock=lambda: self.now)


def _sound() -> io.BytesIO:
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8000)
        sound.writeframes(b"\1\0" * 8000)
    file.seek(0)
    return file


def test_the_first_run_answers_what_the_supervisor_prints(app: Flask) -> None:
    made = run_json(app, "first-run")
    assert {account["role"] for account in made["accounts"]} >= {"администратор", "руководитель", "оператор"}
    assert all(set(account) == {"role", "login", "password"} for account in made["accounts"])
    assert made["first_steps"]
    assert run_json(app, "first-run") == {}


def test_people_can_log_in_with_what_was_printed(app: Flask) -> None:
    for account in run_json(app, "first-run")["accounts"]:
        fields = {"login": account["login"], "password": account["password"]}
        with app.app_context():
            assert app.test_client().post("/login", data=fields).status_code == 303


def test_in_production_printed_passwords_are_changed_first(app: Flask) -> None:
    """Who reads the journal of the service later finds nothing that opens (ASVS 6.4.1)."""
    app.config["NPS_ENV"] = "production"
    account = run_json(app, "first-run")["accounts"][0]
    client = app.test_client()
    with app.app_context():
        client.post("/login", data={"login": account["login"], "password": account["password"]})
        assert client.get("/").location == "/password"


def test_removal_leaves_nothing_but_what_the_journal_holds(app: Flask, session: Session) -> None:
    before = rows(session)
    run_json(app, "first-run")
    Operator(session).work(app)
    assert len(files(app)) == 3, "the workbook, the letter and the recording"
    removed = run_json(app, "demo", "remove", "--accounts")
    assert removed["counts"] == {
        "clients": 120, "calls": 3, "interviews": 1, "escalations": 1, "letters": 1, "files": 3,
    }  # fmt: skip
    left = {table for table, number in rows(session).items() if number != before[table]}
    assert left <= HELD
    assert files(app) == []
    shell = session.scalars(select(Campaign)).one()
    assert (shell.title, shell.original_clients) == ("Демонстрация (удалена)", 0)
    assert shell.closed_at is not None


def test_accounts_go_only_when_asked_and_never_the_last_administrator(app: Flask, session: Session) -> None:
    run_json(app, "first-run")
    run_json(app, "demo", "remove")
    assert session.scalars(select(func.count()).where(User.active)).one() == 6
    session.rollback()
    fates = run_json(app, "demo", "remove", "--accounts")["accounts"]
    assert fates["kept"] == [["admin", "другого администратора нет"]]
    assert sorted(fates["deleted"] + fates["closed"]) == ["customer", "manager", "operator1", "operator2", "specialist"]
    assert session.scalars(select(User.login).where(User.active)).all() == ["admin"]


def test_an_account_that_works_in_another_campaign_stays(app: Flask, session: Session) -> None:
    run_json(app, "first-run")
    session.commit()
    operator = session.scalars(select(User).where(User.login == "operator2")).one()
    factories.member(session, factories.campaign(session), operator)
    fates = run_json(app, "demo", "remove", "--accounts")["accounts"]
    assert ["operator2", "назначен в другой проект"] in fates["kept"]


def test_other_campaigns_keep_everything(app: Flask, session: Session) -> None:
    client = factories.respondent(session, factories.campaign(session))
    factories.attempt(session, client, factories.user(session, "operator"), "no_answer")
    before = rows(session)
    run_json(app, "demo", "load")
    run_json(app, "demo", "remove", "--accounts")
    left = {table for table, number in rows(session).items() if number != before[table]}
    assert left <= HELD


def test_removal_waits_for_a_call_that_is_open(app: Flask, session: Session) -> None:
    run_json(app, "first-run")
    operator = Operator(session)
    attempt_id = operator.call()
    refused = run(app, "demo", "remove")
    assert refused.exit_code == 1
    assert "идёт звонок" in refused.stderr
    operator.settle(attempt_id, CallResult("hung_up"))
    assert run(app, "demo", "remove").exit_code == 0


def test_it_is_loaded_again_after_a_removal(app: Flask, session: Session) -> None:
    run_json(app, "first-run")
    after_the_first = rows(session)
    run_json(app, "demo", "remove", "--accounts")
    again = run_json(app, "demo", "load")
    assert again["clients"] == 120
    assert {account["login"] for account in again["accounts"]} == {
        "manager",
        "specialist",
        "customer",
        "operator1",
        "operator2",
    }
    now_there = rows(session)
    assert {table for table in now_there if now_there[table] != after_the_first[table]} <= {"journal"}
    Operator(session).call()


def test_loading_twice_says_so_and_adds_nothing(app: Flask, session: Session) -> None:
    run_json(app, "first-run")
    before = rows(session)
    second = run(app, "demo", "load")
    assert second.exit_code == 0
    assert "уже загружена" in second.stdout
    assert rows(session) == before


def test_beside_real_work_it_brings_no_second_administrator(app: Flask, session: Session) -> None:
    factories.user(session, "admin", login="boss")
    factories.user(session, "operator", login="operator1")
    made = run_json(app, "demo", "load")
    assert {account["login"] for account in made["accounts"]} == {"manager", "specialist", "customer", "operator2"}
    assert session.scalars(select(func.count()).select_from(Respondent)).one() == 120


def test_without_a_demonstration_removal_is_refused_in_words(app: Flask) -> None:
    refused = run(app, "demo", "remove")
    assert refused.exit_code == 1
    assert refused.stderr.strip() == "Демонстрации нет: удалять нечего."


def test_removal_tells_people_what_it_did(app: Flask) -> None:
    run_json(app, "first-run")
    printed = run(app, "demo", "remove").stdout
    assert "клиенты: 120" in printed
    assert "flask nps demo remove --accounts" in printed
