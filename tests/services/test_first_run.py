"""A new installation: what is in it, who may log in, and that it is made once, on both engines."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Barrier

import pytest
from flask import Flask
from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from nps import demo
from nps.adapters import queue
from nps.adapters.sample_sheet import store
from nps.domain.actor import Actor
from nps.domain.default_script import DEFAULT_SCRIPT
from nps.domain.script import Script
from nps.extensions import db
from nps.models import (
    BranchContact,
    CallAttempt,
    Campaign,
    Contract,
    Journal,
    Outbox,
    Region,
    Respondent,
    RespondentPhone,
    ScriptVersion,
    User,
)
from nps.services import call_queue, desk, escalations
from nps.services.accounts.hashing import matches
from nps.services.call_queue import Taken
from nps.services.first_run import FirstRun, prepare
from nps.services.transaction import write
from tests import factories
from tests.factories import NOW

#: Three in the morning of a Sunday in Izhevsk.
NIGHT = datetime(2026, 11, 21, 23, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _connected(app: Flask) -> Iterator[None]:
    store.connect(app.config["DATA_FOLDER"])
    queue.connect(app.config["REDIS_URL"])
    yield


@pytest.fixture
def made(session: Session) -> FirstRun:
    found = prepare(session, NOW)
    assert found is not None
    return found


def operator(session: Session, login: str = "operator1") -> Actor:
    row = session.scalars(select(User).where(User.login == login)).one()
    return Actor(row.id, row.role, row.full_name, None, row.spoken_name, row.gender)


def take(session: Session, actor: Actor, now: datetime) -> Taken:
    campaign_id = session.scalars(select(Campaign.id)).one()
    desk.start_shift(session, actor, campaign_id, actor.spoken_name, now)
    taken = call_queue.take_next(session, actor.id, campaign_id, now)
    assert isinstance(taken, Taken), taken
    return taken


def contents(session: Session) -> dict[str, list[tuple[object, ...]]]:
    """Every row of every table."""
    found = {
        table.name: sorted((tuple(row) for row in session.execute(select(table))), key=repr)
        for table in db.metadata.sorted_tables
    }
    session.rollback()
    return found


def test_there_is_an_account_for_each_role_and_its_password_is_kept_nowhere(session: Session, made: FirstRun) -> None:
    assert [(account.role, account.login) for account in made.accounts] == [
        ("администратор", "admin"),
        ("руководитель", "manager"),
        ("специалист ОКС", "specialist"),
        ("заказчик", "customer"),
        ("оператор", "operator1"),
        ("оператор", "operator2"),
    ]
    everything = repr(contents(session))
    for account in made.accounts:
        user = session.scalars(select(User).where(User.login == account.login)).one()
        assert matches(user.password_hash, account.password)
        assert user.active
        assert not user.must_change_password
        assert account.password not in everything
    assert len({account.password for account in made.accounts}) == len(made.accounts)


def test_the_demonstration_is_whole(session: Session, made: FirstRun) -> None:
    campaign = session.scalars(select(Campaign)).one()
    assert (campaign.purpose, campaign.always_open, campaign.starts_on) == ("demo", True, NOW.date())
    assert campaign.original_clients == session.scalars(select(func.count()).select_from(Respondent)).one() == 120
    assert session.get_one(Contract, campaign.contract_id).budget_s == 1260 * 60
    version = session.get_one(ScriptVersion, campaign.script_version_id)
    assert (version.no, version.body) == (1, DEFAULT_SCRIPT)
    assert Script.from_dict(version.body).problems() == []
    regions = session.scalars(select(Respondent.region_code).distinct()).all()
    assert set(regions) == set(session.scalars(select(Region.code)))
    assert session.scalars(select(func.count()).select_from(BranchContact)).one() == len(demo.CONTACTS)


def test_everything_in_it_is_made_up(session: Session, made: FirstRun) -> None:
    assert all(phone.startswith("+7900000") for phone in session.scalars(select(RespondentPhone.e164)))
    assert all(inn.startswith("00") for inn in session.scalars(select(Respondent.inn)) if inn)
    emails = session.scalars(select(Respondent.email)).all()
    assert all(email == "" or email.endswith("@example.com") for email in emails)
    assert session.scalars(select(Campaign.dial_link)).one().endswith(".invalid")


@pytest.mark.parametrize("login", ["operator1", "operator2"])
def test_clients_are_called_on_a_sunday_night(session: Session, login: str) -> None:
    prepare(session, NIGHT - timedelta(hours=1))
    actor = operator(session, login)
    taken = take(session, actor, NIGHT)
    attempt_id = desk.dial(session, actor, taken.respondent_id, NIGHT)
    assert session.get_one(CallAttempt, attempt_id).purpose == "demo"


def test_the_campaign_has_begun_in_every_region_whatever_the_hour(session: Session) -> None:
    after_midnight_in_yekaterinburg = datetime(2026, 11, 21, 19, 30, tzinfo=UTC)
    prepare(session, after_midnight_in_yekaterinburg)
    actor = operator(session)
    session.execute(
        update(Respondent).where(Respondent.region_code != "tatarstan").values(state="refused", next_call_at=None)
    )
    session.commit()
    assert take(session, actor, after_midnight_in_yekaterinburg)


def test_a_second_run_changes_nothing(session: Session, made: FirstRun) -> None:
    before = contents(session)
    assert prepare(session, NOW + timedelta(days=1)) is None
    assert contents(session) == before


def test_a_database_with_people_in_it_is_left_alone(session: Session) -> None:
    factories.user(session, "manager")
    before = contents(session)
    assert prepare(session, NOW) is None
    assert contents(session) == before


def test_of_two_processes_at_once_one_gets_the_accounts(app: Flask, session: Session) -> None:
    barrier = Barrier(2)

    def run(_: int) -> FirstRun | None:
        with app.app_context():
            barrier.wait()
            return prepare(db.session, NOW)

    with ThreadPoolExecutor(2) as pool:
        results = list(pool.map(run, range(2)))
    assert sum(result is not None for result in results) == 1
    assert session.scalars(select(func.count()).select_from(Campaign)).one() == 1
    assert session.scalars(select(func.count()).select_from(Respondent)).one() == 120
    winner = next(result for result in results if result is not None)
    assert len(winner.accounts) == len(demo.ACCOUNTS)


def test_a_start_that_was_cut_short_is_finished_by_the_next(
    session: Session, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(demo, "WORKBOOK", tmp_path / "not-there.xlsx")
        with pytest.raises(FileNotFoundError):
            prepare(session, NOW)
    made = prepare(session, NOW)
    assert made is not None
    assert len(made.accounts) == len(demo.ACCOUNTS)
    assert session.scalars(select(func.count()).select_from(Campaign)).one() == 1
    assert session.scalars(select(func.count()).select_from(Respondent)).one() == 120


def test_its_letters_never_go_outside(session: Session, made: FirstRun) -> None:
    actor = operator(session)
    client = session.get_one(Respondent, take(session, actor, NOW).respondent_id)
    fields = {
        "organisation": client.organisation,
        "inn": client.inn or "",
        "contact": client.contact,
        "phone": "+79000000101",
        "email": "",
        "text": "Нужен счёт",
    }
    escalations.raise_escalation(session, actor, fields=fields, now=NOW, respondent_id=client.id)
    assert session.scalars(select(Outbox.outside)).one() is False
    session.rollback()
    with pytest.raises(IntegrityError), write(session) as s:
        s.execute(update(Outbox).values(outside=True))


def test_the_journal_tells_of_it_without_names(session: Session, made: FirstRun) -> None:
    actions = set(session.scalars(select(Journal.action)))
    assert {"customer_added", "contract_added", "user_created", "demo_loaded", "sample_published"} <= actions
    written = repr(session.execute(select(Journal.before, Journal.after)).all())
    assert not any(account.full_name in written for account in demo.ACCOUNTS)
