"""The morning's letter with figures: for whom, when, with what; once, and only with news (R20)."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import event, select, text
from sqlalchemy.orm import Session

from nps.adapters import mail, queue
from nps.adapters.mail import MailSettings
from nps.domain.actor import Actor
from nps.domain.errors import DomainError, NotFoundError
from nps.domain.local_time import OFFICE_ZONE
from nps.extensions import db
from nps.models import Campaign, Interview, Journal, Outbox, ReportSubscription, User
from nps.services import cases, letters, report_letters, sweep
from tests import factories, smtp_server
from tests.conftest import make_app
from tests.factories import NOW
from tests.smtp_server import FaultyServer
from tests.web.test_reports import answer, campaign, customer_of

__all__ = ["campaign"]

#: NOW is Tuesday 17 November, 15:15 on the office's clock; the next morning's 9:00, and that of the Monday after.
MORNING = NOW + timedelta(hours=17, minutes=45)
MONDAY = MORNING + timedelta(days=5)
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def nudges_go_nowhere(app: Flask) -> None:
    queue.connect(app.config["REDIS_URL"])


@pytest.fixture
def manager(session: Session) -> User:
    return factories.user(session, "manager", full_name="Нина Руководова", email="boss@example.ru")


def actor(user: User) -> Actor:
    return Actor(user.id, user.role, user.full_name, user.customer_id)


def ask(session: Session, user: User, wave: Campaign, every: str = "daily", **fields: object) -> None:
    values = {"every": every, "email": user.email or f"{user.login}@example.ru", "zone": OFFICE_ZONE, "now": NOW}
    report_letters.subscribe(session, actor(user), wave.id, **(values | fields))  # type: ignore[arg-type]


def write(session: Session, wave: Campaign, now: datetime) -> int:
    session.rollback()
    return report_letters.write_due(session, wave.id, now=now)


def due(session: Session, now: datetime) -> list[int]:
    session.rollback()
    return [nudge.id for nudge in sweep.due(session, now) if nudge.job == report_letters.WRITE_JOB]


def written(session: Session) -> list[Outbox]:
    session.rollback()
    return list(session.scalars(select(Outbox).where(Outbox.kind == "report").order_by(Outbox.id)))


def work_on(session: Session, wave: Campaign, at: datetime) -> None:
    """One more client answers."""
    client = factories.respondent(session, wave, state="surveyed", next_call_at=None)
    answer(session, factories.attempt(session, client, factories.user(session), "surveyed", talk_ms=40_000, at=at), 9)


def test_the_letter_comes_in_the_morning_once_and_says_what_the_page_says(
    session: Session, campaign: Campaign, manager: User
) -> None:
    ask(session, manager, campaign)
    assert due(session, NOW) == [] and due(session, MORNING - timedelta(minutes=1)) == []
    assert due(session, MORNING) == [campaign.id]

    assert [write(session, campaign, MORNING) for _ in range(2)] == [1, 0]

    assert due(session, MORNING) == []
    (letter,) = written(session)
    assert (letter.recipient, letter.outside, letter.subject_id) == ("boss@example.ru", True, manager.id)
    figures = {label: (value, was) for label, value, was in letter.payload["figures"]}
    assert figures["Опрошены"] == ("2 из 4", "") and figures["NPS, шкала 1–10"] == ("0", "")
    assert figures["Минуты договора"] == ("3 из 1\u202f260", "")
    assert figures["Обращения отвечены"] == ("0 из 1", "")
    assert (letter.payload["preliminary"], letter.payload["state"]) == (True, "волна идёт до 26 ноября")
    assert letter.payload["reply_to"] == ["Нина Руководова", "boss@example.ru"]


def test_nothing_new_means_no_letter_and_news_are_told_with_what_was(
    session: Session, campaign: Campaign, manager: User
) -> None:
    ask(session, manager, campaign)
    assert [write(session, campaign, MORNING + n * DAY) for n in range(3)] == [1, 0, 0]
    assert due(session, MORNING + 2 * DAY) == [], "the quiet day is decided, too"
    work_on(session, campaign, MORNING)

    assert write(session, campaign, MORNING + 3 * DAY) == 1

    figures = {label: (value, was) for label, value, was in written(session)[-1].payload["figures"]}
    assert figures["Опрошены"] == ("3 из 5", "2 из 4")
    assert figures["Отказались"] == ("1", "")


def test_a_weekly_letter_waits_for_monday(session: Session, campaign: Campaign, manager: User) -> None:
    ask(session, manager, campaign, "weekly")
    assert [write(session, campaign, MORNING + n * DAY) for n in range(5)] == [0] * 5
    assert due(session, MONDAY) == [campaign.id]
    assert write(session, campaign, MONDAY + DAY) == 1, "a machine that was off on Monday"
    work_on(session, campaign, MONDAY)
    assert write(session, campaign, MONDAY + 2 * DAY) == 0
    assert write(session, campaign, MONDAY + 7 * DAY) == 1


def test_a_machine_that_was_off_in_the_morning_sends_nothing_at_night(
    session: Session, campaign: Campaign, manager: User
) -> None:
    ask(session, manager, campaign)
    assert write(session, campaign, MORNING + timedelta(hours=3)) == 0
    assert write(session, campaign, MORNING + DAY) == 1


@pytest.mark.parametrize("fate", ["inactive", "without an address", "another role", "off", "erased"])
def test_whoever_may_not_or_will_not_have_it_gets_nothing(
    session: Session, campaign: Campaign, manager: User, fate: str
) -> None:
    ask(session, manager, campaign)
    if fate == "off":
        ask(session, manager, campaign, "off", email="не адрес")
        assert session.scalars(select(ReportSubscription)).all() == []
    elif fate == "erased":
        session.get_one(Campaign, campaign.id).erased_at = NOW
    else:
        user = session.get_one(User, manager.id, populate_existing=True)
        user.active, user.email = fate != "inactive", None if fate == "without an address" else user.email
        user.role = "operator" if fate == "another role" else user.role
    session.commit()

    assert write(session, campaign, MORNING) == 0
    assert written(session) == []


def test_somebody_who_leaves_between_reading_and_writing_gets_nothing(
    session: Session, campaign: Campaign, manager: User
) -> None:
    ask(session, manager, campaign)
    session.rollback()

    def leave(_: object) -> None:
        with db.engine.begin() as connection:
            connection.execute(text("UPDATE user_account SET email = ''"))

    # The reading is over, the writing has not begun.
    event.listen(session, "after_rollback", leave, once=True)
    assert report_letters.write_due(session, campaign.id, now=MORNING) == 0
    assert written(session) == []
    assert session.scalars(select(User.email).where(User.id == manager.id)).one() == ""


def test_the_customer_reads_what_he_sees_on_the_page(session: Session, campaign: Campaign, manager: User) -> None:
    campaign.answers_after_check = True
    session.scalars(select(Interview).where(Interview.rating == 10)).one().checked_at = NOW
    session.commit()
    customer = customer_of(session, campaign)
    ask(session, manager, campaign)
    ask(session, customer, campaign)

    assert write(session, campaign, MORNING) == 2

    figures = {
        letter.subject_id: {label: value for label, value, _ in letter.payload["figures"]}
        for letter in written(session)
    }
    assert figures[manager.id]["NPS, шкала 1–10"] == "0" and figures[manager.id]["Анкет"] == "2"
    assert figures[customer.id]["NPS, шкала 1–10"] == "+100" and figures[customer.id]["Анкет"] == "1"
    assert figures[customer.id]["Анкеты, которые проверяет руководитель"] == "1"
    assert figures[customer.id]["Опрошены"] == "2 из 4"


def test_training_reaches_nobody_and_a_demonstration_no_customer(session: Session, manager: User) -> None:
    practice = factories.campaign(session, purpose="training", always_open=True)
    demo = factories.campaign(session, purpose="demo", always_open=True)
    factories.respondent(session, demo)
    for user, wave in (
        (manager, practice),
        (customer_of(session, practice), practice),
        (customer_of(session, demo), demo),
    ):
        with pytest.raises(NotFoundError):
            ask(session, user, wave)
    ask(session, manager, demo)

    assert write(session, demo, MORNING) == 1

    (letter,) = written(session)
    assert not letter.outside, "it stays on this machine"


def test_a_campaign_of_somebody_else_and_an_operator_get_nothing(session: Session, campaign: Campaign) -> None:
    for user in (factories.user(session, "customer"), factories.member(session, campaign)):
        with pytest.raises(NotFoundError):
            ask(session, user, campaign)


def test_an_empty_campaign_has_nothing_to_tell(session: Session, manager: User) -> None:
    empty = factories.campaign(session)
    ask(session, manager, empty)
    assert write(session, empty, MORNING) == 0


@pytest.mark.parametrize(
    ("fields", "words"),
    [({"every": "hourly"}, "как часто"), ({"email": "не адрес"}, "не адрес"), ({"email": " "}, "Укажите адрес")],
)
def test_a_wish_that_can_not_be(
    session: Session, campaign: Campaign, manager: User, fields: dict[str, object], words: str
) -> None:
    with pytest.raises(DomainError, match=words):
        ask(session, manager, campaign, **fields)  # type: ignore[arg-type]


def test_a_wish_is_journalled_without_the_address(session: Session, campaign: Campaign, manager: User) -> None:
    ask(session, manager, campaign, email="new@example.ru")
    ask(session, manager, campaign, "weekly", email="new@example.ru")
    session.rollback()
    lines = [(line.action, line.before, line.after) for line in session.scalars(select(Journal).order_by(Journal.id))]
    assert lines == [
        ("user_email", {}, {}),
        ("report_letter_set", {"every": "off"}, {"every": "daily"}),
        ("report_letter_set", {"every": "daily"}, {"every": "weekly"}),
    ]
    assert session.get_one(User, manager.id).email == "new@example.ru"


def test_after_the_closing_it_comes_with_corrections_only(session: Session, campaign: Campaign, manager: User) -> None:
    ask(session, manager, campaign)
    cases.close_campaign(session, manager.id, campaign.id, NOW)
    assert [write(session, campaign, MORNING + n * DAY) for n in range(2)] == [1, 0]
    closed = written(session)[-1]
    assert (closed.payload["state"], closed.payload["corrected"]) == ("итоги окончательные", [])
    session.execute(text("UPDATE interview SET rating = 9 WHERE rating = 3"))
    session.commit()

    assert write(session, campaign, MORNING + 2 * DAY) == 1

    told = written(session)[-1].payload["corrected"]
    assert told[0] == "NPS: было 0, стало +100" and told[-1].startswith("и ещё ")


@pytest.fixture
def smtp() -> Iterator[FaultyServer]:
    with smtp_server.running() as server:
        yield server


@pytest.fixture
def server(app: Flask, smtp: FaultyServer, tmp_path: Path) -> MailSettings:
    mail.configure(app.config)
    ours = mail.settings()
    return replace(ours, host=smtp.host, port=smtp.port, caught=False, folder=tmp_path / "mail", timeout_s=5.0)


def test_what_arrives_is_plain_and_html_with_a_way_out_and_no_client(
    session: Session, campaign: Campaign, manager: User, server: MailSettings, smtp: FaultyServer
) -> None:
    ask(session, manager, campaign)
    write(session, campaign, MORNING)
    (letter,) = written(session)
    smtp.faults.append("cut_after")

    states = [letters.send(session, letter.id, server=server, clock=lambda: MORNING) for _ in range(2)]

    assert states == ["sent", None]
    (taken,) = smtp.taken
    assert taken.recipients == ("boss@example.ru",)
    got = taken.message
    assert got["Message-ID"].strip("<>").startswith(letter.message_id)
    assert got["List-Unsubscribe"] == f"<{server.public_url}/campaigns/{campaign.id}/letter>"
    assert got["Subject"] == "Итоги на 18 ноября: охват 50,0 %, NPS 0. Уралэнерго, ноябрь 2026"
    assert got["Auto-Submitted"] == "auto-generated"
    for kind in ("plain", "html"):
        part = got.get_body((kind,))
        assert part is not None
        said = part.get_content()
        assert "Предварительно" in said and "2 из 4" in said and "отписаться" in said
        assert f"{server.public_url}/campaigns/{campaign.id}" in said
        for word in ("Кузнецова", "СУММА", "0277123456", "9170001122", "Долго везут", "Где мой заказ", "Ольга"):
            assert word not in said


POINTS = ("before", "after")


def die_while_writing(data: str, url: str, campaign_id: str, point: str) -> None:
    """In a process of its own: killed just before or just after the letter and its row are committed."""
    app = make_app(Path(data), url)
    with app.app_context():
        session = db.session()

        def stop(_: object) -> None:
            os.kill(os.getpid(), signal.SIGKILL)

        event.listen(session, f"{point}_commit", stop)
        report_letters.write_due(session, int(campaign_id), now=MORNING)


@pytest.mark.parametrize("point", POINTS)
def test_a_writer_that_is_killed_leaves_one_letter_in_all(
    app: Flask, session: Session, campaign: Campaign, manager: User, point: str
) -> None:
    ask(session, manager, campaign)
    session.rollback()
    program = (
        "import sys\nfrom tests.services.test_report_letters import die_while_writing\ndie_while_writing(*sys.argv[1:])"
    )
    command = (sys.executable, "-X", "utf8", "-c", program)
    arguments = (str(app.config["DATA_FOLDER"]), app.config["SQLALCHEMY_DATABASE_URI"], str(campaign.id), point)

    assert subprocess.run([*command, *arguments], check=False).returncode == -signal.SIGKILL

    assert len(written(session)) == (point == "after")
    assert due(session, MORNING) == ([campaign.id] if point == "before" else [])
    write(session, campaign, MORNING)
    (letter,) = written(session)
    session.rollback()
    assert [nudge.id for nudge in sweep.due(session, MORNING) if nudge.job == letters.SEND_JOB] == [letter.id]
