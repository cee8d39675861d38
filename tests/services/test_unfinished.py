"""A call its operator left without a result, on both engines."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from nps.domain.errors import DomainError, StaleError
from nps.models import CallAttempt, Campaign, Respondent
from nps.queries import attention, campaigns
from nps.queries.desk import Person, desk_view
from nps.services import call_queue, desk, supervision
from nps.services.call_queue import Nobody, Taken
from nps.services.desk import Result
from tests import factories
from tests.factories import NOW
from tests.services.test_desk import Desk, state

ZONE = "Europe/Samara"


@pytest.fixture
def seat(session: Session) -> Desk:
    campaign = factories.campaign(session)
    seat = Desk(session, factories.member(session, campaign), campaign.id)
    factories.respondent(session, campaign)
    return seat


def campaign_of(seat: Desk) -> Campaign:
    seat.session.rollback()
    return seat.session.get_one(Campaign, seat.campaign_id)


def shown(seat: Desk, *, coming_back: bool = True) -> str:
    seat.session.rollback()
    return desk_view(seat.session, Person(seat.actor, ZONE), seat.now, coming_back=coming_back).state


def tell_end(seat: Desk, attempt: UUID, minutes: int | None = None, on_clock: time | None = None) -> datetime | None:
    desk.tell_end(seat.session, seat.actor, attempt, minutes, on_clock, seat.form(), seat.now, ZONE)
    return seat.session.get_one(CallAttempt, attempt).ended_at


def hand_over(seat: Desk, attempt: UUID, note: str = "") -> None:
    desk.hand_over(seat.session, seat.actor, attempt, note, seat.form(), seat.now)


def test_a_call_left_alone_for_three_minutes_is_unfinished_when_he_comes_back(seat: Desk) -> None:
    seat.answered()
    seat.wait(180)
    assert shown(seat) == "talk"
    seat.wait(1)
    assert shown(seat) == "unfinished"
    # Whoever sits before the page and listens is not interrupted.
    assert shown(seat, coming_back=False) == "talk"


def test_after_ten_minutes_of_talk_a_page_opened_anew_asks_too(seat: Desk) -> None:
    attempt = seat.answered()
    seat.wait(601)
    desk.carry_on(seat.session, seat.actor, attempt, seat.now)
    assert shown(seat) == "talk"
    seat.wait(61)
    assert shown(seat) == "unfinished"


def test_the_unfinished_call_names_what_is_saved(seat: Desk) -> None:
    attempt = seat.answered()
    seat.answer(attempt, "greeting", "yes")
    seat.wait(300)
    seat.session.rollback()
    call = desk_view(seat.session, Person(seat.actor, ZONE), seat.now, coming_back=True).unfinished
    assert call is not None
    assert (call.step, call.end.clock, call.on_line) == ("Оценка", "15:15", True)
    assert len(call.said) == 1


def test_the_end_is_the_last_activity_unless_he_says_otherwise(seat: Desk) -> None:
    attempt = seat.answered()
    since = seat.now
    seat.answer(attempt, "greeting", "yes")
    seat.wait(3600)
    assert tell_end(seat, attempt) == since + timedelta(seconds=5)
    assert tell_end(seat, attempt, minutes=4) == since + timedelta(minutes=4)
    assert tell_end(seat, attempt, on_clock=time(15, 18)) == NOW + timedelta(minutes=3)
    with pytest.raises(DomainError, match="ещё не наступило"):
        tell_end(seat, attempt, minutes=90)


def test_a_survey_finished_afterwards_counts_only_what_was_said_on_the_line(seat: Desk) -> None:
    attempt = seat.answered()
    seat.answer(attempt, "greeting", "yes")
    seat.wait(3600)
    tell_end(seat, attempt, minutes=1)
    seat.answer(attempt, "rating", "9")
    seat.settle(attempt, "surveyed")
    call = seat.session.get_one(CallAttempt, attempt)
    assert (call.talk_ms, call.survey_ms) == (60_000, 55_000)


def test_a_call_handed_over_frees_its_operator_and_keeps_its_client(session: Session, seat: Desk) -> None:
    client_id = session.scalars(select(Respondent.id)).one()
    sharing = factories.respondent(
        session, campaign_of(seat), phones=(session.scalars(select(factories.RespondentPhone.e164)).one(),)
    ).id
    attempt = seat.answered()
    seat.wait(300)
    hand_over(seat, attempt, "Пропало электричество")
    assert state(session, client_id).held_by is None
    other = Desk(session, factories.member(session, campaign_of(seat)), seat.campaign_id, seat.now)
    assert isinstance(seat.take(), Nobody) and isinstance(other.take(), Nobody)
    next_id = factories.respondent(session, campaign_of(seat)).id
    assert seat.take() == Taken(next_id)
    with pytest.raises(StaleError, match="передан руководителю"):
        seat.settle(attempt, "technical")
    assert sharing != next_id


def test_the_manager_settles_what_was_handed_over(session: Session, seat: Desk) -> None:
    manager = factories.user(session, "manager").id
    client_id = session.scalars(select(Respondent.id)).one()
    attempt = seat.answered()
    seat.wait(300)
    hand_over(seat, attempt, "Не помню")
    (line,) = attention.unsettled(session, seat.campaign_id, seat.now)
    assert (line.id, line.handed_over, line.note) == (attempt, True, "Не помню")
    factories.respondent(session, campaign_of(seat))
    mine = seat.dial()
    at = seat.now + timedelta(minutes=5)
    result = Result("hung_up", ended_at=NOW + timedelta(minutes=1))
    supervision.settle_for_operator(session, manager, attempt, result, at)
    assert state(session, client_id).next_call_at is not None
    assert attention.count(session, seat.campaign_id, at) == 0
    # The operator's own call went on meanwhile.
    assert session.get_one(CallAttempt, mine).closed_at is None
    assert session.get_one(CallAttempt, attempt).talk_ms == 50_000


def test_the_result_the_operator_looks_at_stays_when_the_manager_settles(session: Session, seat: Desk) -> None:
    manager = factories.user(session, "manager").id
    attempt = seat.answered()
    hand_over(seat, attempt)
    factories.respondent(session, campaign_of(seat))
    seat.settle(seat.dial(), "busy")
    assert shown(seat) == "done"
    result = Result("hung_up", ended_at=seat.now)
    supervision.settle_for_operator(session, manager, attempt, result, seat.now)
    assert shown(seat) == "done"


def test_a_handed_over_call_holds_at_most_three_minutes_of_the_limit(session: Session, seat: Desk) -> None:
    attempt = seat.answered()
    hand_over(seat, attempt)
    campaign = campaigns.campaign_row(session, seat.campaign_id)
    budget = campaigns.budget(session, campaign)
    assert (budget.open_calls, budget.unsettled_calls) == (0, 1)


def test_calls_nobody_touched_for_half_an_hour_are_the_managers_too(session: Session, seat: Desk) -> None:
    seat.answered()
    last = seat.now
    assert attention.unsettled(session, seat.campaign_id, last + timedelta(minutes=30)) == []
    (line,) = attention.unsettled(session, seat.campaign_id, last + timedelta(minutes=31))
    assert not line.handed_over


def test_a_shift_can_end_after_its_call_was_handed_over(session: Session, seat: Desk) -> None:
    attempt = seat.answered()
    with pytest.raises(StaleError):
        desk.end_shift(session, seat.actor, seat.now)
    hand_over(seat, attempt)
    desk.end_shift(session, seat.actor, seat.now)
    assert isinstance(call_queue.take_next(session, seat.actor.id, seat.campaign_id, seat.now), Nobody)
