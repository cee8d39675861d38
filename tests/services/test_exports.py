"""Ordered files: made whole by a worker, handed to their owner only, gone after a day and with every erasure (R20)."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from openpyxl import load_workbook
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from nps.adapters import report_sheet
from nps.domain.actor import Actor
from nps.domain.errors import NotFoundError, TooOftenError
from nps.models import AccessLog, Campaign, Contract, Erasure, JobRun, User
from nps.queries.exports import exports_of
from nps.services import journal, limits, personal_data
from nps.services.form_keys import SentAgain
from nps.services.personal_data import Order
from nps.services.reports import exporting
from nps.services.transaction import write
from tests import factories
from tests.factories import NOW
from tests.pressing import counted
from tests.web.test_reports import campaign

__all__ = ["campaign"]
ZONE = "Europe/Samara"


def actor(user: User) -> Actor:
    return Actor(user.id, user.role, user.full_name, user.customer_id)


@pytest.fixture
def boss(session: Session) -> Actor:
    return actor(factories.user(session, "manager"))


@pytest.fixture
def folder(app: Flask) -> Path:
    found: Path = app.config["DATA_FOLDER"] / "exports"
    return found


def order(session: Session, who: Actor, campaign_id: int, form: str = "xlsx") -> int:
    return exporting.order(session, actor=who, campaign_id=campaign_id, form=form, zone=ZONE, now=NOW)


def work(session: Session, job_id: int, at: datetime = NOW) -> JobRun:
    exporting.work(session, job_id, lambda: at)
    return job_of(session, job_id)


def job_of(session: Session, job_id: int) -> JobRun:
    session.rollback()
    return session.get_one(JobRun, job_id, populate_existing=True)


def fetch(session: Session, who: Actor, job_id: int) -> exporting.Ready:
    return exporting.fetch(session, actor=who, job_id=job_id, now=NOW, zone=ZONE, address="")


def test_an_ordered_workbook_is_made_whole_and_taken_by_its_owner(
    session: Session, campaign: Campaign, boss: Actor, folder: Path
) -> None:
    job_id = order(session, boss, campaign.id)
    assert job_of(session, job_id).state == "waiting"

    done = work(session, job_id)
    ready = fetch(session, boss, job_id)

    assert (done.state, done.done, done.lease_token) == ("done", done.total, None) and done.total == 2 + 3
    assert [path.name for path in folder.iterdir()] == [ready.file.name], "no draft, no rows beside it"
    assert load_workbook(ready.file)["Звонки"]["A2"].value == 3
    assert ready.name.startswith("Отчёт — ") and ready.plain_name.isascii()
    session.rollback()
    line = session.scalars(select(AccessLog).where(AccessLog.action == "report_downloaded")).one()
    assert (line.user_id, line.object_id) == (boss.id, str(campaign.id))


def test_the_two_tables_of_the_terms_can_be_ordered(session: Session, campaign: Campaign, boss: Actor) -> None:
    job_id = order(session, boss, campaign.id, "forms")
    done = work(session, job_id)
    ready = fetch(session, boss, job_id)

    assert (done.state, done.total) == ("done", 2)
    assert load_workbook(ready.file).sheetnames == ["Звонки", "Анкета"]
    assert (ready.file.suffix, ready.name.partition(" — ")[0], ready.name[-5:]) == (".xlsx", "Анкета", ".xlsx")


def test_the_table_has_the_form_with_phones_in_digits(session: Session, campaign: Campaign, boss: Actor) -> None:
    job_id = order(session, boss, campaign.id, "csv")
    work(session, job_id)

    text = fetch(session, boss, job_id).file.read_text("utf-8-sig")

    rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=";"))
    assert rows[0][4] == "Телефон" and len(rows) == 3
    assert rows[2][1] == "0277123456" and rows[2][4] == "79170001122"
    assert rows[2][2] == 'ООО «=СУММА("1")»'


def test_nobody_else_gets_the_file(session: Session, campaign: Campaign, boss: Actor) -> None:
    job_id = order(session, boss, campaign.id)
    work(session, job_id)
    other = actor(factories.user(session, "manager"))

    for who in (other, actor(factories.user(session, "customer"))):
        with pytest.raises(NotFoundError):
            fetch(session, who, job_id)
        with pytest.raises(NotFoundError):
            exporting.cancel(session, actor=who, job_id=job_id)
        assert exports_of(session, who.id, campaign.id) == []
    with pytest.raises(NotFoundError):
        order(session, actor(factories.user(session, "customer")), campaign.id)


def test_a_person_who_lost_the_right_gets_nothing(session: Session, campaign: Campaign) -> None:
    owner = session.get_one(Contract, campaign.contract_id).customer_id
    person = factories.user(session, "customer", customer_id=owner)
    made, waiting = order(session, actor(person), campaign.id), order(session, actor(person), campaign.id, "csv")
    work(session, made)
    session.execute(update(User).where(User.id == person.id).values(customer_id=factories.customer(session).id))
    session.commit()

    with pytest.raises(NotFoundError):
        fetch(session, actor(session.get_one(User, person.id, populate_existing=True)), made)
    assert work(session, waiting).file == ""


def test_pressing_twice_orders_once(session: Session, campaign: Campaign, boss: Actor) -> None:
    with counted(session, boss.id, "k"):
        first = order(session, boss, campaign.id)

    with pytest.raises(SentAgain), counted(session, boss.id, "k"):
        order(session, boss, campaign.id)
    with counted(session, boss.id, "another"):
        assert order(session, boss, campaign.id) == first
    assert order(session, boss, campaign.id, "csv") != first
    assert len(session.scalars(select(JobRun)).all()) == 2


def test_a_cancelled_file_is_not_made(session: Session, campaign: Campaign, boss: Actor, folder: Path) -> None:
    job_id = order(session, boss, campaign.id)
    exporting.cancel(session, actor=boss, job_id=job_id)

    assert work(session, job_id).state == "cancelled"
    assert not folder.exists() or list(folder.iterdir()) == []


def test_a_worker_that_was_killed_is_followed_by_another(session: Session, campaign: Campaign, boss: Actor) -> None:
    job_id = order(session, boss, campaign.id)
    session.execute(update(JobRun).values(state="running", lease_token="dead", lease_until=NOW + timedelta(seconds=30)))
    session.commit()

    assert work(session, job_id).state == "running", "somebody may still be at it"
    assert work(session, job_id, NOW + timedelta(minutes=1)).state == "done"


def test_a_file_that_keeps_killing_its_worker_is_given_up(session: Session, campaign: Campaign, boss: Actor) -> None:
    job_id = order(session, boss, campaign.id)
    job = job_of(session, job_id)
    job.arg = job.arg | {"tries": 3}
    session.commit()

    failed = work(session, job_id)

    assert failed.state == "failed" and "администратору" in failed.problem


def failing(*_: Any, **__: Any) -> Iterator[Any]:
    raise OSError(28, "No space left on device")


def test_a_full_disk_leaves_nothing_and_says_so(
    session: Session, campaign: Campaign, boss: Actor, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    job_id = order(session, boss, campaign.id)
    monkeypatch.setattr(report_sheet.files.os, "fsync", failing)

    failed = work(session, job_id)

    assert failed.state == "failed" and "Закажите файл ещё раз" in failed.problem
    assert list(folder.iterdir()) == []


def test_a_file_goes_after_a_day(session: Session, campaign: Campaign, boss: Actor, folder: Path) -> None:
    job_id = order(session, boss, campaign.id)
    work(session, job_id)
    later = NOW + timedelta(days=1, seconds=1)

    assert exporting.outdated(session, NOW) == [] and exporting.outdated(session, later) == [job_id]
    exporting.forget(session, job_id, NOW)
    assert len(list(folder.iterdir())) == 1
    exporting.forget(session, job_id, later)

    assert list(folder.iterdir()) == [] and exporting.outdated(session, later) == []
    with pytest.raises(NotFoundError, match="Закажите"):
        fetch(session, boss, job_id)


def close(session: Session, campaign: Campaign) -> None:
    session.get_one(Campaign, campaign.id).closed_at = NOW
    session.commit()


def erase(session: Session, campaign: Campaign, boss: Actor) -> int:
    title = session.get_one(Campaign, campaign.id).title
    return personal_data.erase_campaign(
        session, campaign.id, Order(boss.id, "Срок хранения вышел", False, NOW), title=title
    )


def test_an_erasure_reaches_the_files(session: Session, campaign: Campaign, boss: Actor, folder: Path) -> None:
    job_id = order(session, boss, campaign.id)
    work(session, job_id)
    close(session, campaign)

    personal_data.finish(session, erase(session, campaign, boss), NOW)

    assert list(folder.iterdir()) == []
    with pytest.raises(NotFoundError):
        fetch(session, boss, job_id)


def test_a_file_begun_before_an_erasure_is_made_again(
    session: Session, campaign: Campaign, boss: Actor, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The act comes between the first row that is read and the file's last byte."""
    job_id = order(session, boss, campaign.id, "csv")
    close(session, campaign)
    fsync = report_sheet.files.os.fsync

    def act(descriptor: int) -> None:
        fsync(descriptor)
        erase(session, campaign, boss)

    monkeypatch.setattr(report_sheet.files.os, "fsync", act)
    first = work(session, job_id).state
    left = list(folder.iterdir())
    monkeypatch.setattr(report_sheet.files.os, "fsync", fsync)
    second = work(session, job_id).state

    assert session.scalars(select(Erasure)).one().campaign_id == campaign.id
    assert (first, left, second) == ("waiting", [], "done")
    text = fetch(session, boss, job_id).file.read_text("utf-8-sig")
    assert "0277123456" not in text and "79170001122" not in text


def test_after_twenty_workbooks_nothing_more_is_ordered_for_a_while(
    session: Session, campaign: Campaign, boss: Actor
) -> None:
    for _ in range(limits.EXPORTS):
        with write(session) as s:
            journal.log_access(
                s, at=NOW - timedelta(minutes=1), user_id=boss.id, action="report_downloaded", object_kind="campaign",
                object_id=campaign.id,
            )  # fmt: skip
    with pytest.raises(TooOftenError) as refused:
        order(session, boss, campaign.id)
    assert refused.value.wait_s == 540
    assert exports_of(session, boss.id, campaign.id) == []
    assert exporting.order(
        session, actor=boss, campaign_id=campaign.id, form="csv", zone=ZONE, now=NOW + timedelta(minutes=9)
    )
