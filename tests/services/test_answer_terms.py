"""Deadline, reminder and digest of a campaign's escalations; a specialist's wish to have the client called."""

from __future__ import annotations

from datetime import datetime, time, timedelta

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from nps.adapters import mail, queue
from nps.domain.answer_terms import AnswerTerms
from nps.domain.errors import DomainError, NotFoundError
from nps.models import Escalation, Journal, Outbox
from nps.queries import escalation_figures, escalation_list
from nps.queries.escalation_list import Wanted
from nps.services import answer_terms, escalations, sweep
from nps.services.transaction import write
from tests import factories
from tests.factories import NOW
from tests.services.test_escalations import House, actor

HOUR = timedelta(hours=1)
#: NOW is a Tuesday, 15:15 on Samara's clock.
TERMS = AnswerTerms(within_h=2, zone="Europe/Samara", remind_before_min=30)
DIGEST = AnswerTerms(zone="Europe/Samara", digest_at=time(9))
MORNING = NOW + timedelta(hours=17, minutes=45)


@pytest.fixture
def house(app: Flask, session: Session) -> House:
    queue.connect(app.config["REDIS_URL"])
    return House(session)


def agree(house: House, terms: AnswerTerms) -> None:
    answer_terms.change_terms(house.session, house.manager, house.campaign_id, terms, now=NOW)


def written(house: House, kind: str) -> list[Outbox]:
    house.session.rollback()
    return list(house.session.scalars(select(Outbox).where(Outbox.kind == kind).order_by(Outbox.id)))


def nudged(house: House, now: datetime) -> list[int]:
    house.session.rollback()
    return [nudge.id for nudge in sweep.due(house.session, now) if nudge.job == answer_terms.WRITE_JOB]


def test_without_terms_nothing_has_a_deadline_and_nobody_is_reminded(house: House) -> None:
    number = house.escalate()
    assert house.case(number).due_at is None
    assert nudged(house, NOW + 100 * HOUR) == []
    (letter,) = written(house, "escalation")
    assert letter.payload["due"] == ""


def test_the_deadline_is_fixed_with_the_escalation_and_stands_in_the_letter(house: House) -> None:
    agree(house, TERMS)
    number = house.escalate()
    assert house.case(number).due_at == NOW + 2 * HOUR
    (letter,) = written(house, "escalation")
    assert letter.payload["due"] == "17:15 сегодня"
    agree(house, AnswerTerms(within_h=9, zone="Europe/Samara"))
    assert house.case(number).due_at == NOW + 2 * HOUR
    house.session.rollback()
    line = house.session.scalars(select(Journal).where(Journal.action == "answer_terms_changed")).all()[-1]
    assert (line.before["within_h"], line.after["within_h"]) == (2, 9)


def test_one_reminder_comes_before_the_deadline_and_tells_nothing_of_the_client(house: House) -> None:
    agree(house, TERMS)
    number = house.escalate()
    early, near = NOW + timedelta(minutes=89), NOW + timedelta(minutes=90)
    assert nudged(house, early) == [] and nudged(house, near) == [house.campaign_id]
    assert [answer_terms.write_due(house.session, house.campaign_id, now=near) for _ in range(2)] == [1, 0]
    (letter,) = written(house, "reminder")
    assert (letter.subject_id, letter.payload["due"], letter.payload["late"]) == (number, "сегодня до 17:15", False)
    text = mail.render("reminder", letter.payload | {"public_url": "https://nps.example.ru"})
    for value in ("Хлебокомбинат", "Кузнецова", "917", "кабель"):
        assert value not in text.subject + text.text + text.html
    assert nudged(house, near + 100 * HOUR) == []


def test_an_answer_in_time_needs_no_reminder(house: House) -> None:
    agree(house, TERMS)
    number = house.escalate()
    escalations.answer(house.session, house.specialist, number, text="Ответили", now=NOW + HOUR)
    assert nudged(house, NOW + 2 * HOUR) == []
    assert house.case(number).answered_at == NOW + HOUR


def test_the_digest_comes_in_the_morning_only_when_something_waits(house: House) -> None:
    agree(house, DIGEST)
    assert nudged(house, MORNING) == []
    house.escalate()
    taken = house.escalate()
    escalations.take(house.session, house.specialist, taken, now=NOW)
    assert nudged(house, MORNING - timedelta(minutes=1)) == []
    assert nudged(house, MORNING) == [house.campaign_id]
    written_now = [answer_terms.write_due(house.session, house.campaign_id, now=MORNING) for _ in range(2)]
    assert written_now == [1, 0]
    (letter,) = written(house, "digest")
    assert letter.payload["figures"] == {"new": 1, "taken": 1, "overdue": 0, "troubled": 0}
    text = mail.render("digest", letter.payload | {"public_url": "https://nps.example.ru"})
    assert text.subject == "Обращения клиентов ждут ответа: 2"
    assert f"https://nps.example.ru/campaigns/{house.campaign_id}/escalations?state=open" in text.html
    assert "Хлебокомбинат" not in text.text + text.html
    assert nudged(house, MORNING + HOUR) == [] and nudged(house, MORNING + 24 * HOUR) == [house.campaign_id]


def test_what_comes_after_its_hour_waits_for_the_next_digest(house: House) -> None:
    agree(house, DIGEST)
    house.escalate(now=MORNING + timedelta(minutes=5))
    assert nudged(house, MORNING + timedelta(minutes=10)) == []


def test_terms_belong_to_those_who_keep_the_address(house: House) -> None:
    stranger = actor(factories.user(house.session, "specialist"))
    for who in (house.as_operator, stranger):
        with pytest.raises(NotFoundError):
            answer_terms.change_terms(house.session, who, house.campaign_id, TERMS, now=NOW)
    with pytest.raises(DomainError):
        agree(house, AnswerTerms(remind_before_min=5))


def test_a_wish_to_call_stands_until_somebody_has_spoken_with_the_client(house: House) -> None:
    number = house.escalate()
    with write(house.session) as s:
        s.get_one(Escalation, number).attempt_id = None
    escalations.ask_to_call(house.session, house.specialist, number, text="Уточните марку кабеля", now=NOW)
    case = house.case(number)
    assert (case.state, case.taken_by_id) == ("taken", house.specialist.id)
    to_call = Wanted("call")

    def listed() -> list[int]:
        house.session.rollback()
        return [line.id for line in escalation_list.lines(house.session, house.campaign_id, to_call, NOW)]

    assert listed() == [number]
    client, operator = house.client, house.operator
    factories.attempt(house.session, client, operator, "no_answer", at=NOW + HOUR)
    assert listed() == [number]
    factories.attempt(house.session, client, operator, "surveyed", at=NOW + 2 * HOUR, answered_at=NOW + 2 * HOUR)
    assert listed() == []


def test_the_list_is_narrowed_and_the_most_urgent_stands_first(house: House) -> None:
    agree(house, AnswerTerms(within_h=9, zone="Europe/Samara"))
    later = house.escalate()
    agree(house, TERMS)
    sooner = house.escalate(fields={"text": "Срочно"})

    def ids(now: datetime = NOW, **wanted: object) -> list[int]:
        house.session.rollback()
        asked = Wanted(**wanted)  # type: ignore[arg-type]
        found = [line.id for line in escalation_list.lines(house.session, house.campaign_id, asked, now)]
        assert len(found) == escalation_list.total(house.session, house.campaign_id, asked, now)
        return found

    assert ids(view="open") == [sooner, later]
    assert ids(view="overdue") == [] and ids(NOW + 3 * HOUR, view="overdue") == [sooner]
    assert ids(branch_id=house.client.branch_id) == [sooner, later] and ids(branch_id=10**6) == []
    assert ids(text=f"№ {later}") == [later] and ids(text="нет такого") == []
    assert ids(text=house.client.organisation.upper()) == [sooner, later]
    assert ids(text="100%") == []


def test_the_figures_tell_how_fast_it_went(house: House) -> None:
    agree(house, TERMS)
    first, second, _ = house.escalate(), house.escalate(), house.escalate()
    escalations.take(house.session, house.specialist, first, now=NOW + timedelta(minutes=10))
    escalations.answer(house.session, house.specialist, first, text="Да", now=NOW + HOUR)
    escalations.close(house.session, house.specialist, second, text="Нет", now=NOW + 3 * HOUR)
    with write(house.session) as s:
        letter = s.scalars(select(Outbox).where(Outbox.subject_id == first, Outbox.kind == "escalation")).one()
        letter.state, letter.next_try_at, letter.sent_at = "sent", None, NOW + timedelta(seconds=4)
    found = escalation_figures.course(house.session, house.campaign_id, NOW + 4 * HOUR)
    assert (found.total, found.delivered, found.taken, found.answered) == (3, 1, 2, 2)
    assert (found.delivered_s, found.taken_s, found.answered_s) == (4, 5700, 7200)
    assert (found.in_time, found.due) == (1, 3)
