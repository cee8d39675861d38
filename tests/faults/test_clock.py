"""The clock of the machine jumps an hour back or a day forward in the middle of the work."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
import time_machine
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from nps.domain.actor import Actor
from nps.models import Answer, Appointment, CallAttempt, Campaign, Escalation, Interview, Outbox, Reminder, Respondent
from nps.services import escalations, reminders, sweep
from tests import factories
from tests.factories import NOW
from tests.jobs.test_letters import FIELDS
from tests.web.test_desk import STEP, Seat, start

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
Clock = Callable[[timedelta], None]


@pytest.fixture
def clock() -> Iterator[Clock]:
    """The time of this process: `clock(HOUR)` is an hour after NOW."""
    with time_machine.travel(NOW, tick=False) as traveller:
        yield lambda after: traveller.move_to(NOW + after)


@pytest.fixture
def campaign(session: Session) -> Campaign:
    return factories.campaign(session)


@pytest.fixture
def seat(clock: Clock, session: Session, campaign: Campaign, login: Callable[..., FlaskClient]) -> Seat:
    """An operator in a talk that began a minute ago; the client has said that he has time."""
    operator = factories.member(session, campaign)
    for _ in range(3):
        factories.respondent(session, campaign)
    seat = Seat(login(operator))
    start(seat, campaign)
    seat.post("/desk/dial")
    clock(timedelta(seconds=30))
    seat.post(seat.call + "/answered")
    clock(timedelta(seconds=60))
    seat.post(seat.call + "/answer", STEP, answer="yes")
    return seat


def finish(seat: Seat) -> None:
    seat.post(seat.call + "/answer", STEP, answer="10")
    assert seat.post(seat.call + "/answer", answer="end").status_code == 200
    assert seat.state() == "done"


def test_a_call_goes_on_when_the_clock_goes_an_hour_back(seat: Seat, session: Session, clock: Clock) -> None:
    clock(-HOUR)
    finish(seat)
    session.rollback()
    call = session.scalars(select(CallAttempt)).one()
    assert call.disposition == "surveyed"
    assert min(call.ring_ms, call.talk_ms, call.survey_ms) >= 0
    assert session.scalars(select(Interview.rating)).all() == [10]
    seat.post("/desk/next")
    assert seat.state() == "ready", "the next client comes, within the window of that hour too"


def test_a_question_raised_before_the_jump_is_one_letter(seat: Seat, session: Session, clock: Clock) -> None:
    fields = {**FIELDS, "form_key": "one press"}
    assert seat.post(seat.call + "/escalate", STEP, **fields).status_code == 200
    clock(-HOUR)
    assert seat.post(seat.call + "/escalate", STEP, **fields).status_code in (200, 409)
    session.rollback()
    assert len(session.scalars(select(Escalation)).all()) == len(session.scalars(select(Outbox)).all()) == 1
    letter = session.scalars(select(Outbox)).one()
    # It is not due before its time, and not lost: when the clock has come there again, the sweep finds it.
    assert letter.next_try_at is not None
    assert [nudge.id for nudge in sweep.due(session, letter.next_try_at) if "letters" in nudge.job] == [letter.id]


def test_a_call_a_day_old_is_whole_and_asks_for_its_end(seat: Seat, session: Session, clock: Clock) -> None:
    """Everybody's session is over, as after a real day; nobody's answers are."""
    clock(DAY)
    lost = seat.client.post(seat.call + "/answer", data={"answer": "10"}, headers=STEP)
    assert lost.status_code == 401
    session.rollback()
    assert session.scalars(select(Answer.step).order_by(Answer.id)).all() == ["greeting"]
    held = session.scalars(select(Respondent).where(Respondent.held_by.is_not(None))).one()
    assert held.held_until is None, "a call without a result keeps its client, however late it is"
    operator = session.scalars(select(factories.User).where(factories.User.role == "operator")).one()
    again = seat.client.application.test_client()
    again.post("/login", data={"login": operator.login, "password": factories.PASSWORD})
    assert Seat(again).state() == "unfinished"


def test_a_shown_client_of_yesterday_goes_to_who_asks_first(
    clock: Clock, session: Session, campaign: Campaign, login: Callable[..., FlaskClient]
) -> None:
    first, second = factories.member(session, campaign), factories.member(session, campaign)
    factories.respondent(session, campaign)
    seat = Seat(login(first))
    start(seat, campaign)
    assert seat.state() == "ready"
    clock(DAY)
    other = Seat(login(second))
    start(other, campaign)
    assert other.state() == "ready"
    session.rollback()
    assert session.scalars(select(Respondent.held_by)).all() == [second.id]


def test_reminders_are_written_once_however_the_clock_jumps(session: Session, campaign: Campaign) -> None:
    operator = factories.member(session, campaign)
    client = factories.respondent(session, campaign)
    call = factories.attempt(session, client, operator, "callback")
    row = Appointment(
        respondent_id=client.id, attempt_id=call.id, at=NOW, owner_id=operator.id, reserved_until=NOW, state="open"
    )
    session.add(row)
    session.commit()
    campaign_id = campaign.id
    for now in (NOW, NOW - HOUR, NOW, NOW + DAY, NOW, NOW):
        reminders.write_due(session, campaign_id, now=now)
    session.rollback()
    kinds = session.scalars(select(Reminder.kind)).all()
    assert len(kinds) == len(set(kinds)) and "callback_due" in kinds


def test_a_question_asked_by_the_turned_back_clock_comes_to_its_call(
    session: Session, campaign: Campaign, clock: Clock
) -> None:
    operator = factories.member(session, campaign)
    call = factories.attempt(session, factories.respondent(session, campaign), operator, "surveyed", at=NOW)
    actor = Actor(operator.id, "operator", operator.full_name)
    call_id = call.id
    session.rollback()
    escalations.raise_escalation(session, actor, attempt_id=call_id, fields=FIELDS, now=NOW - HOUR)
    session.rollback()
    assert session.scalars(select(Outbox.state)).all() == ["waiting"]
